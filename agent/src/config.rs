//! The configuration: `agent.toml`, then `TIENDO_…` variables, then flags; later ones win.

mod job;
mod remember;

use std::fmt;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

pub(crate) use self::job::{Command, Database, Folder, Job, Mapping, Query, Secret, Source};
pub(crate) use self::remember::with_servers;
use crate::text::Lang;

/// What the configuration says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Config {
    /// Addresses of the servers, as `HOST:PORT`, each once; empty if nobody named one.
    pub(crate) servers: Vec<String>,
    /// Id of the department that reports; none if nobody named one.
    pub(crate) department: Option<String>,
    /// Name of this computer when it sends.
    pub(crate) agent: String,
    /// Whether somebody chose that name; else it is the computer's own.
    pub(crate) agent_chosen: bool,
    /// The computer's own name, as far as it can be sent.
    pub(crate) machine: String,
    /// Language of what people read.
    pub(crate) lang: Lang,
    /// Whether to speak plain HTTP/2 to a server on this computer.
    pub(crate) insecure_loopback: bool,
    /// Jobs, in the order of the file.
    pub(crate) jobs: Vec<Job>,
}

/// The settings that have one value, by their names in TOML.
const SETTINGS: [&str; 5] = ["server", "department", "agent", "lang", "insecure_loopback"];

/// Every key of the file.
const KEYS: [&str; 6] = ["server", "department", "agent", "lang", "insecure_loopback", "job"];

/// Most servers that are known.
const MOST_SERVERS: usize = 16;

/// Longest name of an agent.
const LONGEST_NAME: usize = 63;

/// One thing wrong with the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Where it stands.
    pub(crate) origin: Origin,
    /// What is wrong.
    pub(crate) fault: Fault,
}

/// Where a setting comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A line of `agent.toml`, from 1.
    Line(usize),
    /// An environment variable.
    Variable(String),
    /// A flag.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "agent.toml:{line}"),
            Self::Variable(name) => f.write_str(name),
            Self::Flag(name) => write!(f, "--{name}"),
        }
    }
}

/// What is wrong with a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is not TOML.
    Syntax(String),
    /// There is no such key; perhaps another one was meant.
    UnknownKey(String, Option<&'static str>),
    /// The value is of another type, or not one of those accepted.
    Value {
        /// The key.
        key: &'static str,
        /// What is accepted.
        accepted: &'static str,
    },
    /// A job lacks this key.
    Missing(&'static str),
    /// Two jobs have this name.
    RepeatedJob(String),
    /// These keys exclude each other.
    Conflict(&'static str, &'static str),
    /// The cron pattern cannot be used.
    Cron(String),
    /// A password stands where everybody can read it.
    OpenPassword,
}

impl Config {
    /// Reads the configuration: the file's text, then the environment, then
    /// `flags` by their names in TOML. `host` names this computer.
    pub(crate) fn parse(
        text: &str,
        env: &dyn Fn(&str) -> Option<String>,
        flags: &[(&'static str, String)],
        host: &str,
    ) -> Result<Self, Vec<Problem>> {
        let mut reader = Reader { text, problems: Vec::new(), config: Self::of_host(host) };
        reader.file();
        for key in SETTINGS {
            let name = format!("TIENDO_{}", key.to_uppercase());
            if let Some(value) = env(&name) {
                reader.set(key, &value, Origin::Variable(name));
            }
        }
        for (key, value) in flags {
            reader.set(key, value, Origin::Flag(key.replace('_', "-")));
        }
        if reader.problems.is_empty() { Ok(reader.config) } else { Err(reader.problems) }
    }

    fn of_host(host: &str) -> Self {
        let name: String =
            host.chars().map(|c| if is_name_character(c) { c } else { '-' }).collect();
        let name = name.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
        let name = if name.is_empty() { "agent" } else { &name[..name.len().min(LONGEST_NAME)] };
        Self {
            servers: Vec::new(),
            department: None,
            agent: name.to_owned(),
            agent_chosen: false,
            machine: name.to_owned(),
            lang: Lang::default(),
            insecure_loopback: false,
            jobs: Vec::new(),
        }
    }

    /// The job of this name.
    pub(crate) fn job(&self, name: &str) -> Option<&Job> {
        self.jobs.iter().find(|job| job.name == name)
    }
}

struct Reader<'t> {
    text: &'t str,
    problems: Vec<Problem>,
    config: Config,
}

type Entry<'e, 'i> = (&'e Spanned<std::borrow::Cow<'i, str>>, &'e Spanned<DeValue<'i>>);

impl Reader<'_> {
    fn file(&mut self) {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        if !errors.is_empty() {
            for error in errors {
                let at = error.span().map_or(0, |span| span.start);
                let fault = Fault::Syntax(error.message().lines().collect::<Vec<_>>().join(" "));
                self.problems.push(Problem { origin: self.line(at), fault });
            }
            return;
        }
        for entry in table.get_ref() {
            match KEYS.into_iter().find(|key| *key == entry.0.get_ref()) {
                Some("job") => self.jobs(entry.1),
                Some(key) => self.setting(key, entry.1),
                None => self.unknown(entry, &KEYS),
            }
        }
        // The table comes sorted by key, people read by line.
        self.problems.sort_by_key(|problem| match problem.origin {
            Origin::Line(line) => line,
            Origin::Variable(_) | Origin::Flag(_) => usize::MAX,
        });
    }

    fn line(&self, at: usize) -> Origin {
        Origin::Line(self.text.get(..at).unwrap_or_default().matches('\n').count() + 1)
    }

    fn problem(&mut self, at: usize, fault: Fault) {
        let origin = self.line(at);
        self.problems.push(Problem { origin, fault });
    }

    fn unknown(&mut self, (key, _): Entry<'_, '_>, known: &[&'static str]) {
        let word = key.get_ref().to_string();
        let near = known
            .iter()
            .map(|known| (strsim::damerau_levenshtein(known, &word), *known))
            .filter(|(edits, _)| *edits <= word.chars().count().div_ceil(3).min(3))
            .min()
            .map(|(_, known)| known);
        self.problem(key.span().start, Fault::UnknownKey(word, near));
    }

    fn setting(&mut self, key: &'static str, value: &Spanned<DeValue<'_>>) {
        let origin = self.line(value.span().start);
        match value.get_ref() {
            DeValue::String(text) => self.set(key, text, origin),
            DeValue::Boolean(truth) if key == "insecure_loopback" => {
                self.config.insecure_loopback = *truth;
            }
            DeValue::Array(several) if key == "server" => {
                let texts = several.iter().map(|one| one.get_ref().as_str().unwrap_or_default());
                self.set(key, &texts.collect::<Vec<_>>().join(","), origin);
            }
            _ => self.problems.push(Problem { origin, fault: fault_of(key) }),
        }
    }

    fn set(&mut self, key: &'static str, value: &str, origin: Origin) {
        let config = &mut self.config;
        let text = Some(value.trim()).filter(|value| !value.is_empty()).map(str::to_owned);
        let understood = match key {
            "server" => addresses(value).map(|addresses| config.servers = addresses),
            "department" => text.map(|text| config.department = Some(text)),
            "agent" => text.filter(|text| is_name(text)).map(|text| {
                config.agent = text;
                config.agent_chosen = true;
            }),
            "lang" => Lang::of_code(value).map(|lang| config.lang = lang),
            _ => truth(value).map(|truth| config.insecure_loopback = truth),
        };
        if understood.is_none() {
            self.problems.push(Problem { origin, fault: fault_of(key) });
        }
    }
}

fn fault_of(key: &'static str) -> Fault {
    let accepted = match key {
        "server" => "`HOST:PORT`, `HOST:PORT,HOST:PORT`, `[\"HOST:PORT\", …]`",
        "lang" => "`vi`, `en`",
        "agent" | "name" => "`a-z A-Z 0-9 - _ .`",
        "insecure_loopback" => "`true`, `false`",
        "mapping" => "`\"FILE.toml\"`, `[job.mapping]`",
        "spread" | "settle" | "timeout" => "`\"90s\"`, `\"10m\"`, `\"2h\"`",
        "max_rows" => "`1` … `1000000`",
        "max_bytes" => "`1` … `268435456`",
        "deadline" => {
            "`{ frequency = \"month\"|\"quarter\"|\"half_year\"|\"year\", days_before = 0…365, at = \"HH:MM\" }`"
        }
        "sql" => "`[job.sql]`",
        "command" => "`[job.command]`",
        "url" => "`\"postgres://…\"`, `\"mysql://…\"`, `\"sqlite:///…\"`",
        "run" => "`[\"PROGRAM\", \"ARGUMENT\"]`",
        _ => "`\"…\"`",
    };
    Fault::Value { key, accepted }
}

fn truth(text: &str) -> Option<bool> {
    match text {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

/// Whether a text can name this computer to the server.
fn is_name(text: &str) -> bool {
    text.len() <= LONGEST_NAME
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(is_name_character)
}

fn is_name_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || "-_.".contains(character)
}

/// The addresses of a text in which commas are between them.
fn addresses(text: &str) -> Option<Vec<String>> {
    let mut addresses: Vec<String> = Vec::new();
    for address in text.split(',').map(str::trim) {
        if !is_address(address) {
            return None;
        }
        if !addresses.iter().any(|known| known == address) {
            addresses.push(address.to_owned());
        }
    }
    (addresses.len() <= MOST_SERVERS).then_some(addresses)
}

/// Whether a text is `HOST:PORT`.
fn is_address(text: &str) -> bool {
    text.rsplit_once(':').is_some_and(|(host, port)| {
        let plain = host.chars().all(|c| c.is_ascii_alphanumeric() || "-.[]:_".contains(c));
        !host.is_empty() && plain && port.parse::<u16>().is_ok_and(|port| port > 0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nothing(_: &str) -> Option<String> {
        None
    }

    #[track_caller]
    fn problems(text: &str, expected: &[(usize, Fault)]) {
        let found = Config::parse(text, &nothing, &[], "pc").unwrap_err();
        let expected: Vec<_> = expected
            .iter()
            .map(|(line, fault)| Problem { origin: Origin::Line(*line), fault: fault.clone() })
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn flags_win_over_variables_over_the_file() {
        let text = "server = \"tiendo.angiang:7443\"\ndepartment = \"so-tc\"\nlang = \"en\"\n";
        let env = |name: &str| match name {
            "TIENDO_DEPARTMENT" => Some("so-khcn".to_owned()),
            "TIENDO_AGENT" => Some("pc-2".to_owned()),
            _ => None,
        };
        let flags = [("agent", "pc-3".to_owned()), ("insecure_loopback", "true".to_owned())];
        let config = Config::parse(text, &env, &flags, "pc").unwrap();
        assert_eq!(config.servers, ["tiendo.angiang:7443"]);
        assert_eq!(config.department.as_deref(), Some("so-khcn"));
        assert_eq!((config.agent.as_str(), config.agent_chosen), ("pc-3", true));
        assert_eq!(config.lang, Lang::En);
        assert!(config.insecure_loopback);
        for (host, name) in
            [("pc", "pc"), ("_Máy 1", "M-y-1"), ("", "agent"), (&"x".repeat(80), &"x".repeat(63))]
        {
            let config = Config::parse("", &nothing, &[], host).unwrap();
            assert_eq!((config.agent.as_str(), config.machine.as_str()), (name, name));
            assert!(!config.agent_chosen);
        }
    }

    #[test]
    fn every_problem_is_found_at_once() {
        problems(
            "serverr = \"a:1\"\nlang = \"fr\"\ncolour = 1\ndepartment = 7\nserver = \"a\"\n",
            &[
                (1, Fault::UnknownKey("serverr".to_owned(), Some("server"))),
                (2, fault_of("lang")),
                (3, Fault::UnknownKey("colour".to_owned(), None)),
                (4, fault_of("department")),
                (5, fault_of("server")),
            ],
        );
    }

    #[test]
    fn lines_that_are_not_toml_are_named() {
        let found = Config::parse("a = \nlang = \"vi\nb == 1\n", &nothing, &[], "pc").unwrap_err();
        let lines: Vec<_> = found.iter().map(|problem| problem.origin.to_string()).collect();
        assert!(lines.contains(&"agent.toml:2".to_owned()), "{lines:?}");
        assert!(lines.contains(&"agent.toml:3".to_owned()), "{lines:?}");
    }

    #[test]
    fn jobs_have_a_name_and_a_mapping() {
        let text = "[[job]]\nname = \"dti\"\nfile = \"D:/dti.csv\"\n[job.mapping]\nsheet = \"M09\"\n\
                    [[job]]\nname = \"gso\"\nmapping = \"gso.toml\"\n";
        let config = Config::parse(text, &nothing, &[], "pc").unwrap();
        let job = config.job("dti").unwrap();
        assert_eq!(job.source, Some(Source::File("D:/dti.csv".into())));
        assert_eq!(job.mapping, Some(Mapping::Inline("sheet = \"M09\"\n".to_owned())));
        assert_eq!(config.job("gso").unwrap().mapping, Some(Mapping::File("gso.toml".into())));
        problems(
            "[[job]]\nnam = \"dti\"\n[[job]]\nname = \"x\"\nmapping = 1\n",
            &[
                (1, Fault::Missing("name")),
                (1, Fault::Missing("mapping")),
                (2, Fault::UnknownKey("nam".to_owned(), Some("name"))),
                (5, fault_of("mapping")),
            ],
        );
    }

    #[test]
    fn variables_and_flags_are_named_in_problems() {
        let env = |name: &str| (name == "TIENDO_LANG").then(|| "fr".to_owned());
        let flags = [("server", "nowhere".to_owned())];
        let found = Config::parse("", &env, &flags, "pc").unwrap_err();
        let origins: Vec<_> = found.iter().map(|problem| problem.origin.to_string()).collect();
        assert_eq!(origins, ["TIENDO_LANG", "--server"]);
    }
}
