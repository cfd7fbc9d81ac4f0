//! The statements. Those on the way of a submission, and those that read a department, name it.
//!
//! `tests` parses each of [`HOT`] and fails if one does not.

/// Where a chain ends.
pub(super) const HEAD: &str = "SELECT sequence, hash, told FROM tiendo_head WHERE department = $1";

/// As [`HEAD`], and nobody else appends until the transaction ends.
pub(super) const LOCK_HEAD: &str =
    "SELECT sequence, hash, told FROM tiendo_head WHERE department = $1 FOR UPDATE";

/// Begins a chain.
pub(super) const BEGIN_CHAIN: &str =
    "INSERT INTO tiendo_head (department) VALUES ($1) ON CONFLICT (department) DO NOTHING";

/// Appends entries to a chain that ends where `$2` and `$5` say, if no answer has spoken of their
/// time yet (`$6`, unless it spoke of one after `$7`); no rows otherwise.
pub(super) const APPEND: &str = "\
WITH moved AS (
    UPDATE tiendo_head SET sequence = $3, hash = $4
    WHERE department = $1 AND sequence = $2 AND hash = $5 AND (told < $6 OR told > $7)
    RETURNING department
)
INSERT INTO tiendo_entry (department, sequence, id, kind, received, agent, entry, measured)
SELECT moved.department, added.* FROM moved, unnest(
    $8::bigint[], $9::uuid[], $10::smallint[], $11::timestamptz[], $12::text[], $13::bytea[],
    $14::text[]
) AS added";

/// Entries of a chain from `$2` on, at most `$3`, of `$4` bytes or one.
pub(super) const ENTRIES: &str = "\
SELECT sequence, entry FROM (
    SELECT sequence, entry,
        sum(octet_length(entry)) OVER (ORDER BY sequence) - octet_length(entry) AS before
    FROM tiendo_entry WHERE department = $1 AND sequence >= $2 ORDER BY sequence LIMIT $3
) AS page WHERE before < $4 ORDER BY sequence";

/// As [`ENTRIES`], of acts alone.
pub(super) const ACTS: &str = "\
SELECT sequence, entry FROM (
    SELECT sequence, entry,
        sum(octet_length(entry)) OVER (ORDER BY sequence) - octet_length(entry) AS before
    FROM tiendo_entry WHERE department = $1 AND sequence >= $2 AND kind = 1
    ORDER BY sequence LIMIT $3
) AS page WHERE before < $4 ORDER BY sequence";

/// The entry that an id was used for.
pub(super) const BY_ID: &str =
    "SELECT sequence, entry FROM tiendo_entry WHERE department = $1 AND id = $2";

/// The hash of an entry.
pub(super) const HASH: &str = "SELECT substring(entry FROM 33 FOR 32) FROM tiendo_entry WHERE department = $1 AND sequence = $2";

/// Hashes of entries from `$2` on, at most `$3`.
pub(super) const HASHES: &str = "\
SELECT sequence, substring(entry FROM 33 FOR 32)
FROM tiendo_entry WHERE department = $1 AND sequence >= $2 ORDER BY sequence LIMIT $3";

/// As [`ENTRIES`], with the columns that repeat what the entry says.
pub(super) const WHOLE_ENTRIES: &str = "\
SELECT sequence, entry, id, kind, agent, received FROM (
    SELECT sequence, entry, id, kind, agent, received,
        sum(octet_length(entry)) OVER (ORDER BY sequence) - octet_length(entry) AS before
    FROM tiendo_entry WHERE department = $1 AND sequence >= $2 ORDER BY sequence LIMIT $3
) AS page WHERE before < $4 ORDER BY sequence";

/// The snapshot of a department.
pub(super) const SNAPSHOT: &str =
    "SELECT body FROM tiendo_snapshot WHERE department = $1 ORDER BY part";

/// How far the snapshot of a department goes.
pub(super) const SNAPSHOT_OF: &str =
    "SELECT sequence FROM tiendo_snapshot WHERE department = $1 ORDER BY part LIMIT 1";

/// Makes way for a newer snapshot.
pub(super) const FORGET_SNAPSHOT: &str = "DELETE FROM tiendo_snapshot WHERE department = $1";

/// A part of a snapshot.
pub(super) const PUT_SNAPSHOT: &str =
    "INSERT INTO tiendo_snapshot (department, part, sequence, body) VALUES ($1, $2, $3, $4)";

/// Every statement about a department.
#[cfg(test)]
pub(super) const HOT: [&str; 14] = [
    HEAD,
    LOCK_HEAD,
    BEGIN_CHAIN,
    APPEND,
    ENTRIES,
    ACTS,
    BY_ID,
    HASH,
    SNAPSHOT,
    SNAPSHOT_OF,
    FORGET_SNAPSHOT,
    PUT_SNAPSHOT,
    HASHES,
    WHOLE_ENTRIES,
];

/// Where every chain ends: what a server asks to learn of entries that others took.
pub(super) const HEADS: &str = "SELECT department, sequence, hash, told FROM tiendo_head";

/// Every department that has entries.
pub(super) const DEPARTMENTS: &str =
    "SELECT DISTINCT department FROM tiendo_entry ORDER BY department";

/// An answer speaks of `$1`: waits for appends under way, and makes later ones count from later.
pub(super) const TELL: &str = "\
WITH earlier AS (
    SELECT department FROM tiendo_head WHERE told < $1 ORDER BY department FOR UPDATE
)
UPDATE tiendo_head SET told = $1 FROM earlier WHERE tiendo_head.department = earlier.department";

/// Begins the chains of these departments, as late as what answers spoke of.
pub(super) const BEGIN_CHAINS: &str = "\
WITH known AS (SELECT told FROM tiendo_head ORDER BY department FOR UPDATE),
    latest AS (SELECT coalesce(max(told), 0) AS told FROM known)
INSERT INTO tiendo_head (department, told)
SELECT department, told FROM unnest($1::text[]) AS department, latest
ON CONFLICT (department) DO NOTHING";

/// The right to publish until the transaction ends, unless another server has it.
pub(super) const TRY_TABLES: &str = "SELECT pg_try_advisory_xact_lock($1)";

/// From when the tables are; no row if a later instant was published already.
pub(super) const PUBLISHED: &str = "\
INSERT INTO tiendo_published AS known (as_of) VALUES ($1)
ON CONFLICT (only_one) DO UPDATE SET as_of = excluded.as_of WHERE known.as_of < excluded.as_of";

/// Puts statuses into their table, where they changed.
pub(super) const PUBLISH_STATUSES: &str = "\
INSERT INTO tiendo_status AS known
SELECT * FROM json_populate_recordset(NULL::tiendo_status, $1::text::json)
ON CONFLICT (target) DO UPDATE SET
    name_vi = excluded.name_vi, name_en = excluded.name_en, indicator = excluded.indicator,
    horizon = excluded.horizon, department = excluded.department, verdict = excluded.verdict,
    reason = excluded.reason, flags = excluded.flags, promise_vi = excluded.promise_vi,
    promise_en = excluded.promise_en, period = excluded.period, value = excluded.value,
    gap = excluded.gap, projected = excluded.projected, progress = excluded.progress
WHERE known.* IS DISTINCT FROM excluded.*";

/// Takes the others away.
pub(super) const FORGET_STATUSES: &str = "\
DELETE FROM tiendo_status WHERE target NOT IN (
    SELECT target FROM json_populate_recordset(NULL::tiendo_status, $1::text::json)
)";

/// Puts rates into their table, where they changed.
pub(super) const PUBLISH_RATES: &str = "\
INSERT INTO tiendo_rate AS known
SELECT * FROM json_populate_recordset(NULL::tiendo_rate, $1::text::json)
ON CONFLICT (department, period) DO UPDATE SET
    expected = excluded.expected, received = excluded.received,
    received_on_time = excluded.received_on_time, received_late = excluded.received_late,
    missing = excluded.missing, lag_days = excluded.lag_days, days_late = excluded.days_late,
    due_at = excluded.due_at, phase = excluded.phase, reports = excluded.reports,
    reports_complete = excluded.reports_complete,
    reports_complete_on_time = excluded.reports_complete_on_time,
    reports_silent = excluded.reports_silent
WHERE known.* IS DISTINCT FROM excluded.*";

/// Takes the others away.
pub(super) const FORGET_RATES: &str = "\
DELETE FROM tiendo_rate WHERE (department, period) NOT IN (
    SELECT department, period FROM json_populate_recordset(NULL::tiendo_rate, $1::text::json)
)";

/// Keeps a value under a name, unless there is one.
pub(super) const KEEP: &str =
    "INSERT INTO tiendo_common (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";

/// The value of a name.
pub(super) const KEPT: &str = "SELECT value FROM tiendo_common WHERE name = $1";
