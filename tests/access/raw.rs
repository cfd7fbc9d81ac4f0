//! Calls of any rpc of the descriptor, with bytes that are put together by hand.

use futures_util::TryStreamExt as _;
use prost::Message as _;
use prost::bytes::{Buf as _, BufMut as _, Bytes};
use prost_types::{FileDescriptorSet, MethodDescriptorProto};
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Channel;
use tonic_types::StatusExt as _;

/// Messages as they are on the wire.
#[derive(Debug, Default)]
struct Plain;

impl Codec for Plain {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Plain {
    type Item = Bytes;
    type Error = tonic::Status;

    fn encode(&mut self, item: Bytes, to: &mut EncodeBuf<'_>) -> Result<(), tonic::Status> {
        to.put(item);
        Ok(())
    }
}

impl Decoder for Plain {
    type Item = Bytes;
    type Error = tonic::Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, tonic::Status> {
        Ok(Some(from.copy_to_bytes(from.remaining())))
    }
}

/// An rpc of `tiendo.v1`.
#[derive(Debug, Clone)]
pub(super) struct Method {
    /// Name of its service.
    pub(super) service: String,
    /// `Service/Method`.
    pub(super) name: String,
    /// Whether either side sends a stream.
    pub(super) streams: bool,
    /// Number of the request's field `department`, if it has one.
    pub(super) department: Option<i32>,
}

impl Method {
    /// A request that names a department, and nothing else.
    pub(super) fn about(&self, department: &str) -> Option<Bytes> {
        let tag = u32::try_from(self.department?).unwrap();
        let mut bytes = Vec::new();
        prost::encoding::string::encode(tag, &department.to_owned(), &mut bytes);
        Some(bytes.into())
    }
}

/// Every rpc of the protos.
pub(super) fn methods() -> Vec<Method> {
    let set = FileDescriptorSet::decode(tiendo_shared::wire::DESCRIPTOR).unwrap();
    let files: Vec<_> = set.file.iter().filter(|file| file.package() == "tiendo.v1").collect();
    let department = |method: &MethodDescriptorProto| {
        let name = method.input_type().rsplit('.').next().unwrap();
        let messages = files.iter().flat_map(|file| &file.message_type);
        let input = messages.clone().find(|message| message.name() == name)?;
        input
            .field
            .iter()
            .find(|field| field.name() == "department")
            .map(prost_types::FieldDescriptorProto::number)
    };
    let mut methods = Vec::new();
    for service in files.iter().flat_map(|file| &file.service) {
        for method in &service.method {
            methods.push(Method {
                service: service.name().to_owned(),
                name: format!("{}/{}", service.name(), method.name()),
                streams: method.client_streaming() || method.server_streaming(),
                department: department(method),
            });
        }
    }
    assert!(methods.len() > 25, "{methods:?}");
    methods
}

/// Calls a method of `tiendo.v1` and takes whatever is answered.
pub(super) async fn call(
    channel: &Channel,
    method: &str,
    request: Bytes,
) -> Result<Bytes, tonic::Status> {
    let mut client = tonic::client::Grpc::new(channel.clone());
    client.ready().await.map_err(|error| tonic::Status::unknown(error.to_string()))?;
    let path = PathAndQuery::try_from(format!("/tiendo.v1.{method}")).unwrap();
    let answer = client.unary(tonic::Request::new(request), path, Plain).await?;
    Ok(answer.into_inner())
}

/// Asks reflection for this symbol so many times in one stream, and takes all answers.
pub(super) async fn reflect(
    channel: &Channel,
    symbol: &str,
    times: usize,
) -> Result<Vec<Bytes>, tonic::Status> {
    // `file_containing_symbol` of a request.
    let mut request = Vec::new();
    prost::encoding::string::encode(4, &symbol.to_owned(), &mut request);
    let requests = tokio_stream::iter(vec![Bytes::from(request); times]);
    let mut client = tonic::client::Grpc::new(channel.clone());
    client.ready().await.map_err(|error| tonic::Status::unknown(error.to_string()))?;
    let path =
        PathAndQuery::from_static("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo");
    let answers = client.streaming(tonic::Request::new(requests), path, Plain).await?;
    answers.into_inner().try_collect().await
}

/// Code and reason of a refused call.
#[track_caller]
pub(super) fn refusal<T: std::fmt::Debug>(
    answer: Result<T, tonic::Status>,
) -> (tonic::Code, String) {
    let status = answer.expect_err("the call has to be refused");
    let info = status.get_details_error_info();
    (status.code(), info.map_or_else(|| format!("{status:?}"), |info| info.reason))
}
