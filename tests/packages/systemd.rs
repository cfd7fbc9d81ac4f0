//! The packages under a real systemd, booted in namespaces of its own: the hardened units
//! start, come back after a kill and a hang, reload, and stop in order.

use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};

use super::Machine;
use crate::harness::{Outcome, run, until};
use crate::setting::{boots_systemd, tool};

/// Mounts what systemd wants below the folder `$1`, and becomes it.
const BOOT: &str = r#"
set -e
mount --make-rprivate /
mount --bind "$1" "$1"
cd "$1"
mount -t proc proc proc
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs dev
for device in null zero full random urandom tty; do
    touch dev/$device
    mount --bind /dev/$device dev/$device
done
mkdir dev/shm dev/pts
mount -t tmpfs tmpfs dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
mount -t sysfs -o ro sysfs sys
if grep -q ' /sys/fs/cgroup cgroup2 ' /proc/mounts; then
    mount -t cgroup2 cgroup2 sys/fs/cgroup
else
    mount -t tmpfs tmpfs sys/fs/cgroup
    mkdir sys/fs/cgroup/unified sys/fs/cgroup/systemd
    mount -t cgroup2 cgroup2 sys/fs/cgroup/unified
    mount -t cgroup -o none,name=systemd,xattr cgroup sys/fs/cgroup/systemd
fi
exec chroot . env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd --unit=multi-user.target
"#;

/// Units that only a computer with a screen or a network needs.
const MASKED: [&str; 5] = [
    "getty.target",
    "console-getty.service",
    "systemd-networkd.service",
    "systemd-resolved.service",
    "systemd-timesyncd.service",
];

/// Waits until something is so.
async fn when(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let so = until(Duration::from_secs(90), async || is_so().await.then_some(())).await;
    so.unwrap_or_else(|| panic!("it never came to this: {what}"));
}

/// A computer that runs systemd, until it is dropped.
struct Booted {
    machine: Machine,
    /// Its process 1, as it is called here.
    init: String,
    _namespaces: Child,
}

impl Booted {
    async fn boot(machine: Machine) -> Self {
        for unit in MASKED {
            let mask = machine.path("etc/systemd/system").join(unit);
            std::os::unix::fs::symlink("/dev/null", mask).ok();
        }
        let mut command = Command::new("unshare");
        command.args(["--mount", "--pid", "--uts", "--ipc", "--net", "--cgroup"]);
        command.args(["--fork", "--kill-child=KILL", "bash", "-c", BOOT, "boot"]);
        command.arg(machine.root.path()).stdin(Stdio::null());
        command.stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        let namespaces = command.spawn().unwrap();
        let pid = namespaces.id().unwrap();
        let children = format!("/proc/{pid}/task/{pid}/children");
        let mut init = String::new();
        when("systemd is process 1", async || {
            let listed = std::fs::read_to_string(&children).unwrap_or_default();
            listed.trim().clone_into(&mut init);
            let name = std::fs::read_to_string(format!("/proc/{init}/comm"));
            name.is_ok_and(|name| name.trim() == "systemd")
        })
        .await;
        let booted = Self { machine, init, _namespaces: namespaces };
        when("systemd has started everything", async || {
            let state = booted.run(&["systemctl", "is-system-running"]).await;
            ["running", "degraded"].iter().any(|up| state.all().contains(up))
        })
        .await;
        booted
    }

    async fn run(&self, line: &[&str]) -> Outcome {
        let mut command = Command::new("nsenter");
        command.args(["--target", &self.init, "--mount", "--pid", "--uts", "--ipc", "--net"]);
        command.args(["--cgroup", "--root", "--wd", "env", "-i"]);
        command.args(["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "TERM=dumb"]).args(line);
        run(&mut command).await
    }

    /// As the agent's user, in the agent's home.
    async fn agent(&self, line: &[&str]) -> Outcome {
        let begin = ["runuser", "-u", "tiendo-agent", "--", "tiendo-agent", "--lang", "en"];
        let home = ["--home", "/var/lib/tiendo-agent"];
        self.run(&[&begin[..], &home, line].concat()).await
    }

    async fn start(&self, unit: &str) {
        let started = self.run(&["systemctl", "start", unit]).await;
        let log = ["journalctl", "--no-pager", "--lines", "20"];
        let log = if started.code == Some(0) { None } else { Some(self.run(&log).await) };
        assert!(log.is_none(), "{started:?} {log:?}");
    }

    async fn property(&self, unit: &str, name: &str) -> String {
        let line = ["systemctl", "show", "--value", "--property", name, unit];
        self.run(&line).await.expect_success().trim().to_owned()
    }

    /// Waits until the unit was started again by itself.
    async fn comes_back(&self, unit: &str, times: &str) {
        when(&format!("{unit} was started again"), async || {
            self.property(unit, "NRestarts").await == times
                && self.property(unit, "ActiveState").await == "active"
        })
        .await;
    }

    async fn call(&self, method: &str, body: &str) -> String {
        let home = "/opt/admin/.tiendo-agent";
        let [ca, cert, key] = ["ca.pem", "agent.pem", "agent.key"].map(|f| format!("{home}/{f}"));
        let line = ["/opt/grpcurl", "-cacert", &ca, "-cert", &cert, "-key", &key];
        let line = [&line[..], &["-d", body, "localhost:7443", method]].concat();
        self.run(&line).await.expect_success()
    }
}

/// What stands in quotes behind a name in an answer.
fn field<'a>(answer: &'a str, name: &str) -> &'a str {
    let (_, rest) = answer.split_once(&format!("\"{name}\": \"")).expect(name);
    rest.split_once('"').unwrap().0
}

#[tokio::test]
async fn the_services_run_under_systemd_and_come_back_by_themselves() {
    if !boots_systemd() {
        return;
    }
    let Some(machine) = Machine::fresh().await else { return };
    let Some(grpcurl) = tool("grpcurl") else { return };
    std::fs::copy(grpcurl, machine.path("opt/grpcurl")).unwrap();
    let version = env!("CARGO_PKG_VERSION");
    machine.install("tiendo-server", version).await;
    machine.install("tiendo-agent", version).await;
    let booted = Booted::boot(machine).await;
    let [server, agent] = ["tiendo-server", "tiendo-agent"];
    for unit in [server, agent] {
        let state = booted.property(unit, "ConditionResult").await;
        assert_eq!(state, "no", "{unit} waits until it is set up");
    }

    let init = ["tiendo-server", "init", "--data", "/var/lib/tiendo", "--host", "localhost"];
    let init = [&["runuser", "-u", "tiendo", "--"], &init[..]].concat();
    let said = booted.run(&init).await.expect_success();
    let token = said.split_whitespace().find(|word| word.starts_with("tiendo-") && word.len() > 60);
    booted.start(server).await;
    let enrol = ["tiendo-agent", "enrol", "--server", "localhost:7443", "--agent", "quan-tri"];
    let enrol = [&["env", "HOME=/opt/admin"], &enrol[..], &["--token", token.unwrap()]].concat();
    booted.run(&enrol).await.expect_code(0);

    booted.run(&["systemctl", "kill", "--signal=KILL", server]).await.expect_code(0);
    booted.comes_back(server, "1").await;
    let order = r#"{"role": "agent", "department": "so-khcn", "agent": "so-khcn-1"}"#;
    let made = booted.call("tiendo.v1.AdminService/CreateJoinToken", order).await;
    let token = field(&made, "token");

    let enrol = ["enrol", "--server", "localhost:7443", "--token", token];
    booted.agent(&enrol).await.expect_code(0);
    runs_with_a_watchdog(&booted, agent).await;
    installs_itself(&booted, agent).await;

    booted.run(&["systemctl", "stop", agent, server]).await.expect_code(0);
    for unit in [server, agent] {
        assert_eq!(booted.property(unit, "Result").await, "success", "{unit} ends well");
    }
}

/// A start waits for the agent; a hang is noticed, and a reload reads the jobs.
async fn runs_with_a_watchdog(booted: &Booted, agent: &str) {
    let place = "var/lib/tiendo-agent/agent.toml";
    let configuration = booted.machine.path(place);
    let before = std::fs::read_to_string(&configuration).unwrap();
    let job = "\n[[job]]\nname = \"bieu-mau\"\nfolder = \"/srv/tiendo/vao\"\nsettle = \"1s\"\n";
    booted.run(&["install", "-d", "-o", agent, "/srv/tiendo/vao"]).await.expect_code(0);
    std::fs::write(&configuration, before + job).unwrap();
    let drop_in = booted.machine.path("etc/systemd/system/tiendo-agent.service.d");
    std::fs::create_dir_all(&drop_in).unwrap();
    std::fs::write(drop_in.join("soon.conf"), "[Service]\nWatchdogSec=2\nRestartSec=1\n").unwrap();
    booted.run(&["systemctl", "daemon-reload"]).await.expect_code(0);
    booted.start(agent).await;

    // What an officer drops into the folder is taken, refused with a report, and moved away.
    std::fs::write(booted.machine.path("srv/tiendo/vao/ghi-chu.csv"), "a;b\n1;2\n").unwrap();
    let refused = booted.machine.path("srv/tiendo/vao/refused");
    when("the file was looked at", async || refused.is_dir()).await;

    let process = booted.property(agent, "MainPID").await;
    booted.run(&["systemctl", "reload", agent]).await.expect_code(0);
    assert_eq!(booted.property(agent, "MainPID").await, process, "a reload is no restart");
    booted.run(&["systemctl", "kill", "--signal=STOP", agent]).await.expect_code(0);
    booted.comes_back(agent, "1").await;
    let log = booted.run(&["journalctl", "--no-pager", "--unit", agent]).await.expect_success();
    assert!(log.contains("Watchdog timeout"), "{log}");
}

/// `service install` replaces the unit of the package by one of its own, which runs too.
async fn installs_itself(booted: &Booted, agent: &str) {
    booted.run(&["systemctl", "stop", agent]).await.expect_code(0);
    let install = ["tiendo-agent", "--lang", "en", "--home", "/var/lib/tiendo-agent"];
    booted.run(&[&install[..], &["service", "install"]].concat()).await.expect_code(0);
    let unit = booted.property(agent, "FragmentPath").await;
    assert_eq!(unit, "/etc/systemd/system/tiendo-agent.service");
    assert_eq!(booted.property(agent, "ActiveState").await, "active");
    let user = booted.property(agent, "User").await;
    let id = booted.run(&["id", "-u", agent]).await.expect_success();
    assert_eq!(user, id.trim(), "it runs as the owner of its home");
}
