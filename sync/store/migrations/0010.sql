ALTER TABLE manual ADD COLUMN shown_seq INTEGER;
ALTER TABLE change ADD COLUMN proposed_at VARCHAR;
UPDATE change SET proposed_at = (SELECT at FROM proposal WHERE proposal.id = change.proposal);
