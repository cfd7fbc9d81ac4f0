//! `SQLite`: a file opened read only; each value has a kind of its own.
//!
//! `SQLite` keeps what a `DECIMAL` column holds as binary floating point: exact
//! decimals have to be kept as text there.

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{
    AssertSqlSafe, Column as _, Connection as _, Executor as _, Row as _, SqlSafeStr as _,
    Statement as _, TypeInfo as _, ValueRef as _,
};

use super::{Ask, Failure};
use crate::source::spool::Stored;

pub(super) async fn fetch(ask: &Ask<'_>) -> Result<u64, Failure> {
    let url = &ask.database.url;
    let path = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:"));
    let options = SqliteConnectOptions::new()
        .filename(ask.home.join(path.unwrap_or_default()))
        .read_only(true)
        .busy_timeout(ask.database.timeout);
    let mut connection = SqliteConnection::connect_with(&options).await?;
    let query = AssertSqlSafe(ask.query).into_sql_str();
    let statement = (&mut connection).prepare(query.clone()).await?;
    let columns: Vec<_> =
        statement.columns().iter().map(|column| column.name().to_owned()).collect();
    let rows = sqlx::query(query).fetch(&mut connection);
    ask.write(&columns, rows, cell).await
}

fn cell(row: &SqliteRow, at: usize) -> Result<Option<Stored>, sqlx::Error> {
    let value = row.try_get_raw(at)?;
    if value.is_null() {
        return Ok(None);
    }
    let kind = value.type_info().name().to_owned();
    Ok(Some(match kind.as_str() {
        "INTEGER" | "BOOLEAN" => {
            Stored::Number { n: row.try_get_unchecked::<i64, _>(at)?.to_string() }
        }
        // The shortest text that reads back as what is stored.
        "REAL" => Stored::Number { n: row.try_get_unchecked::<f64, _>(at)?.to_string() },
        _ => Stored::Text(row.try_get_unchecked::<String, _>(at)?),
    }))
}
