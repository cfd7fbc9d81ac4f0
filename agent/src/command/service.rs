//! `service install`: `run` as a service of systemd, with a watchdog and little it may do.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Serialize;

use crate::app::{App, Failed};
use crate::config::Source;
use crate::console::Tone;
use crate::exit::Exit;

/// Name of the unit.
const UNIT: &str = "tiendo-agent.service";

/// What was done, for programs.
#[derive(Debug, Serialize)]
struct Installed {
    command: &'static str,
    path: Option<PathBuf>,
    unit: String,
    installed: bool,
    exit: u8,
}

pub(super) fn install(app: &mut App<'_>, user: bool, dry_run: bool) -> Result<Exit, Failed> {
    let lang = app.lang();
    let unusable =
        |error: std::io::Error| Failed::because(lang.job_file_unreadable(&UNIT, &error));
    let program = std::env::current_exe().map_err(unusable)?;
    let home = std::path::absolute(app.home.path()).map_err(unusable)?;
    let unit = unit(app, &program, &home, user)?;
    let path = place(user).map(|folder| folder.join(UNIT));
    let has_systemd = Path::new("/run/systemd/system").is_dir();
    let mut installed = false;
    if dry_run {
        app.console.note(lang.service_dry());
        app.console.line(&unit);
    } else if let Some(path) = path.as_ref().filter(|_| has_systemd) {
        let folder = path.parent().unwrap_or(Path::new("/"));
        let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(path, &unit));
        written.map_err(|error| {
            Failed::because(lang.cannot_write(&path.display().to_string(), &error.to_string()))
        })?;
        app.console.line(&lang.service_written(&path.display()));
        for arguments in [&["daemon-reload"][..], &["enable", UNIT], &["restart", UNIT]] {
            systemctl(app, user, arguments)?;
        }
        installed = true;
        app.console.toned(Tone::Good, lang.service_installed());
        if user {
            app.console.line(lang.service_linger());
        }
    } else {
        let said = if cfg!(windows) { lang.service_windows() } else { lang.service_not_systemd() };
        let command = format!("\"{}\" --home \"{}\" run", program.display(), home.display());
        return Err(Failed::because(format!("{said}\n  {command}")));
    }
    let exit = Exit::Done;
    app.console.document(&Installed { command: "service install", path, unit, installed, exit: exit as u8 });
    Ok(exit)
}

/// Where units are.
fn place(user: bool) -> Option<PathBuf> {
    if !user {
        return Some(PathBuf::from("/etc/systemd/system"));
    }
    let of = |name: &str| std::env::var_os(name).filter(|path| !path.is_empty()).map(PathBuf::from);
    let config = of("XDG_CONFIG_HOME").or_else(|| of("HOME").map(|home| home.join(".config")));
    config.map(|config| config.join("systemd/user"))
}

fn systemctl(app: &App<'_>, user: bool, arguments: &[&str]) -> Result<(), Failed> {
    let arguments: Vec<&str> = user.then_some("--user").into_iter().chain(arguments.iter().copied()).collect();
    let shown = format!("systemctl {}", arguments.join(" "));
    let failed = |cause: &str| Failed::because(app.lang().service_failed(&shown, cause.trim()));
    let output = Command::new("systemctl").args(&arguments).output();
    let output = output.map_err(|error| failed(&error.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    Err(failed(&String::from_utf8_lossy(&output.stderr)))
}

fn unit(app: &App<'_>, program: &Path, home: &Path, user: bool) -> Result<String, Failed> {
    let folders = app.config.jobs.iter().filter_map(|job| match &job.source {
        Some(Source::Folder(folder)) => Some(home.join(&folder.path)),
        _ => None,
    });
    let writes: Vec<PathBuf> = std::iter::once(home.to_owned()).chain(folders).collect();
    let quoted = |path: &Path| {
        let text = path.display().to_string();
        let is_plain = !text.contains(['\n', '\r']);
        // A percent sign begins a specifier of systemd.
        let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('%', "%%");
        is_plain.then(|| format!("\"{text}\"")).ok_or_else(|| Failed::because(app.lang().service_no_path()))
    };
    let mut start = format!("{} --home {}", quoted(program)?.replace('$', "$$"), quoted(home)?.replace('$', "$$"));
    if app.config.insecure_loopback {
        start.push_str(" --insecure-loopback");
    }
    let writes: Result<Vec<_>, _> = writes.iter().map(|path| quoted(path)).collect();
    let mut text = format!(
        "# Written by `tiendo-agent service install`; run it again after a change of folders.\n\
         [Unit]\nDescription=Tiendo agent: fetches figures and sends them to the province\n\
         Wants=network-online.target\nAfter=network-online.target\nStartLimitIntervalSec=0\n\n\
         [Service]\nType=notify\nNotifyAccess=main\nExecStart={start} run\n\
         ExecReload=/bin/kill -HUP $MAINPID\nRestart=always\nRestartSec=10\nWatchdogSec=120\n\
         TimeoutStopSec=60\n"
    );
    if !user && let Some(owner) = owner(home) {
        // Whoever owns the ledger; another user could not write it.
        text.push_str(&format!("User={owner}\n"));
    }
    text.push_str(
        "\nUMask=0077\nNoNewPrivileges=yes\nLockPersonality=yes\nRestrictRealtime=yes\n\
         RestrictSUIDSGID=yes\nSystemCallArchitectures=native\n\
         RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX\n",
    );
    if !user {
        // What follows needs the rights of the system's own manager.
        text.push_str(
            "PrivateTmp=yes\nPrivateDevices=yes\nProtectSystem=strict\nProtectHome=read-only\n\
             ProtectKernelTunables=yes\nProtectKernelModules=yes\nProtectKernelLogs=yes\n\
             ProtectControlGroups=yes\nProtectClock=yes\nProtectHostname=yes\n\
             CapabilityBoundingSet=\nSystemCallFilter=@system-service\n",
        );
        for path in writes? {
            text.push_str(&format!("ReadWritePaths={path}\n"));
        }
    }
    let target = if user { "default.target" } else { "multi-user.target" };
    let written = write!(text, "\n[Install]\nWantedBy={target}\n");
    written.map_err(|error| Failed::because(error.to_string()))?;
    Ok(text)
}

/// The user that owns a folder, by number.
#[cfg(unix)]
fn owner(folder: &Path) -> Option<u32> {
    use std::os::unix::fs::MetadataExt as _;
    folder.metadata().ok().map(|metadata| metadata.uid())
}

#[cfg(not(unix))]
fn owner(_: &Path) -> Option<u32> {
    None
}
