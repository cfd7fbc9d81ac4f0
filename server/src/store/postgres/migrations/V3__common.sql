-- What all servers over this database have in common: their keys, and catalogues that were
-- put in force.
CREATE TABLE tiendo_common (
    name  text  PRIMARY KEY,
    value bytea NOT NULL
);
