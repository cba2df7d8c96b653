"""The tables of incidents, entries by hand and broken glass (`core.records_incident`)."""

from __future__ import annotations

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel


class IncidentTable(SQLModel, table=True):
    """`core.records_incident.IncidentRow`."""

    __tablename__ = "incident"
    __table_args__ = (
        Index("ix_incident_open", "seq", sqlite_where=text("closed_at IS NULL")),
        Index("ix_incident_change", "proposal", "idx"),
    )
    id: str = Field(primary_key=True)
    seq: int
    at: str
    category: str
    severity: str
    source: str
    by: str
    proposal: str | None = None
    idx: int | None = None
    patient_tag: str | None = None
    closed_at: str | None = None
    closed_by: str | None = None


class ManualTable(SQLModel, table=True):
    """`core.records_incident.ManualRow`."""

    __tablename__ = "manual"
    operation: str = Field(primary_key=True)
    proposal: str
    idx: int
    revision: int
    seq: int
    at: str
    reviewer: str
    role: str
    digest: str
    checked_seq: int | None = None
    found: str | None = None
    shown_seq: int | None = None


class GlassTable(SQLModel, table=True):
    """`core.records_incident.GlassRow`."""

    __tablename__ = "glass"
    __table_args__ = (Index("ix_glass_change", "proposal", "idx"),)
    id: str = Field(primary_key=True)
    decision: str
    proposal: str
    idx: int
    revision: int
    seq: int
    at: str
    reviewer: str
    role: str
    bypasses: str
    purpose: str
    statement: str
    digest: str


class ActTable(SQLModel, table=True):
    """`core.records_pace.ActRow`."""

    __tablename__ = "act"
    __table_args__ = (Index("ix_act_reviewer", "reviewer", "seq"),)
    seq: int = Field(primary_key=True)
    reviewer: str
    at: str
    act: str
    dwell_ms: int | None = None
