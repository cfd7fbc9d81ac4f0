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
pub(super) const HOT: [&str; 12] = [
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
];

/// Where every chain ends: what a server asks to learn of entries that others took.
pub(super) const HEADS: &str = "SELECT department, sequence, hash, told FROM tiendo_head";

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
