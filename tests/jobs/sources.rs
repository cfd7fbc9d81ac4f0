//! Figures from databases and from a file that is written anew: exact, read only, within limits.

use super::{computer, configure, file, until_known};
use crate::harness::{Agent, Database, PASSWORD, Server, Service, python, trial};

/// What every database is asked: decimals that no binary number holds, texts, a day, NULL.
const QUERY: &str = "SELECT chi_tieu AS \"Chỉ tiêu\", ky AS \"Kỳ\", gia_tri AS \"Giá trị\" FROM so_lieu ORDER BY ky";

const ROWS: &str = "\
INSERT INTO so_lieu VALUES ('so-luong', '2024-01', 12345678901234.567);
INSERT INTO so_lieu VALUES ('so-luong', '2024-02', 0.125);
INSERT INTO so_lieu VALUES ('so-luong', '2024-03', NULL);
INSERT INTO so_lieu VALUES ('so-luong', '2024-04', -3.005);
";

const KNOWN: [&str; 3] =
    ["so-luong 2024-01 12345678901234.567", "so-luong 2024-02 0.125", "so-luong 2024-04 -3.005"];

fn table(decimal: &str) -> String {
    format!(
        "CREATE TABLE so_lieu (chi_tieu VARCHAR(40), ky VARCHAR(10), gia_tri {decimal});\n{ROWS}"
    )
}

fn job(url: &str, query: &str, more: &str) -> String {
    // The number format of texts does not touch numbers that come as numbers.
    format!(
        "[[job]]\nname = 'csdl'\nschedule = '* * * * * *'\nspread = '0s'\n\
         [job.sql]\nurl = '{url}'\nquery = '''{query}'''\n{more}\n[job.mapping]\n{}\n",
        crate::agent::LONG.replace("\"point\"", "\"comma\"")
    )
}

/// Asks a database for everything, then for what it must not answer.
async fn check(url: &str, more: &str) {
    let server = Server::start_with(trial::options()).await;
    let agent = computer(&server, &job(url, QUERY, more));
    let variables = [("MAT_KHAU", PASSWORD)];
    let mut service = Service::start_with(&agent, &variables);
    until_known(&server, &KNOWN).await;
    for (query, more, words) in [
        ("DELETE FROM so_lieu", more.to_owned(), "tạm tắt"),
        ("SELECT 1; DROP TABLE so_lieu", more.to_owned(), "tạm tắt"),
        (QUERY, format!("{more}\nmax_rows = 2"), "max_rows"),
        ("SELECT no_such_column FROM so_lieu", more.to_owned(), "no_such_column"),
    ] {
        let before = service.log().matches("tạm tắt").count();
        configure(&agent, &job(url, query, &more));
        service.signal(rustix::process::Signal::HUP);
        let told = async || (service.log().matches("tạm tắt").count() > before).then_some(());
        let told = crate::harness::until(crate::harness::SOON, told).await;
        assert!(told.is_some(), "`{query}` is not disabled:\n{}", service.log());
        assert!(service.log().contains(words), "`{words}` is not in:\n{}", service.log());
    }
    // Nothing was deleted, and the job is well again.
    configure(&agent, &job(url, &QUERY.replace("ORDER", "WHERE ky <> '' ORDER"), more));
    service.signal(rustix::process::Signal::HUP);
    service.says("số liệu như lần trước").await;
    service.stops_well().await;
    secret_is_kept(&agent, &service.log());
}

fn secret_is_kept(agent: &Agent, log: &str) {
    assert!(!log.contains(PASSWORD), "{log}");
    for name in ["jobs.json", "contact.json", "agent.toml"] {
        let text = std::fs::read_to_string(agent.home().join(name)).unwrap();
        assert!(!text.contains(PASSWORD), "{name}");
    }
}

#[tokio::test]
async fn postgresql_is_asked_read_only_and_exactly() {
    let Some(database) = Database::postgres(&table("numeric(30, 3)")).await else {
        return;
    };
    let url = format!("postgres://tiendo@127.0.0.1:{}/postgres?sslmode=disable", database.port);
    check(&url, "password_env = 'MAT_KHAU'").await;
}

#[tokio::test]
async fn mariadb_is_asked_read_only_and_exactly() {
    let Some(database) = Database::mariadb(&table("DECIMAL(30, 3)")).await else { return };
    let url = format!("mariadb://tiendo@127.0.0.1:{}/dti?ssl-mode=disabled", database.port);
    check(&url, "").await;
}

#[tokio::test]
async fn sqlite_is_asked_read_only_and_exactly() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("so-lieu.db");
    let script = "import sqlite3, sys\nc = sqlite3.connect(sys.argv[1])\nc.executescript(open(sys.argv[2]).read())\nc.commit()";
    let statements = folder.path().join("table.sql");
    // SQLite keeps exact decimals as texts; the others are numbers of its own.
    let text = table("").replace("12345678901234.567", "'12345678901234,567'");
    std::fs::write(&statements, text).unwrap();
    let Some(made) = python(script, &[&path, &statements]).await else { return };
    made.expect_success();
    check(&format!("sqlite://{}", path.display()), "").await;
}

#[tokio::test]
async fn a_wrong_password_disables_the_job_and_shows_nothing_of_it() {
    let Some(database) = Database::postgres(&table("numeric(30, 3)")).await else { return };
    let server = Server::start_with(trial::options()).await;
    let url = format!("postgres://tiendo@127.0.0.1:{}/postgres?sslmode=disable", database.port);
    let agent = computer(&server, &job(&url, QUERY, "password_file = 'mat-khau'"));
    let secret = agent.home().join("mat-khau");
    std::fs::write(&secret, "sai-mat-khau\n").unwrap();
    let service = Service::start(&agent);
    service.says("tạm tắt").await;
    assert!(!service.log().contains("sai-mat-khau"), "{}", service.log());
    std::fs::write(&secret, format!("{PASSWORD}\n")).unwrap();
    configure(&agent, &job(&url, QUERY, "password_file = 'mat-khau'\ntimeout = '30s'"));
    service.signal(rustix::process::Signal::HUP);
    until_known(&server, &KNOWN).await;
}

#[tokio::test]
async fn a_file_that_is_written_anew_is_sent_when_it_differs() {
    let server = Server::start_with(trial::options()).await;
    let jobs = "[[job]]\nname = 'tep'\nfile = 'DESK/thang.csv'\nmapping = 'long.toml'\nschedule = '* * * * * *'\nspread = '0s'\n";
    let agent = computer(&server, jobs);
    agent.put("thang.csv", file(&[("2024-01", "1")]));
    let _service = Service::start(&agent);
    until_known(&server, &["so-luong 2024-01 1"]).await;
    agent.put("thang.csv", file(&[("2024-01", "1"), ("2024-02", "2")]));
    until_known(&server, &["so-luong 2024-01 1", "so-luong 2024-02 2"]).await;
    assert!(agent.desk().join("thang.csv").exists(), "it stays where it is");
}
