"""The table of what writes taught of their EHRs (`core.records_learnt`)."""

from __future__ import annotations

from sqlalchemy import Index
from sqlmodel import Field, SQLModel


class LearntTable(SQLModel, table=True):
    """`core.records_learnt.LearntRow`."""

    __tablename__ = "learnt"
    __table_args__ = (Index("ix_learnt_ehr", "ehr", "type", "seq"),)
    operation: str = Field(primary_key=True)
    seq: int
    at: str
    ehr: str
    type: str
    labels: str
    facts: str
    unexpected: str
