"""Frozen SQL, one file a schema version."""
