CREATE TABLE incident (
    id VARCHAR NOT NULL,
    seq INTEGER NOT NULL,
    at VARCHAR NOT NULL,
    category VARCHAR NOT NULL,
    severity VARCHAR NOT NULL,
    source VARCHAR NOT NULL,
    "by" VARCHAR NOT NULL,
    proposal VARCHAR,
    idx INTEGER,
    patient_tag VARCHAR,
    closed_at VARCHAR,
    closed_by VARCHAR,
    PRIMARY KEY (id)
);
CREATE INDEX ix_incident_open ON incident (seq) WHERE closed_at IS NULL;
CREATE INDEX ix_incident_change ON incident (proposal, idx);
CREATE TABLE manual (
    operation VARCHAR NOT NULL,
    proposal VARCHAR NOT NULL,
    idx INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    at VARCHAR NOT NULL,
    reviewer VARCHAR NOT NULL,
    role VARCHAR NOT NULL,
    digest VARCHAR NOT NULL,
    checked_seq INTEGER,
    found VARCHAR,
    PRIMARY KEY (operation)
);
CREATE TABLE glass (
    id VARCHAR NOT NULL,
    decision VARCHAR NOT NULL,
    proposal VARCHAR NOT NULL,
    idx INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    at VARCHAR NOT NULL,
    reviewer VARCHAR NOT NULL,
    role VARCHAR NOT NULL,
    bypasses VARCHAR NOT NULL,
    purpose VARCHAR NOT NULL,
    statement VARCHAR NOT NULL,
    digest VARCHAR NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX ix_glass_change ON glass (proposal, idx);
