//! The officer's desk: files of the statistics office, sent with the agent.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};

use super::Filler;
use crate::step::{run, shown};

/// Files on the desk; only published figures are in them.
const FILES: [(&str, &[u8]); 4] = [
    ("gso-income.csv", include_bytes!("../../demo/gso-income.csv")),
    ("gso-income.toml", include_bytes!("../../demo/gso-income.toml")),
    ("figures.csv", include_bytes!("../../demo/figures.csv")),
    ("figures.toml", include_bytes!("../../demo/figures.toml")),
];

/// The department that sends them.
pub(crate) const DEPARTMENT: &str = "thong-ke-tinh";

/// Exit codes of the agent.
const DONE: i32 = 0;
const SOME_REFUSED: i32 = 3;

/// A folder with the agent and the files it sends.
#[derive(Debug)]
pub(crate) struct Desk {
    agent: PathBuf,
    folder: PathBuf,
}

impl Desk {
    /// Lays out the files; the agent is enrolled in the home `office`.
    pub(crate) fn new(agent: PathBuf, folder: &Path) -> anyhow::Result<Self> {
        for (name, bytes) in FILES {
            fs::write(folder.join(name), bytes)?;
        }
        Ok(Self { agent, folder: folder.to_owned() })
    }

    /// The table as the office's site gives it: a title above the headings, semicolons,
    /// years across, a preliminary one among them.
    pub(crate) fn office_file(&self) -> anyhow::Result<()> {
        self.show("gso-income.csv", 4)?;
        self.agent(&["submit", "gso-income.csv", "--mapping", "gso-income.toml"], DONE)?;
        Ok(())
    }

    /// One figure is written with a comma where the file declares a point: it is
    /// refused and the other one taken; corrected, the file is sent again.
    pub(crate) fn slip(&self) -> anyhow::Result<()> {
        let submit = ["submit", "figures.csv", "--mapping", "figures.toml"];
        self.show("figures.csv", 3)?;
        let said = self.agent(&submit, SOME_REFUSED)?;
        ensure!(said.contains("53,8"), "the refusal quotes the text refused");
        let file = self.folder.join("figures.csv");
        let corrected = fs::read_to_string(&file)?.replace("53,8", "53.8");
        fs::write(&file, corrected)?;
        println!("\n   corrected to 53.8 and sent again: what is known already stays as it is");
        self.agent(&submit, DONE)?;
        Ok(())
    }

    /// The agent makes the form, another program fills it in, the agent reads it.
    pub(crate) fn form(&self, filler: &Filler) -> anyhow::Result<()> {
        self.agent(&["template", "--period", "2024", "--out", "form.xlsx"], DONE)?;
        let entries = ["value=5.99", "territory=an-giang-old"];
        let mut fill = filler.command("form.xlsx", "digital-economy-share", &entries);
        run(fill.current_dir(&self.folder))?;
        self.agent(&["submit", "form.xlsx"], DONE)?;
        Ok(())
    }

    /// Runs the agent, shows what it says and checks how it ended.
    fn agent(&self, args: &[&str], code: i32) -> anyhow::Result<String> {
        let mut command = Command::new(&self.agent);
        command.args(["--home", "office"]).args(args).current_dir(&self.folder);
        println!("\n   $ {}", shown(&command));
        let output = command.output().context("the agent could not start")?;
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        for line in said.lines() {
            println!("   {line}");
        }
        let ended = output.status.code();
        println!("   (exit code {})", ended.map_or("none".to_owned(), |code| code.to_string()));
        ensure!(ended == Some(code), "the agent was to end with exit code {code}");
        Ok(said)
    }

    /// Shows the beginning of a file.
    fn show(&self, name: &str, lines: usize) -> anyhow::Result<()> {
        println!("   {name}:");
        for line in fs::read_to_string(self.folder.join(name))?.lines().take(lines) {
            let start: String = line.chars().take(96).collect();
            println!("   │ {start}{}", if start.len() < line.len() { "…" } else { "" });
        }
        Ok(())
    }
}
