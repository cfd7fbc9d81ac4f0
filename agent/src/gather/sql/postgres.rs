//! `PostgreSQL`: the simple protocol, in which every value is text.

use sqlx::postgres::{PgConnectOptions, PgConnection, PgRow};
use sqlx::{
    AssertSqlSafe, Column as _, Connection as _, Executor as _, Row as _, SqlSafeStr as _,
    Statement as _, TypeInfo as _,
};

use super::{Ask, Failure, stored};
use crate::source::spool::Stored;

pub(super) async fn fetch(ask: &Ask<'_>) -> Result<u64, Failure> {
    let options: PgConnectOptions = ask.database.url.parse()?;
    let milliseconds = ask.database.timeout.as_millis().to_string();
    let mut options = options
        .application_name("tiendo-agent")
        .options([("default_transaction_read_only", "on"), ("statement_timeout", &milliseconds)]);
    if let Some(password) = &ask.password {
        options = options.password(password);
    }
    let mut connection = PgConnection::connect_with(&options).await?;
    // Prepared first: that refuses more than one statement, and names the columns.
    let query = AssertSqlSafe(ask.query).into_sql_str();
    let statement = (&mut connection).prepare(query.clone()).await?;
    let columns: Vec<_> =
        statement.columns().iter().map(|column| column.name().to_owned()).collect();
    (&mut connection).execute(sqlx::raw_sql("BEGIN READ ONLY")).await?;
    let rows = sqlx::raw_sql(query).fetch(&mut connection);
    ask.write(&columns, rows, cell).await
}

fn cell(row: &PgRow, at: usize) -> Result<Option<Stored>, sqlx::Error> {
    let text: Option<String> = row.try_get_unchecked(at)?;
    Ok(text.map(|text| stored(text, row.column(at).type_info().name())))
}
