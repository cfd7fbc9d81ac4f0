-- What analysts read, by a role that can write nothing.

CREATE VIEW tiendo_measurement AS
SELECT
    entry.department,
    item.value ->> 0 AS indicator,
    item.value ->> 1 AS members,
    period.key AS period,
    CASE WHEN json_typeof(item.value -> 2) = 'number' THEN (item.value ->> 2)::numeric END AS value,
    item.value -> 2 ->> 'level' AS level,
    item.value -> 2 ->> 'missing' AS missing,
    json_typeof(item.value -> 2) = 'null' AS withdrawn,
    item.value ->> 3 AS status,
    entry.sequence,
    entry.received,
    entry.agent
FROM tiendo_entry AS entry
CROSS JOIN LATERAL json_each(entry.measured::json) AS period
CROSS JOIN LATERAL json_array_elements(period.value) AS item
WHERE entry.measured IS NOT NULL;

COMMENT ON VIEW tiendo_measurement IS
    'Every value that was ever taken; the one of the highest sequence is in force.';
COMMENT ON COLUMN tiendo_measurement.department IS 'Id of the department that reported it.';
COMMENT ON COLUMN tiendo_measurement.indicator IS 'Id of the indicator.';
COMMENT ON COLUMN tiendo_measurement.members IS
    'Members of its dimensions, as sex=female,area=urban; empty for the total.';
COMMENT ON COLUMN tiendo_measurement.period IS 'Such as 2026, 2026-S1, 2026-Q3 or 2026-09.';
COMMENT ON COLUMN tiendo_measurement.value IS 'The number, or the place of a rank; null for all else.';
COMMENT ON COLUMN tiendo_measurement.level IS 'Id of the level of an ordinal scale, or of a milestone.';
COMMENT ON COLUMN tiendo_measurement.missing IS 'Why there is no value.';
COMMENT ON COLUMN tiendo_measurement.withdrawn IS 'Whether an earlier value was taken back.';
COMMENT ON COLUMN tiendo_measurement.status IS 'final, provisional, estimated or break.';
COMMENT ON COLUMN tiendo_measurement.sequence IS 'Place of its entry in the chain of the department.';
COMMENT ON COLUMN tiendo_measurement.received IS 'When a server received it.';
COMMENT ON COLUMN tiendo_measurement.agent IS 'Name of the agent that sent it.';

-- Where targets stand and who has reported, as a server last found. Servers write a row only
-- where it changed.
CREATE TABLE tiendo_published (
    only_one boolean     PRIMARY KEY DEFAULT true CHECK (only_one),
    as_of    timestamptz NOT NULL
);

CREATE TABLE tiendo_status (
    target     text PRIMARY KEY,
    name_vi    text NOT NULL,
    name_en    text NOT NULL,
    indicator  text NOT NULL,
    horizon    integer NOT NULL,
    department text NOT NULL,
    verdict    text NOT NULL,
    reason     text NOT NULL,
    flags      text NOT NULL,
    promise_vi text NOT NULL,
    promise_en text NOT NULL,
    period     text,
    value      text,
    gap        text,
    projected  text,
    progress   double precision
);

CREATE TABLE tiendo_rate (
    department               text NOT NULL,
    period                   text NOT NULL,
    expected                 integer NOT NULL,
    received                 integer NOT NULL,
    received_on_time         integer NOT NULL,
    received_late            integer NOT NULL,
    missing                  integer NOT NULL,
    lag_days                 integer,
    days_late                integer,
    due_at                   timestamptz,
    phase                    text NOT NULL,
    reports                  integer NOT NULL,
    reports_complete         integer NOT NULL,
    reports_complete_on_time integer NOT NULL,
    reports_silent           integer NOT NULL,
    PRIMARY KEY (department, period)
);

CREATE VIEW tiendo_target_status AS
SELECT status.*, published.as_of FROM tiendo_status AS status, tiendo_published AS published;

COMMENT ON VIEW tiendo_target_status IS
    'Where every target stands by all figures: StatusService.ListTargetStatuses, a few seconds later.';
COMMENT ON COLUMN tiendo_target_status.target IS 'Id of the target.';
COMMENT ON COLUMN tiendo_target_status.name_vi IS 'Its name in Vietnamese.';
COMMENT ON COLUMN tiendo_target_status.name_en IS 'Its name in English.';
COMMENT ON COLUMN tiendo_target_status.indicator IS 'Id of its indicator.';
COMMENT ON COLUMN tiendo_target_status.horizon IS 'Year by which it is to be met.';
COMMENT ON COLUMN tiendo_target_status.department IS 'Id of the department that answers for it.';
COMMENT ON COLUMN tiendo_target_status.verdict IS
    'met, on track, at risk, off track, worsening, no data or not assessable.';
COMMENT ON COLUMN tiendo_target_status.reason IS 'Why it is not assessable; empty otherwise.';
COMMENT ON COLUMN tiendo_target_status.flags IS
    'Of provisional, stale, was met, break in series, exceeds, incomplete; separated by commas.';
COMMENT ON COLUMN tiendo_target_status.promise_vi IS 'The promise in Vietnamese.';
COMMENT ON COLUMN tiendo_target_status.promise_en IS 'The promise in English.';
COMMENT ON COLUMN tiendo_target_status.period IS 'Period of the latest usable value.';
COMMENT ON COLUMN tiendo_target_status.value IS 'That value: a decimal, or the id of a level.';
COMMENT ON COLUMN tiendo_target_status.gap IS 'The value less what is promised.';
COMMENT ON COLUMN tiendo_target_status.projected IS 'The value at the horizon at the observed pace.';
COMMENT ON COLUMN tiendo_target_status.progress IS 'What the method compares with its thresholds.';
COMMENT ON COLUMN tiendo_target_status.as_of IS 'The instant it speaks of.';

CREATE VIEW tiendo_reporting_rate AS
SELECT rate.*, published.as_of FROM tiendo_rate AS rate, tiendo_published AS published;

COMMENT ON VIEW tiendo_reporting_rate IS
    'Who has reported for the open periods: StatusService.ListReportingRates, a few seconds later.';
COMMENT ON COLUMN tiendo_reporting_rate.department IS 'Id of the department; empty for the province.';
COMMENT ON COLUMN tiendo_reporting_rate.period IS 'Reporting period.';
COMMENT ON COLUMN tiendo_reporting_rate.expected IS 'Measurements expected.';
COMMENT ON COLUMN tiendo_reporting_rate.received IS 'Measurements received.';
COMMENT ON COLUMN tiendo_reporting_rate.received_on_time IS 'Of those, first received by the due instant.';
COMMENT ON COLUMN tiendo_reporting_rate.received_late IS 'Of those, first received after the days of grace.';
COMMENT ON COLUMN tiendo_reporting_rate.missing IS 'Measurements reported as missing.';
COMMENT ON COLUMN tiendo_reporting_rate.lag_days IS 'Days from the end of the period to the last receipt.';
COMMENT ON COLUMN tiendo_reporting_rate.days_late IS 'Days from the due day to the last receipt.';
COMMENT ON COLUMN tiendo_reporting_rate.due_at IS 'Last instant at which the report is on time.';
COMMENT ON COLUMN tiendo_reporting_rate.phase IS 'Where the instant stands against the deadlines.';
COMMENT ON COLUMN tiendo_reporting_rate.reports IS 'Reports owed.';
COMMENT ON COLUMN tiendo_reporting_rate.reports_complete IS 'Reports that are complete.';
COMMENT ON COLUMN tiendo_reporting_rate.reports_complete_on_time IS 'Reports that were complete in time.';
COMMENT ON COLUMN tiendo_reporting_rate.reports_silent IS 'Reports of which nothing was received.';
COMMENT ON COLUMN tiendo_reporting_rate.as_of IS 'The instant it speaks of.';

-- Whoever may read the views: grant it to the users of your tools. Where the owner of the schema
-- may not make roles, an administrator makes it and grants as below.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tiendo_reader') THEN
        CREATE ROLE tiendo_reader NOLOGIN;
    END IF;
EXCEPTION
    WHEN duplicate_object OR unique_violation THEN NULL;
    WHEN insufficient_privilege THEN
        RAISE WARNING 'the role tiendo_reader was not made: it needs the right to make roles';
END
$$;

DO $$
BEGIN
    GRANT SELECT ON tiendo_measurement, tiendo_target_status, tiendo_reporting_rate
        TO tiendo_reader;
EXCEPTION
    WHEN undefined_object THEN NULL;
END
$$;
