CREATE TABLE anchor (
    place VARCHAR NOT NULL,
    size INTEGER NOT NULL,
    note VARCHAR NOT NULL,
    at VARCHAR NOT NULL,
    reference VARCHAR,
    PRIMARY KEY (place)
);
CREATE TABLE change (
    proposal VARCHAR NOT NULL,
    idx INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    state VARCHAR NOT NULL,
    state_seq INTEGER NOT NULL,
    since VARCHAR NOT NULL,
    agent VARCHAR NOT NULL,
    ehr VARCHAR NOT NULL,
    patient_tag VARCHAR NOT NULL,
    urgency VARCHAR NOT NULL,
    op VARCHAR NOT NULL,
    type VARCHAR NOT NULL,
    paths VARCHAR NOT NULL,
    depends VARCHAR NOT NULL,
    operation VARCHAR NOT NULL,
    rung VARCHAR NOT NULL,
    change_digest VARCHAR NOT NULL,
    bytes_digest VARCHAR NOT NULL,
    outcome VARCHAR,
    tier VARCHAR,
    rules VARCHAR,
    route VARCHAR,
    reasons VARCHAR,
    verdict_digest VARCHAR,
    policy_digest VARCHAR,
    consent VARCHAR,
    expires VARCHAR,
    until VARCHAR,
    rebased_digest VARCHAR,
    body_seq INTEGER NOT NULL,
    rebase_seq INTEGER,
    admission_seq INTEGER,
    void VARCHAR,
    target VARCHAR,
    patient_label VARCHAR,
    PRIMARY KEY (proposal, idx)
);
CREATE INDEX ix_change_body_seq ON change (body_seq);
CREATE INDEX ix_change_state ON change (state, state_seq);
CREATE TABLE checkpoint (
    size INTEGER NOT NULL,
    note VARCHAR NOT NULL,
    PRIMARY KEY (size)
);
CREATE TABLE config (
    kind VARCHAR NOT NULL,
    number INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    at VARCHAR NOT NULL,
    "by" VARCHAR NOT NULL,
    digest VARCHAR NOT NULL,
    document VARCHAR NOT NULL,
    PRIMARY KEY (kind)
);
CREATE TABLE decision (
    id VARCHAR NOT NULL,
    proposal VARCHAR NOT NULL,
    idx INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    at VARCHAR NOT NULL,
    outcome VARCHAR NOT NULL,
    reviewer VARCHAR NOT NULL,
    role VARCHAR NOT NULL,
    kid VARCHAR NOT NULL,
    change_digest VARCHAR NOT NULL,
    bytes_digest VARCHAR NOT NULL,
    expires VARCHAR NOT NULL,
    reason VARCHAR,
    until VARCHAR,
    statement VARCHAR NOT NULL,
    digest VARCHAR NOT NULL,
    void VARCHAR,
    PRIMARY KEY (id)
);
CREATE INDEX ix_decision_change ON decision (proposal, idx);
CREATE TABLE exception (
    id INTEGER NOT NULL,
    proposal VARCHAR NOT NULL,
    idx INTEGER NOT NULL,
    operation VARCHAR,
    kind VARCHAR NOT NULL,
    class_ VARCHAR,
    opened_at VARCHAR NOT NULL,
    closed_at VARCHAR,
    closed_how VARCHAR,
    PRIMARY KEY (id)
);
CREATE INDEX ix_exception_change ON exception (proposal, idx);
CREATE TABLE freeze (
    id VARCHAR NOT NULL,
    scope VARCHAR NOT NULL,
    "by" VARCHAR NOT NULL,
    at VARCHAR NOT NULL,
    lifted_at VARCHAR,
    lifted_by VARCHAR,
    PRIMARY KEY (id)
);
CREATE TABLE leaf (
    seq INTEGER NOT NULL,
    leaf BLOB NOT NULL,
    hash BLOB NOT NULL,
    proposal VARCHAR,
    PRIMARY KEY (seq)
);
CREATE INDEX ix_leaf_proposal ON leaf (proposal);
CREATE TABLE lease (
    name VARCHAR NOT NULL,
    epoch INTEGER NOT NULL,
    PRIMARY KEY (name)
);
CREATE TABLE proposal (
    id VARCHAR NOT NULL,
    seq INTEGER NOT NULL,
    at VARCHAR NOT NULL,
    agent VARCHAR NOT NULL,
    model VARCHAR NOT NULL,
    prompt VARCHAR NOT NULL,
    correlation VARCHAR NOT NULL,
    same VARCHAR NOT NULL,
    ehr VARCHAR NOT NULL,
    patient_tag VARCHAR NOT NULL,
    purpose VARCHAR NOT NULL,
    workflow VARCHAR NOT NULL,
    urgency VARCHAR NOT NULL,
    needed_by VARCHAR,
    confidence VARCHAR NOT NULL,
    changes INTEGER NOT NULL,
    digest VARCHAR NOT NULL,
    body_seq INTEGER NOT NULL,
    patient VARCHAR,
    patient_label VARCHAR,
    PRIMARY KEY (id),
    UNIQUE (agent, correlation)
);
CREATE INDEX ix_proposal_body_seq ON proposal (body_seq);
CREATE TABLE sealed (
    name VARCHAR NOT NULL,
    kid VARCHAR NOT NULL,
    public VARCHAR NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (name)
);
CREATE TABLE tree (
    id INTEGER NOT NULL,
    ledger VARCHAR NOT NULL,
    size INTEGER NOT NULL,
    frontier BLOB NOT NULL,
    hi VARCHAR NOT NULL,
    PRIMARY KEY (id)
);
CREATE TABLE write (
    operation VARCHAR NOT NULL,
    proposal VARCHAR NOT NULL,
    idx INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    state VARCHAR NOT NULL,
    intent_seq INTEGER NOT NULL,
    intent_at VARCHAR NOT NULL,
    receipt_seq INTEGER,
    receipt_at VARCHAR,
    status INTEGER,
    failure VARCHAR,
    version VARCHAR,
    provenance VARCHAR,
    reconciled_seq INTEGER,
    reconciled_class VARCHAR,
    location VARCHAR,
    PRIMARY KEY (operation)
);
CREATE TABLE body (
    seq INTEGER NOT NULL,
    salt BLOB NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (seq),
    FOREIGN KEY(seq) REFERENCES leaf (seq)
);
