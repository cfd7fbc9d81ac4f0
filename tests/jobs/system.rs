//! The service and the system it runs on: signals, systemd, its lock, its unit.

use rustix::process::Signal;
use tokio::net::UnixDatagram;

use super::{WATCH, computer, configure, file, until_known};
use crate::harness::{SOON, Server, Service, trial};

#[tokio::test]
async fn systemd_is_told_that_the_service_is_ready_alive_and_stopping() {
    let server = Server::start_with(trial::options()).await;
    let agent = computer(&server, WATCH);
    let path = agent.desk().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    let path = path.display().to_string();
    let variables = [("NOTIFY_SOCKET", path.as_str()), ("WATCHDOG_USEC", "300000")];
    let mut service = Service::start_with(&agent, &variables);
    let mut heard = Vec::new();
    let mut hear = async |wanted: &str| {
        let mut bytes = [0; 200];
        while !heard.iter().any(|word| word == wanted) {
            let read = tokio::time::timeout(SOON, socket.recv(&mut bytes)).await;
            let read = read.unwrap_or_else(|_| panic!("only {heard:?}")).unwrap();
            heard.push(String::from_utf8_lossy(&bytes[..read]).into_owned());
        }
    };
    hear("READY=1").await;
    hear("WATCHDOG=1").await;
    service.signal(Signal::TERM);
    hear("STOPPING=1").await;
    assert_eq!(service.ends().await, Some(0));
}

#[tokio::test]
async fn a_home_has_one_service_and_an_officer_may_send_by_hand_meanwhile() {
    let server = Server::start_with(trial::options()).await;
    let agent = computer(&server, WATCH);
    let mut service = Service::start(&agent);
    service.says("Bắt đầu").await;
    agent.run(&["run"]).await.expect_code(1).expect_words(&["đang chạy"]);
    agent.put("tay.csv", file(&[("2024-01", "1")]));
    // The ledger may be in use for the moment of a contact.
    let sent = crate::harness::until(SOON, async || {
        let said = agent.run(&["submit", "tay.csv", "--job", "vao"]).await;
        (said.code == Some(0)).then_some(())
    });
    assert!(sent.await.is_some());
    until_known(&server, &["so-luong 2024-01 1"]).await;
    service.signal(Signal::INT);
    assert_eq!(service.ends().await, Some(0));
    agent.run(&["status"]).await.expect_code(0).expect_words(&["KHÔNG chạy"]);
}

#[tokio::test]
async fn a_wrong_configuration_is_told_whole_and_the_old_jobs_go_on() {
    let server = Server::start_with(trial::options()).await;
    let agent = computer(&server, "");
    configure(&agent, &format!("colour = 1\n{WATCH}shedule = 'x'\n"));
    let said = agent.run(&["run"]).await.expect_code(64);
    said.expect_words(&["agent.toml:1", "`colour`", "agent.toml:7", "`schedule`"]);

    configure(&agent, WATCH);
    let service = Service::start(&agent);
    service.says("Bắt đầu").await;
    configure(&agent, &format!("colour = 1\n{}", WATCH.replace("long.toml", "khong-co.toml")));
    service.signal(Signal::HUP);
    service.says("`colour`").await;
    configure(&agent, &WATCH.replace("long.toml", "khong-co.toml"));
    service.signal(Signal::HUP);
    service.says("khong-co.toml").await;
    agent.put("vao/mot.csv", file(&[("2024-01", "1")]));
    until_known(&server, &["so-luong 2024-01 1"]).await;
    // The new one is right at last: another folder is watched.
    std::fs::create_dir(agent.desk().join("moi")).unwrap();
    configure(&agent, &WATCH.replace("DESK/vao", "DESK/moi"));
    service.signal(Signal::HUP);
    service.says("Đã đọc lại cấu hình").await;
    agent.put("moi/hai.csv", file(&[("2024-02", "2")]));
    until_known(&server, &["so-luong 2024-01 1", "so-luong 2024-02 2"]).await;
}

#[tokio::test]
async fn the_unit_watches_the_service_and_lets_it_do_little() {
    let server = Server::start_with(trial::options()).await;
    let agent = computer(&server, &WATCH.replace("DESK/vao", "DESK/vào 100%"));
    let unit = agent.run(&["service", "install", "--dry-run"]).await.expect_success();
    let home = agent.home().display().to_string();
    for line in [
        "Type=notify",
        "WatchdogSec=120",
        "Restart=always",
        "ExecReload=/bin/kill -HUP $MAINPID",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "CapabilityBoundingSet=",
        "WantedBy=multi-user.target",
        &format!("ReadWritePaths=\"-{home}\""),
    ] {
        assert!(unit.lines().any(|known| known == line), "`{line}` is not in:\n{unit}");
    }
    assert!(unit.contains("vào 100%%\""), "{unit}");
    assert!(unit.contains(&format!("--home \"{home}\"")), "{unit}");
    let of_user = agent.run(&["service", "install", "--user", "--print"]).await.expect_success();
    assert!(of_user.contains("WantedBy=default.target"), "{of_user}");
    assert!(!of_user.contains("\nUser=") && !of_user.contains("ProtectSystem"), "{of_user}");
}
