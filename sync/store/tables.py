"""The schema, declared as SQLModel tables; migrations are frozen SQL that must add up to it."""

from __future__ import annotations

from sqlalchemy import Column, Computed, Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from sync.store.queue_conditions import OPEN, VOIDED, WAITING

PLACE = (
    "CASE urgency WHEN 'stat' THEN '0' WHEN 'urgent' THEN '1' ELSE '2' END"
    " || coalesce(expires, '~') || printf(' %015d ', state_seq) || proposal"
    " || printf(' %06d', idx)"
)
"""Where a change stands in the queue, as a text that sorts: urgency, expiry, age."""


class Leaf(SQLModel, table=True):
    """The ledger itself: leaf bytes, stored verbatim for ever."""

    __tablename__ = "leaf"
    seq: int = Field(primary_key=True)
    leaf: bytes
    hash: bytes
    proposal: str | None = Field(default=None, index=True)


class Body(SQLModel, table=True):
    """What is only shown of an event, with the salt of its commitment; erasable."""

    __tablename__ = "body"
    seq: int = Field(primary_key=True, foreign_key="leaf.seq")
    salt: bytes
    body: bytes


class Tree(SQLModel, table=True):
    """One row: the Merkle frontier and the high-water mark of the clock."""

    __tablename__ = "tree"
    id: int = Field(primary_key=True)
    ledger: str
    size: int
    frontier: bytes
    hi: str


class CheckpointNote(SQLModel, table=True):
    """A signed tree head, one a transaction."""

    __tablename__ = "checkpoint"
    size: int = Field(primary_key=True)
    note: str


class Anchor(SQLModel, table=True):
    """The newest head that was published outside this store."""

    __tablename__ = "anchor"
    place: str = Field(primary_key=True)
    size: int
    note: str
    at: str
    reference: str | None = None


class Lease(SQLModel, table=True):
    """The epoch of the process that may send; a file lock says whether it lives."""

    __tablename__ = "lease"
    name: str = Field(primary_key=True)
    epoch: int


class SealedKey(SQLModel, table=True):
    """A private key or secret, sealed with the workspace key."""

    __tablename__ = "sealed"
    name: str = Field(primary_key=True)
    kid: str
    public: str
    sealed: bytes


class ProposalTable(SQLModel, table=True):
    """`core.records.ProposalRow`."""

    __tablename__ = "proposal"
    __table_args__ = (
        UniqueConstraint("agent", "correlation"),
        Index("ix_proposal_seq", "seq"),
        Index("ix_proposal_content", "agent", "content_tag", "at"),
        Index("ix_proposal_agent_at", "agent", "at"),
    )
    id: str = Field(primary_key=True)
    seq: int
    at: str
    agent: str
    model: str
    prompt: str
    correlation: str
    same: str
    ehr: str
    patient_tag: str
    purpose: str
    workflow: str
    urgency: str
    needed_by: str | None = None
    confidence: str
    changes: int
    digest: str
    body_seq: int = Field(index=True)
    patient: str | None = None
    patient_label: str | None = None
    task: str | None = Field(default=None, index=True)
    content_tag: str | None = None
    claimed_urgency: str | None = None


class ChangeTable(SQLModel, table=True):
    """`core.records.ChangeRow`."""

    __tablename__ = "change"
    __table_args__ = (
        Index("ix_change_state", "state", "state_seq"),
        Index("ix_change_waiting", "place", "state_seq", sqlite_where=text(WAITING)),
        Index("ix_change_open", "place", "state_seq", sqlite_where=text(OPEN)),
        Index("ix_change_voided", "place", sqlite_where=text(VOIDED)),
        Index("ix_change_asked", "asked"),
        Index("ix_change_patient", "patient_tag", "type"),
    )
    proposal: str = Field(primary_key=True)
    idx: int = Field(primary_key=True)
    revision: int
    state: str
    state_seq: int
    since: str
    agent: str
    ehr: str
    patient_tag: str
    urgency: str
    op: str
    type: str
    paths: str
    depends: str
    operation: str
    rung: str
    change_digest: str
    bytes_digest: str
    outcome: str | None = None
    tier: str | None = None
    rules: str | None = None
    route: str | None = None
    reasons: str | None = None
    verdict_digest: str | None = None
    policy_digest: str | None = None
    consent: str | None = None
    expires: str | None = None
    until: str | None = None
    rebased_digest: str | None = None
    body_seq: int = Field(index=True)
    rebase_seq: int | None = None
    admission_seq: int | None = None
    void: str | None = None
    target: str | None = None
    patient_label: str | None = None
    assigned: str | None = None
    asked_from: str | None = None
    warned: str | None = None
    escalated: str | None = None
    answering: str | None = None
    consent_at: str | None = None
    asked: str | None = None
    grounds: str | None = None
    edited: int | None = None
    needed_by: str | None = None
    proposed_at: str | None = None
    place: str = Field(sa_column=Column(Text, Computed(PLACE, persisted=False)))


class Tally(SQLModel, table=True):
    """How many changes are in each state; triggers on `change` keep it."""

    __tablename__ = "tally"
    state: str = Field(primary_key=True)
    count: int


class DecisionTable(SQLModel, table=True):
    """`core.records.DecisionRow`."""

    __tablename__ = "decision"
    __table_args__ = (
        Index("ix_decision_change", "proposal", "idx"),
        Index("ix_decision_seq", "seq", "outcome"),
    )
    id: str = Field(primary_key=True)
    proposal: str
    idx: int
    revision: int
    seq: int
    at: str
    outcome: str
    reviewer: str
    role: str
    kid: str
    change_digest: str
    bytes_digest: str
    expires: str
    reason: str | None = None
    until: str | None = None
    statement: str
    digest: str
    void: str | None = None


class WriteTable(SQLModel, table=True):
    """`core.records.WriteRow`."""

    __tablename__ = "write"
    __table_args__ = (
        Index("ix_write_intent_seq", "intent_seq", "failure"),
        Index("ix_write_reconciled_seq", "reconciled_seq", "reconciled_class"),
        Index("ix_write_location", "location"),
        Index("ix_write_receipt_seq", "receipt_seq"),
        Index("ix_write_not_there", "receipt_seq", sqlite_where=text("status IN (405, 501)")),
    )
    operation: str = Field(primary_key=True)
    proposal: str
    idx: int
    revision: int
    attempt: int
    state: str
    intent_seq: int
    intent_at: str
    receipt_seq: int | None = None
    receipt_at: str | None = None
    status: int | None = None
    failure: str | None = None
    version: str | None = None
    provenance: str | None = None
    reconciled_seq: int | None = None
    reconciled_class: str | None = None
    location: str | None = None


class ExceptionTable(SQLModel, table=True):
    """`core.records.ExceptionRow`."""

    __tablename__ = "exception"
    __table_args__ = (Index("ix_exception_change", "proposal", "idx"),)
    id: int = Field(primary_key=True)
    proposal: str
    idx: int
    operation: str | None = None
    kind: str
    class_: str | None = None
    opened_at: str
    closed_at: str | None = None
    closed_how: str | None = None
    due: str | None = None
    incident: str | None = None
    overdue_at: str | None = None
    escalated_to: str | None = None
    remapped_at: str | None = None


class FreezeTable(SQLModel, table=True):
    """`core.records.FreezeRow`."""

    __tablename__ = "freeze"
    id: str = Field(primary_key=True)
    scope: str
    by: str
    at: str
    lifted_at: str | None = None
    lifted_by: str | None = None
    awaited: str | None = None


class ConfigTable(SQLModel, table=True):
    """`core.records.ConfigRow`."""

    __tablename__ = "config"
    kind: str = Field(primary_key=True)
    number: int
    seq: int
    at: str
    by: str
    digest: str
    document: str


class NoticeTable(SQLModel, table=True):
    """`core.records.NoticeRow`."""

    __tablename__ = "notice"
    __table_args__ = (
        Index("ix_notice_due", "seq", sqlite_where=text("delivered_at IS NULL")),
        Index("ix_notice_change", "proposal", "idx"),
    )
    id: str = Field(primary_key=True)
    seq: int
    at: str
    kind: str
    to: str
    deadline: str | None = None
    proposal: str | None = None
    idx: int | None = None
    attempts: int
    tried_at: str | None = None
    delivered_at: str | None = None
    given_up_at: str | None = None


class ConsentHoldTable(SQLModel, table=True):
    """`core.records_consent.HoldRow`."""

    __tablename__ = "consent_hold"
    __table_args__ = (Index("ix_consent_hold_due", "due", sqlite_where=text("ended IS NULL")),)
    proposal: str = Field(primary_key=True)
    idx: int = Field(primary_key=True)
    since: str
    attempts: int
    due: str
    deadline: str
    ended: str | None = None


class FailureTable(SQLModel, table=True):
    """`core.records_failure.FailureRow`."""

    __tablename__ = "failure"
    __table_args__ = (Index("ix_failure_open", "failure", sqlite_where=text("ended IS NULL")),)
    operation: str = Field(primary_key=True)
    proposal: str
    idx: int
    failure: str
    code: str | None = None
    since: str
    tries: int
    due: str | None = None
    deadline: str | None = None
    last_attempt: int | None = None
    ended: str | None = None
