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
ALTER TABLE proposal ADD COLUMN content_tag VARCHAR;
ALTER TABLE proposal ADD COLUMN claimed_urgency VARCHAR;
CREATE INDEX ix_proposal_content ON proposal (agent, content_tag, at);
CREATE INDEX ix_proposal_agent_at ON proposal (agent, at);
ALTER TABLE change ADD COLUMN asked_from VARCHAR;
ALTER TABLE change ADD COLUMN warned VARCHAR;
ALTER TABLE change ADD COLUMN escalated VARCHAR;
ALTER TABLE change ADD COLUMN answering VARCHAR;
ALTER TABLE notice ADD COLUMN given_up_at VARCHAR;
UPDATE change SET asked_from = (
    SELECT json_extract(CAST(leaf.leaf AS TEXT), '$.at') FROM leaf
    WHERE leaf.proposal = change.proposal
      AND json_extract(CAST(leaf.leaf AS TEXT), '$.index') = change.idx
      AND json_extract(CAST(leaf.leaf AS TEXT), '$.type') IN ('change.admitted', 'change.reassigned')
    ORDER BY leaf.seq DESC LIMIT 1
);
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
ALTER TABLE change ADD COLUMN consent_at VARCHAR;
CREATE TABLE consent_hold (
	proposal VARCHAR NOT NULL,
	idx INTEGER NOT NULL,
	since VARCHAR NOT NULL,
	attempts INTEGER NOT NULL,
	due VARCHAR NOT NULL,
	deadline VARCHAR NOT NULL,
	ended VARCHAR,
	PRIMARY KEY (proposal, idx)
);
CREATE INDEX ix_consent_hold_due ON consent_hold (due) WHERE ended IS NULL;
CREATE INDEX ix_change_patient ON change (patient_tag, type);
ALTER TABLE change ADD COLUMN asked VARCHAR;
ALTER TABLE change ADD COLUMN grounds VARCHAR;
ALTER TABLE change ADD COLUMN edited INTEGER;
UPDATE change SET edited = (
    SELECT max(json_extract(CAST(leaf.leaf AS TEXT), '$.revision')) FROM leaf
    WHERE leaf.proposal = change.proposal
    AND json_extract(CAST(leaf.leaf AS TEXT), '$.type') = 'change.edited'
    AND json_extract(CAST(leaf.leaf AS TEXT), '$.index') = change.idx
);
CREATE INDEX ix_change_asked ON change (asked);
CREATE TABLE act (
    seq INTEGER NOT NULL,
    reviewer VARCHAR NOT NULL,
    at VARCHAR NOT NULL,
    act VARCHAR NOT NULL,
    dwell_ms INTEGER,
    PRIMARY KEY (seq)
);
CREATE INDEX ix_act_reviewer ON act (reviewer, seq);
INSERT INTO act (seq, reviewer, at, act)
SELECT seq, reviewer, at, outcome FROM decision WHERE outcome <> 'approve';
INSERT INTO act (seq, reviewer, at, act)
SELECT seq, json_extract(CAST(leaf AS TEXT), '$.data.reviewer'),
    json_extract(CAST(leaf AS TEXT), '$.at'), 'edit'
FROM leaf WHERE json_extract(CAST(leaf AS TEXT), '$.type') = 'change.edited';
ALTER TABLE change ADD COLUMN needed_by VARCHAR;
