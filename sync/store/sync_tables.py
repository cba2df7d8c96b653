"""The tables of hub sync and of cached tokens; none of them is ledger state, but the first two.

Source: design §4 (caches, cursors and leases are not ledger state), §11.
"""

from __future__ import annotations

from sqlalchemy import Index
from sqlmodel import Field, SQLModel


class OutputTable(SQLModel, table=True):
    """`core.records.OutputRow`."""

    __tablename__ = "output"
    digest: str = Field(primary_key=True)
    seq: int
    task: str = Field(index=True)
    proposal: str | None = None
    kind: str
    state: str | None = None
    statement: str


class FindingTable(SQLModel, table=True):
    """`core.records.FindingRow`."""

    __tablename__ = "finding"
    __table_args__ = (Index("ix_finding_task", "task", "code"),)
    id: int = Field(primary_key=True)
    task: str
    version: str | None = None
    severity: str
    code: str
    agent: str | None = None
    at: str
    closed_at: str | None = None


class Cursor(SQLModel, table=True):
    """Up to which server time one kind of resource was pulled whole."""

    __tablename__ = "cursor"
    place: str = Field(primary_key=True)
    since: str
    compared: str | None = None
    """When everything was last compared, not only what is newer."""


class SeenTask(SQLModel, table=True):
    """A Task of the hub as it was last seen, and what became of it here."""

    __tablename__ = "seen_task"
    reference: str = Field(primary_key=True)
    version: str
    state: str = Field(index=True)
    digest: str | None = None
    statement: str | None = None
    proposal: str | None = None
    losses: int = 0


class SeenProvenance(SQLModel, table=True):
    """A Provenance of the hub as it was last seen."""

    __tablename__ = "seen_provenance"
    reference: str = Field(primary_key=True)
    version: str


class Claim(SQLModel, table=True):
    """Who is looking at a change; lapses by itself."""

    __tablename__ = "claim"
    proposal: str = Field(primary_key=True)
    idx: int = Field(primary_key=True)
    who: str = Field(primary_key=True)
    at: str


class OpenedChange(SQLModel, table=True):
    """A change, by its hash, that somebody was shown."""

    __tablename__ = "opened"
    who: str = Field(primary_key=True)
    digest: str = Field(primary_key=True)
    at: str


class Pushed(SQLModel, table=True):
    """How far one statement has come on its way to its Task."""

    __tablename__ = "pushed"
    digest: str = Field(primary_key=True)
    state: str = Field(index=True)
    attempts: int = 0
    failure: str | None = None
    due: str | None = None


class Context(SQLModel, table=True):
    """A resource that open proposals rest on, as the EHR had it when it was last asked."""

    __tablename__ = "context"
    ehr: str = Field(primary_key=True)
    reference: str = Field(primary_key=True)
    version: str
    fetched: str
    gone: int = 0
    body: bytes | None = None


class TokenCache(SQLModel, table=True):
    """An access token that may be used again; the value is sealed here or in the OS keyring."""

    __tablename__ = "token_cache"
    plane: str = Field(primary_key=True)
    server: str = Field(primary_key=True)
    scope: str = Field(primary_key=True)
    expires: str
    place: str
    sealed: bytes | None = None


class Refresh(SQLModel, table=True):
    """Which process fetches a token just now, so that the others wait for it."""

    __tablename__ = "refresh"
    plane: str = Field(primary_key=True)
    server: str = Field(primary_key=True)
    scope: str = Field(primary_key=True)
    holder: str
    until: str


class SavedView(SQLModel, table=True):
    """A filter of the queue that somebody keeps under a name; a comfort, not ledger state."""

    __tablename__ = "saved_view"
    name: str = Field(primary_key=True)
    base: str
    filter: str
