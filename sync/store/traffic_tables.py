"""The tables about the traffic to EHRs, as `tests/sync/store/test_schema.py` compares them."""

from __future__ import annotations

from sqlmodel import Field, SQLModel


class BreakerTable(SQLModel, table=True):
    """`core.records_traffic.BreakerRow`."""

    __tablename__ = "breaker"
    ehr: str = Field(primary_key=True)
    since: str
    cause: str
    attempt: int
    until: str
    closed_at: str | None = None


class CallCountTable(SQLModel, table=True):
    """How many calls stand in a bucket of a quota's window: a counter, no ledger state."""

    __tablename__ = "call_count"
    ehr: str = Field(primary_key=True)
    window: str = Field(primary_key=True)
    bucket: int = Field(primary_key=True)
    calls: int
