//! `service install`: `run` as a service of systemd, with a watchdog and little it may do.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Serialize;

use crate::app::{App, Failed};
use crate::config::Source;
use crate::console::Tone;
use crate::exit::Exit;
use crate::system;

/// Name of the unit.
const UNIT: &str = "tiendo-agent.service";

/// How each unit begins.
const BEGIN: &str = "\
# Written by `tiendo-agent service install`; run it again after a change of folders.
[Unit]
Description=Tiendo agent: fetches figures and sends them to the province
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=main
ExecReload=/bin/kill -HUP $MAINPID
Restart=always
RestartSec=10
WatchdogSec=120
TimeoutStopSec=60
UMask=0077
NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX";

/// What needs the rights of the system's own manager.
const CONFINED: &str = "\
PrivateTmp=yes
PrivateDevices=yes
ProtectSystem=strict
ProtectHome=read-only
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
CapabilityBoundingSet=
SystemCallFilter=@system-service";

/// What was done, for programs.
#[derive(Debug, Serialize)]
struct Installed {
    command: &'static str,
    path: Option<PathBuf>,
    unit: String,
    done: bool,
    exit: u8,
}

pub(super) fn install(app: &mut App<'_>, user: bool, dry_run: bool) -> Result<Exit, Failed> {
    let lang = app.lang();
    let unusable = |error: std::io::Error| Failed::because(lang.job_file_unreadable(&UNIT, &error));
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
        let said =
            if system::IS_WINDOWS { lang.service_windows() } else { lang.service_not_systemd() };
        let command = format!("\"{}\" --home \"{}\" run", program.display(), home.display());
        return Err(Failed::because(format!("{said}\n  {command}")));
    }
    let exit = Exit::Done;
    app.console.document(&Installed {
        command: "service install",
        path,
        unit,
        done: installed,
        exit: exit as u8,
    });
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
    let arguments: Vec<&str> =
        user.then_some("--user").into_iter().chain(arguments.iter().copied()).collect();
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
    let quoted = |before: &str, path: &Path| {
        let text = path.display().to_string();
        let is_plain = !text.contains(['\n', '\r']);
        // A percent sign begins a specifier of systemd.
        let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('%', "%%");
        is_plain
            .then(|| format!("\"{before}{text}\""))
            .ok_or_else(|| Failed::because(app.lang().service_no_path()))
    };
    // Settings are read from agent.toml alone, so that a change there is all it takes.
    let start = format!("{} --home {} run", quoted("", program)?, quoted("", home)?);
    let mut lines = vec![BEGIN.to_owned(), format!("ExecStart={}", start.replace('$', "$$"))];
    if !user {
        // Whoever owns the ledger: another user could not write it.
        lines.extend(system::owner(home).map(|owner| format!("User={owner}")));
        lines.push(CONFINED.to_owned());
        let folders = app.config.jobs.iter().filter_map(|job| match &job.source {
            Some(Source::Folder(folder)) => Some(home.join(&folder.path)),
            _ => None,
        });
        for path in std::iter::once(home.to_owned()).chain(folders) {
            // One that is not there, such as a share, does not keep the service from starting.
            lines.push(format!("ReadWritePaths={}", quoted("-", &path)?));
        }
    }
    let target = if user { "default.target" } else { "multi-user.target" };
    lines.push(format!("\n[Install]\nWantedBy={target}"));
    Ok(lines.join("\n"))
}
