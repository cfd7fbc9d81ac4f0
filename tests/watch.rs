//! Whoever watches learns of every verdict that moves, through breaks and crashes, and holds nobody up.

use std::process::Stdio;
use std::time::Duration;

use tiendo_shared::wire::v1;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tonic::{Code, Streaming};
use v1::Verdict::{AtRisk, NoData, NotAssessable, OnTrack};

use crate::harness::published::DEPARTMENT;
use crate::harness::{Clients, Server, counts, failure, group, number, submission};
use crate::setting::tool;

/// How long a message may take on a loaded machine.
const WITHIN: Duration = Duration::from_mins(1);

type Moves = Streaming<v1::WatchTargetStatusesResponse>;

/// Submits a share of the digital economy.
async fn share(clients: &Clients, period: &str, value: &str) {
    let sent = v1::MeasurementGroup {
        territory: "an-giang-old".to_owned(),
        ..group(period, [number("digital-economy-share", value)])
    };
    let mut collection = clients.collection(DEPARTMENT);
    let answer = collection.submit_measurements(submission([sent])).await.unwrap().into_inner();
    assert_eq!(counts(&answer)[3], 0, "{:?}", answer.rejections);
}

/// A stream, and where it begins.
async fn watch(clients: &Clients, resume_token: &str) -> (String, Moves) {
    let request = v1::WatchTargetStatusesRequest {
        horizon: 2030,
        resume_token: resume_token.to_owned(),
        ..Default::default()
    };
    let answer = clients.status().watch_target_statuses(request).await.unwrap();
    let token = answer.metadata().get("tiendo-resume-token").unwrap().to_str().unwrap().to_owned();
    (token, answer.into_inner())
}

/// The next message, which is of A07: the verdicts before and now, and where to resume.
async fn next(moves: &mut Moves) -> (v1::Verdict, v1::Verdict, String) {
    let message = tokio::time::timeout(WITHIN, moves.message()).await.unwrap().unwrap().unwrap();
    let status = message.status.as_ref().unwrap();
    assert_eq!(status.target, "A07");
    assert!(status.explanation.is_some(), "a move is explained as any status");
    (message.previous_verdict(), status.verdict(), message.resume_token)
}

#[tokio::test]
async fn a_watcher_loses_no_move_through_a_crash() {
    let mut server = Server::start().await;
    let clients = server.clients().await;
    let (began, mut moves) = watch(&clients, "").await;
    share(&clients, "2023", "5.28").await;
    let (before, now, first) = next(&mut moves).await;
    assert_eq!((before, now), (NoData, NotAssessable));
    share(&clients, "2024", "5.99").await;
    server.kill9().await;
    // The stream breaks with an error or an end; what it still tells is true.
    while let Ok(Ok(Some(_))) = tokio::time::timeout(WITHIN, moves.message()).await {}
    server.start_again().await;

    let clients = server.clients().await;
    let (_, mut moves) = watch(&clients, &first).await;
    let (before, now, second) = next(&mut moves).await;
    assert_eq!((before, now), (NotAssessable, AtRisk));
    // From the very beginning it is one move.
    let (_, mut all) = watch(&clients, &began).await;
    let (before, now, token) = next(&mut all).await;
    assert_eq!((before, now, &token), (NoData, AtRisk, &second));
    share(&clients, "2024", "6.5").await;
    for moves in [&mut moves, &mut all] {
        let (before, now, _) = next(moves).await;
        assert_eq!((before, now), (AtRisk, OnTrack));
    }
    let request =
        v1::WatchTargetStatusesRequest { resume_token: "abc".to_owned(), ..Default::default() };
    let refused = clients.status().watch_target_statuses(request).await;
    assert_eq!(failure(refused), (Code::InvalidArgument, "RESUME_TOKEN".to_owned()));
}

#[tokio::test]
async fn readers_that_never_read_hold_up_no_writer_and_no_stop() {
    let mut server = Server::start().await;
    let clients = server.clients().await;
    let mut idle = Vec::new();
    for _ in 0..20 {
        idle.push(watch(&clients, "").await.1);
    }
    share(&clients, "2023", "5.28").await;
    for round in 0..100 {
        share(&clients, "2024", if round % 2 == 0 { "5.99" } else { "6.5" }).await;
    }
    // Each learns where it stands now, however late it reads.
    for moves in &mut idle {
        while next(moves).await.1 != OnTrack {}
    }
    server.stops_well().await;
    for mut moves in idle {
        let end = tokio::time::timeout(WITHIN, async {
            while let Ok(Some(_)) = moves.message().await {}
        });
        end.await.expect("the stream ends with the server");
    }
}

/// `grpcurl -v` on the stream, once it told where it begins.
async fn grpcurl(server: &Server) -> Option<(Child, Lines<BufReader<ChildStdout>>)> {
    let mut child = Command::new(tool("grpcurl")?)
        .args(["-plaintext", "-v", "-d", r#"{"horizon": 2030}"#, &server.address()])
        .arg("tiendo.v1.StatusService/WatchTargetStatuses")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    until_line(&mut lines, "tiendo-resume-token: 1.").await;
    Some((child, lines))
}

/// Reads on until a line holds `words`.
async fn until_line(lines: &mut Lines<BufReader<ChildStdout>>, words: &str) {
    let mut seen = Vec::new();
    loop {
        let line = tokio::time::timeout(WITHIN, lines.next_line()).await;
        let line = line.unwrap_or_else(|_| panic!("no `{words}` in time after {seen:#?}"));
        let line = line.unwrap().unwrap_or_else(|| panic!("no `{words}` in {seen:#?}"));
        if line.contains(words) {
            return;
        }
        seen.push(line);
    }
}

#[tokio::test]
async fn an_operator_watches_with_grpcurl_until_the_server_stops() {
    let mut server = Server::start().await;
    let clients = server.clients().await;
    let Some((mut child, mut lines)) = grpcurl(&server).await else { return };
    share(&clients, "2023", "5.28").await;
    until_line(&mut lines, "VERDICT_NOT_ASSESSABLE").await;
    until_line(&mut lines, r#""previousVerdict": "VERDICT_NO_DATA""#).await;
    share(&clients, "2024", "5.99").await;
    until_line(&mut lines, "VERDICT_AT_RISK").await;
    server.stops_well().await;
    let ended = tokio::time::timeout(WITHIN, child.wait()).await;
    assert!(ended.expect("grpcurl ends with the server").unwrap().success());
}

#[tokio::test]
async fn what_changed_between_two_instants_is_listed() {
    let server = Server::start().await;
    let clients = server.clients().await;
    let time = async || {
        let info = clients.info().get_server_info(v1::GetServerInfoRequest {}).await.unwrap();
        info.into_inner().server_time
    };
    share(&clients, "2023", "5.28").await;
    let from = time().await;
    share(&clients, "2024", "5.99").await;
    share(&clients, "2024", "6.5").await;
    let to = time().await;
    share(&clients, "2024", "5.5").await;
    let request = v1::ListChangesRequest { from, to, horizon: 2030, ..Default::default() };
    let answer = clients.status().list_changes(request).await.unwrap().into_inner();
    let [moved] = &answer.moves[..] else { panic!("{:?}", answer.moves) };
    let status = moved.status.as_ref().unwrap();
    assert_eq!((&*status.target, moved.previous_verdict()), ("A07", NotAssessable));
    assert_eq!(status.verdict(), OnTrack);
    let told: Vec<_> = answer
        .changes
        .iter()
        .map(|change| {
            let value = |it: &v1::StoredMeasurement| crate::harness::value(it);
            (change.previous.as_ref().map(value), value(change.measurement.as_ref().unwrap()))
        })
        .collect();
    let text = str::to_owned;
    assert_eq!(told, [(None, text("5.99")), (Some(text("5.99")), text("6.5"))]);

    for (from, to, reason) in [(None, to, "INSTANT_MISSING"), (to, from, "INSTANT_ORDER")] {
        let request = v1::ListChangesRequest { from, to, ..Default::default() };
        let refused = failure(clients.status().list_changes(request).await);
        assert_eq!(refused, (Code::InvalidArgument, reason.to_owned()));
    }
}
