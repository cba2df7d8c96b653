ALTER TABLE proposal ADD COLUMN content_tag VARCHAR;
ALTER TABLE proposal ADD COLUMN claimed_urgency VARCHAR;
CREATE INDEX ix_proposal_content ON proposal (agent, content_tag, at);
CREATE INDEX ix_proposal_agent_at ON proposal (agent, at);
