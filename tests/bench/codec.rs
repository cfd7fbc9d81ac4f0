//! A codec that leaves messages as bytes, so that client and peers do the least they can.

use prost::Message as _;
use prost::bytes::{Buf as _, BufMut as _, Bytes};
use tiendo_shared::wire::v1;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};

/// The client's side: requests go out and answers come in as bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AsBytes;

/// The peers' side: a decoded request beside its bytes comes in, an answer goes out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Decoded;

/// A submission, and the bytes it was decoded from.
#[derive(Debug)]
pub(crate) struct Received {
    /// As sent.
    pub(crate) bytes: Bytes,
    /// As understood.
    pub(crate) message: v1::SubmitMeasurementsRequest,
}

impl Codec for AsBytes {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        *self
    }

    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for AsBytes {
    type Item = Bytes;
    type Error = tonic::Status;

    fn encode(&mut self, item: Bytes, out: &mut EncodeBuf<'_>) -> Result<(), tonic::Status> {
        out.put(item);
        Ok(())
    }
}

impl Decoder for AsBytes {
    type Item = Bytes;
    type Error = tonic::Status;

    fn decode(&mut self, bytes: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, tonic::Status> {
        Ok(Some(bytes.copy_to_bytes(bytes.remaining())))
    }
}

impl Codec for Decoded {
    type Encode = v1::SubmitMeasurementsResponse;
    type Decode = Received;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        *self
    }

    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for Decoded {
    type Item = v1::SubmitMeasurementsResponse;
    type Error = tonic::Status;

    fn encode(&mut self, item: Self::Item, out: &mut EncodeBuf<'_>) -> Result<(), tonic::Status> {
        item.encode(out).map_err(|error| tonic::Status::internal(error.to_string()))
    }
}

impl Decoder for Decoded {
    type Item = Received;
    type Error = tonic::Status;

    fn decode(&mut self, bytes: &mut DecodeBuf<'_>) -> Result<Option<Received>, tonic::Status> {
        let bytes = bytes.copy_to_bytes(bytes.remaining());
        let message = v1::SubmitMeasurementsRequest::decode(bytes.clone())
            .map_err(|error| tonic::Status::internal(error.to_string()))?;
        Ok(Some(Received { bytes, message }))
    }
}
