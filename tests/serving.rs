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

use crate::harness::{Server, failure};

/// Methods that a later version answers.
const LATER: [&str; 6] = [
    "AdminService/Backup",
    "ReviewService/ApproveReport",
    "ReviewService/ListReports",
    "ReviewService/ReopenReport",
    "ReviewService/ReturnReport",
    "StatusService/WatchTargetStatuses",
];

/// `Service/Method` of every rpc of the protos, with whether the caller streams.
fn methods() -> Vec<(String, bool)> {
    let set = FileDescriptorSet::decode(tiendo_shared::wire::DESCRIPTOR).unwrap();
    let mut methods = Vec::new();
    for file in set.file.iter().filter(|file| file.package() == "tiendo.v1") {
        for service in &file.service {
            for method in &service.method {
                let name = format!("{}/{}", service.name(), method.name());
                methods.push((name, method.client_streaming()));
            }
        }
    }
    assert!(methods.len() > 20, "{methods:?}");
    methods
}

/// Calls a method with an empty message and takes whatever is answered.
async fn call(channel: &Channel, method: &str) -> Result<tonic::Response<()>, tonic::Status> {
    let mut client = tonic::client::Grpc::new(channel.clone());
    client.ready().await.unwrap();
    let path = PathAndQuery::try_from(format!("/tiendo.v1.{method}")).unwrap();
    let codec = tonic_prost::ProstCodec::<(), ()>::default();
    client.unary(tonic::Request::new(()), path, codec).await
}

async fn channel(server: &Server) -> Channel {
    Channel::from_shared(format!("http://{}", server.address())).unwrap().connect().await.unwrap()
}

#[tokio::test]
async fn every_method_answers_or_says_that_a_later_version_will() {
    let server = Server::start().await;
    let channel = channel(&server).await;
    for (method, streams) in methods() {
        let answer = call(&channel, &method).await;
        if LATER.contains(&method.as_str()) {
            let message = answer.as_ref().unwrap_err().message().to_owned();
            let (_, name) = method.split_once('/').unwrap();
            assert!(message.contains(name), "{method}: {message}");
            let expect = (Code::Unimplemented, "NOT_IN_THIS_VERSION".to_owned());
            assert_eq!(failure(answer), expect, "{method}");
        } else if !streams {
            let code = answer.map_or_else(|status| status.code(), |_| Code::Ok);
            assert_ne!(code, Code::Unimplemented, "{method}");
            assert_ne!(code, Code::Internal, "{method}");
        }
    }
    let unknown = call(&channel, "CollectionService/Nothing").await.unwrap_err();
    assert_eq!(unknown.code(), Code::Unimplemented);
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
