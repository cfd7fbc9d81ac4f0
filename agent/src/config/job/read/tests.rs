//! Jobs of a configuration, right and wrong.

use super::*;
use crate::config::{Config, Problem};

fn parse(text: &str) -> Result<Config, Vec<Problem>> {
    Config::parse(text, &|_| None, &[], "pc")
}

#[track_caller]
fn faults(text: &str, expected: &[(&str, Fault)]) {
    let found = parse(text).unwrap_err();
    let found: Vec<_> =
        found.iter().map(|one| (one.origin.to_string(), one.fault.clone())).collect();
    let expected: Vec<_> = expected
        .iter()
        .map(|(line, fault)| (format!("agent.toml:{line}"), fault.clone()))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn every_kind_of_source_is_understood() {
    let config = parse(
        "[[job]]\nname = 'a'\nfile = 'a.xlsx'\ndeadline = { frequency = 'month', days_before = 3, at = '07:30' }\nspread = '90s'\n\
         [[job]]\nname = 'b'\nfolder = 'vao'\nsettle = '1m'\n\
         [[job]]\nname = 'c'\nschedule = '0 7 * * *'\nmapping = 'c.toml'\n\
         sql = { url = 'postgres://u@h/d', password_env = 'P', query = 'SELECT 1', max_rows = 1_000 }\n\
         [[job]]\nname = 'd'\nschedule = '0 7 * * *'\nmapping = 'd.toml'\ncommand = { run = ['x', 'y z'], timeout = '2h' }\n",
    )
    .unwrap();
    let [a, b, c, d] = &config.jobs[..] else { panic!("{config:?}") };
    assert_eq!(a.source, Some(Source::File("a.xlsx".into())));
    let when = a.when.as_ref().unwrap();
    let at = Time::constant(7, 30, 0, 0);
    let before = BeforeDeadline { frequency: Frequency::Month, days: 3, at };
    assert_eq!(when.schedule, Schedule::BeforeDeadline(before));
    assert_eq!(when.spread, Duration::from_secs(90));
    let folder = Folder { path: "vao".into(), settle: Duration::from_mins(1) };
    assert_eq!((&b.source, &b.when), (&Some(Source::Folder(folder)), &None));
    assert!(matches!(&c.source, Some(Source::Database(Database { max_rows: 1_000, .. }))));
    let Some(Source::Command(command)) = &d.source else { panic!("{d:?}") };
    assert_eq!(
        (&command.run[1][..], command.timeout),
        ("y z", LONGEST_TIMEOUT.min(Duration::from_hours(2)))
    );
}

#[test]
fn every_fault_of_a_job_is_told_at_once() {
    faults(
        "[[job]]\nname = 'một hai'\nfolder = 'x'\nschedule = '0 7 * * *'\nsettle = '5'\n\
         [[job]]\nname = 'c'\nmapping = 'm'\nschedule = '61 * * * *'\n\
         sql = { url = 'oracle://x', qeury = 'x' }\n\
         [[job]]\nname = 'd'\nfile = 'x'\ncommand = { run = [] }\n\
         [[job]]\nname = 'e'\nmapping = 'm'\nsql = { url = 'mysql://u:geheim@h/d', query = 'x' }\n",
        &[
            ("1", Fault::Conflict("folder", "schedule")),
            ("2", fault_of("name")),
            ("5", fault_of("settle")),
            ("9", Fault::Cron(parse_error("61 * * * *"))),
            ("10", Fault::UnknownKey("qeury".to_owned(), Some("query"))),
            ("10", fault_of("url")),
            ("10", Fault::Missing("query")),
            ("11", Fault::Conflict("file", "command")),
            ("15", Fault::Missing("schedule")),
            ("18", Fault::OpenPassword),
        ],
    );
}

fn parse_error(pattern: &str) -> String {
    Schedule::cron(pattern).unwrap_err()
}

#[test]
fn passwords_in_addresses_are_seen() {
    for (url, told) in [
        ("postgres://u:p@h/d", true),
        ("mysql://u@h:3306/d", false),
        ("postgres://h:5432/d?password=x", true),
        ("sqlite:///var/lib/x.db", false),
        ("postgres://u@h/d", false),
    ] {
        assert_eq!(tells_password(url), told, "{url}");
    }
}
