//! `cargo xtask portable`: the agent as one file, for any Linux and for Windows.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Context as _;

use crate::databases::install;
use crate::step::{Steps, cargo, output, run};

/// A system the agent is built for from here.
struct System {
    target: &'static str,
    /// The C compiler that it takes, and the package of Debian that has it.
    compiler: &'static str,
    package: &'static str,
    /// What is built, and what it is called.
    built: &'static str,
    file: &'static str,
}

const SYSTEMS: [System; 2] = [
    System {
        target: "x86_64-unknown-linux-musl",
        compiler: "musl-gcc",
        package: "musl-tools",
        built: "tiendo-agent",
        file: "tiendo-agent-linux-x86_64",
    },
    System {
        target: "x86_64-pc-windows-gnu",
        compiler: "x86_64-w64-mingw32-gcc",
        package: "gcc-mingw-w64-x86-64",
        built: "tiendo-agent.exe",
        file: "tiendo-agent.exe",
    },
];

/// Builds it for each system, with whatever is missing installed where this user may.
pub(crate) fn run_all(root: &Path) -> anyhow::Result<()> {
    let mut steps = Steps::new(SYSTEMS.len());
    for system in &SYSTEMS {
        steps.step(system.target, || build(root, system))?;
    }
    is_static(&root.join("target/packages").join(SYSTEMS[0].file))?;
    Ok(())
}

fn build(root: &Path, system: &System) -> anyhow::Result<()> {
    let System { target, compiler, package, built, file } = system;
    output(Command::new("rustup").args(["target", "add", target]))
        .with_context(|| format!("the standard library of {target} cannot be had"))?;
    if output(Command::new(compiler).arg("--version")).is_err() {
        install(package).with_context(|| format!("{compiler} is not here"))?;
    }
    run(&mut cargo(
        root,
        ["build", "--profile", "agent", "--package", "tiendo-agent", "--bins", "--target", target],
    ))?;
    let out = root.join("target/packages");
    fs::create_dir_all(&out)?;
    let out = out.join(file);
    fs::copy(root.join("target").join(target).join("agent").join(built), &out)?;
    println!("   {}: {} bytes", out.display(), fs::metadata(&out)?.len());
    Ok(())
}

/// Refuses a program that needs a library of the system it runs on.
fn is_static(program: &Path) -> anyhow::Result<()> {
    // Says so and fails where there is nothing to list.
    let said = Command::new("ldd").arg(program).output()?;
    let said = String::from_utf8_lossy(&[said.stdout, said.stderr].concat()).into_owned();
    let is_static = said.contains("not a dynamic executable") || said.contains("statically linked");
    anyhow::ensure!(is_static, "`{}` needs libraries:\n{said}", program.display());
    output(Command::new(program).arg("--version"))?;
    Ok(())
}
