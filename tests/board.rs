//! The board: who reads it, what a browser is told to do with it, and what stands on it.

mod eyes;
mod numbers;
mod pages;
mod passport;
mod scale;
mod streams;

use tiendo_shared::wire::v1;
use tonic::Code;

use crate::harness::{Badge, Browser, Options, Server, Wire, free_port, secrets};

/// A server with a board over TLS, and its administrator.
async fn start(variables: &[(&'static str, &'static str)]) -> (Server, Badge) {
    let variables = variables.to_vec();
    let options = Options { secure: true, board: true, variables, ..Options::default() };
    let server = Server::start_with(options).await;
    let admin = server.administrator().await;
    (server, admin)
}

/// A link for a reader: its path.
async fn link(server: &Server, admin: &Badge, reader: &str) -> Result<String, tonic::Status> {
    let clients = Wire::to(server).showing(admin).clients().await;
    let request = v1::CreateSignInLinkRequest { reader: reader.to_owned() };
    let answer = clients.admin().create_sign_in_link(request).await?.into_inner();
    let address = format!("https://localhost:{}", server.board().split(':').nth(1).unwrap());
    let path = answer.link.strip_prefix(&address).expect("the address of the board").to_owned();
    secrets::remember(path.split('=').nth(1).unwrap());
    Ok(path)
}

#[tokio::test]
async fn a_certificate_reads_as_far_as_its_role_and_until_it_is_revoked() {
    let (server, admin) = start(&[]).await;
    let anybody = Browser::of(&server).get("/").await;
    assert_eq!(anybody.status, 401, "{}", anybody.body);
    assert!(anybody.body.contains("no certificate was shown"), "{}", anybody.body);
    let agent = server.badge(&admin, "agent", "so-khcn", "pc").await;
    assert_eq!(Browser::of(&server).showing(&agent).get("/").await.status, 403);
    for role in ["operator", "reviewer"] {
        let badge = server.badge(&admin, role, "", role).await;
        let browser = Browser::of(&server).showing(&badge);
        assert!(browser.get("/").await.page().contains("A07"));
        let clients = Wire::to(&server).showing(&admin).clients().await;
        let request = v1::RevokeAgentRequest {
            agent: role.to_owned(),
            department: String::new(),
            reason: "left".to_owned(),
        };
        clients.admin().revoke_agent(request).await.unwrap();
        let refused = browser.get("/").await;
        assert_eq!(refused.status, 401);
        assert!(refused.body.contains("this identity was revoked: left"), "{}", refused.body);
    }
}

#[tokio::test]
async fn a_link_opens_one_browser_once_until_it_leaves() {
    let (server, admin) = start(&[]).await;
    let path = link(&server, &admin, "chi-lan").await.unwrap();
    let browser = Browser::of(&server);
    assert!(browser.get(&path).await.page().contains("<button"), "looking uses nothing up");
    let opened = browser.post(&path).await;
    assert_eq!((opened.status, opened.header("location")), (303, Some("/")));
    let cookie = opened.header("set-cookie").unwrap().to_owned();
    for word in
        ["__Host-tiendo=", "Path=/;", "Secure", "HttpOnly", "SameSite=Strict", "Max-Age=28800"]
    {
        assert!(cookie.contains(word), "{word} is not in {cookie}");
    }
    let pair = cookie.split(';').next().unwrap();
    secrets::remember(pair.split('=').nth(1).unwrap());
    let signed_in = browser.clone().with("Cookie", pair);
    assert!(signed_in.get("/").await.page().contains("chi-lan"));
    assert_eq!(browser.post(&path).await.status, 401, "it is used up");
    assert_eq!(signed_in.post("/sign-out").await.status, 303);
    assert_eq!(signed_in.get("/").await.status, 401);
    let refused = link(&server, &admin, "chị Lan").await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
}

#[tokio::test]
async fn what_a_link_opened_ends_with_its_administrator() {
    let (server, admin) = start(&[]).await;
    let second = server.badge(&admin, "administrator", "", "second").await;
    let path = link(&server, &second, "reader").await.unwrap();
    let opened = Browser::of(&server).post(&path).await;
    let cookie = opened.header("set-cookie").unwrap();
    let reader = Browser::of(&server).with("Cookie", cookie.split(';').next().unwrap());
    assert_eq!(reader.get("/").await.status, 200);
    let request = v1::RevokeAgentRequest {
        agent: "second".to_owned(),
        department: String::new(),
        reason: "left".to_owned(),
    };
    let clients = Wire::to(&server).showing(&admin).clients().await;
    clients.admin().revoke_agent(request).await.unwrap();
    assert_eq!(reader.get("/").await.status, 401);
}

#[tokio::test]
async fn every_answer_tells_the_browser_to_do_nothing_but_show_it() {
    let (server, admin) = start(&[]).await;
    let browser = Browser::of(&server).showing(&admin);
    for path in ["/", "/nothing", "/assets/board.css", "/sign-in", "/metrics", "/?horizon=x"] {
        let answer = browser.get(path).await;
        let policy = answer.header("content-security-policy").unwrap();
        for rule in [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.contains(rule), "{path}: {policy}");
        }
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{path}");
        let alone = answer.header("strict-transport-security");
        assert_eq!(alone, Some("max-age=31536000"), "{path}");
        assert!(!answer.body.contains(" style=") && !answer.body.contains("<style"), "{path}");
    }
    assert_eq!(browser.get("/nothing").await.status, 404);
    assert_eq!(browser.get("/?horizon=x").await.status, 400);
    assert_eq!(browser.get("/").await.header("cache-control"), Some("no-store"));
    let body = browser.ask("POST", "/sign-out", "Content-Length: 5\r\n\r\nhello\r\n\r\n").await;
    assert_eq!(body.status, 413);
    let long = format!("X-Long: {}\r\n", "x".repeat(40_000));
    assert_eq!(browser.ask("GET", "/", &long).await.status, 431);
}

#[tokio::test]
async fn whoever_asks_too_often_has_to_wait() {
    let (server, admin) = start(&[("TIENDO_CALLS_PER_STRANGER", "1")]).await;
    let browser = Browser::of(&server);
    let mut refused = 0;
    for path in ["/sign-in?token=x", "/assets/board.css", "/", "/nothing"].repeat(5) {
        let answer = browser.get(path).await;
        refused += u32::from(answer.status == 429 && answer.header("retry-after").is_some());
    }
    assert!(refused > 0, "ten at once are let through, and one a second");
    assert_eq!(browser.showing(&admin).get("/").await.status, 200, "others do not wait");
}

#[tokio::test]
async fn without_a_board_or_tls_there_is_no_link() {
    let server = Server::start_with(Options { secure: true, ..Options::default() }).await;
    let admin = server.administrator().await;
    let clients = Wire::to(&server).showing(&admin).clients().await;
    let request = v1::CreateSignInLinkRequest { reader: "x".to_owned() };
    let refused = clients.admin().create_sign_in_link(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    // A name of another site that leads to this computer is not answered without TLS.
    let server = Server::start_with(Options { board: true, ..Options::default() }).await;
    let plain = Browser::of(&server).get("/").await;
    assert_eq!((plain.status, plain.header("strict-transport-security")), (200, None));
    let stolen = format!("GET / HTTP/1.1\r\nHost: evil.example:{}\r\n", free_port());
    assert_eq!(raw(&server, &stolen).await, 403);
}

/// The status of an answer to exactly these lines.
async fn raw(server: &Server, lines: &str) -> u16 {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut stream = tokio::net::TcpStream::connect(server.board()).await.unwrap();
    stream.write_all(format!("{lines}Connection: close\r\n\r\n").as_bytes()).await.unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).await.unwrap();
    said.split(' ').nth(1).unwrap().parse().unwrap()
}
