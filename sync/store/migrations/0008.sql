CREATE TABLE learnt (
    operation VARCHAR NOT NULL,
    seq INTEGER NOT NULL,
    at VARCHAR NOT NULL,
    ehr VARCHAR NOT NULL,
    type VARCHAR NOT NULL,
    labels VARCHAR NOT NULL,
    facts VARCHAR NOT NULL,
    unexpected VARCHAR NOT NULL,
    PRIMARY KEY (operation)
);
CREATE INDEX ix_learnt_ehr ON learnt (ehr, type, seq);
