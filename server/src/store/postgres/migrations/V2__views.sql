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
