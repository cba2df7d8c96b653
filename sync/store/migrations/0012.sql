-- Whether any EHR ever said that it has no such write is asked twice a write.
CREATE INDEX ix_write_not_there ON write (receipt_seq) WHERE status IN (405, 501);
