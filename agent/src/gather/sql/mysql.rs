//! `MySQL` and `MariaDB`: the text protocol, in which every value is text.

use sqlx::mysql::{MySqlConnectOptions, MySqlConnection, MySqlRow};
use sqlx::{
    AssertSqlSafe, Column as _, Connection as _, Executor as _, Row as _, SqlSafeStr as _,
    Statement as _, TypeInfo as _,
};

use super::{Ask, Failure, stored};
use crate::source::spool::Stored;

pub(super) async fn fetch(ask: &Ask<'_>) -> Result<u64, Failure> {
    let url = ask.database.url.replacen("mariadb://", "mysql://", 1);
    let mut options: MySqlConnectOptions = url.parse()?;
    if let Some(password) = &ask.password {
        options = options.password(password);
    }
    let mut connection = MySqlConnection::connect_with(&options).await?;
    // Each server knows one of the two; this computer's own limit holds in any case.
    let timeout = ask.database.timeout;
    for set in [
        format!("SET SESSION max_execution_time = {}", timeout.as_millis()),
        format!("SET SESSION max_statement_time = {}", timeout.as_secs()),
    ] {
        if let Err(error) = (&mut connection).execute(sqlx::raw_sql(AssertSqlSafe(set))).await {
            tracing::debug!("the server does not know this limit: {error}");
        }
    }
    // Prepared first: that refuses more than one statement, and names the columns.
    let query = AssertSqlSafe(ask.query).into_sql_str();
    let statement = (&mut connection).prepare(query.clone()).await?;
    let columns: Vec<_> =
        statement.columns().iter().map(|column| column.name().to_owned()).collect();
    (&mut connection).execute(sqlx::raw_sql("START TRANSACTION READ ONLY")).await?;
    let rows = sqlx::raw_sql(query).fetch(&mut connection);
    ask.write(&columns, rows, cell).await
}

fn cell(row: &MySqlRow, at: usize) -> Result<Option<Stored>, sqlx::Error> {
    let text: Option<String> = row.try_get_unchecked(at)?;
    Ok(text.map(|text| stored(text, row.column(at).type_info().name())))
}
