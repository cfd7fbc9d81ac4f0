//! `cargo xtask test`: every test, on real programs and published files.
//!
//! Tests are told where things are by the environment:
//!
//! * `TIENDO_BIN`: folder with `tiendo-server` and `tiendo-agent`;
//! * `TIENDO_TOOLS`: folder with `grpcurl`, `buf` and a `python` that knows openpyxl;
//! * `TIENDO_WITHOUT`: what could not be had, comma separated: `grpcurl`, `buf`,
//!   `openpyxl`, `playwright`, `chromium`, `jq`, `data`, `postgres`, `mariadb`, `prometheus`,
//!   `debian`, `systemd`. A test that needs one of these ends early; without this word it
//!   fails. On machines that check changes (`CI=true`) nothing but `mariadb`, `debian` and
//!   `systemd` may be missing;
//! * `TIENDO_DEBIAN`, `TIENDO_PACKAGES`: a fresh Debian, and packages to try in it;
//! * `TIENDO_TEST_ENGINE`: `postgres` for servers that keep their ledger in `PostgreSQL`.

mod engines;

use std::path::{Path, PathBuf};

use anyhow::bail;

use crate::databases::{self, Databases};
use crate::debian;
use crate::step::{Steps, cargo, run};
use crate::tools::{self, Tools};

/// What to test.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Args {
    /// Handed to `cargo test`, such as a name or `-- --nocapture`; none runs everything.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    cargo_test: Vec<String>,
}

/// Prepares, builds and tests; `numbers` are variables that tests get unless they are set.
pub(crate) fn run_steps(
    root: &Path,
    args: &Args,
    numbers: &[(&str, &str)],
    steps: &mut Steps,
) -> anyhow::Result<()> {
    let mut setting = steps.step("tools and data", || Setting::prepare(root))?;
    // One command for programs and tests, so that dependencies are compiled once.
    steps.step("build", || run(&mut cargo(root, ["build", "--workspace", "--bins", "--tests"])))?;
    steps.step("packages", || setting.package(root))?;
    steps.step("test", || {
        let mut command = cargo(root, ["test", "--workspace"]);
        command.envs(numbers.iter().copied().filter(|(name, _)| std::env::var_os(name).is_none()));
        run(command.args(&args.cargo_test).envs(setting.environment(root)))
    })?;
    if args.cargo_test.is_empty() && setting.has_postgres() {
        steps
            .step("test on PostgreSQL", || engines::run_steps(root, &setting.environment(root)))?;
    }
    setting.report();
    Ok(())
}

/// The command itself.
pub(crate) fn run_all(root: &Path, args: &Args) -> anyhow::Result<()> {
    let mut steps = Steps::new(5);
    run_steps(root, args, &[], &mut steps)?;
    println!("\nall tests passed: {}", steps.summary());
    Ok(())
}

/// What the tests find on this machine.
#[derive(Debug)]
pub(crate) struct Setting {
    tools: Tools,
    databases: Databases,
    debian: Result<Debian, String>,
    has_data: bool,
}

/// A fresh Debian, and packages to try in it.
#[derive(Debug, Default)]
struct Debian {
    root: PathBuf,
    packages: PathBuf,
}

impl Setting {
    /// Installs the tools and looks for the published files.
    pub(crate) fn prepare(root: &Path) -> anyhow::Result<Self> {
        let tools = tools::prepare(root)?;
        let has_data = root.join("../shared/data").is_dir();
        let debian = debian::prepare(root);
        let debian = debian.map(|root| Debian { root, ..Debian::default() });
        let debian = debian.map_err(|error| format!("{error:#}"));
        let mut databases = databases::prepare();
        if let Err(error) = debian::boots() {
            databases.without.push("systemd");
            let why = format!("   systemd: {error:#}\n");
            databases.reason.push_str(&why);
        }
        let setting = Self { tools, databases, debian, has_data };
        setting.report();
        let needed = |name: &&str| !databases::OPTIONAL.contains(name);
        let needed = setting.missing().iter().any(needed);
        if needed && is_checking_machine() {
            bail!("CI is set, so nothing may be missing");
        }
        Ok(setting)
    }

    /// Makes packages of the programs, where there is a Debian to try them in.
    fn package(&mut self, root: &Path) -> anyhow::Result<()> {
        if let Ok(debian) = &mut self.debian {
            debian.packages = debian::packages(root)?;
        }
        Ok(())
    }

    fn has_postgres(&self) -> bool {
        !self.databases.without.contains(&"postgres")
    }

    /// The tools.
    pub(crate) fn tools(&self) -> &Tools {
        &self.tools
    }

    fn missing(&self) -> Vec<&'static str> {
        let data = (!self.has_data).then_some("data");
        let tools = self.tools.without.iter().chain(&self.databases.without);
        let debian = self.debian.is_err().then_some("debian");
        tools.copied().chain(data).chain(debian).collect()
    }

    fn environment(&self, root: &Path) -> [(&'static str, String); 5] {
        let debian = self.debian.as_ref();
        let place = |of: fn(&Debian) -> &PathBuf| {
            debian.map_or_else(|_| String::new(), |debian| of(debian).display().to_string())
        };
        [
            ("TIENDO_BIN", root.join("target/debug").display().to_string()),
            ("TIENDO_TOOLS", self.tools.bin.display().to_string()),
            ("TIENDO_WITHOUT", self.missing().join(",")),
            ("TIENDO_DEBIAN", place(|debian| &debian.root)),
            ("TIENDO_PACKAGES", place(|debian| &debian.packages)),
        ]
    }

    /// Says what could not be tried here, and why.
    fn report(&self) {
        if !self.tools.without.is_empty() {
            println!(
                "   not here, tests that need them do not run: {}",
                self.tools.without.join(", ")
            );
            println!("   because: {}", self.tools.reason);
        }
        if !self.databases.without.is_empty() {
            let names = self.databases.without.join(", ");
            println!("   not here, tests that ask them do not run: {names}");
            print!("{}", self.databases.reason);
        }
        if let Err(why) = &self.debian {
            println!("   not here, packages are not tried: debian\n   because: {why}");
        }
        if !self.has_data {
            println!("   not here, tests on published files do not run: ../shared/data");
        }
    }
}

/// Whether a machine checks a change and nobody looks on.
fn is_checking_machine() -> bool {
    std::env::var("CI").is_ok_and(|value| value == "true" || value == "1")
}
