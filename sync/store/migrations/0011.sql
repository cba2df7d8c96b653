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
