ALTER TABLE change ADD COLUMN assigned VARCHAR;
ALTER TABLE change ADD COLUMN place TEXT GENERATED ALWAYS AS (CASE urgency WHEN 'stat' THEN '0' WHEN 'urgent' THEN '1' ELSE '2' END || coalesce(expires, '~') || printf(' %015d ', state_seq) || proposal || printf(' %06d', idx)) VIRTUAL;
CREATE INDEX ix_change_waiting ON change (place, state_seq) WHERE state = 'pending-human-review';
CREATE INDEX ix_change_open ON change (place, state_seq) WHERE state NOT IN ('verified', 'corrected', 'refused', 'rejected', 'denied', 'superseded', 'withdrawn');
CREATE INDEX ix_change_voided ON change (place) WHERE state = 'pending-human-review' AND void IS NOT NULL;
CREATE TABLE tally (
    state VARCHAR NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (state)
);
INSERT INTO tally (state, count) SELECT state, count(*) FROM change GROUP BY state;
CREATE TRIGGER tally_replaced BEFORE INSERT ON change BEGIN UPDATE tally SET count = count - 1 WHERE state = (SELECT state FROM change WHERE proposal = new.proposal AND idx = new.idx); END;
CREATE TRIGGER tally_added AFTER INSERT ON change BEGIN INSERT INTO tally (state, count) VALUES (new.state, 1) ON CONFLICT (state) DO UPDATE SET count = count + 1; END;
CREATE TRIGGER tally_moved AFTER UPDATE OF state ON change WHEN old.state != new.state BEGIN UPDATE tally SET count = count - 1 WHERE state = old.state; INSERT INTO tally (state, count) VALUES (new.state, 1) ON CONFLICT (state) DO UPDATE SET count = count + 1; END;
CREATE TRIGGER tally_removed AFTER DELETE ON change BEGIN UPDATE tally SET count = count - 1 WHERE state = old.state; END;
CREATE TABLE saved_view (
    name VARCHAR NOT NULL,
    base VARCHAR NOT NULL,
    filter VARCHAR NOT NULL,
    PRIMARY KEY (name)
);
CREATE INDEX ix_proposal_seq ON proposal (seq);
CREATE INDEX ix_decision_seq ON decision (seq, outcome);
CREATE INDEX ix_write_intent_seq ON write (intent_seq, failure);
CREATE INDEX ix_write_reconciled_seq ON write (reconciled_seq, reconciled_class);
