//! What a stranger with grpcurl sees, and how the server refuses to run.

mod commands;
mod cookbook;
mod reflection;

use prost::Message as _;
use prost_types::FileDescriptorSet;
use tonic::Code;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Channel;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use crate::harness::Server;

/// `Service/Method` of every rpc of the protos.
fn methods() -> Vec<String> {
    let set = FileDescriptorSet::decode(tiendo_shared::wire::DESCRIPTOR).unwrap();
    let mut methods = Vec::new();
    for file in set.file.iter().filter(|file| file.package() == "tiendo.v1") {
        for service in &file.service {
            for method in &service.method {
                methods.push(format!("{}/{}", service.name(), method.name()));
            }
        }
    }
    assert!(methods.len() > 20, "{methods:?}");
    methods
}

/// Calls a method with an empty message and takes the beginning of the answer, whether
/// it streams or not: one that watches never ends.
async fn call(channel: &Channel, method: &str) -> Code {
    let mut client = tonic::client::Grpc::new(channel.clone());
    client.ready().await.unwrap();
    let path = PathAndQuery::try_from(format!("/tiendo.v1.{method}")).unwrap();
    let codec = tonic_prost::ProstCodec::<(), ()>::default();
    let request = tonic::Request::new(tokio_stream::once(()));
    let answer = client.streaming(request, path, codec).await;
    answer.map_or_else(|status| status.code(), |_| Code::Ok)
}

async fn channel(server: &Server) -> Channel {
    Channel::from_shared(format!("http://{}", server.address())).unwrap().connect().await.unwrap()
}

#[tokio::test]
async fn every_method_answers() {
    let server = Server::start().await;
    let channel = channel(&server).await;
    for method in methods() {
        let code = call(&channel, &method).await;
        assert_ne!(code, Code::Unimplemented, "{method}");
        assert_ne!(code, Code::Internal, "{method}");
    }
    assert_eq!(call(&channel, "CollectionService/Nothing").await, Code::Unimplemented);
}

#[tokio::test]
async fn health_is_told_to_anyone() {
    let server = Server::start().await;
    let mut health = HealthClient::new(channel(&server).await);
    let request = HealthCheckRequest { service: "khong.co".to_owned() };
    assert_eq!(health.check(request).await.unwrap_err().code(), Code::NotFound);
    let request = HealthCheckRequest { service: String::new() };
    let answer = health.check(request).await.unwrap();
    assert_eq!(answer.get_ref().status().as_str_name(), "SERVING");
}
