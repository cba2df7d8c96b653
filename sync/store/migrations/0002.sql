ALTER TABLE proposal ADD COLUMN task VARCHAR;
CREATE INDEX ix_proposal_task ON proposal (task);
CREATE TABLE context (
    ehr VARCHAR NOT NULL,
    reference VARCHAR NOT NULL,
    version VARCHAR NOT NULL,
    fetched VARCHAR NOT NULL,
    gone INTEGER NOT NULL,
    body BLOB,
    PRIMARY KEY (ehr, reference)
);
CREATE TABLE cursor (
    place VARCHAR NOT NULL,
    since VARCHAR NOT NULL,
    compared VARCHAR,
    PRIMARY KEY (place)
);
CREATE TABLE finding (
    id INTEGER NOT NULL,
    task VARCHAR NOT NULL,
    version VARCHAR,
    severity VARCHAR NOT NULL,
    code VARCHAR NOT NULL,
    agent VARCHAR,
    at VARCHAR NOT NULL,
    closed_at VARCHAR,
    PRIMARY KEY (id)
);
CREATE INDEX ix_finding_task ON finding (task, code);
CREATE TABLE output (
    digest VARCHAR NOT NULL,
    seq INTEGER NOT NULL,
    task VARCHAR NOT NULL,
    proposal VARCHAR,
    kind VARCHAR NOT NULL,
    state VARCHAR,
    statement VARCHAR NOT NULL,
    PRIMARY KEY (digest)
);
CREATE INDEX ix_output_task ON output (task);
CREATE TABLE pushed (
    digest VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    attempts INTEGER NOT NULL,
    failure VARCHAR,
    due VARCHAR,
    PRIMARY KEY (digest)
);
CREATE INDEX ix_pushed_state ON pushed (state);
CREATE TABLE refresh (
    plane VARCHAR NOT NULL,
    server VARCHAR NOT NULL,
    scope VARCHAR NOT NULL,
    holder VARCHAR NOT NULL,
    until VARCHAR NOT NULL,
    PRIMARY KEY (plane, server, scope)
);
CREATE TABLE seen_provenance (
    reference VARCHAR NOT NULL,
    version VARCHAR NOT NULL,
    PRIMARY KEY (reference)
);
CREATE TABLE seen_task (
    reference VARCHAR NOT NULL,
    version VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    digest VARCHAR,
    statement VARCHAR,
    proposal VARCHAR,
    losses INTEGER NOT NULL,
    PRIMARY KEY (reference)
);
CREATE INDEX ix_seen_task_state ON seen_task (state);
CREATE TABLE token_cache (
    plane VARCHAR NOT NULL,
    server VARCHAR NOT NULL,
    scope VARCHAR NOT NULL,
    expires VARCHAR NOT NULL,
    place VARCHAR NOT NULL,
    sealed BLOB,
    PRIMARY KEY (plane, server, scope)
);
