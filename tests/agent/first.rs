//! The first minutes: what the programs say to somebody who does not know them.

use tokio::process::Command;

use crate::harness::{Agent, Server, program, run, trial};

#[tokio::test]
async fn a_new_computer_is_told_its_first_step() {
    let agent = Agent::unknown();
    let said = agent.run(&[]).await.expect_code(0);
    said.expect_words(&["chưa đăng ký", "tiendo-agent enrol --server"]);
    let said = agent.run(&["--lang", "en"]).await.expect_code(0);
    said.expect_words(&["not enrolled", "join token"]);
    agent.run(&["--json"]).await.expect_code(2);
}

#[tokio::test]
async fn without_a_command_the_agent_shows_what_waits_and_what_is_due() {
    let mut server = Server::start_with(trial::options()).await;
    let agent = Agent::of(&server, trial::DEPARTMENT);
    let said = agent.run(&[]).await;
    assert!(matches!(said.code, Some(0 | 6)), "{said:?}");
    said.expect_words(&["Không có lượt gửi nào đang chờ", "Sở Một"]);
    agent.put("map.toml", super::LONG);
    agent.put("mot.csv", "Chỉ tiêu;Kỳ;Giá trị\nso-luong;2024-01;1\n");
    server.kill9().await;
    agent.run(&["submit", "mot.csv", "--mapping", "map.toml"]).await.expect_code(4);
    let said = agent.run(&[]).await;
    assert!(matches!(said.code, Some(0 | 6)), "{said:?}");
    said.expect_words(&["1 lượt", "mot.csv", "Sở Một"]);
}

#[tokio::test]
async fn shells_take_the_completions() {
    for name in ["tiendo-agent", "tiendo-server"] {
        let script = run(Command::new(program(name)).args(["completions", "bash"])).await;
        let script = script.expect_code(0).expect_success();
        let asked = format!("{script}\ncomplete -p {name}");
        let known = run(Command::new("bash").args(["-c", &asked])).await.expect_code(0);
        known.expect_words(&[name]);
        for shell in ["zsh", "fish", "powershell", "elvish"] {
            run(Command::new(program(name)).args(["completions", shell])).await.expect_code(0);
        }
    }
}
