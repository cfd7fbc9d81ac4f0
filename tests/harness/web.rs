//! A browser without eyes: asks for pages over HTTP/1.1, with a certificate, a cookie or neither.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::secure::{Badge, Wire};
use super::server::Server;

/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(30);

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Status code.
    pub(crate) status: u16,
    /// Status line and headers.
    pub(crate) head: String,
    /// Everything after them.
    pub(crate) body: String,
}

impl Answer {
    /// The value of a header; none if it is not there.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(": ")?;
            found.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    /// The body of a page that was shown.
    #[track_caller]
    pub(crate) fn page(&self) -> &str {
        assert_eq!(self.status, 200, "{}\n{}", self.head, self.body);
        &self.body
    }
}

/// Asks a server for pages.
#[derive(Debug, Clone)]
pub(crate) struct Browser {
    address: String,
    wire: Option<Wire>,
    headers: String,
}

impl Browser {
    /// One that shows nothing.
    pub(crate) fn of(server: &Server) -> Self {
        let address = server.board();
        let wire = server.is_secure().then(|| Wire::at(server, &address));
        Self { address, wire, headers: String::new() }
    }

    /// The same, showing a certificate.
    pub(crate) fn showing(self, badge: &Badge) -> Self {
        let wire = self.wire.map(|wire| wire.showing(badge));
        Self { wire, ..self }
    }

    /// The same, with a header.
    pub(crate) fn with(self, name: &str, value: &str) -> Self {
        let headers = format!("{}{name}: {value}\r\n", self.headers);
        Self { headers, ..self }
    }

    /// Asks for a page.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, "").await
    }

    /// Presses a button.
    pub(crate) async fn post(&self, path: &str) -> Answer {
        self.ask("POST", path, "Content-Length: 0\r\n").await
    }

    /// Asks with more headers, and all that follows them.
    pub(crate) async fn ask(&self, method: &str, path: &str, more: &str) -> Answer {
        let text = self.read(method, path, more, |_| false).await;
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
        let status = status.unwrap_or_else(|| panic!("no answer but:\n{text}"));
        Answer { status, head: head.to_owned(), body: body.to_owned() }
    }

    /// Reads an answer until enough of it is there, or it ends.
    pub(crate) async fn read(
        &self,
        method: &str,
        path: &str,
        more: &str,
        enough: impl Fn(&str) -> bool,
    ) -> String {
        let (host, headers) = (&self.address, &self.headers);
        let end = if more.ends_with("\r\n\r\n") { "" } else { "\r\n" };
        let asked = format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}{more}{end}"
        );
        let answered = async {
            match &self.wire {
                Some(wire) => heard(wire.dial(&["http/1.1"]).await.unwrap(), &asked, enough).await,
                None => heard(TcpStream::connect(host).await.unwrap(), &asked, enough).await,
            }
        };
        tokio::time::timeout(ANSWER, answered).await.expect("an answer in time")
    }
}

async fn heard(
    mut stream: impl AsyncRead + tokio::io::AsyncWrite + Unpin,
    asked: &str,
    enough: impl Fn(&str) -> bool,
) -> String {
    stream.write_all(asked.as_bytes()).await.unwrap();
    let mut all = Vec::new();
    // A reset after the answer is an end too.
    while stream.read_buf(&mut all).await.is_ok_and(|read| read > 0) {
        if enough(&String::from_utf8_lossy(&all)) {
            break;
        }
    }
    String::from_utf8_lossy(&all).into_owned()
}
