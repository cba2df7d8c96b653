"""What a person does next with an exception that may not stay as it is.

Correct: the gateway proposes what was approved once more, and people decide it like any change.
Escalate: somebody else is told. Re-map: whoever keeps the EHR's profile is told that a mapping is
missing; the exception stays open, since the chart still differs. Each is signed.
Source: design §10.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from core.canonical import Json, JsonObject, exact
from core.delta import element_path
from core.duty.resolve import escalated, resolve
from core.errors import BadInput, Conflict
from core.ledger.event import Actor, Event, Interval, instant
from core.ledger.recheck_events import ASKED, CORRECTION_ASKED, ESCALATED, REMAPPED
from core.lifecycle import State
from core.notice import Notice, raise_notice
from core.ports import Reads, Transaction
from core.reconcile.levels import service_in_force
from core.reconcile.placed import placed, shown_seq
from core.reconcile.schedule import begun
from core.records import ChangeRow, ExceptionRow
from core.review.asking import UNFOUND, check
from core.review.signing import sign_act
from core.review.voiding import about
from core.review.voting import find_change
from core.roster import Roster
from core.statement import Statement
from core.workspace import Workspace, roster_in_force

Act = Literal["correct", "escalate", "remap"]
MAX_REASON = 1_000
MAX_PATHS = 20
NOT_BY_PROPOSAL = frozenset(
    {
        "duplicate", "moved", "overwrote", "record-erased", "nothing-examined", "unexamined",
        "side-effect", UNFOUND,
    }
)  # fmt: skip
"""Kinds of exceptions that no proposal of what was approved puts right."""


def ask_correction(workspace: Workspace, proposal: str, index: int, reason: str) -> int:
    """Ask for a proposal that puts right what is wrong with one write; return its number.

    The gateway makes it in its next round, since it must read the chart for it. Raises NotFound,
    Conflict where one is under way or none can put it right, Refused by role, BadInput.
    """
    _check_reason(reason)
    with workspace.ledger.transaction() as transaction:
        _, change = find_change(transaction, proposal, index)
        act = _Act(workspace, transaction, change, "correct", reason)
        found = act.begin()
        if all(one.kind in NOT_BY_PROPOSAL for one in found):
            raise Conflict(
                f"change {index}: no proposal puts this right ({found[0].kind})",
                remedy="Put it right in the EHR, then accept it as it is",
            )
        if _under_way(transaction, change):
            raise Conflict(f"change {index}: a correction is under way", remedy="Decide that one")
        return act.append(CORRECTION_ASKED, {})


def escalate(
    workspace: Workspace, proposal: str, index: int, reason: str, to: str | None = None
) -> tuple[str, ...]:
    """Give an exception to somebody else and tell them; return to whom.

    `to` is `role:…` or `person:…`; without it, to whom its route escalates. Those on duty are
    told, else their deputies, else the role. Raises NotFound, Conflict, Refused by role, BadInput.
    """
    _check_reason(reason)
    with workspace.ledger.transaction() as transaction:
        _, change = find_change(transaction, proposal, index)
        act = _Act(workspace, transaction, change, "escalate", reason)
        found = act.begin()
        called = _called(roster_in_force(transaction), change, to, transaction.clock)
        act.append(ESCALATED, {"to": list(called)})
        due = min((one.due for one in found if one.due is not None), default=None)
        raise_notice(
            workspace.ids, transaction, act.actor, about(change),
            Notice("exception-escalated", called, due),
        )  # fmt: skip
    return called


def remap(workspace: Workspace, proposal: str, index: int, reason: str) -> list[str]:
    """Say that a mapping is missing, for whoever keeps the EHR's profile; return the paths.

    It is listed as a finding with the paths, its codes stand beside it; the exception stays open.
    Raises NotFound, Conflict, Refused by role, BadInput.
    """
    _check_reason(reason)
    with workspace.ledger.transaction() as transaction:
        _, change = find_change(transaction, proposal, index)
        act = _Act(workspace, transaction, change, "remap", reason)
        act.begin()
        differences = _differences(transaction, change)
        named = {element_path(str(one["path"])) for one in differences}
        # Where no difference is recorded, or it was erased, it is about what was written.
        paths = sorted(named or {path for path, _ in change.touched})[:MAX_PATHS]
        wanted: list[Json] = [
            {key: one.get(key) for key in ("path", "intended", "persisted")} for one in differences
        ]
        act.append(REMAPPED, {"paths": list(paths)}, {"differences": wanted})
    return paths


def ask_look(workspace: Workspace, proposal: str, index: int) -> None:
    """Have the gateway read one written change again in its next round, whatever the schedule says.

    Raises NotFound, Conflict where nothing was written.
    """
    with workspace.ledger.transaction() as transaction:
        _, change = find_change(transaction, proposal, index)
        known = placed(transaction, change) is not None
        if change.state not in (State.VERIFIED, State.EXCEPTION) or not known:
            raise Conflict(f"change {index} is {change.state}; nothing was written to look at")
        row, now = transaction.recheck(change.operation), transaction.clock.lo
        plan = begun(change.operation, now, service_in_force(transaction)).as_json()
        if row is not None:
            plan |= {"since": row.since, "step": exact(row.step), "tries": exact(row.tries)}
            plan |= {} if row.baseline is None else {"baseline": exact(row.baseline)}
        plan["due"] = instant(now)
        signer = workspace.keys.signer("reviewer")
        by = Actor("reviewer", workspace.reviewer, signer.kid)
        transaction.append(Event(ASKED, by, about(change), data={"recheck": plan}))


class _Act:
    """One signed act about the open exceptions of a change."""

    def __init__(
        self,
        workspace: Workspace,
        transaction: Transaction,
        change: ChangeRow,
        act: Act,
        reason: str,
    ):
        self.workspace = workspace
        self.transaction = transaction
        self.change = change
        self.act = act
        self.reason = reason.strip()
        self.found: Sequence[ExceptionRow] = ()
        self._statement: Statement | None = None

    def begin(self) -> Sequence[ExceptionRow]:
        """Ask whether the person here may, and sign; return the open exceptions."""
        reads, change = self.transaction, self.change
        person = check(self.workspace, reads, self.act, change, reads.clock.hi)
        self.found = reads.exceptions(change.proposal, change.idx)
        row, _ = find_change(reads, change.proposal, change.idx)
        words: JsonObject = {"act": self.act, "exceptions": [exact(one.id) for one in self.found]}
        self._statement = sign_act(
            self.workspace, "settlement", row.subject, change, person.id, words
        )
        self.actor = Actor("reviewer", person.id, self._statement.kid)
        return self.found

    def append(self, type_: str, data: JsonObject, body: JsonObject | None = None) -> int:
        """Append the event and return its number."""
        statement = self._statement
        if statement is None:
            raise AssertionError("an act is begun before it is appended")
        entry = self.transaction.append(
            Event(
                type_,
                self.actor,
                about(self.change),
                data={
                    "exceptions": [exact(one.id) for one in self.found],
                    "statement": statement.text,
                    **data,
                },
                refs=({"kind": "settlement", "digest": statement.digest},),
                body={"reason": self.reason, **(body or {})},
            )
        )
        return entry.seq


def _check_reason(reason: str) -> None:
    if not reason.strip() or len(reason) > MAX_REASON:
        raise BadInput(
            f"is missing, or longer than {MAX_REASON} characters",
            field="reason",
            remedy="Say why, in words",
        )


def _under_way(reads: Reads, change: ChangeRow) -> bool:
    """Tell whether a correction is asked for or proposed and not at its end."""
    ended = {State.DENIED, State.REJECTED, State.WITHDRAWN, State.SUPERSEDED, State.REFUSED}
    for row in reads.corrections(change.proposal, change.idx):
        if row.failed is not None:
            continue
        if row.proposed is None or any(
            one.state not in ended | {State.VERIFIED} for one in reads.changes(row.proposed)
        ):
            return True
    return False


def _called(roster: Roster, change: ChangeRow, to: str | None, at: Interval) -> tuple[str, ...]:
    if to is None:
        return escalated(roster, change.route_json or {}, at, change.ehr).to
    kind, _, name = to.partition(":")
    held = roster.roles()
    if kind == "role" and any(name in roles for roles in held.values()):
        return resolve(roster, {"roles": [name]}, at, change.ehr).to
    if kind == "person" and name in held:
        route = {"roles": sorted(held[name]), "escalate_to": sorted(held[name])}
        return resolve(roster, route, at, change.ehr, assigned=to).to
    raise BadInput(
        "is no role that somebody holds, and nobody in the roster",
        field="to",
        remedy="Write role:on-call or person:dr-lee; see `countersign roster show`",
    )


def _differences(reads: Reads, change: ChangeRow) -> list[JsonObject]:
    seq = shown_seq(reads, change)
    entry = None if seq is None else reads.entry(seq)
    listed = [] if entry is None or entry.body is None else entry.body.get("differences") or []
    return [one for one in listed if one.get("class") in ("lossy", "changed", "critical")]
