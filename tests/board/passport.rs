//! `enrol --p12` writes what openssl reads, which opens the board; and again for an enrolled computer.

use tokio::process::Command;

use super::start;
use crate::harness::{Badge, Browser, grant, program, run, secrets};

#[tokio::test]
async fn the_file_for_a_browser_opens_the_board() {
    let (server, admin) = start(&[]).await;
    let token = server.token(&admin, grant("operator", "", "")).await;
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let agent = |words: &[&str]| {
        let mut command = Command::new(program("tiendo-agent"));
        command.args(["--lang", "en", "--home"]).arg(&home).args(words).current_dir(&folder);
        command
    };
    let address = format!("localhost:{}", server.address().split(':').nth(1).unwrap());
    let enrol = ["enrol", "--server", &address, "--agent", "chi-lan", "--token", &token];
    let mut enrol = agent(&[&enrol[..], &["--p12", "first.p12"]].concat());
    let first = run(&mut enrol).await.expect_success();
    let second = run(&mut agent(&["enrol", "--p12", "second.p12"])).await.expect_success();
    // What is there is never written over.
    run(&mut agent(&["enrol", "--p12", "second.p12"])).await.expect_code(1);
    for (said, file) in [(first, "first.p12"), (second, "second.p12")] {
        let password = said.lines().find_map(|line| line.rsplit_once("(shown once): "));
        let (_, password) = password.unwrap_or_else(|| panic!("no password in:\n{said}"));
        secrets::remember(password);
        let mut command = Command::new("openssl");
        command.args(["pkcs12", "-nodes", "-in", file, "-passin"]).arg(format!("pass:{password}"));
        let pem = run(command.current_dir(&folder)).await.expect_success();
        let part = |name: &str| {
            let from = pem.find(&format!("-----BEGIN {name}")).unwrap();
            let end = format!("-----END {name}-----");
            let to = from + pem[from..].find(&end).unwrap() + end.len();
            format!("{}\n", &pem[from..to])
        };
        let badge = Badge { chain: part("CERTIFICATE"), key: part("PRIVATE KEY") };
        let page = Browser::of(&server).showing(&badge).get("/").await;
        assert!(page.page().contains("chi-lan"));
        let wrong = ["pkcs12", "-noout", "-in", file, "-passin", "pass:x"];
        assert_ne!(
            run(Command::new("openssl").args(wrong).current_dir(&folder)).await.code,
            Some(0)
        );
    }
}
