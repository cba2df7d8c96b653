CREATE TABLE notice (
    id VARCHAR NOT NULL,
    seq INTEGER NOT NULL,
    at VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    "to" VARCHAR NOT NULL,
    deadline VARCHAR,
    proposal VARCHAR,
    idx INTEGER,
    attempts INTEGER NOT NULL,
    tried_at VARCHAR,
    delivered_at VARCHAR,
    PRIMARY KEY (id)
);
CREATE INDEX ix_notice_due ON notice (seq) WHERE delivered_at IS NULL;
CREATE INDEX ix_notice_change ON notice (proposal, idx);
