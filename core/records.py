"""The rows that screens, rules and the command line read: what the ledger's events add up to.

Each class is one read table of the store, column for column. Columns marked *shown* come from an
event's body and become None when that body is erased; nothing decides on them. Source: design §4.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from core.records_consent import HoldRow
from core.records_failure import FailureRow
from core.records_incident import GlassRow, IncidentRow, ManualRow
from core.records_pace import ActRow
from core.records_recheck import CorrectionRow, RecheckRow


@dataclass(frozen=True, slots=True)
class ProposalRow:
    """One proposal."""

    id: str
    seq: int
    at: str
    agent: str
    model: str
    prompt: str
    correlation: str
    same: str
    """Keyed digest of the proposal's body: equal for a repeat, and only for a repeat."""
    ehr: str
    patient_tag: str
    purpose: str
    workflow: str
    urgency: str
    needed_by: str | None
    confidence: str
    changes: int
    digest: str
    """Statement digest of the signed proposal."""
    body_seq: int
    patient: str | None
    """Shown: the patient reference."""
    patient_label: str | None
    """Shown: the patient's name as the EHR had it at intake."""
    task: str | None = None
    """The hub's Task that carries it, `Task/id`; None where the command line proposed it."""
    content_tag: str | None = None
    """Keyed digest of what it proposes, without its correlation id; None in older ledgers."""
    claimed_urgency: str | None = None
    """What the agent claimed, where that is above what it may; `urgency` is what counts."""

    @property
    def subject(self) -> str:
        """What every statement about it calls it: the Task, or the local id where there is none."""
        return self.task or self.id


BY_HAND = "by-hand"
"""The rung of a change for which the EHR has no API write: a person enters it (docs/adr/0027)."""


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One change of a proposal, in its newest revision."""

    proposal: str
    idx: int
    revision: int
    state: str
    state_seq: int
    since: str
    """When the state was entered."""
    agent: str
    ehr: str
    patient_tag: str
    urgency: str
    op: str
    type: str
    paths: str
    """JSON: [[element path, effect], …]."""
    depends: str
    """JSON: [index, …]."""
    operation: str
    rung: str
    """How it will be written: `if-match`, `if-none-match` or `if-none-exist`."""
    change_digest: str
    bytes_digest: str
    outcome: str | None
    tier: str | None
    rules: str | None
    """JSON: [rule id, …]."""
    route: str | None
    """JSON: the route's deciding members, or null."""
    reasons: str | None
    """JSON: [{code, text}, …]."""
    verdict_digest: str | None
    policy_digest: str | None
    consent: str | None
    expires: str | None
    until: str | None
    """When a deferred change is due again."""
    rebased_digest: str | None
    """The `bytes` digest of the newest rebase, where there was one."""
    body_seq: int
    rebase_seq: int | None
    admission_seq: int | None
    void: str | None
    """Why the last approval became void, as a static code."""
    target: str | None
    """Shown: the resource reference of an update."""
    patient_label: str | None
    """Shown."""
    assigned: str | None = None
    """To whom a supervisor gave it: `role:nurse` or `person:dr-lee`."""
    asked_from: str | None = None
    """Since when somebody is asked to decide it: its admission, or the newest reassignment."""
    warned: str | None = None
    """The revision and expiry that somebody was warned of, as `0 2026-11-23T17:00:00.000Z`."""
    escalated: str | None = None
    """The revision and expiry for which it was escalated."""
    answering: str | None = None
    """Who was found when somebody was last looked for: `on-duty`, `deputies`, `escalated`,
    `nobody`."""
    consent_at: str | None = None
    """When the Consents were read that `consent` rests on; None where they were not."""
    asked: str | None = None
    """Keyed digest of what its agent asked for (`core.intake.sameness`)."""
    grounds: str | None = None
    """The same with what it replaces and the quotes it rests on."""
    edited: int | None = None
    """The newest revision that a person edited."""
    needed_by: str | None = None
    """When its proposal says that it is needed; None in older ledgers."""
    proposed_at: str | None = None
    """When it was proposed; from then on counts how soon an urgent one has to be in the chart."""

    @property
    def term(self) -> str:
        """The revision and expiry that warnings and escalations are counted by."""
        return f"{self.revision} {self.expires}"

    @property
    def touched(self) -> list[tuple[str, str]]:
        """The touched element paths with their effect."""
        return [(path, effect) for path, effect in json.loads(self.paths)]

    @property
    def depends_on(self) -> list[int]:
        """The indexes of the changes that this one rests on."""
        return [int(index) for index in json.loads(self.depends)]

    @property
    def route_json(self) -> dict[str, Any] | None:
        """The route's members, or None where the verdict has none."""
        return None if self.route is None else json.loads(self.route)

    @property
    def reason_list(self) -> list[dict[str, str]]:
        """The verdict's reasons."""
        return [] if self.reasons is None else json.loads(self.reasons)


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """One reviewer's signed answer to one change."""

    id: str
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
    reason: str | None
    until: str | None
    statement: str
    digest: str
    void: str | None
    """Why it no longer counts, as a static code."""


@dataclass(frozen=True, slots=True)
class WriteRow:
    """The attempts to persist one operation."""

    operation: str
    proposal: str
    idx: int
    revision: int
    attempt: int
    state: str
    intent_seq: int
    intent_at: str
    receipt_seq: int | None
    receipt_at: str | None
    status: int | None
    """The HTTP status of the receipt."""
    failure: str | None
    """The failure class, where there was one."""
    version: str | None
    """The version that the EHR gave to the written resource."""
    provenance: str | None
    """`written` or `failed` once the Provenance was attempted; `unconfirmed` while nobody knows."""
    reconciled_seq: int | None
    reconciled_class: str | None
    location: str | None
    """Shown: the written resource's reference."""


@dataclass(frozen=True, slots=True)
class ExceptionRow:
    """Something that a person must look at."""

    id: int
    """The seq of the event that opened it."""
    proposal: str
    idx: int
    operation: str | None
    kind: str
    class_: str | None
    opened_at: str
    closed_at: str | None
    closed_how: str | None
    due: str | None = None
    """By when somebody must have seen to it, by the service level of its class."""
    incident: str | None = None
    """The incident that it belongs to."""
    overdue_at: str | None = None
    """When somebody was told that it is overdue."""
    escalated_to: str | None = None
    """To whom it was escalated: `role:…` and `person:…`, separated by commas."""
    remapped_at: str | None = None
    """When a person said that a mapping is missing."""


@dataclass(frozen=True, slots=True)
class FreezeRow:
    """A containment rule in force, or lifted."""

    id: str
    scope: str
    """JSON: {agent?, model?, prompt?, type?, op?, path?, route?, workflow?, ehr?, patient?}."""
    by: str
    at: str
    lifted_at: str | None
    lifted_by: str | None
    awaited: str | None = None
    """JSON: [{proposal, index, operation}, …], in flight when it came into force; None in older
    ledgers."""


@dataclass(frozen=True, slots=True)
class ConfigRow:
    """A document in force: `policy`, `roster` or `profile.<ehr>`."""

    kind: str
    number: int
    """How many of its kind were adopted, this one included."""
    seq: int
    at: str
    by: str
    digest: str
    document: str


@dataclass(frozen=True, slots=True)
class OutputRow:
    """A statement of the gateway that belongs on a Task."""

    digest: str
    seq: int
    task: str
    proposal: str | None
    kind: str
    """`admission` or `outcome`."""
    state: str | None
    """What an outcome says of the whole proposal; None for an admission."""
    statement: str


@dataclass(frozen=True, slots=True)
class FindingRow:
    """Something about a Task on the hub that a person should know of."""

    id: int
    """The seq of its event."""
    task: str
    """`Task/id`; `proposal:…` or `notice:…` where nobody could be told of it."""
    version: str | None
    severity: str
    """`quarantine`, `alarm`, or `untold` for a notice that was given up."""
    code: str
    """Static: why, in one word; of `untold` the notice's kind."""
    agent: str | None
    """Only where its signature holds."""
    at: str
    closed_at: str | None


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """Something that somebody outside the console must be told, and what became of telling."""

    id: str
    seq: int
    at: str
    kind: str
    to: str
    """JSON: `role:…` and `person:…`, most wanted first."""
    deadline: str | None
    proposal: str | None
    idx: int | None
    attempts: int = 0
    tried_at: str | None = None
    delivered_at: str | None = None
    given_up_at: str | None = None
    """When it was last tried in vain and is tried no more."""


ROWS = (
    ProposalRow,
    ChangeRow,
    DecisionRow,
    WriteRow,
    ExceptionRow,
    FreezeRow,
    ConfigRow,
    OutputRow,
    FindingRow,
    NoticeRow,
    IncidentRow,
    ManualRow,
    GlassRow,
    HoldRow,
    ActRow,
    FailureRow,
    RecheckRow,
    CorrectionRow,
)
