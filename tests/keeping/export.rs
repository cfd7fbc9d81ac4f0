//! A ledger moves as one stream, is proved on the way, and goes on where it was interrupted.

use std::fs;

use super::{fill, heads, known, server_command, text};
use crate::harness::{Server, random, trial};

#[tokio::test]
async fn an_export_of_a_running_server_is_the_same_ledger_elsewhere() {
    let mut random = random("an_export_of_a_running_server_is_the_same_ledger_elsewhere");
    let mut server = Server::start_with(trial::options()).await;
    let folder = tempfile::tempdir().unwrap();
    fill(&server, 0, 15).await;
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    let data = server.data();
    let export = |file: &std::path::Path| {
        let (data, file) = (text(&data).to_owned(), text(file).to_owned());
        async move { server_command(&["export", "--data", &data, &file]).await }
    };
    export(&first).await.expect_code(0).expect_words(&["30 entries"]);
    export(&first).await.expect_code(1).expect_words(&[text(&first)]);
    let proved = server_command(&["verify", "--export", text(&first)]).await.expect_code(0);
    proved.expect_words(&["so-mot: 15 entries", "sound"]);
    fill(&server, 15, 5).await;
    export(&second).await.expect_code(0);

    // Cut anywhere, it is known to be cut; what came before is taken, and the whole goes on.
    let whole = fs::read(&first).unwrap();
    let cut = folder.path().join("cut");
    let new = folder.path().join("new");
    for _ in 0..3 {
        fs::write(&cut, &whole[..random.usize(16..whole.len())]).unwrap();
        server_command(&["verify", "--export", text(&cut)]).await.expect_code(1);
        server_command(&["import", "--data", text(&new), text(&cut)])
            .await
            .expect_code(1)
            .expect_words(&["cut short"]);
    }
    for (file, all) in [(&first, 30), (&first, 30), (&second, 40)] {
        let imported = server_command(&["import", "--data", text(&new), text(file)]).await;
        let said = imported.expect_code(0).stdout;
        let numbers: Vec<u64> = said.split(' ').filter_map(|word| word.parse().ok()).collect();
        assert_eq!(numbers.iter().sum::<u64>(), all, "{said}");
    }
    let (then, heads_then) = (known(&server).await, heads(&server).await);
    // Another server holds the folder: nothing is written beside it.
    server_command(&["import", "--data", text(&data), text(&second)])
        .await
        .expect_code(1)
        .expect_words(&["stop the server"]);
    server.stops_well().await;
    fs::remove_dir_all(&data).unwrap();
    fs::rename(&new, &data).unwrap();
    server.start_again().await;
    assert_eq!((known(&server).await, heads(&server).await), (then, heads_then));
    server.stops_well().await;
    server.verify().await.expect_code(0).expect_words(&["40 entries"]);
}

#[tokio::test]
async fn a_changed_or_foreign_export_is_not_taken() {
    let mut random = random("a_changed_or_foreign_export_is_not_taken");
    let (mut one, mut other) =
        (Server::start_with(trial::options()).await, Server::start_with(trial::options()).await);
    let folder = tempfile::tempdir().unwrap();
    let mut exports = Vec::new();
    for (server, name) in [(&mut one, "one"), (&mut other, "other")] {
        fill(server, 0, 4).await;
        server.stops_well().await;
        let file = folder.path().join(name);
        server_command(&["export", "--data", text(&server.data()), text(&file)])
            .await
            .expect_code(0);
        exports.push(file);
    }
    // The same figures, received at other instants: another ledger.
    server_command(&["import", "--data", text(&one.data()), text(&exports[1])])
        .await
        .expect_code(1)
        .expect_words(&["do not belong together"]);
    one.verify().await.expect_code(0).expect_words(&["8 entries"]);
    let whole = fs::read(&exports[0]).unwrap();
    let changed = folder.path().join("changed");
    for round in 0..15 {
        let mut bytes = whole.clone();
        let at = random.usize(..bytes.len());
        bytes[at] ^= 1 << random.u8(..8);
        fs::write(&changed, bytes).unwrap();
        let found = server_command(&["verify", "--export", text(&changed)]).await;
        assert!(found.code == Some(1) || found.code == Some(2), "byte {at}: {found:?}");
        let new = folder.path().join(format!("new-{round}"));
        let taken = server_command(&["import", "--data", text(&new), text(&changed)]).await;
        assert_eq!(taken.code, Some(1), "byte {at}: {taken:?}");
    }
}
