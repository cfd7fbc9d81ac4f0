//! What the agent weighs: on disk, idle, and while it sends a big file.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::ensure;

use crate::Plan;
use crate::catalogue;
use crate::process::{Kind, Service, memory};
use crate::report::{Report, Target};

const MIB: f64 = 1024.0 * 1024.0;
const POLL: Duration = Duration::from_millis(2);
/// Long enough to start and to connect.
const SETTLED: Duration = Duration::from_millis(500);

/// How the file that `write_rows` makes is read.
const MAPPING: &str = r#"
layout = "long"
header = { row = 1 }
columns = { indicator = "indicator", period = "period", value = "value", dimensions = { sex = "sex", area = "area" } }
number = { format = "point" }
"#;

/// Measures the agent as departments get it.
pub(crate) async fn measure(plan: &Plan, report: &mut Report) -> anyhow::Result<()> {
    Report::heading("The agent");
    let bytes = fs::metadata(&plan.agent)?.len() as f64;
    report.add("binary", bytes / MIB, "MiB", Target::AtMost(8.0));
    report.add("memory, waiting for a server", idle(plan)? / MIB, "MiB", Target::AtMost(12.0));
    let folder = tempfile::tempdir_in(&plan.scratch)?;
    let service = Service::start(Kind::Tiendo, &plan.server, folder.path()).await?;
    let (file, mapping) = (folder.path().join("rows.csv"), folder.path().join("rows.toml"));
    write_rows(&file, plan.rows)?;
    fs::write(&mapping, MAPPING)?;
    let mut command = agent(plan, folder.path(), service.address);
    command.arg("submit").arg(&file).arg("--mapping").arg(&mapping);
    let start = Instant::now();
    let highest = highest_memory(&mut command, &folder.path().join("agent.txt"))?;
    let rate = plan.rows as f64 / start.elapsed().as_secs_f64();
    let name = format!("memory at its highest, sending {} rows", plan.rows);
    report.add(&name, highest as f64 / MIB, "MiB", Target::AtMost(60.0));
    report.add("sent from a CSV at", rate, "rows/s", Target::None);
    service.kill()
}

fn agent(plan: &Plan, folder: &Path, server: SocketAddr) -> Command {
    let mut command = Command::new(&plan.agent);
    command.arg("--home").arg(folder.join("home")).arg("--insecure-loopback");
    command.args(["--server", &server.to_string(), "--department", &catalogue::department(0)]);
    command.stdin(Stdio::null());
    command
}

/// Resident memory while the agent waits for a server that does not answer.
fn idle(plan: &Plan) -> anyhow::Result<f64> {
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let folder = tempfile::tempdir_in(&plan.scratch)?;
    let mut command = agent(plan, folder.path(), silent.local_addr()?);
    command.args(["template", "--out", "form.xlsx"]).current_dir(folder.path());
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    std::thread::sleep(SETTLED);
    let waits = child.try_wait()?.is_none();
    let resident = memory(child.id());
    child.kill()?;
    child.wait()?;
    ensure!(waits, "the agent did not wait for the server");
    Ok(resident?.0 as f64)
}

/// Runs the agent to its end and returns its resident memory at its highest.
fn highest_memory(command: &mut Command, said: &Path) -> anyhow::Result<u64> {
    let output = File::create(said)?;
    let mut child: Child = command.stdout(output.try_clone()?).stderr(output).spawn()?;
    let mut highest = 0;
    let status = loop {
        // Between its end and our asking it has no memory: what was seen last counts.
        highest = memory(child.id()).map_or(highest, |(_, highest)| highest);
        if let Some(status) = child.try_wait()? {
            break status;
        }
        std::thread::sleep(POLL);
    };
    ensure!(status.success(), "the agent ended with {status}: {}", fs::read_to_string(said)?);
    Ok(highest)
}

/// A file with a series in each row's indicator, sex and area, month after month.
fn write_rows(file: &Path, rows: usize) -> anyhow::Result<()> {
    let mut out = BufWriter::new(File::create(file)?);
    writeln!(out, "indicator,period,sex,area,value")?;
    let parts = |members: [&'static str; 2]| ["", members[0], members[1]];
    let [sexes, areas] = catalogue::MEMBERS.map(|(_, members)| parts(members));
    for row in 0..rows {
        let (series, month) =
            (row % (catalogue::INDICATORS * 9), row / (catalogue::INDICATORS * 9));
        let indicator = catalogue::indicator(series / 9);
        let (year, month) = (1900 + month / 12, month % 12 + 1);
        let (sex, area) = (sexes[series % 3], areas[series / 3 % 3]);
        let cents = (row * 7_919) % 1_000;
        writeln!(
            out,
            "{indicator},{year:04}-{month:02},{sex},{area},5{}.{:02}",
            cents / 100,
            cents % 100
        )?;
    }
    out.flush()?;
    Ok(())
}
