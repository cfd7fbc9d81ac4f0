//! Commands of `tiendo-server` that serve nothing, and configurations it refuses.

use std::path::Path;

use tokio::process::Command;

use crate::harness::{Outcome, Server, program, run, trial};

async fn server(arguments: &[&str]) -> Outcome {
    run(Command::new(program("tiendo-server")).args(arguments)).await
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[tokio::test]
async fn without_tls_only_loopback_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let data = text(folder.path());
    for listen in ["0.0.0.0:7443", "192.0.2.1:7443", "[::]:7443"] {
        server(&["serve", "--data", data, "--listen", listen, "--insecure-loopback"])
            .await
            .expect_code(64)
            .expect_words(&[listen, "loopback"]);
    }
    // With TLS any address is served, once there is an authority.
    let open = ["serve", "--data", data, "--listen", "0.0.0.0:0"];
    server(&open).await.expect_code(1).expect_words(&["ca.pem", "tiendo-server init"]);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was touched");
}

#[tokio::test]
async fn every_error_of_a_configuration_is_told_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("server.toml");
    let text_of = "listen = \"0.0.0.0:7443\"\nengine = \"oracle\"\nlog_format = \"xml\"\n\
                   insecure_loopback = true\nsubmission_items = 0\nmessage_bytes = 1\n";
    std::fs::write(&file, text_of).unwrap();
    server(&["serve", "--config", text(&file)]).await.expect_code(64).expect_words(&[
        "0.0.0.0:7443",
        "oracle",
        "xml",
        "submission_items",
        "message_bytes",
        "`data`",
    ]);
    std::fs::write(&file, "data = \"d\"\nlisen = \"127.0.0.1:7443\"\n").unwrap();
    server(&["serve", "--config", text(&file)])
        .await
        .expect_code(64)
        .expect_words(&["lisen", "listen"]);
    let missing = folder.path().join("khong-co.toml");
    server(&["serve", "--config", text(&missing)])
        .await
        .expect_code(64)
        .expect_words(&["khong-co.toml"]);
    let mut command = Command::new(program("tiendo-server"));
    command.args(["serve", "--data", text(folder.path())]).env("TIENDO_MESSAGE_BYTES", "nhiều");
    run(&mut command).await.expect_code(64).expect_words(&["TIENDO_MESSAGE_BYTES", "nhiều"]);
}

#[tokio::test]
async fn a_second_server_on_the_same_ledger_is_refused() {
    let mut first = Server::start().await;
    let data = first.data();
    let listen = ["--listen", "127.0.0.1:0", "--insecure-loopback"];
    server(&[&["serve", "--data", text(&data)][..], &listen].concat())
        .await
        .expect_code(1)
        .expect_words(&[text(&data)]);
    // The first one is unharmed, and after it has ended the folder is free.
    first.status().await;
    first.restart().await;
}

#[tokio::test]
async fn the_shipped_catalogue_is_sound() {
    let shown = server(&["catalogue", "show"]).await.expect_success();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("an-giang.toml");
    std::fs::write(&file, shown).unwrap();
    let sound = server(&["catalogue", "check", text(&file)]).await;
    sound.expect_code(0).expect_words(&["54 targets"]);
}

#[tokio::test]
async fn a_catalogue_is_checked_whole_and_by_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bad.toml");
    let sound = trial::catalogue();
    let line_of = |text: &str, word: &str, nth: usize| {
        let found = text.lines().enumerate().filter(|(_, line)| line.contains(word)).nth(nth);
        format!("line {}", found.unwrap_or_else(|| panic!("`{word}`")).0 + 1)
    };
    // A cycle of formulas, an owner that does not exist, two targets of one id, an
    // unknown key, a comparator that does not exist.
    let cycle = "formula = { sum = [\"tinh-ra\", \"ty-le\"] }\nowner = \"so-hai\"";
    let target = "\n[[target]]\nid = \"A01\"\nname = { vi = \"hai\", en = \"two\" }\n\
                  indicator = \"ty-le\"\nhorizon = 2030\ncomparator = { at_leest = \"80\" }\n\
                  bullet = \"B1\"\n";
    let bad = sound.replacen("owner = \"so-hai\"", cycle, 1).replacen(
        "owner = \"so-mot\"",
        "owner = \"so-ba\"",
        1,
    ) + target;
    let bad = bad.replacen("decimals = 2", "decimal = 2", 1);
    std::fs::write(&file, &bad).unwrap();
    let found = server(&["catalogue", "check", text(&file)]).await.expect_code(2);
    let found = found.expect_words(&[
        &line_of(&bad, "owner = \"so-ba\"", 0),
        "so-ba",
        &line_of(&bad, "decimal = 2", 0),
        "decimals",
        &line_of(&bad, "id = \"A01\"", 1),
        "`A01`",
        &line_of(&bad, "at_leest", 0),
        "at_least",
    ]);
    assert!(found.all().lines().filter(|line| line.contains("line ")).count() >= 4);
    // The cycle is told once the entries themselves can be read.
    let bad = sound.replacen("owner = \"so-hai\"", cycle, 1);
    std::fs::write(&file, &bad).unwrap();
    server(&["catalogue", "check", text(&file)]).await.expect_code(2).expect_words(&[
        "cua-so-hai",
        "tinh-ra",
        "line ",
    ]);
    // A server does not start with it.
    let data = folder.path().join("data");
    let start = ["serve", "--data", text(&data), "--insecure-loopback", "--catalogue", text(&file)];
    let start = [&start[..], &["--listen", "127.0.0.1:0"]].concat();
    let refused = server(&start).await;
    assert_ne!(refused.code, Some(0));
    refused.expect_words(&["bad.toml", "tinh-ra", "line "]);
    let missing = folder.path().join("khong-co.toml");
    server(&["catalogue", "check", text(&missing)])
        .await
        .expect_code(1)
        .expect_words(&["khong-co.toml"]);
}

#[tokio::test]
async fn verify_speaks_of_a_folder_that_holds_no_ledger() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("khong-co");
    let refused = server(&["verify", "--data", text(&missing)]).await;
    assert_ne!(refused.code, Some(0), "nothing was proved: {refused:?}");
    refused.expect_words(&["khong-co"]);
}
