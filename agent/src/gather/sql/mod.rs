//! A query of a database, read only, within a time and a number of rows.
//!
//! Values come as the texts the database writes, so that no decimal passes
//! through binary floating point on its way; each engine's file says how.

mod mysql;
mod postgres;
mod sqlite;

use std::path::Path;
use std::pin::pin;

use sqlx::Error;
use tokio_stream::{Stream, StreamExt as _};

use super::Trouble;
use crate::config::{Database, Query, Secret};
use crate::source::spool::{Stored, Writer};
use crate::text::Lang;

/// Asks a database and leaves the answer in `spool`; the number of rows.
pub(crate) async fn fetch(
    database: &Database,
    home: &Path,
    spool: &Path,
    lang: Lang,
) -> Result<u64, Trouble> {
    let password = password(database, lang)?;
    let Query::Text(query) = &database.query else { return Err(Trouble::lasting("")) };
    let new = spool.with_extension("new");
    let ask = Ask { database, home, password, query, spool: &new };
    let url = database.url.as_str();
    let asked = async {
        if url.starts_with("postgres") {
            postgres::fetch(&ask).await
        } else if url.starts_with("sqlite") {
            sqlite::fetch(&ask).await
        } else {
            mysql::fetch(&ask).await
        }
    };
    let seconds = database.timeout.as_secs();
    let answer = tokio::time::timeout(database.timeout, asked).await;
    let rows = answer
        .map_err(|_| Trouble::passing(lang.query_late(seconds)))?
        .map_err(|failure| trouble(&failure, database, lang))?;
    let kept = std::fs::rename(&new, spool);
    kept.map_err(|error| Trouble::passing(lang.job_file_unreadable(&spool.display(), &error)))?;
    Ok(rows)
}

/// What an engine asks, and where it leaves the answer.
struct Ask<'a> {
    database: &'a Database,
    home: &'a Path,
    password: Option<String>,
    query: &'a str,
    spool: &'a Path,
}

/// Why there is no answer.
enum Failure {
    /// The database, or the way to it.
    Database(Error),
    /// There are more rows than allowed.
    TooMany,
    /// A column holds bytes that are no text.
    NoText(String),
    /// The answer cannot be written down.
    Disk(std::io::Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Database(error)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Disk(error)
    }
}

impl Ask<'_> {
    /// Writes rows down as they come.
    async fn write<R>(
        &self,
        columns: &[String],
        rows: impl Stream<Item = Result<R, Error>>,
        cell: impl Fn(&R, usize) -> Result<Option<Stored>, Error>,
    ) -> Result<u64, Failure> {
        let mut rows = pin!(rows);
        let mut writer = Writer::create(self.spool, columns)?;
        let mut count = 0;
        while let Some(row) = rows.next().await {
            let row = row?;
            count += 1;
            if count > self.database.max_rows {
                return Err(Failure::TooMany);
            }
            let cells: Result<Vec<_>, _> = (0..columns.len())
                .map(|at| cell(&row, at).map_err(|_| Failure::NoText(columns[at].clone())))
                .collect();
            writer.row(&cells?)?;
        }
        writer.finish()?;
        Ok(count)
    }
}

/// A value that came as text, by the kind of its column.
fn stored(text: String, kind: &str) -> Stored {
    const NUMBERS: [&str; 14] = [
        "NUMERIC",
        "DECIMAL",
        "INT2",
        "INT4",
        "INT8",
        "FLOAT4",
        "FLOAT8",
        "TINYINT",
        "SMALLINT",
        "MEDIUMINT",
        "INT",
        "BIGINT",
        "FLOAT",
        "DOUBLE",
    ];
    let plain = kind.strip_suffix(" UNSIGNED").unwrap_or(kind);
    match plain {
        "BOOL" => Stored::Truth { b: text == "t" },
        // `MySQL` keeps truth values as the numbers 0 and 1.
        "BOOLEAN" | "YEAR" => Stored::Number { n: text },
        "DATE" => Stored::Day { d: text },
        _ if NUMBERS.contains(&plain) => Stored::Number { n: text },
        _ => Stored::Text(text),
    }
}

fn password(database: &Database, lang: Lang) -> Result<Option<String>, Trouble> {
    match &database.password {
        None => Ok(None),
        Some(Secret::Variable(name)) => {
            std::env::var(name).map(Some).map_err(|_| Trouble::lasting(lang.no_variable(name)))
        }
        Some(Secret::File(path)) => match std::fs::read_to_string(path) {
            Ok(text) => Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned())),
            Err(error) => Err(Trouble::lasting(lang.job_file_unreadable(&path.display(), &error))),
        },
    }
}

fn trouble(failure: &Failure, database: &Database, lang: Lang) -> Trouble {
    match failure {
        Failure::TooMany => Trouble::lasting(lang.query_too_long(database.max_rows)),
        Failure::NoText(column) => Trouble::lasting(lang.query_no_text(column)),
        Failure::Disk(error) => Trouble::passing(lang.query_failed(&error.to_string())),
        Failure::Database(error) => Trouble {
            lasting: is_lasting(error),
            why: lang.query_failed(&match error {
                Error::Database(error) => error.message().to_owned(),
                error => error.to_string(),
            }),
        },
    }
}

/// Whether the query, or who asks, has to change.
fn is_lasting(error: &Error) -> bool {
    match error {
        Error::Configuration(_) => true,
        Error::Database(error) => {
            let code = error.code().unwrap_or_default();
            // SQLSTATE: who may ask, wrong syntax or names, no such database, writing in a
            // read-only transaction. SQLite: error in the query, writing to what is read only.
            let classes = ["28", "42", "3D", "3F", "25006"];
            classes.iter().any(|class| code.len() == 5 && code.starts_with(class))
                || code == "1"
                || code == "8"
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_numbers_and_texts_stay_texts() {
        let number = |n: &str| Stored::Number { n: n.to_owned() };
        for (text, kind, expected) in [
            ("0.10", "NUMERIC", number("0.10")),
            ("18446744073709551615", "BIGINT UNSIGNED", number("18446744073709551615")),
            ("1.234,5", "VARCHAR", Stored::Text("1.234,5".to_owned())),
            ("t", "BOOL", Stored::Truth { b: true }),
            ("1", "BOOLEAN", number("1")),
            ("2026-09-30", "DATE", Stored::Day { d: "2026-09-30".to_owned() }),
            ("2026-09-30 00:00:00", "TIMESTAMP", Stored::Text("2026-09-30 00:00:00".to_owned())),
        ] {
            assert_eq!(stored(text.to_owned(), kind), expected, "{kind}");
        }
    }
}
