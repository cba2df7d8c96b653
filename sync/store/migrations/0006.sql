CREATE TABLE breaker (
    ehr VARCHAR NOT NULL,
    since VARCHAR NOT NULL,
    cause VARCHAR NOT NULL,
    attempt INTEGER NOT NULL,
    until VARCHAR NOT NULL,
    closed_at VARCHAR,
    PRIMARY KEY (ehr)
);
CREATE TABLE call_count (
    ehr VARCHAR NOT NULL,
    window VARCHAR NOT NULL,
    bucket INTEGER NOT NULL,
    calls INTEGER NOT NULL,
    PRIMARY KEY (ehr, window, bucket)
);
