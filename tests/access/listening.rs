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

// Types of TLS records, and what alerts say.
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const HANDSHAKE_FAILURE: u8 = 40;
const PROTOCOL_VERSION: u8 = 70;

/// The suites of TLS 1.2 that the server takes.
const MODERN: [[u8; 2]; 3] = [[0xc0, 0x2b], [0xc0, 0x2c], [0xcc, 0xa9]];

/// Suites without forward secrecy, with CBC, RC4, 3DES, no cipher, no certificate or export keys.
const WEAK: [[u8; 2]; 13] = [
    [0x00, 0x2f],
    [0x00, 0x35],
    [0x00, 0x3c],
    [0x00, 0x9c],
    [0x00, 0x0a],
    [0x00, 0x05],
    [0x00, 0x03],
    [0x00, 0x34],
    [0xc0, 0x06],
    [0xc0, 0x07],
    [0xc0, 0x08],
    [0xc0, 0x09],
    [0xc0, 0x23],
];

/// A client hello that ends with TLS 1.`minor - 1`, and lacks nothing a server asks for.
fn hello(minor: u8, suites: &[[u8; 2]]) -> Vec<u8> {
    let length = |bytes: &[u8]| u8::try_from(bytes.len()).unwrap();
    let suites = suites.concat();
    let extensions = [
        // Groups: X25519 and P-256.
        &[0, 10, 0, 6, 0, 4, 0, 0x1d, 0, 0x17][..],
        // Points as they are.
        &[0, 11, 0, 2, 1, 0],
        // Signatures: ECDSA with P-256.
        &[0, 13, 0, 4, 0, 2, 4, 3],
        // Protocols: HTTP/2.
        &[0, 16, 0, 5, 0, 3, 2, b'h', b'2'],
    ]
    .concat();
    let body = [
        &[3, minor][..],
        &[7; 32],
        &[0, 0, length(&suites)],
        &suites,
        &[1, 0, 0, length(&extensions)],
        &extensions,
    ]
    .concat();
    let handshake = [&[1, 0, 0, length(&body)][..], &body].concat();
    [&[HANDSHAKE, 3, 1, 0, length(&handshake)][..], &handshake].concat()
}

/// Says hello and is refused with this alert, and nothing else.
async fn refused(server: &Server, hello: &[u8], alert: u8) {
    let mut tcp = TcpStream::connect(server.address()).await.unwrap();
    tcp.write_all(hello).await.unwrap();
    let said = rest(&mut tcp).await;
    assert_eq!((said.first(), said.get(6)), (Some(&ALERT), Some(&alert)), "{hello:?}: {said:?}");
    assert_eq!(said.len(), 7, "{said:?}");
}

#[tokio::test]
async fn older_versions_are_refused() {
    let (server, admin) = start().await;
    for minor in [0, 1, 2] {
        refused(&server, &hello(minor, &[&MODERN[..], &WEAK].concat()), PROTOCOL_VERSION).await;
    }
    still_serves(&server, &admin).await;
}

#[tokio::test]
async fn only_modern_suites_are_taken() {
    let (server, admin) = start().await;
    // The same hello is answered when it offers a good suite, so that nothing else is wrong with it.
    for suite in MODERN {
        let mut tcp = TcpStream::connect(server.address()).await.unwrap();
        tcp.write_all(&hello(3, &[WEAK[0], suite])).await.unwrap();
        let first = tokio::time::timeout(SOON, tcp.read_u8()).await.expect("an answer").unwrap();
        assert_eq!(first, HANDSHAKE, "{suite:x?}");
    }
    for suite in WEAK {
        refused(&server, &hello(3, &[suite]), HANDSHAKE_FAILURE).await;
    }
    refused(&server, &hello(3, &WEAK), HANDSHAKE_FAILURE).await;
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
