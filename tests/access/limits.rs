//! Each limit of the server: published as it is set, and kept.

use std::net::Ipv4Addr;
use std::time::Duration;

use futures_util::StreamExt as _;
use prost::bytes::Bytes;
use tiendo_shared::wire::v1;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_rustls::client::TlsStream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Code;
use tonic_types::StatusExt as _;

use super::raw::{call, refusal};
use super::roles::Province;
use crate::harness::{Clients, Wire, number, single, until};

/// How long something may take that the server does by itself within a second or two.
const SOON: Duration = Duration::from_secs(30);

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

// Types of HTTP/2 frames.
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RESET: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;

/// An HTTP/2 frame.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// The headers of a call, as short as they can be.
fn headers(stream: u32, path: &str) -> Vec<u8> {
    const END_HEADERS: u8 = 4;
    let text = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    let path = [&[4][..], &text(path)].concat();
    let content = [&[15, 16][..], &text("application/grpc")].concat();
    // POST, http, the path, the authority, and what comes.
    let block = [&[0x83, 0x86][..], &path, &[1], &text("localhost"), &content].concat();
    frame(HEADERS, END_HEADERS, stream, &block)
}

/// So many calls, each taken back at once.
pub(super) fn resets(calls: u32) -> Vec<u8> {
    let mut words = [PREFACE, &frame(SETTINGS, 0, 0, &[])].concat();
    for n in 0..calls {
        words.extend(headers(2 * n + 1, "/tiendo.v1.ServerInfoService/GetServerInfo"));
        words.extend(frame(RESET, 0, 2 * n + 1, &8_u32.to_be_bytes()));
    }
    words
}

async fn info(clients: &Clients) -> Result<v1::GetServerInfoResponse, tonic::Status> {
    let answer = clients.info().get_server_info(v1::GetServerInfoRequest {}).await;
    answer.map(tonic::Response::into_inner)
}

/// The kinds of the frames that come until the connection ends, which it has to.
async fn ends(stream: &mut TlsStream<TcpStream>) -> Vec<u8> {
    let mut said = Vec::new();
    let read = tokio::time::timeout(SOON, stream.read_to_end(&mut said)).await;
    drop(read.expect("the connection ends"));
    let mut kinds = Vec::new();
    let mut rest = &said[..];
    while let [a, b, c, kind, ..] = *rest {
        kinds.push(kind);
        let length = u32::from_be_bytes([0, a, b, c]) as usize;
        rest = rest.get(9 + length..).unwrap_or_default();
    }
    kinds
}

#[tokio::test]
async fn limits_are_published_as_they_are_set() {
    let names = [("TIENDO_IDLE_SECS", "77"), ("TIENDO_CALLS_PER_STRANGER", "5")];
    let province = Province::start_with(&names).await;
    let limits = info(&province.wire("agent").clients().await).await.unwrap().limits.unwrap();
    assert_eq!((limits.idle_secs, limits.calls_per_stranger), (77, 5));
    let all = [
        limits.header_bytes,
        limits.reset_streams,
        limits.handshake_secs,
        limits.handshakes,
        limits.connections,
        limits.connections_per_address,
        limits.connection_rate,
        limits.stranger_connections,
        limits.first_call_secs,
        limits.connection_age_secs,
        limits.connection_grace_secs,
        limits.message_secs,
        limits.calls_per_identity,
        limits.calls_per_address,
    ];
    assert!(all.iter().all(|limit| *limit > 0), "{limits:?}");
    assert!(limits.connections_per_address >= 1_000, "a thousand agents behind one address");
}

#[tokio::test]
async fn whoever_calls_too_often_is_told_when_to_come_back() {
    let province = Province::start_with(&[("TIENDO_CALLS_PER_IDENTITY", "2")]).await;
    let agent = province.wire("agent").clients().await;
    let mut refused = None;
    for _ in 0..200 {
        if let Err(status) = info(&agent).await {
            refused = Some(status);
            break;
        }
    }
    let refused = refused.expect("twenty at once, and two a second");
    let wait = refused.get_details_retry_info().unwrap().retry_delay.unwrap();
    assert!(wait <= Duration::from_secs(1), "{wait:?}");
    assert_eq!(refusal(Err::<(), _>(refused)), (Code::ResourceExhausted, "TOO_MANY_CALLS".into()));
    info(&province.wire("operator").clients().await).await.expect("others are not slowed");
    let again = until(SOON, async || info(&agent).await.ok()).await;
    assert!(again.is_some(), "it is let through when its time has come");
    // Whoever does not listen is hung up on, and the log says so.
    let channel = province.wire("agent").connect().await.unwrap();
    for _ in 0..400 {
        drop(call(&channel, "ServerInfoService/GetServerInfo", Bytes::new()).await);
    }
    assert!(province.server.log().contains("was hung up on"), "{}", province.server.log());
}

#[tokio::test]
async fn a_stream_is_one_call_however_much_is_sent_in_it() {
    const SENT: usize = 200;
    let province = Province::start_with(&[("TIENDO_CALLS_PER_IDENTITY", "1")]).await;
    let mut collection = province.wire("agent").clients().await.collection("");
    let sent = (0..SENT).map(|n| v1::StreamSubmissionsRequest {
        submission: Some(single("2024", number("so-luong", &n.to_string()))),
    });
    let answers = collection.stream_submissions(tokio_stream::iter(sent)).await.unwrap();
    let answers: Vec<_> = answers.into_inner().collect().await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), SENT);
}

#[tokio::test]
async fn an_address_has_so_many_connections() {
    let province = Province::start_with(&[("TIENDO_CONNECTIONS_PER_ADDRESS", "20")]).await;
    let from = |last| province.wire("agent").from(Ipv4Addr::new(127, 0, 3, last));
    let mut open = Vec::new();
    for _ in 0..20 {
        open.push(from(1).dial(&["h2"]).await.unwrap());
    }
    assert!(from(1).dial(&["h2"]).await.is_err(), "one more");
    from(2).dial(&["h2"]).await.expect("of another address");
    open.pop();
    let freed = until(SOON, async || from(1).dial(&["h2"]).await.ok()).await;
    assert!(freed.is_some(), "a place is free again");
}

#[tokio::test]
async fn strangers_have_places_of_their_own() {
    let province = Province::start_with(&[("TIENDO_STRANGER_CONNECTIONS", "20")]).await;
    let mut open = Vec::new();
    for _ in 0..40 {
        open.push(Wire::to(&province.server).dial(&["h2"]).await);
    }
    info(&province.wire("agent").clients().await).await.expect("members are not in their way");
}

#[tokio::test]
async fn a_connection_without_calls_ends() {
    let limits = [("TIENDO_IDLE_SECS", "1"), ("TIENDO_FIRST_CALL_SECS", "1")];
    let province = Province::start_with(&limits).await;
    let mut silent = province.wire("agent").dial(&["h2"]).await.unwrap();
    ends(&mut silent).await;
    // One that says what HTTP/2 begins with, and headers that never end.
    let mut slow = province.wire("agent").dial(&["h2"]).await.unwrap();
    let words = [PREFACE, &frame(SETTINGS, 0, 0, &[]), &frame(HEADERS, 0, 1, &[0x83])].concat();
    slow.write_all(&words).await.unwrap();
    ends(&mut slow).await;
    // A stream is a call as long as it is open.
    let mut collection = province.wire("agent").clients().await.collection("");
    let (sender, receiver) = mpsc::channel(1);
    let answers = collection.stream_submissions(ReceiverStream::new(receiver)).await;
    let mut answers = answers.unwrap().into_inner();
    let send = async |n: &str| {
        let submission = Some(single("2024", number("so-luong", n)));
        sender.send(v1::StreamSubmissionsRequest { submission }).await.unwrap();
    };
    send("1").await;
    answers.next().await.unwrap().unwrap();
    let mut silent = province.wire("agent").dial(&["h2"]).await.unwrap();
    ends(&mut silent).await;
    send("2").await;
    answers.next().await.unwrap().unwrap();
}

#[tokio::test]
async fn an_old_connection_ends_when_its_calls_are_done() {
    let province = Province::start_with(&[("TIENDO_CONNECTION_AGE_SECS", "1")]).await;
    let mut aged = province.wire("agent").dial(&["h2"]).await.unwrap();
    aged.write_all(&[PREFACE, &frame(SETTINGS, 0, 0, &[])].concat()).await.unwrap();
    let mut collection = province.wire("agent").clients().await.collection("");
    let (sender, receiver) = mpsc::channel(1);
    let answers = collection.stream_submissions(ReceiverStream::new(receiver)).await;
    let mut answers = answers.unwrap().into_inner();
    let submission = |n: &str| v1::StreamSubmissionsRequest {
        submission: Some(single("2024", number("so-luong", n))),
    };
    sender.send(submission("1")).await.unwrap();
    answers.next().await.unwrap().unwrap();
    // The first is older than the stream's by now: it is told to go.
    let kinds = goes_away(&mut aged).await;
    assert!(kinds.contains(&GOAWAY), "{kinds:?}");
    sender.send(submission("2")).await.unwrap();
    answers.next().await.unwrap().expect("what was open goes on");
    drop(sender);
    assert!(answers.next().await.is_none(), "and ends well");
}

/// The kinds of the frames until one says to go away.
async fn goes_away(stream: &mut TlsStream<TcpStream>) -> Vec<u8> {
    let mut kinds = Vec::new();
    let reading = async {
        while !kinds.contains(&GOAWAY) {
            let mut head = [0; 9];
            stream.read_exact(&mut head).await.unwrap();
            kinds.push(head[3]);
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
            stream.read_exact(&mut vec![0; length]).await.unwrap();
        }
    };
    tokio::time::timeout(SOON, reading).await.expect("it is told to go");
    kinds
}

#[tokio::test]
async fn calls_that_are_taken_back_at_once_end_the_connection() {
    let province = Province::start().await;
    let mut stream = province.wire("agent").dial(&["h2"]).await.unwrap();
    // The server may end it before all is written.
    drop(stream.write_all(&resets(2_000)).await);
    let kinds = ends(&mut stream).await;
    assert!(kinds.contains(&GOAWAY), "{kinds:?}");
    info(&province.wire("agent").clients().await).await.unwrap();
}

#[tokio::test]
async fn peers_that_write_or_read_too_slowly_are_hung_up_on() {
    let province = Province::start_with(&[("TIENDO_MESSAGE_SECS", "1")]).await;
    // A message whose second half never comes.
    let mut writer = province.wire("agent").dial(&["h2"]).await.unwrap();
    let path = "/tiendo.v1.CollectionService/SubmitMeasurements";
    let half = frame(DATA, 0, 1, &[0, 0, 0, 1, 0, 7]);
    let words = [PREFACE, &frame(SETTINGS, 0, 0, &[]), &headers(1, path), &half].concat();
    writer.write_all(&words).await.unwrap();
    ends(&mut writer).await;
    // An answer that nobody takes: no stream may be sent a byte.
    let mut reader = province.wire("agent").dial(&["h2"]).await.unwrap();
    let no_window = frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0]);
    let path = "/tiendo.v1.ServerInfoService/GetServerInfo";
    let whole = frame(DATA, 1, 1, &[0; 5]);
    let words = [PREFACE, &no_window, &headers(1, path), &whole].concat();
    reader.write_all(&words).await.unwrap();
    ends(&mut reader).await;
    assert_eq!(province.server.log().matches("too slow").count(), 2, "{}", province.server.log());
    info(&province.wire("agent").clients().await).await.unwrap();
}

#[tokio::test]
async fn headers_and_strangers_messages_are_short() {
    let province = Province::start().await;
    let agent = province.wire("agent").clients().await;
    let mut long = tonic::Request::new(v1::GetServerInfoRequest {});
    long.metadata_mut().insert("tiendo-machine", "x".repeat(20_000).parse().unwrap());
    agent.info().get_server_info(long).await.unwrap_err();
    info(&agent).await.unwrap();
    let stranger = Wire::to(&province.server).connect().await.unwrap();
    let long = call(&stranger, "EnrolmentService/Enrol", vec![0x0a; 20_000].into()).await;
    assert_eq!(long.unwrap_err().code(), Code::OutOfRange);
}

#[tokio::test]
async fn nothing_is_decompressed() {
    use tonic::codegen::Service as _;
    let province = Province::start().await;
    let mut channel = province.wire("agent").connect().await.unwrap();
    // Five bytes of framing say that what follows is compressed.
    let body = tonic::body::Body::new("\u{1}\0\0\0\u{2}zz".to_owned());
    let request = tonic::codegen::http::Request::post(
        "http://localhost/tiendo.v1.ServerInfoService/GetServerInfo",
    );
    let request =
        request.header("content-type", "application/grpc").header("grpc-encoding", "gzip");
    std::future::poll_fn(|context| channel.poll_ready(context)).await.unwrap();
    let answer = channel.call(request.body(body).unwrap()).await.unwrap();
    assert_eq!(answer.headers()["grpc-status"], "12", "{answer:?}");
}
