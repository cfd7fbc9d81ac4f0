//! No secret is ever written to a log, an error, a listing or the ledger.

use prost::Message as _;
use tiendo_shared::wire::v1;

use crate::harness::{Key, Options, Server, Wire, grant, secrets, trial};

#[tokio::test]
async fn no_secret_is_logged_listed_or_kept() {
    let variables = vec![("RUST_LOG", "debug"), ("TIENDO_LOG_FORMAT", "json")];
    let options = Options { secure: true, variables, ..trial::options() };
    let mut server = Server::start_with(options).await;
    let mut secrets = vec![server.first_token().to_owned()];
    let admin = server.administrator().await;
    let clients = Wire::to(&server).showing(&admin).clients().await;
    for n in 0..5 {
        let token = server.token(&admin, grant("agent", trial::DEPARTMENT, "")).await;
        let key = Key::new();
        server.enrol(&token, &format!("may-{n}"), &key).await.unwrap();
        server.enrol(&token, "may-9", &Key::new()).await.unwrap_err();
        let mistyped = format!("{}x", &token[..token.len() - 1]);
        let refused = server.enrol(&mistyped, "may", &key).await.unwrap_err();
        assert!(!format!("{refused:?}").contains(&token[40..60]), "{refused:?}");
        secrets.push(token);
        // The middle of a private key's text.
        secrets.push(key.0.serialize_pem().lines().nth(1).unwrap()[20..50].to_owned());
    }
    let listed = clients.admin().list_agents(v1::ListAgentsRequest::default()).await.unwrap();
    let request =
        v1::ListEntriesRequest { department: "province".to_owned(), ..Default::default() };
    let chain = clients.ledger().list_entries(request).await.unwrap().into_inner();
    server.stops_well().await;
    let key = std::fs::read_to_string(server.data().join("tls/ca.key")).unwrap();
    secrets.push(key.lines().nth(1).unwrap()[20..50].to_owned());
    let shown = [
        server.log().into_bytes(),
        format!("{listed:?}").into_bytes(),
        chain.encode_to_vec(),
        everything_under(&server.data().join("journal")),
    ];
    assert!(shown.iter().all(|text| text.len() > 100), "there is something to search");
    for secret in &secrets {
        // A part of a token's secret is as bad as all of it.
        let part = if secret.starts_with("tiendo-") { &secret[65..90] } else { secret };
        for text in &shown {
            let found = text.windows(part.len()).any(|window| window == part.as_bytes());
            assert!(!found, "a secret stands in {}", String::from_utf8_lossy(text));
        }
    }
}

fn everything_under(folder: &std::path::Path) -> Vec<u8> {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.is_file()).flat_map(|path| std::fs::read(path).unwrap()).collect()
}

#[test]
fn a_secret_in_a_log_fails_the_test_that_made_it() {
    let key = Key::new().0.serialize_pem();
    let leaked = format!("a request came with {}", key.lines().nth(1).unwrap());
    secrets::keep_out_of("nothing to see here");
    assert!(std::panic::catch_unwind(|| secrets::keep_out_of(&leaked)).is_err());
}
