//! A command that prints CSV: run without a shell, within a time and a size.

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::process::Stdio;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Child;

use super::Trouble;
use crate::config::Command;
use crate::text::Lang;

/// Bytes of standard error that are told.
const TAIL: usize = 2_000;

/// Runs a command in `home` and leaves what it printed in `spool`.
pub(crate) async fn run(
    command: &Command,
    home: &Path,
    spool: &Path,
    lang: Lang,
) -> Result<(), Trouble> {
    let (program, arguments) = command.run.split_first().ok_or_else(|| Trouble::lasting(""))?;
    let child = tokio::process::Command::new(program)
        .args(arguments)
        .current_dir(home)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| {
            let lasting =
                matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied);
            Trouble { why: lang.command_not_started(program, &error), lasting }
        })?;
    let new = spool.with_extension("new");
    let seconds = command.timeout.as_secs();
    let ended = tokio::time::timeout(command.timeout, collect(child, command.max_bytes, &new));
    let ended = ended.await.map_err(|_| Trouble::passing(lang.command_late(program, seconds)))?;
    let unwritten =
        |error: io::Error| Trouble::passing(lang.job_file_unreadable(&spool.display(), &error));
    let Ended { too_long, code, tail } = ended.map_err(unwritten)?;
    if too_long {
        return Err(Trouble::lasting(lang.command_too_long(program, command.max_bytes)));
    }
    if code != Some(0) {
        let code = code.map_or_else(|| "?".to_owned(), |code| code.to_string());
        return Err(Trouble::passing(lang.command_failed(program, &code, &tail)));
    }
    tokio::fs::rename(&new, spool).await.map_err(unwritten)
}

struct Ended {
    too_long: bool,
    code: Option<i32>,
    tail: String,
}

async fn collect(mut child: Child, max_bytes: u64, new: &Path) -> io::Result<Ended> {
    let out = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
    let err = child.stderr.take().ok_or(io::ErrorKind::BrokenPipe)?;
    let copied = copy(out, max_bytes, new);
    let (copied, tail) = tokio::join!(copied, tail(err));
    let too_long = copied?;
    if too_long {
        child.kill().await?;
    }
    let status = child.wait().await?;
    Ok(Ended { too_long, code: status.code(), tail })
}

/// Copies output to a file; whether it is longer than allowed. What is too much is not read.
async fn copy(out: impl AsyncRead + Unpin, max_bytes: u64, new: &Path) -> io::Result<bool> {
    let mut file = tokio::fs::File::create(new).await?;
    let copied = tokio::io::copy(&mut out.take(max_bytes + 1), &mut file).await?;
    file.flush().await?;
    Ok(copied > max_bytes)
}

/// The end of what was complained about, as one line.
async fn tail(mut err: impl AsyncRead + Unpin) -> String {
    let mut kept = VecDeque::with_capacity(2 * TAIL);
    let mut piece = [0; TAIL];
    while let Ok(read @ 1..) = err.read(&mut piece).await {
        kept.extend(&piece[..read]);
        kept.drain(..kept.len().saturating_sub(TAIL));
    }
    let text = String::from_utf8_lossy(kept.make_contiguous()).into_owned();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    async fn try_out(
        run: &[&str],
        max_bytes: u64,
        timeout: Duration,
    ) -> (Result<(), Trouble>, String) {
        let folder = tempfile::tempdir().unwrap();
        let spool = folder.path().join("x.csv");
        let run = run.iter().map(|word| (*word).to_owned()).collect();
        let command = Command { run, timeout, max_bytes };
        let outcome = super::run(&command, folder.path(), &spool, Lang::En).await;
        (outcome, std::fs::read_to_string(spool).unwrap_or_default())
    }

    const LONG: Duration = Duration::from_mins(1);

    #[tokio::test]
    async fn what_a_command_prints_is_kept() {
        let (outcome, text) = try_out(&["printf", "%s\\n", "a;b", "$HOME"], 100, LONG).await;
        outcome.unwrap();
        assert_eq!(text, "a;b\n$HOME\n", "no shell reads the words");
    }

    #[tokio::test]
    async fn a_command_that_fails_is_told_with_its_last_words() {
        let script = "seq 5000 >&2; echo no line to the database >&2; echo half; exit 3";
        let (outcome, text) = try_out(&["sh", "-c", script], 100, LONG).await;
        let trouble = outcome.unwrap_err();
        assert!(!trouble.lasting && trouble.why.contains('3'), "{trouble:?}");
        assert!(trouble.why.contains("no line to the database"), "{trouble:?}");
        assert!(trouble.why.len() < TAIL + 200 && text.is_empty(), "{trouble:?}");
    }

    #[tokio::test]
    async fn a_command_keeps_to_its_time_and_its_size() {
        let (outcome, _) =
            try_out(&["sh", "-c", "exec sleep 600"], 100, Duration::from_millis(50)).await;
        assert!(!outcome.unwrap_err().lasting);
        let (outcome, text) = try_out(&["yes"], 1_000, LONG).await;
        let trouble = outcome.unwrap_err();
        assert!(trouble.lasting && trouble.why.contains("1000") && text.is_empty(), "{trouble:?}");
        let (outcome, _) = try_out(&["no-such-program-anywhere"], 100, LONG).await;
        assert!(outcome.unwrap_err().lasting);
    }
}
