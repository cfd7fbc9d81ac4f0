//! The jobs read from TOML, every fault told.

use std::path::PathBuf;
use std::time::Duration;

use jiff::civil::Time;
use tiendo_shared::period::Frequency;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Command, Database, Folder, Job, Mapping, Query, Secret, Source, When};
use crate::config::{Fault, Reader, fault_of, is_name};
use crate::schedule::{BeforeDeadline, Schedule};

/// Time over which computers spread unless another is set.
const SPREAD: Duration = Duration::from_mins(10);

/// How long a file has to stay as it is unless another time is set.
const SETTLE: Duration = Duration::from_secs(5);

/// How long a query or a command may take unless another time is set, and at most.
const TIMEOUT: Duration = Duration::from_mins(2);
const LONGEST_TIMEOUT: Duration = Duration::from_hours(1);

/// Rows of a query, and bytes of a command's output, unless other limits are set, and at most.
const ROWS: u64 = 100_000;
const MOST_ROWS: u64 = 1_000_000;
const BYTES: u64 = 32 << 20;
const MOST_BYTES: u64 = 256 << 20;

/// Every key of a job.
const KEYS: [&str; 10] = [
    "name", "mapping", "schedule", "deadline", "spread", "file", "folder", "settle", "sql",
    "command",
];

/// The keys of which a job has one.
const SOURCES: [&str; 4] = ["file", "folder", "sql", "command"];

const DEADLINE_KEYS: [&str; 3] = ["frequency", "days_before", "at"];

const SQL_KEYS: [&str; 7] =
    ["url", "password_env", "password_file", "query", "query_file", "timeout", "max_rows"];

const COMMAND_KEYS: [&str; 3] = ["run", "timeout", "max_bytes"];

type Value<'i> = Spanned<DeValue<'i>>;

impl Reader<'_> {
    pub(in crate::config) fn jobs(&mut self, value: &Value<'_>) {
        let fault = || Fault::Value { key: "job", accepted: "`[[job]]`" };
        let Some(jobs) = value.get_ref().as_array() else {
            return self.problem(value.span().start, fault());
        };
        for job in jobs {
            match job.get_ref().as_table() {
                Some(table) => self.job(table, job.span().start),
                None => self.problem(job.span().start, fault()),
            }
        }
    }

    fn job(&mut self, table: &DeTable<'_>, at: usize) {
        self.known_keys(table, &KEYS);
        let before = self.problems.len();
        let name = self.read(table, "name", at, true, |text| {
            Some(text).filter(|text| !text.is_empty() && is_name(text)).map(str::to_owned)
        });
        let sources: Vec<_> = SOURCES.into_iter().filter(|key| table.contains_key(*key)).collect();
        if let [one, other, ..] = sources[..] {
            self.problem(at, Fault::Conflict(one, other));
        }
        let when = self.when(table, at, &sources);
        let source = sources.first().and_then(|key| self.source(table, key, at));
        let mapping = self.mapping(table);
        // Files may be forms, which tell themselves what they hold.
        let needs_mapping = !matches!(sources.first(), Some(&"file" | &"folder"));
        if needs_mapping && !table.contains_key("mapping") {
            self.problem(at, Fault::Missing("mapping"));
        }
        if let Some(name) = name.as_ref().filter(|name| self.config.job(name).is_some()) {
            self.problem(at, Fault::RepeatedJob(name.clone()));
        }
        if let (Some(name), true) = (name, self.problems.len() == before) {
            self.config.jobs.push(Job { name, source, mapping, when });
        }
    }

    fn mapping(&mut self, table: &DeTable<'_>) -> Option<Mapping> {
        let value = table.get("mapping")?;
        let found = match value.get_ref() {
            DeValue::String(text) if !text.trim().is_empty() => {
                Some(Mapping::File(text.as_ref().into()))
            }
            DeValue::Table(_) => inline(value).map(Mapping::Inline),
            _ => None,
        };
        if found.is_none() {
            self.problem(value.span().start, fault_of("mapping"));
        }
        found
    }

    fn when(&mut self, table: &DeTable<'_>, at: usize, sources: &[&'static str]) -> Option<When> {
        let has = |key: &str| table.contains_key(key);
        let spread = self.duration(table, "spread", SPREAD);
        for key in ["schedule", "deadline"] {
            if has("folder") && has(key) {
                self.problem(at, Fault::Conflict("folder", key));
            }
        }
        if has("schedule") && has("deadline") {
            self.problem(at, Fault::Conflict("schedule", "deadline"));
        }
        if matches!(sources.first(), Some(&"sql" | &"command"))
            && !has("schedule")
            && !has("deadline")
        {
            self.problem(at, Fault::Missing("schedule"));
        }
        let schedule = match (table.get("schedule"), table.get("deadline")) {
            (Some(value), _) => match value.get_ref().as_str().map(Schedule::cron) {
                Some(Ok(schedule)) => Some(schedule),
                Some(Err(why)) => {
                    self.problem(value.span().start, Fault::Cron(why));
                    None
                }
                None => {
                    self.problem(value.span().start, Fault::Cron(String::new()));
                    None
                }
            },
            (None, Some(value)) => self.deadline(value),
            (None, None) => None,
        }?;
        Some(When { schedule, spread })
    }

    fn deadline(&mut self, value: &Value<'_>) -> Option<Schedule> {
        let deadline = value.get_ref().as_table().and_then(|table| {
            let text = |key: &str| table.get(key)?.get_ref().as_str();
            let frequency = match text("frequency")? {
                "month" => Frequency::Month,
                "quarter" => Frequency::Quarter,
                "half_year" => Frequency::HalfYear,
                "year" => Frequency::Year,
                _ => return None,
            };
            let days = u16::try_from(integer(table.get("days_before")?)?).ok()?;
            let at = Time::strptime("%H:%M", text("at")?).ok()?;
            (days <= 365).then_some(BeforeDeadline { frequency, days, at })
        });
        if let Some(table) = value.get_ref().as_table() {
            self.known_keys(table, &DEADLINE_KEYS);
        }
        if deadline.is_none() {
            self.problem(value.span().start, fault_of("deadline"));
        }
        deadline.map(Schedule::BeforeDeadline)
    }

    fn source(&mut self, table: &DeTable<'_>, key: &'static str, at: usize) -> Option<Source> {
        let path =
            |text: &str| Some(text).filter(|text| !text.trim().is_empty()).map(PathBuf::from);
        match key {
            "file" => self.read(table, "file", at, true, path).map(Source::File),
            "folder" => {
                let settle = self.duration(table, "settle", SETTLE);
                let path = self.read(table, "folder", at, true, path)?;
                Some(Source::Folder(Folder { path, settle }))
            }
            _ => {
                let value = table.get(key)?;
                let Some(inner) = value.get_ref().as_table() else {
                    self.problem(value.span().start, fault_of(key));
                    return None;
                };
                let at = value.span().start;
                if key == "sql" {
                    self.database(inner, at).map(Source::Database)
                } else {
                    self.command(inner, at).map(Source::Command)
                }
            }
        }
    }

    fn database(&mut self, table: &DeTable<'_>, at: usize) -> Option<Database> {
        self.known_keys(table, &SQL_KEYS);
        let text = |text: &str| Some(text.to_owned()).filter(|text| !text.trim().is_empty());
        let path = |value: &str| text(value).map(PathBuf::from);
        let url = self.read(table, "url", at, true, |url| {
            let known = ["postgres://", "postgresql://", "mysql://", "mariadb://", "sqlite:"];
            known.iter().any(|scheme| url.starts_with(scheme)).then(|| url.to_owned())
        });
        if url.as_deref().is_some_and(tells_password) {
            self.problem(at, Fault::OpenPassword);
        }
        let variable = self.read(table, "password_env", at, false, text);
        let file = self.read(table, "password_file", at, false, path);
        if variable.is_some() && file.is_some() {
            self.problem(at, Fault::Conflict("password_env", "password_file"));
        }
        let inline = self.read(table, "query", at, false, text);
        let query_file = self.read(table, "query_file", at, false, path);
        let query = match (inline, query_file) {
            (Some(_), Some(_)) => {
                self.problem(at, Fault::Conflict("query", "query_file"));
                None
            }
            (Some(text), None) => Some(Query::Text(text)),
            (None, Some(path)) => Some(Query::File(path)),
            (None, None) => {
                if !table.contains_key("query") && !table.contains_key("query_file") {
                    self.problem(at, Fault::Missing("query"));
                }
                None
            }
        };
        Some(Database {
            url: url?,
            password: variable.map(Secret::Variable).or(file.map(Secret::File)),
            timeout: self.duration(table, "timeout", TIMEOUT).min(LONGEST_TIMEOUT),
            max_rows: self.number(table, "max_rows", ROWS, MOST_ROWS),
            query: query?,
        })
    }

    fn command(&mut self, table: &DeTable<'_>, at: usize) -> Option<Command> {
        self.known_keys(table, &COMMAND_KEYS);
        let timeout = self.duration(table, "timeout", TIMEOUT).min(LONGEST_TIMEOUT);
        let max_bytes = self.number(table, "max_bytes", BYTES, MOST_BYTES);
        let Some(value) = table.get("run") else {
            self.problem(at, Fault::Missing("run"));
            return None;
        };
        let words = value.get_ref().as_array().and_then(|words| {
            words.iter().map(|word| word.get_ref().as_str().map(str::to_owned)).collect()
        });
        let run: Option<Vec<String>> =
            words.filter(|words: &Vec<String>| words.first().is_some_and(|word| !word.is_empty()));
        if run.is_none() {
            self.problem(value.span().start, fault_of("run"));
        }
        Some(Command { run: run?, timeout, max_bytes })
    }

    /// Tells the keys that are not among `known`.
    fn known_keys(&mut self, table: &DeTable<'_>, known: &[&'static str]) {
        for entry in table {
            if !known.contains(&entry.0.get_ref().as_ref()) {
                self.unknown(entry, known);
            }
        }
    }

    /// The text under `key`, as `understand` makes of it.
    fn read<T>(
        &mut self,
        table: &DeTable<'_>,
        key: &'static str,
        at: usize,
        required: bool,
        understand: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let Some(value) = table.get(key) else {
            if required {
                self.problem(at, Fault::Missing(key));
            }
            return None;
        };
        let found = value.get_ref().as_str().and_then(understand);
        if found.is_none() {
            self.problem(value.span().start, fault_of(key));
        }
        found
    }

    fn duration(&mut self, table: &DeTable<'_>, key: &'static str, usual: Duration) -> Duration {
        self.read(table, key, 0, false, duration).unwrap_or(usual)
    }

    fn number(&mut self, table: &DeTable<'_>, key: &'static str, usual: u64, most: u64) -> u64 {
        let Some(value) = table.get(key) else { return usual };
        let number = integer(value).filter(|number| (1..=most).contains(number));
        if number.is_none() {
            self.problem(value.span().start, fault_of(key));
        }
        number.unwrap_or(usual)
    }
}

fn integer(value: &Value<'_>) -> Option<u64> {
    match value.get_ref() {
        DeValue::Integer(number) => number.as_str().replace('_', "").parse().ok(),
        _ => None,
    }
}

/// A time such as `90s`, `10m`, `2h`.
fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        _ => return None,
    };
    number.parse::<u32>().ok().map(|number| Duration::from_secs(u64::from(number) * seconds))
}

/// Whether a database's address holds a password.
fn tells_password(url: &str) -> bool {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let user = authority.rsplit_once('@').map_or("", |(user, _)| user);
    user.contains(':') || rest.contains("password=")
}

/// The table as TOML of its own, for whoever reads mappings.
fn inline(value: &Value<'_>) -> Option<String> {
    use serde::Deserialize as _;
    let value = toml::de::ValueDeserializer::from(value.clone());
    toml::to_string(&toml::Table::deserialize(value).ok()?).ok()
}

#[cfg(test)]
mod tests;
