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
