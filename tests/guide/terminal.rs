//! What a terminal shows after a command, as a picture.

use std::fmt::Write as _;

use jiff::Timestamp;
use tiendo_server::clock::Clock;
use tokio::process::Command;
use vt100::{Color, Parser, Screen};

use crate::harness::{Agent, run};

/// Characters in a row.
const COLUMNS: u16 = 108;
/// Rows that a picture has at most.
const ROWS: u16 = 60;
/// Size of a character in the picture, and of a row.
const WIDE: f64 = 8.4;
const HIGH: f64 = 18.0;
/// What is left free around the text.
const MARGIN: f64 = 12.0;

/// Runs a command of the agent in a terminal at some time, and shows it as an SVG.
pub(super) async fn picture(agent: &Agent, now: &str, arguments: &[&str]) -> String {
    let now: Timestamp = now.parse().unwrap();
    let ahead = now.duration_since(Clock::system().now()).as_secs().to_string();
    let shown = format!("tiendo-agent {}", arguments.join(" "));
    let command = agent.command(arguments);
    let words: Vec<String> = std::iter::once(command.as_std().get_program())
        .chain(command.as_std().get_args())
        .map(|word| format!("'{}'", word.to_str().unwrap()))
        .collect();
    let line = format!("stty cols {COLUMNS} rows {ROWS}; {}", words.join(" "));
    let mut script = Command::new("script");
    script.args(["--quiet", "--command", &line, "/dev/null"]).current_dir(agent.desk());
    script
        .env("TERM", "xterm-256color")
        .env("TIENDO_CLOCK_AHEAD", ahead)
        .env_remove("NO_COLOR")
        .env_remove("RUST_LOG");
    let said = run(&mut script).await;
    let mut terminal = Parser::new(size(ROWS), size(COLUMNS), 0);
    terminal.process(format!("\x1b[1m$ {shown}\x1b[0m\r\n").as_bytes());
    terminal.process(said.stdout.as_bytes());
    draw(terminal.screen())
}

fn size(cells: u16) -> std::num::NonZero<u16> {
    cells.try_into().expect("a terminal has cells")
}

fn draw(screen: &Screen) -> String {
    let lines: Vec<String> = screen.rows(0, COLUMNS).collect();
    let used = lines.iter().rposition(|line| !line.trim().is_empty()).map_or(0, |last| last + 1);
    let used = u16::try_from(used).unwrap();
    let (width, height) =
        (f64::from(COLUMNS) * WIDE + 2.0 * MARGIN, f64::from(used) * HIGH + 2.0 * MARGIN);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" \
         font-family=\"DejaVu Sans Mono, Consolas, monospace\" font-size=\"14\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"6\" fill=\"#1b1f24\"/>\n"
    );
    for row in 0..used {
        draw_row(&mut svg, screen, row);
    }
    svg.push_str("</svg>\n");
    svg
}

/// A row, each run of characters that look the same at its own place.
fn draw_row(svg: &mut String, screen: &Screen, row: u16) {
    let y = MARGIN + f64::from(row) * HIGH + 13.0;
    let mut column = 0;
    while column < COLUMNS {
        let (from, look) = (column, look(screen, row, column));
        let mut text = String::new();
        while column < COLUMNS && look == self::look(screen, row, column) {
            let cell = screen.cell(row, column).unwrap();
            text.push_str(if cell.has_contents() { cell.contents() } else { " " });
            column += 1;
        }
        if text.trim().is_empty() {
            continue;
        }
        let x = MARGIN + f64::from(from) * WIDE;
        let text = text.trim_end();
        let length = f64::from(u16::try_from(text.chars().count()).unwrap()) * WIDE;
        let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        writeln!(
            svg,
            "<text x=\"{x:.1}\" y=\"{y:.0}\" textLength=\"{length:.1}\" xml:space=\"preserve\"{look}>{text}</text>"
        )
        .unwrap();
    }
}

/// The attributes of a cell.
fn look(screen: &Screen, row: u16, column: u16) -> String {
    let cell = screen.cell(row, column).unwrap();
    let colour = match cell.fgcolor() {
        Color::Idx(1 | 9) => "#ff7b72",
        Color::Idx(2 | 10) => "#7ee787",
        Color::Idx(3 | 11) => "#e3b341",
        Color::Idx(4 | 12) => "#79c0ff",
        Color::Idx(6 | 14) => "#76e3ea",
        Color::Idx(8) => "#8b949e",
        _ => "#e6edf3",
    };
    let weight = if cell.bold() { " font-weight=\"bold\"" } else { "" };
    format!(" fill=\"{colour}\"{weight}")
}
