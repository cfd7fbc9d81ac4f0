//! Files that cannot be read: told by name and what to do, and nothing is sent.

use std::fs::File;

use super::{LONG, known, lay_out_workbooks};
use crate::harness::{Agent, Server, trial};

const GOOD: &str = "Chỉ tiêu;Kỳ;Giá trị\nty-le;2024;45\n";

#[tokio::test]
async fn each_bad_file_is_told_by_what_is_wrong_with_it() {
    let server = Server::start_with(trial::options()).await;
    let agent = Agent::of(&server, trial::DEPARTMENT);
    agent.put("map.toml", LONG);
    let mut cases = vec![
        ("khong-co.csv", "Không có tệp"),
        ("thu-muc", "thư mục"),
        ("rong.csv", "rỗng"),
        ("ma-cu.csv", "UTF-8"),
        ("sai-tieu-de.csv", "Giá trị"),
        ("khong-dong.csv", "không có dữ liệu"),
        ("bao-cao.pdf", "PDF"),
        ("dang-mo.csv", "đang mở"),
        ("qua-lon.csv", "268435456"),
        ("dau-nhay.csv", "A2"),
    ];
    std::fs::create_dir(agent.desk().join("thu-muc")).unwrap();
    agent.put("rong.csv", "");
    // "tỷ lệ" as Windows' Vietnamese code page writes it.
    agent.put("ma-cu.csv", b"Ch\xd2 ti\xeau;K\xfd;Gi\xe1 tr\xf2\nt\xec l\xea;2024;1\n");
    agent.put("sai-tieu-de.csv", "Chỉ tiêu;Kỳ;Trị giá\nty-le;2024;45\n");
    agent.put("khong-dong.csv", "Chỉ tiêu;Kỳ;Giá trị\n");
    agent.put("bao-cao.pdf", "%PDF-1.7\n%\u{e2}\u{e3}\n1 0 obj\n");
    agent.put("dang-mo.csv", GOOD);
    agent.put(".~lock.dang-mo.csv#", ",officer,pc,24.11.2026 10:00,file:///home;");
    let large = File::create(agent.desk().join("qua-lon.csv")).unwrap();
    large.set_len(300 << 20).unwrap();
    agent.put(
        "dau-nhay.csv",
        format!("Chỉ tiêu;Kỳ;Giá trị\n\"ty-le;2024;45\n{}", "ty-le;2023;4\n".repeat(50)),
    );
    if lay_out_workbooks(&agent).await {
        cases.extend([
            ("half.xlsx", "half.xlsx"),
            ("password.xlsx", "mật khẩu"),
            ("bomb.xlsx", "629"),
            ("empty.xlsx", "không có dữ liệu"),
            ("headings.xlsx", "Giá trị"),
        ]);
    }
    for (name, words) in cases {
        for command in ["check", "submit"] {
            let said = agent.run(&[command, name, "--mapping", "map.toml"]).await;
            assert!(matches!(said.code, Some(1 | 3)), "{name}: {said:?}");
            assert!(!said.all().contains("panicked"), "{name}: {said:?}");
            said.expect_words(&[name, words]);
        }
    }
    assert!(known(&server.clients().await, trial::DEPARTMENT).await.is_empty(), "nothing was sent");
    agent.run(&["status"]).await.expect_code(0);
}

#[tokio::test]
async fn a_file_of_200_megabytes_is_read_in_pieces() {
    let server = Server::start_with(trial::options()).await;
    let agent = Agent::of(&server, trial::DEPARTMENT);
    agent.put("map.toml", LONG);
    // Few figures among much text that no column of the mapping names.
    let mut text = String::from("Chỉ tiêu;Kỳ;Giá trị;Diễn giải\n");
    let padding = "x".repeat(30_000);
    for n in 0..7_100 {
        let month = format!("{}-{:02}", 1980 + n / 12 % 40, n % 12 + 1);
        let indicator = if n < 480 { "so-luong" } else { "khong-co" };
        text += &format!("{indicator};{month};{n};{padding}\n");
    }
    assert!(text.len() > 200 << 20);
    agent.put("lon.csv", &text);
    let said = agent.run(&["submit", "lon.csv", "--mapping", "map.toml"]).await;
    said.expect_code(3).expect_words(&["480", "6620", "khong-co"]);
    assert_eq!(known(&server.clients().await, trial::DEPARTMENT).await.len(), 480);
}

#[tokio::test]
async fn a_mapping_that_cannot_be_right_is_told_by_line() {
    let server = Server::start_with(trial::options()).await;
    let agent = Agent::of(&server, trial::DEPARTMENT);
    agent.put("good.csv", GOOD);
    for (mapping, words) in [
        ("layout = \"long\"\ncolums = {}\n", "colums"),
        ("layout = \"dai\"\n", "dai"),
        ("layout = ", "map.toml"),
    ] {
        agent.put("map.toml", mapping);
        let said = agent.run(&["submit", "good.csv", "--mapping", "map.toml"]).await;
        assert_ne!(said.code, Some(0), "{said:?}");
        said.expect_words(&["map.toml", words]);
    }
    let said = agent.run(&["submit", "good.csv", "--mapping", "khong-co.toml"]).await;
    assert_ne!(said.code, Some(0));
    said.expect_words(&["khong-co.toml"]);
}

#[tokio::test]
async fn the_command_line_and_the_configuration_are_told_what_is_wrong() {
    let agent = Agent::at("127.0.0.1:1", trial::DEPARTMENT);
    agent.run(&["--json"]).await.expect_code(2);
    agent.run(&["gui"]).await.expect_code(2).expect_words(&["gui"]);
    agent.run(&["submit"]).await.expect_code(2);
    agent.run(&["template", "--period", "2026-13"]).await.expect_code(2).expect_words(&["2026-13"]);
    std::fs::create_dir_all(agent.home()).unwrap();
    std::fs::write(agent.home().join("agent.toml"), "sever = \"x\"\nlang = \"fr\"\n").unwrap();
    agent.run(&["status"]).await.expect_code(64).expect_words(&[
        "agent.toml:1",
        "sever",
        "agent.toml:2",
    ]);
}
