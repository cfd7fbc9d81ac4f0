//! The configuration: `agent.toml`, then `TIENDO_…` variables, then flags; later ones win.

use std::fmt;
use std::path::PathBuf;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::text::Lang;

/// What the configuration says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Config {
    /// Address of the server, as `HOST:PORT`; none if nobody named one.
    pub(crate) server: Option<String>,
    /// Id of the department that reports; none if nobody named one.
    pub(crate) department: Option<String>,
    /// Name of this computer when it sends.
    pub(crate) agent: String,
    /// Language of what people read.
    pub(crate) lang: Lang,
    /// Whether to speak plain HTTP/2 to a server on this computer.
    pub(crate) insecure_loopback: bool,
    /// Jobs, in the order of the file.
    pub(crate) jobs: Vec<Job>,
}

/// How a file that comes again and again is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Job {
    /// Its name.
    pub(crate) name: String,
    /// The file it usually reads.
    pub(crate) file: Option<PathBuf>,
    /// How the file is read.
    pub(crate) mapping: Mapping,
}

/// Where a job's mapping stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mapping {
    /// In a TOML file of its own.
    File(PathBuf),
    /// In the table itself, as TOML.
    Inline(String),
}

/// The settings that have one value, by their names in TOML.
const SETTINGS: [&str; 5] = ["server", "department", "agent", "lang", "insecure_loopback"];

/// Every key of the file.
const KEYS: [&str; 6] = ["server", "department", "agent", "lang", "insecure_loopback", "job"];

/// Every key of a job.
const JOB_KEYS: [&str; 3] = ["name", "file", "mapping"];

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
        Self {
            server: None,
            department: None,
            agent: host.replace(|c: char| !is_name_character(c), "-"),
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
            _ => self.problems.push(Problem { origin, fault: fault_of(key) }),
        }
    }

    fn set(&mut self, key: &'static str, value: &str, origin: Origin) {
        let config = &mut self.config;
        let text = Some(value.trim()).filter(|value| !value.is_empty()).map(str::to_owned);
        let understood = match key {
            "server" => text.filter(|text| is_address(text)).map(|text| config.server = Some(text)),
            "department" => text.map(|text| config.department = Some(text)),
            "agent" => text.filter(|text| is_name(text)).map(|text| config.agent = text),
            "lang" => Lang::of_code(value).map(|lang| config.lang = lang),
            _ => truth(value).map(|truth| config.insecure_loopback = truth),
        };
        if understood.is_none() {
            self.problems.push(Problem { origin, fault: fault_of(key) });
        }
    }

    fn jobs(&mut self, value: &Spanned<DeValue<'_>>) {
        let Some(jobs) = value.get_ref().as_array() else {
            let fault = Fault::Value { key: "job", accepted: "`[[job]]`" };
            return self.problem(value.span().start, fault);
        };
        for job in jobs {
            if let Some(table) = job.get_ref().as_table() {
                self.job(table, job.span().start);
            } else {
                let fault = Fault::Value { key: "job", accepted: "`[[job]]`" };
                self.problem(job.span().start, fault);
            }
        }
    }

    fn job(&mut self, table: &DeTable<'_>, at: usize) {
        let (mut name, mut file, mut mapping) = (None, None, None);
        for entry in table {
            let (key, value) = entry;
            let text = value.get_ref().as_str().filter(|text| !text.trim().is_empty());
            match (JOB_KEYS.into_iter().find(|known| *known == key.get_ref()), text) {
                (Some("name"), Some(text)) => name = Some(text.to_owned()),
                (Some("file"), Some(text)) => file = Some(PathBuf::from(text)),
                (Some("mapping"), Some(text)) => mapping = Some(Mapping::File(text.into())),
                (Some("mapping"), None) if value.get_ref().is_table() => {
                    mapping = inline(value).map(Mapping::Inline);
                }
                (Some(key), _) => self.problem(value.span().start, fault_of(key)),
                (None, _) => self.unknown(entry, &JOB_KEYS),
            }
        }
        if name.as_ref().is_some_and(|name| self.config.job(name).is_some()) {
            let fault = Fault::RepeatedJob(name.clone().unwrap_or_default());
            self.problem(at, fault);
        }
        match (name, mapping) {
            (Some(name), Some(mapping)) => self.config.jobs.push(Job { name, file, mapping }),
            (name, mapping) => {
                for key in
                    [name.is_none().then_some("name"), mapping.is_none().then_some("mapping")]
                {
                    if let Some(key) = key.filter(|key| !table.contains_key(*key)) {
                        self.problem(at, Fault::Missing(key));
                    }
                }
            }
        }
    }
}

/// The table as TOML of its own, for whoever reads mappings.
fn inline(value: &Spanned<DeValue<'_>>) -> Option<String> {
    use serde::Deserialize as _;
    let value = toml::de::ValueDeserializer::from(value.clone());
    toml::to_string(&toml::Table::deserialize(value).ok()?).ok()
}

fn fault_of(key: &'static str) -> Fault {
    let accepted = match key {
        "server" => "`HOST:PORT`",
        "lang" => "`vi`, `en`",
        "agent" => "`a-z A-Z 0-9 - _ .`",
        "insecure_loopback" => "`true`, `false`",
        "mapping" => "`\"FILE.toml\"`, `[job.mapping]`",
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
    text.len() <= 64 && text.chars().all(is_name_character)
}

fn is_name_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || "-_.".contains(character)
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
        assert_eq!(config.server.as_deref(), Some("tiendo.angiang:7443"));
        assert_eq!(config.department.as_deref(), Some("so-khcn"));
        assert_eq!(config.agent, "pc-3");
        assert_eq!(config.lang, Lang::En);
        assert!(config.insecure_loopback);
        assert_eq!(Config::parse("", &nothing, &[], "pc").unwrap().agent, "pc");
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
        assert_eq!(job.file, Some(PathBuf::from("D:/dti.csv")));
        assert_eq!(job.mapping, Mapping::Inline("sheet = \"M09\"\n".to_owned()));
        assert_eq!(config.job("gso").unwrap().mapping, Mapping::File("gso.toml".into()));
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
