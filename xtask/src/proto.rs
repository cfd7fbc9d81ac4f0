//! The protos against `buf lint` and against the committed image of what was promised.
//!
//! `proto/descriptor.binpb` is what users may rely on. A removed or renamed name
//! fails `breaking`; an added one fails until it is recorded, so that its later
//! removal would be seen too.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::step::{output, run};

/// Lints the protos.
pub(crate) fn lint(root: &Path, buf: &Path) -> anyhow::Result<()> {
    run(Command::new(buf).args(["lint", "proto"]).current_dir(root))
}

/// Compares the protos with the committed image.
pub(crate) fn breaking(root: &Path, buf: &Path) -> anyhow::Result<()> {
    if !image(root).exists() {
        bail!("proto/descriptor.binpb is missing; {ACCEPT}");
    }
    compatible(root, buf)?;
    if build(root, buf)? != fs::read(image(root))? {
        bail!("the protos say more than proto/descriptor.binpb; {ACCEPT}");
    }
    Ok(())
}

/// Records what was added. Refuses what would break someone.
pub(crate) fn accept(root: &Path, buf: &Path) -> anyhow::Result<()> {
    if image(root).exists() {
        compatible(root, buf).context("only additions can be recorded")?;
    }
    fs::write(image(root), build(root, buf)?)?;
    println!("   recorded in proto/descriptor.binpb; commit it with the protos");
    Ok(())
}

const ACCEPT: &str = "record the additions with `cargo xtask ci --accept-proto`";

fn image(root: &Path) -> PathBuf {
    root.join("proto/descriptor.binpb")
}

fn compatible(root: &Path, buf: &Path) -> anyhow::Result<()> {
    let against = ["breaking", "proto", "--against", "proto/descriptor.binpb"];
    run(Command::new(buf).args(against).current_dir(root))
}

/// The image of the protos as they stand, without comments.
fn build(root: &Path, buf: &Path) -> anyhow::Result<Vec<u8>> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("descriptor.binpb");
    output(
        Command::new(buf)
            .args(["build", "proto", "--exclude-source-info", "-o"])
            .arg(&file)
            .current_dir(root),
    )?;
    Ok(fs::read(file)?)
}
