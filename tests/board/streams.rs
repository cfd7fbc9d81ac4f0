//! What goes on and on: it ends with who may look, with who does not listen, and for a crowd.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tiendo_shared::wire::v1;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpSocket;
use tokio::task::JoinHandle;

use super::{link, start};
use crate::harness::{
    Badge, Browser, Options, Server, Wire, group, number, of_members, submission, trial, until,
};

/// Strangers who may hear of verdicts that move at a time.
const LISTENERS: usize = 64;

/// A browser that a link opened the board to.
async fn reader(server: &Server, admin: &Badge) -> Browser {
    let path = link(server, admin, "chi-lan").await.unwrap();
    let answer = Browser::of(server).post(&path).await;
    let cookie = answer.header("set-cookie").unwrap().split(';').next().unwrap();
    crate::harness::secrets::remember(cookie.split('=').nth(1).unwrap());
    Browser::of(server).with("Cookie", cookie)
}

/// Hears of verdicts that move until that ends, and tells when it began.
fn listen(browser: &Browser) -> (JoinHandle<String>, Arc<AtomicBool>) {
    let (browser, began) = (browser.clone(), Arc::new(AtomicBool::new(false)));
    let begins = Arc::clone(&began);
    let listening = tokio::spawn(async move {
        let hears = |text: &str| {
            begins.fetch_or(text.contains("text/event-stream"), Ordering::Relaxed);
            false
        };
        browser.read("GET", "/events", "", hears).await
    });
    (listening, began)
}

async fn begins(began: &AtomicBool) {
    let began =
        until(Duration::from_secs(25), async || began.load(Ordering::Relaxed).then_some(()));
    began.await.expect("the stream begins");
}

#[tokio::test]
async fn a_live_page_ends_with_what_the_link_opened() {
    let (server, admin) = start(&[]).await;
    let leaving = reader(&server, &admin).await;
    let (listening, began) = listen(&leaving);
    begins(&began).await;
    assert_eq!(leaving.post("/sign-out").await.status, 303);
    listening.await.expect("it ends before it is given up");
    let second = server.badge(&admin, "administrator", "", "second").await;
    let invited = reader(&server, &second).await;
    let (listening, began) = listen(&invited);
    begins(&began).await;
    let request = v1::RevokeAgentRequest {
        agent: "second".to_owned(),
        department: String::new(),
        reason: "left".to_owned(),
    };
    let clients = Wire::to(&server).showing(&admin).clients().await;
    clients.admin().revoke_agent(request).await.unwrap();
    listening.await.expect("it ends with the administrator");
}

#[tokio::test]
async fn a_download_that_nobody_takes_is_cut() {
    let options = Options {
        board: true,
        variables: vec![("TIENDO_MESSAGE_SECS", "1")],
        ..Options::with_catalogue(&trial::catalogue())
    };
    let server = Server::start_with(options).await;
    let clients = server.clients().await;
    // More than the systems at both ends keep for each other.
    for month in 1..=12 {
        let rows = (1..=trial::COMMUNES).map(|commune| {
            let id = trial::commune(commune);
            let value = number("so-luong", &commune.to_string());
            let value = of_members(value, &[("sex", "female"), ("commune", &id)]);
            v1::Measurement { comment: "đường".repeat(400), ..value }
        });
        let sent = submission([group(&format!("2024-{month:02}"), rows.collect::<Vec<_>>())]);
        let answer = clients.collection(trial::DEPARTMENT).submit_measurements(sent).await;
        assert_eq!(answer.unwrap().into_inner().rejections, []);
    }
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4 << 10).unwrap();
    let address = server.board();
    let mut stream = socket.connect(address.parse().unwrap()).await.unwrap();
    let asked = format!("GET /download/csv HTTP/1.1\r\nHost: {address}\r\n\r\n");
    stream.write_all(asked.as_bytes()).await.unwrap();
    let mut first = [0; 12];
    stream.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    let cut = until(Duration::from_secs(30), async || {
        server.log().contains("a peer that is too slow was hung up on").then_some(())
    });
    cut.await.expect("the download is cut");
    assert_eq!(Browser::of(&server).get("/").await.status, 200, "others do not notice");
}

#[tokio::test]
async fn only_so_many_strangers_listen_at_a_time() {
    let (server, admin) =
        start(&[("TIENDO_PUBLIC_BOARD", "true"), ("TIENDO_CALLS_PER_STRANGER", "1000")]).await;
    let browser = Browser::of(&server);
    let listeners: Vec<_> = (0..LISTENERS).map(|_| listen(&browser)).collect();
    for (_, began) in &listeners {
        begins(began).await;
    }
    let refused = browser.get("/events").await;
    assert_eq!(refused.status, 429, "{}", refused.body);
    assert!(refused.header("retry-after").is_some());
    let known = browser.showing(&admin);
    let heard = known.read("GET", "/events", "", |text| text.contains("event-stream")).await;
    assert!(heard.contains("200 OK"), "who is known needs no place: {heard}");
    for (listener, _) in listeners {
        listener.abort();
    }
}
