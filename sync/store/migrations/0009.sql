CREATE TABLE claim (
    proposal VARCHAR NOT NULL,
    idx INTEGER NOT NULL,
    who VARCHAR NOT NULL,
    at VARCHAR NOT NULL,
    PRIMARY KEY (proposal, idx, who)
);
CREATE TABLE opened (
    who VARCHAR NOT NULL,
    digest VARCHAR NOT NULL,
    at VARCHAR NOT NULL,
    PRIMARY KEY (who, digest)
);
