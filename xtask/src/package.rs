//! `cargo xtask package`: Debian packages of the server and the agent, by `dpkg-deb`.
//!
//! What a package installs stands in `server/debian` and `agent/debian`: its unit, its
//! configuration and what is done at installation, upgrade and removal.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use crate::step::{Steps, cargo, output, run};

/// What to package.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Args {
    /// Folder of programs that are built already; none builds them for release.
    #[arg(long, value_name = "DIR")]
    from: Option<PathBuf>,
    /// Version of the packages; the workspace's unless named.
    #[arg(long)]
    version: Option<String>,
    /// Folder the packages are written into.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// One package.
struct Package {
    name: &'static str,
    /// Its folder in the workspace.
    member: &'static str,
    description: &'static str,
    /// Its configuration and where it goes.
    configuration: Option<(&'static str, &'static str)>,
    /// Pages of `docs` that its users read.
    pages: &'static [&'static str],
}

const PACKAGES: [Package; 2] = [
    Package {
        name: "tiendo-server",
        member: "server",
        description: "central server of Tiendo: progress of a province against its plan\n \
                      Keeps every figure departments report, for good, and says of each target\n \
                      where it stands.",
        configuration: Some(("server.toml", "etc/tiendo/server.toml")),
        pages: &[
            "guide-administrators.md",
            "guide-operators.md",
            "reasons.md",
            "operations.md",
            "identities.md",
            "board.md",
            "export.md",
            "findings.md",
            "metrics.md",
            "postgresql.md",
            "servers.md",
            "ledger.md",
            "methods.md",
            "promises.md",
        ],
    },
    Package {
        name: "tiendo-agent",
        member: "agent",
        description: "a department's program of Tiendo: sends figures to the province\n \
                      Reads Excel, CSV and databases, checks every row, and sends it with a\n \
                      receipt; nothing is lost while the line is down.",
        configuration: None,
        pages: &[
            "guide-officers.md",
            "pictures/check.svg",
            "pictures/due.svg",
            "pictures/form.svg",
            "pictures/submit.svg",
            "reasons.md",
            "agent-jobs.md",
            "promises.md",
        ],
    },
];

/// The command itself.
pub(crate) fn run_all(root: &Path, args: &Args) -> anyhow::Result<()> {
    let mut steps = Steps::new(2);
    let from = match &args.from {
        Some(from) => from.clone(),
        None => steps.step("build", || build(root))?,
    };
    let version = args.version.as_deref().unwrap_or(env!("CARGO_PKG_VERSION"));
    let out = args.out.clone().unwrap_or_else(|| root.join("target/packages"));
    steps.step("packages", || make_all(root, &from, version, &out))
}

/// Makes all packages of the programs in `from`.
pub(crate) fn make_all(root: &Path, from: &Path, version: &str, out: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(out)?;
    for package in &PACKAGES {
        let file = make(root, package, from, version, out)?;
        println!("   {}", file.display());
    }
    Ok(())
}

/// Builds both programs for release and puts them into one folder.
fn build(root: &Path) -> anyhow::Result<PathBuf> {
    run(&mut cargo(root, ["build", "--release", "--bin", "tiendo-server"]))?;
    run(&mut cargo(root, ["build", "--profile", "agent", "--bin", "tiendo-agent"]))?;
    let folder = root.join("target/package-programs");
    fs::create_dir_all(&folder)?;
    for (built, name) in [("release", "tiendo-server"), ("agent", "tiendo-agent")] {
        fs::copy(root.join("target").join(built).join(name), folder.join(name))?;
    }
    Ok(folder)
}

/// Makes one package; returns its file.
fn make(
    root: &Path,
    package: &Package,
    from: &Path,
    version: &str,
    out: &Path,
) -> anyhow::Result<PathBuf> {
    let stage = tempfile::tempdir()?;
    let (stage, own) = (stage.path(), root.join(package.member).join("debian"));
    fs::set_permissions(stage, fs::Permissions::from_mode(0o755))?;
    let program = from.join(package.name);
    let name = package.name;
    put(&program, &stage.join("usr/bin").join(name), 0o755)?;
    output(Command::new("strip").arg(stage.join("usr/bin").join(name)))?;
    let unit = format!("{name}.service");
    put(&own.join(&unit), &stage.join("usr/lib/systemd/system").join(&unit), 0o644)?;
    let completions = output(Command::new(&program).args(["completions", "bash"]))?;
    write(&stage.join("usr/share/bash-completion/completions").join(name), &completions, 0o644)?;
    let pages = stage.join("usr/share/doc").join(name);
    put(&root.join("LICENSE"), &pages.join("copyright"), 0o644)?;
    put(&root.join("CHANGELOG.md"), &pages.join("changelog.md"), 0o644)?;
    for page in package.pages {
        put(&root.join("docs").join(page), &pages.join(page), 0o644)?;
    }
    if let Some((file, place)) = package.configuration {
        put(&own.join(file), &stage.join(place), 0o640)?;
        write(&stage.join("DEBIAN/conffiles"), format!("/{place}\n"), 0o644)?;
    }
    for script in ["postinst", "prerm", "postrm"] {
        put(&own.join(script), &stage.join("DEBIAN").join(script), 0o755)?;
    }
    let control = control(package, &program, version)?;
    let architecture = architecture()?;
    let control = format!("{control}Architecture: {architecture}\n");
    write(&stage.join("DEBIAN/control"), &control, 0o644)?;
    let file = out.join(format!("{name}_{version}_{architecture}.deb"));
    let mut deb = Command::new("dpkg-deb");
    // Debian's own choice takes minutes for what gains little.
    deb.args(["--root-owner-group", "-Zgzip", "-z1", "--build"]).arg(stage).arg(&file);
    output(&mut deb)?;
    Ok(file)
}

fn control(package: &Package, program: &Path, version: &str) -> anyhow::Result<String> {
    let Package { name, description, .. } = package;
    let libc = libc(&fs::read(program).with_context(|| format!("`{}`", program.display()))?);
    let libc =
        libc.map_or_else(String::new, |(major, minor)| format!("libc6 (>= {major}.{minor}), "));
    Ok(format!(
        "Package: {name}\nVersion: {version}\nSection: admin\nPriority: optional\n\
         Maintainer: Tiendo <tiendo@localhost>\n\
         Depends: {libc}init-system-helpers, passwd\nRecommends: ca-certificates\n\
         Description: {description}\n"
    ))
}

fn architecture() -> anyhow::Result<String> {
    let said = output(Command::new("dpkg").arg("--print-architecture"))?;
    Ok(said.trim().to_owned())
}

/// The latest version of glibc whose symbols a program names; none if it is static.
fn libc(program: &[u8]) -> Option<(u32, u32)> {
    const MARK: &[u8] = b"GLIBC_";
    let places = program.windows(MARK.len()).enumerate().filter(|(_, part)| *part == MARK);
    let version = |(at, _): (usize, &[u8])| {
        let rest = &program[at + MARK.len()..];
        let end = rest.iter().position(|byte| !byte.is_ascii_digit() && *byte != b'.')?;
        let (major, minor) = std::str::from_utf8(&rest[..end]).ok()?.split_once('.')?;
        let minor = minor.split('.').next()?;
        Some((major.parse().ok()?, minor.parse().ok()?))
    };
    places.filter_map(version).max()
}

fn put(from: &Path, to: &Path, mode: u32) -> anyhow::Result<()> {
    let bytes = fs::read(from).with_context(|| format!("`{}`", from.display()))?;
    write(to, bytes, mode)
}

fn write(to: &Path, bytes: impl AsRef<[u8]>, mode: u32) -> anyhow::Result<()> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(to, bytes)?;
    fs::set_permissions(to, fs::Permissions::from_mode(mode))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_says_which_libc_it_needs() {
        let program = b"\0GLIBC_2.2.5\0GLIBC_2.34\0x GLIBC_2.9\0GLIBC_PRIVATE\0";
        assert_eq!(libc(program), Some((2, 34)));
        assert_eq!(libc(b"nothing"), None);
    }
}
