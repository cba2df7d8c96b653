ALTER TABLE exception ADD COLUMN due VARCHAR;
ALTER TABLE exception ADD COLUMN incident VARCHAR;
ALTER TABLE exception ADD COLUMN overdue_at VARCHAR;
ALTER TABLE exception ADD COLUMN escalated_to VARCHAR;
ALTER TABLE exception ADD COLUMN remapped_at VARCHAR;
CREATE INDEX ix_write_location ON write (location);
CREATE TABLE recheck (
    operation VARCHAR NOT NULL,
    proposal VARCHAR NOT NULL,
    idx INTEGER NOT NULL,
    ehr VARCHAR NOT NULL,
    since VARCHAR NOT NULL,
    step INTEGER NOT NULL,
    due VARCHAR,
    tries INTEGER NOT NULL,
    unread_since VARCHAR,
    baseline INTEGER,
    asked INTEGER NOT NULL,
    PRIMARY KEY (operation)
);
CREATE INDEX ix_recheck_due ON recheck (due) WHERE due IS NOT NULL;
CREATE TABLE correction (
    id INTEGER NOT NULL,
    proposal VARCHAR NOT NULL,
    idx INTEGER NOT NULL,
    operation VARCHAR NOT NULL,
    "by" VARCHAR NOT NULL,
    at VARCHAR NOT NULL,
    proposed VARCHAR,
    failed VARCHAR,
    PRIMARY KEY (id)
);
CREATE INDEX ix_correction_change ON correction (proposal, idx);
CREATE INDEX ix_correction_proposed ON correction (proposed);
