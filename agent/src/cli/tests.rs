//! Command lines as officers type them, right and wrong.

use super::*;

fn args(line: &str) -> Vec<OsString> {
    std::iter::once("tiendo-agent").chain(line.split_whitespace()).map(Into::into).collect()
}

fn wrong(line: &str, lang: Lang) -> String {
    match parse(&args(line), lang) {
        Err(Stop::Wrong(text)) => text,
        other => panic!("`{line}`: {other:?}"),
    }
}

#[test]
fn commands_are_understood_with_their_options() {
    let invocation = parse(
        &args("submit a.csv --job dti --yes --server h:1 --json -vv --insecure-loopback"),
        Lang::Vi,
    );
    let invocation = invocation.unwrap();
    assert!(invocation.json);
    assert_eq!(invocation.verbose, 2);
    let flags = [("server", "h:1".to_owned()), ("insecure_loopback", "true".to_owned())];
    assert_eq!(invocation.flags, flags);
    let input =
        Input { file: "a.csv".into(), reading: Reading::Job("dti".to_owned()), rejects: None };
    let expected = Command::Submit { input, confirm: true, all_or_nothing: false };
    assert_eq!(invocation.command, expected);
    let dry = parse(&args("--home /h submit a.csv --mapping m.toml --dry-run"), Lang::Vi);
    let dry = dry.unwrap();
    assert_eq!(dry.home, Some("/h".into()));
    assert!(matches!(dry.command, Command::Check { offline: false, .. }));
}

#[test]
fn enrolment_takes_its_token_from_one_place() {
    let line = "enrol --server h:1 --token-file t.txt --role operator --replace --p12 me.p12";
    let invocation = parse(&args(line), Lang::Vi).unwrap();
    let expected = Options {
        token_file: Some("t.txt".into()),
        role: Some("operator".to_owned()),
        replace: true,
        token: None,
        p12: Some("me.p12".into()),
    };
    assert_eq!(invocation.command, Command::Enrol(expected));
    let plain = parse(&args("enrol"), Lang::Vi).unwrap().command;
    assert_eq!(plain, Command::Enrol(Options::default()));
    assert!(wrong("enrol --token a --token-file b", Lang::Vi).contains("không dùng cùng"));
    assert!(wrong("enrol --role root", Lang::En).contains("`operator`"));
}

#[test]
fn what_is_wrong_is_told_in_the_officers_language_with_what_was_meant() {
    for (line, vi, en) in [
        ("--json", "Thiếu lệnh", "command is missing"),
        ("service", "Thiếu lệnh", "command is missing"),
        ("completions tcsh", "`bash`", "`bash`"),
        ("sumbit a.csv", "Ý là `submit`?", "Did you mean `submit`?"),
        ("check a.csv --ofline", "Ý là `--offline`?", "Did you mean `--offline`?"),
        ("check", "Thiếu `<TỆP>`", "`<FILE>` is missing"),
        ("template --period 2026Q1", "`2026-Q3`", "`2026-Q3`"),
        ("status --lang fr", "`vi`, `en`", "`vi`, `en`"),
        ("check a --job b --mapping c", "không dùng cùng", "exclude each other"),
    ] {
        assert!(wrong(line, Lang::Vi).contains(vi), "{}", wrong(line, Lang::Vi));
        assert!(wrong(line, Lang::En).contains(en), "{}", wrong(line, Lang::En));
    }
}

#[test]
fn every_command_shows_how_it_is_used() {
    for lang in [Lang::Vi, Lang::En] {
        for command in program(lang).get_subcommands() {
            let name = command.get_name();
            let Err(Stop::Shown(help)) = parse(&args(&format!("{name} --help")), lang) else {
                panic!("{name}");
            };
            let (_, examples) = help.split_once(lang.heading_examples()).expect(name);
            let lines = examples.lines().map(str::trim).filter(|line| !line.is_empty());
            for line in lines {
                let words: Vec<OsString> = line.split_whitespace().map(Into::into).collect();
                assert!(parse(&words, lang).is_ok(), "{line}");
            }
        }
    }
    assert_eq!(parse(&args(""), Lang::Vi).unwrap().command, Command::Overview);
}

#[test]
fn help_is_vietnamese_unless_another_language_is_asked_for() {
    let nothing = |_: &str| None;
    let english = |name: &str| (name == "TIENDO_LANG").then(|| "en".to_owned());
    assert_eq!(language(&args("--help"), &nothing), Lang::Vi);
    assert_eq!(language(&args("--help"), &english), Lang::En);
    assert_eq!(language(&args("--lang vi --help"), &english), Lang::Vi);
    assert_eq!(language(&args("status --lang=en"), &nothing), Lang::En);
    for (lang, words) in [(Lang::Vi, "Mã thoát"), (Lang::En, "Exit codes")] {
        let Err(Stop::Shown(help)) = parse(&args("--help"), lang) else { panic!() };
        assert!(help.contains(words) && help.contains("submit"), "{help}");
        let other = if lang == Lang::Vi { ["Options", "Usage"] } else { ["Tùy", "Cách"] };
        assert!(other.iter().all(|word| !help.contains(word)), "{help}");
    }
}
