-- One row: which schema this database has.
CREATE TABLE schema_version (version INTEGER NOT NULL);

INSERT INTO schema_version (version) VALUES (0);

-- One row: which database this is. Whoever keeps a copy of Standing sees by it that the copy is of another one.
CREATE TABLE database (identity TEXT NOT NULL);

INSERT INTO database (identity) VALUES (lower(hex(randomblob(16))));

-- Definitions. `id` grows with every first put, which is the order that find() answers in.
CREATE TABLE document (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    scope TEXT NOT NULL,
    key TEXT NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (kind, scope, key)
);

-- Ends in the row's id, as every SQLite index does: find() needs no sorting. Its first column alone is delete_scope().
CREATE INDEX document_by_scope ON document (scope, kind);

CREATE TABLE snapshot (
    digest TEXT PRIMARY KEY,
    body BLOB NOT NULL
);

-- What stands now.
CREATE TABLE standing (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (kind, key)
) WITHOUT ROWID;

-- Which records of Standing changed, in commit order: there is one writer at a time, so numbers are given in that order.
-- The oldest rows are taken away in time, the newest never.
CREATE TABLE change (
    seq INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    key TEXT NOT NULL
);
