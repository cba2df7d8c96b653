CREATE TABLE failure (
    operation VARCHAR NOT NULL,
    proposal VARCHAR NOT NULL,
    idx INTEGER NOT NULL,
    failure VARCHAR NOT NULL,
    code VARCHAR,
    since VARCHAR NOT NULL,
    tries INTEGER NOT NULL,
    due VARCHAR,
    deadline VARCHAR,
    last_attempt INTEGER,
    ended VARCHAR,
    PRIMARY KEY (operation)
);
