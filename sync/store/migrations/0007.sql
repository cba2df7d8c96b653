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
