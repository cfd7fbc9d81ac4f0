//! A real browser: opens pages, reads them with axe, keeps pictures; none where a machine has none.

use std::path::PathBuf;

use serde_json::Value;

use super::process::Outcome;
use super::tools::python;
use crate::setting::{chromium, root, tool};

/// Where pictures are kept for people to look at.
pub(crate) fn pictures() -> PathBuf {
    root().join("target/screenshots")
}

/// Looks at pages as `look.py` is ordered, and says what is wrong with them.
pub(crate) async fn look(mut order: Value) -> Option<Outcome> {
    run(include_str!("../look.py"), &mut order).await
}

/// Follows a page as `follow.py` is ordered.
pub(crate) async fn follow(mut order: Value) -> Option<Outcome> {
    run(include_str!("../follow.py"), &mut order).await
}

async fn run(script: &str, order: &mut Value) -> Option<Outcome> {
    tool("playwright").and(tool("axe_playwright_python"))?;
    order["browser"] = chromium()?.to_str().unwrap().into();
    if order.get("out").is_none() {
        order["out"] = pictures().to_str().unwrap().into();
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), serde_json::to_vec(order).unwrap()).unwrap();
    python(script, &[file.path()]).await
}
