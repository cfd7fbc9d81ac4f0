-- The ledger, and where each chain ends. Every row names its department: a distributed
-- PostgreSQL can keep each department whole on one of its nodes.

-- Where the chain of a department ends. Whoever appends moves it, from the entry it knows.
CREATE TABLE tiendo_head (
    department text   PRIMARY KEY,
    sequence   bigint NOT NULL DEFAULT 0,
    -- SHA-256 of the last entry; zeros before the first.
    hash       bytea  NOT NULL DEFAULT decode(repeat('00', 32), 'hex'),
    -- Answers spoke of instants up to here, in microseconds since 1970: what is recorded
    -- later counts from later.
    told       bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 40);

-- The truth: one row for each entry, with the bytes that were hashed.
CREATE TABLE tiendo_entry (
    department text        NOT NULL,
    sequence   bigint      NOT NULL,
    -- Chosen by the sender; never used twice in a department.
    id         uuid        NOT NULL,
    -- 0: a submission, 1: an act.
    kind       smallint    NOT NULL,
    received   timestamptz NOT NULL,
    agent      text        NOT NULL,
    -- previous hash (32) | hash (32) | length of canonical (4) | canonical | content
    entry      bytea       NOT NULL,
    -- The measurements that were taken, for views: { period: [[indicator, members, value, status]] };
    -- null for an act, or where nothing was taken.
    measured   text,
    PRIMARY KEY (department, sequence),
    UNIQUE (department, id)
);

CREATE INDEX tiendo_entry_acts ON tiendo_entry (department, sequence) WHERE kind = 1;

-- Compressing costs more than it saves: an entry is short already.
ALTER TABLE tiendo_entry ALTER COLUMN entry SET STORAGE EXTERNAL;

-- The state of a department as servers hold it in memory, in parts, so that a start need not
-- read its whole chain. It may be missing or behind.
CREATE TABLE tiendo_snapshot (
    department text     NOT NULL,
    part       integer  NOT NULL,
    -- The last entry in it.
    sequence   bigint   NOT NULL,
    body       bytea    NOT NULL,
    PRIMARY KEY (department, part)
);

ALTER TABLE tiendo_snapshot ALTER COLUMN body SET STORAGE EXTERNAL;
