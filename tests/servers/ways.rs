//! Agents that know several addresses: each has one it asks first, turns to another when that
//! fails, and comes back by itself.

use std::collections::BTreeSet;

use crate::agent::{LONG, known};
use crate::harness::{Agent, Options, Proxy, SOON, Server, Service, grant, trial, until};
use crate::ledger::chain;

pub(super) const SUBMIT: [&str; 4] = ["submit", "so-lieu.csv", "--mapping", "map.toml"];

/// Longer than another server stands in for the first.
const LATER: i64 = 20 * 60;

/// Two ways to one server: whatever an agent does behind one of them is known behind the other.
struct Two {
    server: Server,
    lines: Vec<Option<Proxy>>,
    addresses: Vec<String>,
}

impl Two {
    async fn start(options: Options) -> Self {
        let server = Server::start_with(options).await;
        let (mut lines, mut addresses) = (Vec::new(), Vec::new());
        for _ in 0..2 {
            let line = Proxy::start("127.0.0.1:0", &server.address(), false).await;
            addresses.push(line.address());
            lines.push(Some(line));
        }
        Self { server, lines, addresses }
    }

    fn all(&self) -> String {
        self.addresses.join(",")
    }

    fn at(&self, address: &str) -> usize {
        self.addresses.iter().position(|one| one == address).expect("one of the two")
    }

    async fn cut(&mut self, address: &str) {
        let at = self.at(address);
        if let Some(line) = self.lines[at].take() {
            line.cut().await;
        }
    }

    async fn mend(&mut self, address: &str) {
        let at = self.at(address);
        if self.lines[at].is_none() {
            self.lines[at] = Some(Proxy::start(address, &self.server.address(), false).await);
        }
    }
}

/// Puts one figure into the file.
pub(super) fn figure(agent: &Agent, period: &str, value: &str) {
    agent.put("map.toml", LONG);
    agent.put("so-lieu.csv", format!("Chỉ tiêu;Kỳ;Giá trị\nso-luong;{period};{value}\n"));
}

/// The server the agent speaks with.
async fn speaks_with(agent: &Agent) -> String {
    let (_, status) = agent.json(&["status"]).await;
    assert_eq!(status["servers"].as_array().unwrap().len(), 2, "{status}");
    status["server"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_agent_turns_to_another_server_and_comes_back() {
    let mut two = Two::start(trial::options()).await;
    let agent = Agent::at(&two.all(), trial::DEPARTMENT);
    figure(&agent, "2024-01", "1");
    agent.run(&SUBMIT).await.expect_code(0).expect_words(&["Biên nhận số 1"]);
    let first = speaks_with(&agent).await;

    two.cut(&first).await;
    figure(&agent, "2024-02", "2");
    agent.run(&SUBMIT).await.expect_code(0).expect_words(&["Biên nhận số 2"]);
    let second = speaks_with(&agent).await;
    assert_ne!(second, first);
    agent.run(&["status"]).await.expect_code(0).expect_words(&[&second, &two.all()[..5]]);

    // The first is back, and is asked again after some minutes, not by the next command.
    two.mend(&first).await;
    assert_eq!(speaks_with(&agent).await, second);
    agent.run_ahead(LATER, &["status"]).await.expect_code(0);
    assert_eq!(speaks_with(&agent).await, first);

    two.cut(&second).await;
    figure(&agent, "2024-03", "3");
    agent.run(&SUBMIT).await.expect_code(0).expect_words(&["Biên nhận số 3"]);
    two.cut(&first).await;
    figure(&agent, "2024-04", "4");
    agent.run(&SUBMIT).await.expect_code(4);
    two.mend(&second).await;
    agent.run(&["status", "--send"]).await.expect_code(0);
    agent.run(&["verify"]).await.expect_code(0);
    assert_eq!(chain(&two.server.clients().await, trial::DEPARTMENT).await.entries.len(), 4);
}

#[tokio::test]
async fn enrolment_asks_every_server_and_keeps_all_addresses() {
    let variables = vec![("TIENDO_CALLS_PER_STRANGER", "1000")];
    let mut two = Two::start(Options { secure: true, variables, ..trial::options() }).await;
    let admin = two.server.administrator().await;
    let gone = two.addresses[0].clone();
    two.cut(&gone).await;
    for name in ["may-1", "may-2", "may-3", "may-4"] {
        let token = two.server.token(&admin, grant("agent", trial::DEPARTMENT, "")).await;
        let agent = Agent::unknown();
        // Named one by one or together, which one answers does not matter.
        let [a, b] = [&two.addresses[0], &two.addresses[1]];
        agent.enrol(a, &token, &["--server", b, "--agent", name]).await.expect_code(0);
        let kept = std::fs::read_to_string(agent.home().join("agent.toml")).unwrap();
        assert_eq!(kept, format!("server = [\"{a}\", \"{b}\"]\n"));
        figure(&agent, "2024-01", "1");
        agent.run(&SUBMIT).await.expect_code(0);
        assert_eq!(speaks_with(&agent).await, *b);
    }
}

#[tokio::test]
async fn agents_spread_over_the_servers() {
    let two = Two::start(trial::options()).await;
    let mut first = BTreeSet::new();
    for number in 0..12 {
        let agent = Agent::at(&two.all(), trial::DEPARTMENT);
        let name = format!("may-{number}");
        let (code, status) = agent.json(&["status", "--agent", &name]).await;
        assert_eq!(code, 0, "{status}");
        first.insert(status["server"].as_str().unwrap().to_owned());
    }
    assert_eq!(first.len(), 2, "each server is the first of some");
}

#[tokio::test]
async fn a_service_goes_on_with_another_server_in_the_same_contact() {
    let mut two = Two::start(trial::options()).await;
    let agent = Agent::at(&two.all(), trial::DEPARTMENT);
    std::fs::create_dir_all(agent.desk().join("vao")).unwrap();
    std::fs::create_dir_all(agent.home()).unwrap();
    agent.put("long.toml", LONG);
    let desk = agent.desk().display().to_string();
    let job = "[[job]]\nname = 'vao'\nfolder = 'DESK/vao'\nsettle = '1s'\n\
               mapping = 'DESK/long.toml'\n";
    std::fs::write(agent.home().join("agent.toml"), job.replace("DESK", &desk)).unwrap();
    let mut service = Service::start(&agent);
    for period in ["2024-01", "2024-02", "2024-03"] {
        let name = format!("vao/{period}.csv");
        agent.put(&name, format!("Chỉ tiêu;Kỳ;Giá trị\nso-luong;{period};1\n"));
        let done = agent.desk().join(format!("vao/done/{period}.csv"));
        let sent = until(SOON, async || {
            let known = known(&two.server.clients().await, trial::DEPARTMENT).await;
            let is_known = known.iter().any(|one| one.contains(period));
            (is_known && done.exists()).then_some(())
        });
        assert!(sent.await.is_some(), "{period}; log:\n{}", service.log());
        let now = speaks_with(&agent).await;
        let other = two.addresses.iter().find(|one| **one != now).cloned().unwrap();
        two.mend(&other).await;
        two.cut(&now).await;
    }
    let away = "sẽ gửi khi liên lạc lại được";
    assert!(!service.log().contains(away), "{}", service.log());
    service.stops_well().await;
    agent.run(&["verify"]).await.expect_code(0);
}
