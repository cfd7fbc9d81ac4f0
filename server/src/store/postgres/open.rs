//! Opens the engine: the schema, the chains of the catalogue's departments, and what they hold.

use std::sync::Arc;

use refinery::{Migration, Runner};
use tiendo_shared::catalogue::Catalogue;
use tiendo_shared::department::PROVINCE;

use super::core::Core;
use super::database::{Database, Lease, Target, Trouble, told};
use super::sql;
use crate::store::Error;
use crate::store::derived::Books;

/// Bytes of submissions that may wait for the database; further ones wait for those.
const WAITING_BYTES: usize = 64 << 20;
/// Where the migrations that were made are listed.
const MADE: &str = "tiendo_schema";
/// The number of the lock under which they are made: "Tiendo" in bytes.
const LOCK: i64 = 0x5469_656E_646F;

/// What [`PostgresStore::open`](super::PostgresStore::open) found and did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Opened {
    /// Departments that have entries.
    pub departments: usize,
    /// Entries that were read.
    pub replayed: u64,
    /// Measurements that the catalogue does not understand any more and reads leave out.
    pub unreadable: u64,
}

pub(super) async fn open(
    target: &Target,
    catalogue: Arc<Catalogue>,
) -> Result<(Arc<Core>, Opened), Error> {
    let database = Database::new(target)?;
    let books = Books::new(catalogue, std::iter::empty(), 0);
    let core = Arc::new(Core::new(books, database, WAITING_BYTES));
    core.patiently(|| prepare(&core.database, &core.books.catalogue)).await?;
    let learned = core.patiently(|| core.learn_all()).await?;
    let has_entries = |chain: &&Arc<super::chain::Chain>| chain.department.durable().last > 0;
    let opened = Opened {
        departments: core.chains().iter().filter(has_entries).count(),
        replayed: learned.entries,
        unreadable: learned.unreadable,
    };
    let keeping_up = Arc::clone(&core).keep_up();
    let stop = core.stop.clone();
    core.tasks.spawn(async move { stop.run_until_cancelled(keeping_up).await });
    Ok((core, opened))
}

/// Brings the schema up to date, and begins the chains of the catalogue.
pub(super) async fn prepare(database: &Database, catalogue: &Catalogue) -> Result<(), Trouble> {
    migrate(database).await?;
    let departments: Vec<String> =
        catalogue.departments().iter().map(|department| department.id.clone()).collect();
    begin(database, &departments).await
}

/// Brings the schema up to date; servers that start at the same time do it one after the other.
async fn migrate(database: &Database) -> Result<(), Trouble> {
    let mut lease = database.lease().await?;
    lease.execute("SELECT pg_advisory_lock($1)", &[&LOCK]).await?;
    let made = make(&mut lease).await;
    lease.execute("SELECT pg_advisory_unlock($1)", &[&LOCK]).await?;
    made?;
    lease.sound();
    Ok(())
}

async fn make(lease: &mut Lease) -> Result<(), Trouble> {
    let known = [
        ("V1__ledger", include_str!("migrations/V1__ledger.sql")),
        ("V2__views", include_str!("migrations/V2__views.sql")),
        ("V3__common", include_str!("migrations/V3__common.sql")),
    ];
    let known: Result<Vec<_>, _> =
        known.iter().map(|(name, sql)| Migration::unapplied(name, sql)).collect();
    let refused = |error: refinery::Error| {
        Trouble::Lasting(Error::Unavailable(format!("the schema: {}", told(&error))))
    };
    let mut runner = Runner::new(&known.map_err(refused)?);
    runner.set_migration_table_name(MADE);
    let client: &mut tokio_postgres::Client = lease;
    runner.run_async(client).await.map(drop).map_err(refused)
}

/// Begins the chains that are not there.
async fn begin(database: &Database, departments: &[String]) -> Result<(), Trouble> {
    let lease = database.lease().await?;
    let mut ids: Vec<&str> = departments.iter().map(String::as_str).collect();
    ids.push(PROVINCE);
    let rows = lease.query(sql::HEADS, &[]).await?;
    ids.retain(|id| !rows.iter().any(|row| row.get::<_, &str>(0) == *id));
    if !ids.is_empty() {
        lease.execute(sql::BEGIN_CHAINS, &[&ids]).await?;
    }
    lease.sound();
    Ok(())
}
