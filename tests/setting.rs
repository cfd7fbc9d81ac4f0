//! Where tests find programs, tools and published files; `xtask/src/testing.rs` says it.

use std::path::{Path, PathBuf};

/// The root of the workspace.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests stand in a workspace")
}

/// An outside program (`grpcurl`, `buf`, `openpyxl`: a Python that knows it).
/// None where the test command said that this machine cannot have it.
pub(crate) fn tool(name: &str) -> Option<PathBuf> {
    if is_without(name) {
        return None;
    }
    let folder = std::env::var_os("TIENDO_TOOLS")
        .map_or_else(|| root().join("target/tools/bin"), PathBuf::from);
    let path = folder.join(if name == "openpyxl" { "python" } else { name });
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
