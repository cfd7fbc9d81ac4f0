//! A fresh Debian that packages are tried in: made once by `debootstrap`, kept in `target`.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use crate::databases::install;
use crate::package;
use crate::step::output;

/// What is tried in.
const SUITE: &str = "bookworm";

/// The fresh root, made if need be; why there is none where it cannot be.
pub(crate) fn prepare(root: &Path) -> anyhow::Result<PathBuf> {
    let fresh = root.join("target/debian");
    if fresh.join("usr/bin/systemd-analyze").exists() {
        return Ok(fresh);
    }
    let has_debootstrap = output(Command::new("debootstrap").arg("--version")).is_ok();
    if !has_debootstrap {
        install("debootstrap")?;
    }
    println!("   making a fresh Debian in target/debian, once …");
    let making = root.join("target/debian.partial");
    if making.exists() {
        std::fs::remove_dir_all(&making)?;
    }
    let mut debootstrap = Command::new("debootstrap");
    debootstrap.args(["--variant=minbase", "--include=systemd", SUITE]).arg(&making);
    output(&mut debootstrap).context("debootstrap could not make a fresh Debian")?;
    std::fs::rename(&making, &fresh)?;
    Ok(fresh)
}

/// Whether a systemd can be booted here: in namespaces, with control groups of its own.
pub(crate) fn boots() -> anyhow::Result<()> {
    let mut unshare = Command::new("unshare");
    unshare.args(["--mount", "--pid", "--uts", "--ipc", "--net", "--cgroup", "--fork", "sh", "-c"]);
    unshare.arg(
        "mount --make-rprivate / && mount -t tmpfs tmpfs /mnt && mkdir /mnt/cgroup && \
         mount -t cgroup2 cgroup2 /mnt/cgroup",
    );
    output(&mut unshare).context("this user may not boot it in namespaces of its own")?;
    Ok(())
}

/// Packages of the programs that tests run, in two versions.
pub(crate) fn packages(root: &Path) -> anyhow::Result<PathBuf> {
    let out = root.join("target/packages-of-tests");
    let version = env!("CARGO_PKG_VERSION");
    for version in [version.to_owned(), format!("{version}+1")] {
        package::make_all(root, &root.join("target/debug"), &version, &out)?;
    }
    Ok(out)
}
