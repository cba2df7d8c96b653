CREATE INDEX ix_change_patient ON change (patient_tag, type);
