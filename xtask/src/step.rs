//! Named steps: a heading, the work, how long it took, and which one failed.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

/// Numbered steps of one command; the first that fails ends it.
#[derive(Debug)]
pub(crate) struct Steps {
    taken: Vec<(&'static str, Duration)>,
    total: usize,
}

impl Steps {
    /// Steps of which there will be `total`.
    pub(crate) fn new(total: usize) -> Self {
        Self { taken: Vec::new(), total }
    }

    /// Does one step under its heading.
    pub(crate) fn step<T>(
        &mut self,
        name: &'static str,
        work: impl FnOnce() -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        println!("\n── {}/{} {name} ──", self.taken.len() + 1, self.total);
        let start = Instant::now();
        let outcome = work().with_context(|| format!("step `{name}`"))?;
        let took = start.elapsed();
        println!("   {name}: ok in {}", seconds(took));
        self.taken.push((name, took));
        Ok(outcome)
    }

    /// One line that names every step and its duration.
    pub(crate) fn summary(&self) -> String {
        let taken = self.taken.iter().map(|(name, took)| format!("{name} {}", seconds(*took)));
        taken.collect::<Vec<_>>().join(", ")
    }
}

/// A duration for people.
pub(crate) fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

/// The root of the workspace.
pub(crate) fn root() -> anyhow::Result<PathBuf> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().map(Path::to_path_buf).context("xtask stands outside a workspace")
}

/// `cargo` with these arguments, in `root`.
pub(crate) fn cargo<A: AsRef<OsStr>>(root: &Path, args: impl IntoIterator<Item = A>) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.args(args).current_dir(root).stdin(Stdio::null());
    command
}

/// Runs a command with its output on the terminal.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<()> {
    let line = shown(command);
    println!("   $ {line}");
    let status = command.status().with_context(|| format!("`{line}` could not start"))?;
    if !status.success() {
        bail!("`{line}` ended with {status}");
    }
    Ok(())
}

/// Runs a command and returns what it wrote to standard output; on failure the
/// error carries both outputs.
pub(crate) fn output(command: &mut Command) -> anyhow::Result<String> {
    let line = shown(command);
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("`{line}` could not start"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        bail!("`{line}` ended with {}\n{}{}", output.status, text, errors);
    }
    Ok(text)
}

/// A command as one would type it.
pub(crate) fn shown(command: &Command) -> String {
    let name = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    std::iter::once(name)
        .chain(command.get_args())
        .map(|part| quoted(&part.to_string_lossy()))
        .collect::<Vec<_>>()
        .join(" ")
}

fn quoted(part: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./:,@+".contains(c);
    if !part.is_empty() && part.chars().all(plain) {
        part.to_owned()
    } else {
        format!("'{}'", part.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_shown_as_one_would_type_them() {
        let mut command = Command::new("/usr/bin/grpcurl");
        command.args(["-d", "{\"horizon\": 2030}", "it's", "127.0.0.1:7443"]);
        assert_eq!(shown(&command), r#"grpcurl -d '{"horizon": 2030}' 'it'\''s' 127.0.0.1:7443"#);
    }

    #[test]
    fn a_failed_step_is_named() {
        let mut steps = Steps::new(2);
        steps.step("first", || Ok(())).unwrap();
        let error = steps.step::<()>("second", || bail!("no disk")).unwrap_err();
        assert_eq!(format!("{error:#}"), "step `second`: no disk");
        assert!(steps.summary().starts_with("first "));
    }
}
