//! Asks the server many small questions in a row, no faster than it answers them.

use tonic::{Code, Response, Status};

use crate::connection::{ANSWER, within};
use crate::push::retry::{Next, Policy, after_status, random};

/// The answer to a question, asked again when the server wants it asked later: it counts
/// the calls of each computer, and a long row of them comes too fast for it.
pub(crate) async fn ask<T, C>(question: impl Fn() -> C) -> Result<T, Status>
where
    C: Future<Output = Result<Response<T>, Status>>,
{
    let mut refusals = 0;
    loop {
        let status = match within(ANSWER, question()).await {
            Ok(answer) => return Ok(answer.into_inner()),
            Err(status) => status,
        };
        refusals += 1;
        let Next::Retry(Some(wish)) = after_status(&status) else { return Err(status) };
        // One that takes nothing now is come back to by whoever asks, or another one is asked.
        if status.code() != Code::ResourceExhausted {
            return Err(status);
        }
        let wait = Policy::INTERACTIVE.wait(refusals, Some(wish), random());
        tokio::time::sleep(wait.ok_or(status)?).await;
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::time::Duration;

    use tonic_types::{ErrorDetails, StatusExt as _};

    use super::*;

    #[tokio::test]
    async fn nobody_waits_for_an_hour_or_for_what_will_not_come() {
        let in_an_hour = ErrorDetails::with_retry_info(Some(Duration::from_hours(1)));
        let in_a_moment = ErrorDetails::with_retry_info(Some(Duration::from_millis(1)));
        for refused in [
            Status::with_error_details(Code::ResourceExhausted, "too many", in_an_hour),
            Status::with_error_details(Code::Unavailable, "stopping", in_a_moment),
            Status::not_found("none"),
            Status::resource_exhausted("too long"),
        ] {
            let asked = Cell::new(0);
            let answer = ask::<(), _>(|| {
                asked.set(asked.get() + 1);
                std::future::ready(Err(refused.clone()))
            });
            assert_eq!(answer.await.unwrap_err().code(), refused.code());
            assert_eq!(asked.get(), 1, "{refused}");
        }
    }
}
