//! Writes what servers make of the figures into tables that the views read.

use async_trait::async_trait;
use serde::Serialize;

use super::core::Core;
use super::database::Trouble;
use super::sql;
use super::write::system_time;
use crate::store::Error;
use crate::store::tables::{Rows, Tables};

/// The number of the lock under which it is done: "Tables" in bytes.
const LOCK: i64 = 0x5461_626C_6573;

#[async_trait]
impl Tables for Core {
    async fn publish(&self, rows: &Rows) -> Result<(), Error> {
        let (statuses, rates) = (&json(&rows.statuses)?, &json(&rows.rates)?);
        self.patiently(move || write(self, rows, statuses, rates)).await
    }
}

async fn write(core: &Core, rows: &Rows, statuses: &str, rates: &str) -> Result<(), Trouble> {
    let lease = core.database.lease().await?;
    lease.batch_execute("BEGIN").await?;
    let is_ours: bool = lease.query_one(sql::TRY_TABLES, &[&LOCK]).await?.get(0);
    let at = system_time(rows.as_of);
    if is_ours && lease.execute(sql::PUBLISHED, &[&at]).await? > 0 {
        lease.execute(sql::PUBLISH_STATUSES, &[&statuses]).await?;
        lease.execute(sql::FORGET_STATUSES, &[&statuses]).await?;
        lease.execute(sql::PUBLISH_RATES, &[&rates]).await?;
        lease.execute(sql::FORGET_RATES, &[&rates]).await?;
    }
    lease.batch_execute("COMMIT").await?;
    lease.sound();
    Ok(())
}

fn json(rows: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(rows).map_err(|error| Error::Unavailable(error.to_string()))
}
