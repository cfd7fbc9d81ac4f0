//! Where tests find programs, tools and published files; `xtask/src/testing.rs` says it.

use std::path::{Path, PathBuf};

use crate::harness::found;

/// The root of the workspace.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests stand in a workspace")
}

/// Tools that are modules of a Python.
const MODULES: [&str; 3] = ["openpyxl", "playwright", "axe_playwright_python"];

/// An outside program (`grpcurl`, `buf`, `openpyxl`: a Python that knows it).
/// None where the test command said that this machine cannot have it.
pub(crate) fn tool(name: &str) -> Option<PathBuf> {
    if is_without(name) {
        return None;
    }
    let folder = std::env::var_os("TIENDO_TOOLS")
        .map_or_else(|| root().join("target/tools/bin"), PathBuf::from);
    let path = folder.join(if MODULES.contains(&name) { "python" } else { name });
    assert!(path.exists(), "{name} is not in {}; run `cargo xtask test`", folder.display());
    Some(path)
}

fn is_without(name: &str) -> bool {
    std::env::var("TIENDO_WITHOUT").is_ok_and(|list| list.split(',').any(|one| one == name))
}

/// A published file, by its path below `../shared/data`.
/// None where the test command said that this machine has none.
pub(crate) fn published(path: &str) -> Option<PathBuf> {
    if is_without("data") {
        return None;
    }
    let path = root().join("../shared/data").join(path);
    assert!(path.exists(), "{} is not there; run `cargo xtask test`", path.display());
    Some(path)
}

/// A fresh Debian, and packages to try in it. None where the test command said that this
/// machine cannot have them.
pub(crate) fn debian() -> Option<(PathBuf, PathBuf)> {
    if is_without("debian") {
        return None;
    }
    let place = |name: &str| std::env::var_os(name).filter(|it| !it.is_empty()).map(PathBuf::from);
    let found = place("TIENDO_DEBIAN").zip(place("TIENDO_PACKAGES"));
    Some(found.expect("packages are made by `cargo xtask test`"))
}

/// Whether a systemd can be booted in namespaces. Not where the test command said so.
pub(crate) fn boots_systemd() -> bool {
    !is_without("systemd")
}

/// The folder of the programs of `PostgreSQL`. None where the test command said that this
/// machine cannot have them.
pub(crate) fn postgres() -> Option<PathBuf> {
    let places = ["/usr/lib/postgresql/*/bin", "/usr/local/pgsql/bin", "/usr/bin"];
    let program = database("postgres", &places, "initdb")?;
    program.parent().map(Path::to_path_buf)
}

/// The server program of `MariaDB`. None where the test command said that this machine
/// cannot have it.
pub(crate) fn mariadb() -> Option<PathBuf> {
    database("mariadb", &["/usr/sbin", "/usr/libexec", "/usr/local/bin", "/usr/bin"], "mariadbd")
}

/// The program that checks metrics and alert rules. None where the test command said that
/// this machine cannot have it.
pub(crate) fn promtool() -> Option<PathBuf> {
    database("prometheus", &["/usr/bin", "/usr/local/bin"], "promtool")
}

/// A browser. None where the test command said that this machine cannot have it.
pub(crate) fn chromium() -> Option<PathBuf> {
    database("chromium", &["/usr/bin", "/usr/local/bin"], "chromium")
}

/// Whether there is jq, which picks from answers. False where the test command said that
/// this machine cannot have it.
pub(crate) fn has_jq() -> bool {
    database("jq", &["/usr/bin", "/usr/local/bin"], "jq").is_some()
}

/// `LibreOffice`, which opens a report where a machine has it; no test needs it.
pub(crate) fn libreoffice() -> Option<PathBuf> {
    let found = found(&["/usr/bin", "/usr/local/bin"], "soffice");
    if found.is_none() {
        println!(
            "SKIPPED: no soffice here; on Debian and Ubuntu: apt-get install libreoffice-calc"
        );
    }
    found
}

fn database(name: &str, places: &[&str], program: &str) -> Option<PathBuf> {
    if is_without(name) {
        return None;
    }
    let found = found(places, program);
    assert!(found.is_some(), "{name} is not installed; run `cargo xtask test`");
    found
}
