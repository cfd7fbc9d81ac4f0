//! An answer that ends as soon as its caller is revoked, even while it is open.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body as _, Frame};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tonic::body::Body;

use super::error::status;
use crate::failure::Failure;
use crate::identity::Unproven;

/// A body that a token ends.
pub(super) struct Ending {
    inner: Body,
    ended: CancellationToken,
    waiting: Pin<Box<WaitForCancellationFutureOwned>>,
    over: bool,
}

impl Ending {
    /// The same body, ended by `ended`.
    pub(super) fn wrap(inner: Body, ended: CancellationToken) -> Body {
        if inner.is_end_stream() {
            return inner;
        }
        let waiting = Box::pin(ended.clone().cancelled_owned());
        Body::new(Self { inner, ended, waiting, over: false })
    }
}

impl http_body::Body for Ending {
    type Data = Bytes;
    type Error = tonic::Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, tonic::Status>>> {
        if self.over {
            return Poll::Ready(None);
        }
        if !self.ended.is_cancelled() {
            // What is ready costs no registration; only an answer that waits does.
            match Pin::new(&mut self.inner).poll_frame(context) {
                Poll::Ready(frame) => return Poll::Ready(frame),
                Poll::Pending => ready!(self.waiting.as_mut().poll(context)),
            }
        }
        self.over = true;
        self.inner = Body::empty();
        let revoked = Unproven::Revoked("it was revoked while the call was open".to_owned());
        let mut trailers = http::HeaderMap::new();
        Poll::Ready(Some(
            status(&Failure::from(revoked))
                .add_header(&mut trailers)
                .map(|()| Frame::trailers(trailers)),
        ))
    }

    fn is_end_stream(&self) -> bool {
        self.over || self.inner.is_end_stream()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt as _;
    use tokio_stream::wrappers::ReceiverStream;

    use super::*;

    /// A body of what a channel sends.
    struct Sent(ReceiverStream<Bytes>);

    impl http_body::Body for Sent {
        type Data = Bytes;
        type Error = tonic::Status;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, tonic::Status>>> {
            self.0.poll_next_unpin(context).map(|data| data.map(|data| Ok(Frame::data(data))))
        }
    }

    async fn next(body: &mut Body) -> Option<Frame<Bytes>> {
        std::future::poll_fn(|context| Pin::new(&mut *body).poll_frame(context))
            .await
            .map(Result::unwrap)
    }

    #[tokio::test]
    async fn an_open_answer_ends_when_its_caller_is_revoked() {
        let (sender, receiver) = tokio::sync::mpsc::channel(1);
        let ended = CancellationToken::new();
        let mut body = Ending::wrap(Body::new(Sent(ReceiverStream::new(receiver))), ended.clone());
        sender.send(Bytes::from_static(b"x")).await.unwrap();
        assert_eq!(next(&mut body).await.unwrap().into_data().unwrap(), "x");
        let revoke = async { ended.cancel() };
        let (frame, ()) = tokio::join!(next(&mut body), revoke);
        let trailers = frame.unwrap().into_trailers().unwrap();
        assert_eq!(trailers["grpc-status"], "16");
        assert!(next(&mut body).await.is_none());
        assert!(sender.is_closed(), "what was behind it is gone");
    }
}
