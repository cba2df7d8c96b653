-- The newest answers of an EHR are asked for twice a write.
CREATE INDEX ix_write_receipt_seq ON write (receipt_seq);
CREATE INDEX ix_failure_open ON failure (failure) WHERE ended IS NULL;
