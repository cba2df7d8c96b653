"""Who may do what with a change, in which state: one table that everything asks.

The use cases of core, the console's keys and the command line get the same answer here. A new
act is one more row. Source: design §6 (states), §8 (no self-approval, quorum of distinct people),
§12 (containment). What is decided on missing facts is no.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal

from core.errors import Conflict, CountersignError, Refused
from core.lifecycle import OPEN, State

Kind = Literal["state", "role"]
Bypass = Literal["consent", "quorum", "role"]
NOBODY: frozenset[str] = frozenset()
_THIS = "this change"
DECIDABLE = frozenset({State.PENDING})
UNDECIDED = frozenset({State.PENDING, State.EXPIRED, State.DEFERRED})
SETTLED_BY_WORD = frozenset({State.EXCEPTION, State.REFUSED})
EXCEPTED = frozenset({State.EXCEPTION})
WITHDRAWABLE = UNDECIDED | {State.READY}
DEAD = frozenset({State.DEAD_LETTER})
UNWRITTEN = frozenset({State.DEAD_LETTER, State.REFUSED})
UNDER_WAY = frozenset({State.SENDING, State.AMBIGUOUS, State.HELD_BY_EHR})
BY_HAND = frozenset(
    {
        State.PENDING,
        State.EXPIRED,
        State.READY,
        State.REFUSED,
        State.DEAD_LETTER,
        State.EXCEPTION,
    }
)
SUPERVISORS = frozenset({"supervisor"})
CONTAINERS = frozenset({"on-call", "supervisor", "admin"})
WATCHERS = frozenset({"on-call", "supervisor"})


@dataclass(frozen=True, slots=True)
class Row:
    """One act: in which states of a change, and who."""

    does: str
    """What the act is, in words for the documentation."""
    states: frozenset[State] = frozenset()
    """Where the change may be; empty: the act is about no change."""
    roles: frozenset[str] = NOBODY
    """Roles that may, whatever the route says."""
    route_roles: bool = False
    """The roles of the route may as well."""
    reassigners: bool = False
    """The roles that the route lists under `reassign_by` may."""
    breakers: bool = False
    """The roles that the policy lets break the glass may, and no others."""
    grave_roles: frozenset[str] | None = None
    """Where the exception is grave, these roles only."""
    voter: bool = False
    """Whoever's vote stands may, too; somebody must have voted."""
    unexpired: bool = False
    once: bool = False
    """Refused to whoever has voted on this revision already."""
    others: bool = False
    """Refused to whoever submitted the proposal by hand or caused it."""
    excepted: bool = False
    """An exception of the change must be open."""
    reentry: bool = False
    """With an exception only where all that is open is that an entry by hand was not found."""
    written: bool = False
    """Not where all that is open is that an entry by hand was not found."""
    bypass: bool = False
    """There must be something that a plain approval lacks: see `bypasses`."""
    anybody: bool = False
    """Everybody in the roster may, whatever their roles."""
    agents: bool = False
    """No person's: whose key speaks for the agent that proposed it may."""


TABLE: dict[str, Row] = {
    "approve": Row(
        "approve a change", DECIDABLE, route_roles=True, unexpired=True, once=True, others=True
    ),
    "break-glass": Row(
        "approve without quorum, named role or consent",
        frozenset({State.PENDING, State.DENIED}),
        breakers=True,
        unexpired=True,
        others=True,
        bypass=True,
    ),
    "reject": Row("reject a change", DECIDABLE, route_roles=True, unexpired=True, once=True),
    "defer": Row(
        "put a decision off until later", DECIDABLE, route_roles=True, unexpired=True, once=True
    ),
    "edit": Row(
        "correct a change before it is decided", DECIDABLE, route_roles=True, unexpired=True
    ),
    "recall": Row(
        "take an approval back before it is sent",
        frozenset({State.READY}),
        roles=SUPERVISORS,
        voter=True,
    ),
    "reassign": Row("give a change to others, with a new time", UNDECIDED, reassigners=True),
    "settle": Row(
        "accept an exception as it is",
        SETTLED_BY_WORD,
        roles=WATCHERS,
        route_roles=True,
        grave_roles=WATCHERS,
        excepted=True,
    ),
    "correct": Row(
        "have what was approved proposed once more",
        EXCEPTED,
        roles=WATCHERS,
        route_roles=True,
        excepted=True,
        written=True,
    ),
    "escalate": Row(
        "give an exception to somebody else",
        SETTLED_BY_WORD,
        roles=WATCHERS,
        route_roles=True,
        excepted=True,
    ),
    "remap": Row(
        "say that a mapping is missing",
        EXCEPTED,
        roles=WATCHERS,
        route_roles=True,
        excepted=True,
    ),
    "enter": Row("enter a change by hand at the EHR", BY_HAND, route_roles=True, reentry=True),
    "replay": Row(
        "have a dead letter sent again, as the same operation",
        DEAD,
        roles=WATCHERS,
        route_roles=True,
    ),
    "send-to-review": Row(
        "send a dead letter or a refused write back to review",
        UNWRITTEN,
        roles=WATCHERS,
        route_roles=True,
    ),
    "close-dead-letter": Row(
        "close a dead letter, which is then never written",
        DEAD,
        roles=WATCHERS,
        route_roles=True,
    ),
    "consult": Row("ask a colleague about a change, or answer one", OPEN, anybody=True),
    "withdraw": Row("take back what an agent proposed", WITHDRAWABLE, agents=True),
    "freeze": Row("stop matching writes", roles=CONTAINERS),
    "thaw": Row("lift a freeze", roles=CONTAINERS),
    "declare-incident": Row("open an incident", roles=CONTAINERS),
    "close-incident": Row("close an incident, with a reason", roles=CONTAINERS),
    "dismiss": Row("take a finding about a Task off the list", roles=CONTAINERS),
}
"""Every act that a person may be refused, by its name."""


@dataclass(frozen=True, slots=True)
class Who:
    """The person at this terminal: their roles, and whether their signature counts."""

    id: str
    roles: frozenset[str] = NOBODY
    listed: bool = False
    """The roster in force lists them."""
    enrolled: bool = False
    """The key at this terminal is theirs and not revoked."""
    speaks: bool = False
    """The submitter key at this terminal, or the agent's own, speaks for the agent."""


@dataclass(frozen=True, slots=True)
class Case:
    """What is asked about one change; the defaults allow nothing that needs them."""

    state: State
    roles: tuple[str, ...] = ()
    """Of its route, in the route's order."""
    reassign_by: tuple[str, ...] = ()
    expired: bool = True
    breakers: frozenset[str] = NOBODY
    """Roles that the policy in force lets break the glass."""
    voters: frozenset[str] = NOBODY
    """Whose votes on this revision stand; a deferral is no vote."""
    authors: frozenset[str] = NOBODY
    """Who submitted the proposal by hand or caused it."""
    excepted: bool = False
    grave: bool = True
    """An open exception is critical or of a write nobody knows the end of."""
    unfound: bool = False
    """Something is open, and all that is open is that an entry by hand was not found."""
    quorum: int = 0
    """How many people must approve it."""
    consent_denied: bool = False
    """A Consent of the patient denies it."""


@dataclass(frozen=True, slots=True)
class Why:
    """Why not: a static code, the words for people, and the remedy."""

    code: str
    kind: Kind
    words: str
    remedy: str = field(default="", compare=False)

    def error(self, index: int | None = None) -> CountersignError:
        """Return it as the error that a use case raises: exit 5 for a state, 3 for a role."""
        words = self.words
        if index is not None:
            about = f"change {index}"
            rest = words.removeprefix(_THIS)
            words = f"{about}: {words}" if rest == words else about + rest
        type_ = Conflict if self.kind == "state" else Refused
        return type_(words, remedy=self.remedy)


def answer(act: str, who: Who, case: Case | None) -> Why | None:
    """Return why `who` may not do `act`, or None when they may.

    `case` is None for acts about no change. The state is told before the role: what cannot be done
    at all is nobody's to do.
    """
    row = TABLE[act]
    if case is None:
        if row.states:
            return Why("unknown", "state", "no change is named")
        return _signature(who) or _role(row.roles, who)
    why = _state(act, row, case)
    if why is None and row.agents:
        return None if who.speaks else _SPEAKS_NOT
    return why or _signature(who) or _person(row, who, case)


def unfit(act: str, case: Case) -> Why | None:
    """Return why nobody may do `act` with this change, or None when somebody may."""
    return _state(act, TABLE[act], case)


def bypasses(who: Who, case: Case) -> tuple[Bypass, ...]:
    """Return what a plain approval by `who`, in the role that breaks the glass, would lack."""
    found: list[Bypass] = []
    if case.consent_denied:
        found.append("consent")
    if len(case.voters | {who.id}) < case.quorum:
        found.append("quorum")
    if not who.roles & case.breakers & set(case.roles):
        found.append("role")
    return tuple(found)


def _state(act: str, row: Row, case: Case) -> Why | None:
    if row.excepted and not case.excepted:
        return Why(
            "no-exception", "state", "no exception of this change is open",
            "See `countersign exceptions`",
        )  # fmt: skip
    if case.state not in row.states:
        return Why("state", "state", _where(act, case.state), "Look at it again with `show`")
    if row.reentry and case.state == State.EXCEPTION and not case.unfound:
        return Why("state", "state", _where(act, case.state), "Settle the exception first")
    if row.written and case.unfound:
        return Why(
            "unfound", "state", "an entry by hand was not found, and no proposal puts that right",
            "Put it right in the EHR, then accept it as it is",
        )  # fmt: skip
    if case.state == State.DENIED and not case.consent_denied:
        return Why(
            "denied", "role", "no Consent denies this change, and no glass opens another denial",
            "See `countersign show` for the reasons",
        )  # fmt: skip
    if row.unexpired and case.expired and case.state != State.DENIED:
        return Why("expired", "state", "this change has expired", "Ask a supervisor to reassign it")
    if row.voter and not case.voters:
        return Why(
            "nobody-approved", "state", "no person approved this change",
            "Freeze its route to stop it",
        )  # fmt: skip
    return None


def _where(act: str, state: State) -> str:
    if act == "recall":
        if state == State.PENDING:
            return "nothing is approved that could be recalled"
        return f"this change is {state}; only an approval that is not yet sent can be recalled"
    if act == "reassign":
        return f"this change is {state}; nobody has to decide it"
    if act in ("settle", "correct", "escalate", "remap"):
        return f"this change is {state}; wait until the gateway has found out what became of it"
    if act in _ELSE:
        return _ELSE[act](state)
    return f"this change is {state}, not waiting for review"


def _not_by_hand(state: State) -> str:
    if state == State.MANUAL_ENTRY:
        return "this change was entered by hand already"
    if state in UNDER_WAY:
        return f"this change is {state}; it may be in the chart already, wait until that is known"
    return f"this change is {state}; it cannot be entered by hand"


_ELSE: dict[str, Callable[[State], str]] = {
    "enter": _not_by_hand,
    "replay": "this change is {}; only a dead letter can be sent again".format,
    "send-to-review": "this change is {}; only what was refused or given up goes back so".format,
    "close-dead-letter": "this change is {}; only a dead letter can be closed".format,
    "consult": "this change is {}; there is nothing to ask about it".format,
    "withdraw": "this change is {}; it cannot be withdrawn".format,
}
_SPEAKS_NOT = Why(
    "agent", "role", "the submitter of this workspace may not speak for this agent",
    "The agent withdraws it itself, or a reviewer rejects it",
)  # fmt: skip


def _signature(who: Who) -> Why | None:
    if not who.listed:
        return Why(
            "not-listed", "role", f"{who.id} is not in the roster",
            "Ask an admin to enrol you with `roster`",
        )  # fmt: skip
    if not who.enrolled:
        return Why(
            "key", "role", "your signing key is not enrolled, or was revoked", "See `roster`"
        )
    return None


def _person(row: Row, who: Who, case: Case) -> Why | None:
    if row.anybody or (row.voter and who.id in case.voters):
        return None
    why = _role(_wanted(row, case), who, voter=row.voter)
    if why is not None:
        return why
    if row.others and who.id in case.authors:
        return Why(
            "self", "role", "you submitted this yourself, and nobody approves their own",
            "Another person must decide it",
        )  # fmt: skip
    if row.once and who.id in case.voters:
        return Why(
            "voted", "state", "you have already decided this change",
            "Another person must decide too",
        )  # fmt: skip
    if row.bypass and not bypasses(who, case):
        return Why(
            "plain", "role", "there is nothing to bypass",
            "Approve it plainly, without breaking the glass",
        )  # fmt: skip
    return None


def _wanted(row: Row, case: Case) -> Iterable[str]:
    if row.grave_roles is not None and case.grave:
        return row.grave_roles
    wanted = set(row.roles)
    if row.route_roles:
        wanted |= set(case.roles)
    if row.reassigners:
        wanted |= set(case.reassign_by)
    if row.breakers:
        wanted |= case.breakers
    return wanted


def _role(wanted: Iterable[str], who: Who, *, voter: bool = False) -> Why | None:
    found = frozenset(wanted)
    if who.roles & found:
        return None
    names = " or ".join(sorted(found)) or "a role that its route does not name"
    words = f"only who approved it, or a {names}, may" if voter else f"this asks for {names}"
    return Why("role", "role", words, "Leave it to somebody who holds that role")
