//! What the listener speaks, and what it does with peers that speak otherwise.

use std::time::Duration;

use tiendo_shared::wire::v1;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tonic::transport::Channel;

use crate::harness::{Badge, Options, Server, Wire};

/// How long a peer that is refused may have to wait for the end.
const SOON: Duration = Duration::from_secs(20);

async fn start() -> (Server, Badge) {
    let server = Server::start_with(Options { secure: true, ..Options::default() }).await;
    let admin = server.administrator().await;
    (server, admin)
}

async fn still_serves(server: &Server, admin: &Badge) {
    let clients = Wire::to(server).showing(admin).clients().await;
    clients.info().get_server_info(v1::GetServerInfoRequest {}).await.unwrap();
}

/// All a peer is sent until the connection ends.
async fn rest(stream: &mut TcpStream) -> Vec<u8> {
    let mut said = Vec::new();
    let read = tokio::time::timeout(SOON, stream.read_to_end(&mut said)).await;
    // A reset is an end too.
    drop(read.expect("the connection ends soon"));
    said
}

#[tokio::test]
async fn tls_1_2_and_1_3_are_spoken_with_http_2_alone() {
    use rustls::version::{TLS12, TLS13};
    const NEW: &[&rustls::SupportedProtocolVersion] = &[&TLS13];
    const OLD: &[&rustls::SupportedProtocolVersion] = &[&TLS12];
    const SETTINGS: u8 = 4;
    let (server, admin) = start().await;
    let wire = Wire::to(&server).showing(&admin);
    for (versions, expect) in
        [(NEW, rustls::ProtocolVersion::TLSv1_3), (OLD, rustls::ProtocolVersion::TLSv1_2)]
    {
        let stream = wire.clone().speaking(versions).dial(&["h2"]).await.unwrap();
        let (_, session) = stream.get_ref();
        assert_eq!(session.protocol_version(), Some(expect));
        assert_eq!(session.alpn_protocol(), Some(&b"h2"[..]));
        let clients = wire.clone().speaking(versions).clients().await;
        clients.info().get_server_info(v1::GetServerInfoRequest {}).await.unwrap();
    }
    assert!(wire.dial(&["http/1.1"]).await.is_err());
    // Whoever offers no protocol is spoken to in HTTP/2 and has to answer in it.
    let mut silent = wire.dial(&[]).await.unwrap();
    silent.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let mut said = Vec::new();
    let read = tokio::time::timeout(SOON, silent.read_to_end(&mut said)).await;
    drop(read.expect("the connection ends"));
    assert_eq!(said.get(3), Some(&SETTINGS), "{}", String::from_utf8_lossy(&said));
    still_serves(&server, &admin).await;
}

/// A client hello of a version that ended in 2021, with the suites of its time.
fn hello(minor: u8) -> Vec<u8> {
    let suites = [0xc0_u8, 0x09, 0xc0, 0x0a, 0xc0, 0x13, 0xc0, 0x14, 0x00, 0x2f, 0x00, 0x35];
    let mut body = vec![3, minor];
    body.extend([7; 32]);
    body.push(0);
    body.extend([0, u8::try_from(suites.len()).unwrap()]);
    body.extend(suites);
    body.extend([1, 0]);
    let length = u8::try_from(body.len()).unwrap();
    let handshake = [&[1, 0, 0, length][..], &body].concat();
    [&[22, 3, 1, 0, u8::try_from(handshake.len()).unwrap()][..], &handshake].concat()
}

#[tokio::test]
async fn older_versions_are_refused() {
    const ALERT: u8 = 21;
    let (server, admin) = start().await;
    for minor in [0, 1, 2] {
        let mut tcp = TcpStream::connect(server.address()).await.unwrap();
        tcp.write_all(&hello(minor)).await.unwrap();
        let said = rest(&mut tcp).await;
        assert_eq!(said.first(), Some(&ALERT), "version 3.{minor}: {said:?}");
    }
    still_serves(&server, &admin).await;
}

#[tokio::test]
async fn plain_text_gets_no_answer() {
    let (server, admin) = start().await;
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    for words in [&b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n"[..], preface, &[0; 4_096]] {
        let mut tcp = TcpStream::connect(server.address()).await.unwrap();
        tcp.write_all(words).await.unwrap();
        let said = rest(&mut tcp).await;
        assert!(said.is_empty() || said[0] == 21, "an answer to plain text: {said:?}");
    }
    let plain = Channel::from_shared(format!("http://{}", server.address())).unwrap();
    if let Ok(channel) = plain.connect().await {
        let mut info = crate::harness::Clients::over(channel).info();
        info.get_server_info(v1::GetServerInfoRequest {}).await.unwrap_err();
    }
    still_serves(&server, &admin).await;
}

#[tokio::test]
async fn a_handshake_that_is_not_finished_ends_and_holds_nobody_up() {
    let variables = vec![("TIENDO_HANDSHAKE_SECS", "1")];
    let options = Options { secure: true, variables, ..Options::default() };
    let server = Server::start_with(options).await;
    let admin = server.administrator().await;
    let mut waiting = Vec::new();
    for _ in 0..50 {
        waiting.push(TcpStream::connect(server.address()).await.unwrap());
    }
    still_serves(&server, &admin).await;
    for tcp in &mut waiting {
        assert!(rest(tcp).await.is_empty());
    }
}
