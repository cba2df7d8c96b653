"""The tables of the reconciliation loop (`core.records_recheck`)."""

from __future__ import annotations

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel


class RecheckTable(SQLModel, table=True):
    """`core.records_recheck.RecheckRow`."""

    __tablename__ = "recheck"
    __table_args__ = (Index("ix_recheck_due", "due", sqlite_where=text("due IS NOT NULL")),)
    operation: str = Field(primary_key=True)
    proposal: str
    idx: int
    ehr: str
    since: str
    step: int
    due: str | None = None
    tries: int
    unread_since: str | None = None
    baseline: int | None = None
    asked: int


class CorrectionTable(SQLModel, table=True):
    """`core.records_recheck.CorrectionRow`."""

    __tablename__ = "correction"
    __table_args__ = (
        Index("ix_correction_change", "proposal", "idx"),
        Index("ix_correction_proposed", "proposed"),
    )
    id: int = Field(primary_key=True)
    proposal: str
    idx: int
    operation: str
    by: str
    at: str
    proposed: str | None = None
    failed: str | None = None
