"""How each act of the table is done: by the use case, by the command line, and which key asks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from types import SimpleNamespace
from typing import Any

from console import actions
from console.actions import Scope
from console.outbox import Outbox
from console.screens.exceptions import ExceptionsScreen
from console.screens.incidents import IncidentsScreen
from console.screens.review import ReviewScreen
from console.screens.supervisor import SupervisorScreen
from core.hub.receive import dismiss
from core.incident.freeze import declare, lift
from core.incident.incidents import Declaration, close_incident, declare_incident
from core.lifecycle import State
from core.reconcile.settle import settle
from core.reconcile.steps import ask_correction, escalate, remap
from core.reconcile.trouble import Trouble
from core.review.bulk import Marked, answer_many, approve_many
from core.review.byhand import Entry, enter
from core.review.consult import consult
from core.review.dead_letters import close, replay, send_to_review
from core.review.decide import Answer, decide
from core.review.dependencies import GONE
from core.review.edit import edit
from core.review.glass import Glass
from core.review.hidden import Hidden
from core.review.reassign import Handover, Item, reassign
from core.review.recall import recall
from core.review.withdraw import withdraw
from core.workspace import Workspace
from tests.console.cells import KINDS, Cell, House

LATE = timedelta(hours=25)
_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Done:
    """One act by one person on one cell; `cell` is None for acts about no change."""

    house: House
    workspace: Workspace
    cell: Cell | None = None

    @property
    def id(self) -> str:
        return self.on.row.proposal

    @property
    def on(self) -> Cell:
        assert self.cell is not None
        return self.cell

    @property
    def seen(self) -> str:
        return self.on.row.change_digest

    @property
    def marked(self) -> list[Marked]:
        return [Marked(self.id, 0, self.seen)]

    @property
    def role(self) -> str:
        return str((self.on.row.route_json or {"roles": ["x"]})["roles"][0])

    @property
    def soon(self) -> Any:
        return self.workspace.clock.now() + _HOUR

    @property
    def other(self) -> str:
        return "admin" if self.workspace.reviewer != "admin" else "nurse"

    @property
    def words(self) -> str:
        return str(self.house.words)

    def answer(self, outcome: Any, **more: Any) -> Any:
        return decide(self.workspace, self.id, 0, Answer(outcome, **more))

    def reassign(self) -> Any:
        items = [Item(self.id, 0, self.seen, self.on.row.state)]
        return reassign(self.workspace, items, Handover(self.role, None, LATE, "why"))


@dataclass(frozen=True)
class Driver:
    """The ways of one act; `key` is the action whose key asks, None where there is none."""

    core: Callable[[Done], Any]
    line: Callable[[Done], list[str]]
    key: tuple[Scope, str] | None
    kinds: tuple[str, ...] = ("coordinator", "clinician")
    """The kinds of route on which it may come out differently."""
    many: Callable[[Done], Any] | None = None
    """The same, as one of a list."""


_VOTES = ("coordinator", "clinician", "half", "own")

DRIVERS: dict[str, Driver] = {
    "approve": Driver(
        lambda done: done.answer("approve", seen=done.seen),
        lambda done: ["approve", done.id, "--hash", done.seen],
        ("review", "approve"), _VOTES,
        lambda done: approve_many(done.workspace, done.marked, {done.seen}),
    ),
    "break-glass": Driver(
        lambda done: done.answer("approve", seen=done.seen, glass=Glass("why")),
        lambda done: ["approve", done.id, "--hash", done.seen, "--break-glass",
                      "--reason-file", done.words],
        ("review", "break_glass"), (*_VOTES, "two", "denying"),
    ),
    "reject": Driver(
        lambda done: done.answer("reject", reason="not-supported"),
        lambda done: ["reject", done.id, "--reason", "not-supported"],
        ("review", "reject"), _VOTES,
        lambda done: answer_many(
            done.workspace, done.marked, Answer("reject", reason="not-supported")
        ),
    ),
    "defer": Driver(
        lambda done: done.answer("defer", until=done.soon),
        lambda done: ["defer", done.id, "--until", f"{done.soon:%Y-%m-%dT%H:%MZ}"],
        ("review", "defer"), _VOTES,
        lambda done: answer_many(done.workspace, done.marked, Answer("defer", until=done.soon)),
    ),
    "edit": Driver(
        lambda done: edit(done.workspace, done.id, 0, done.on.resource, done.seen),
        lambda done: ["edit", done.id, "--hash", done.seen, "--file", done.house.file(done.on)],
        ("review", "edit"), _VOTES,
    ),
    "recall": Driver(
        lambda done: recall(done.workspace, done.id, 0),
        lambda done: ["recall", done.id],
        ("app", "recall"), ("coordinator", "clinician", "two", "half"),
    ),
    "reassign": Driver(
        Done.reassign,
        lambda done: ["reassign", done.id, "--role", done.role, "--reason", "why",
                      "--expires", "1h"],
        ("supervisor", "reassign"),
    ),
    "correct": Driver(
        lambda done: ask_correction(done.workspace, done.id, 0, "put it right"),
        lambda done: ["exceptions", "--correct", done.id, "--reason-file", done.words],
        ("exceptions", "correct"), ("coordinator", "clinician", "grave", "quiet"),
    ),
    "escalate": Driver(
        lambda done: escalate(done.workspace, done.id, 0, "who knows this?"),
        lambda done: ["exceptions", "--escalate", done.id, "--reason-file", done.words],
        ("exceptions", "escalate"), ("coordinator", "clinician", "grave", "quiet"),
    ),
    "remap": Driver(
        lambda done: remap(done.workspace, done.id, 0, "its own codes"),
        lambda done: ["exceptions", "--remap", done.id, "--reason-file", done.words],
        ("exceptions", "remap"), ("coordinator", "clinician", "grave", "quiet"),
    ),
    "settle": Driver(
        lambda done: settle(done.workspace, done.id, 0, "it may stay"),
        lambda done: ["exceptions", "--accept", done.id, "--reason", "it may stay"],
        ("exceptions", "accept"), ("coordinator", "clinician", "grave", "quiet", "typed"),
    ),
    "enter": Driver(
        lambda done: enter(done.workspace, done.id, 0, Entry(done.seen)),
        lambda done: ["downtime", "entered", done.id, "--change", "0", "--hash", done.seen],
        ("review", "by_hand"), ("coordinator", "clinician", "own", "quiet", "typed"),
    ),
    "replay": Driver(
        lambda done: replay(done.workspace, done.id, 0),
        lambda done: ["dead-letters", "replay", done.id],
        ("exceptions", "replay"),
    ),
    "send-to-review": Driver(
        lambda done: send_to_review(done.workspace, done.id, 0, "look again"),
        lambda done: ["dead-letters", "review", done.id, "--reason-file", done.words],
        ("exceptions", "send_to_review"),
    ),
    "close-dead-letter": Driver(
        lambda done: close(done.workspace, done.id, 0, "done at the desk"),
        lambda done: ["dead-letters", "close", done.id, "--reason-file", done.words],
        ("exceptions", "close_letter"),
    ),
    "consult": Driver(
        lambda done: consult(done.workspace, done.id, 0, done.other, "what do you say?"),
        lambda done: ["consult", done.id, "--to", done.other, "--note-file", done.words],
        ("review", "consult"), ("clinician",),
    ),
    "withdraw": Driver(
        lambda done: withdraw(done.workspace, done.id, (), "a mistake"),
        lambda done: ["withdraw", done.id, "--reason-file", done.words],
        None,
    ),
    "freeze": Driver(
        lambda done: declare(done.workspace, {"agent": "x"}, "why"),
        lambda _: ["incident", "freeze", "--agent", "x", "--reason", "why"],
        ("incidents", "freeze"),
    ),
    "thaw": Driver(
        lambda done: lift(done.workspace, done.house.freeze, "over"),
        lambda done: ["incident", "thaw", done.house.freeze, "--reason", "over"],
        ("incidents", "thaw"),
    ),
    "declare-incident": Driver(
        lambda done: declare_incident(done.workspace, Declaration("data-corruption", "why")),
        lambda done: ["incident", "declare", "--category", "data-corruption",
                      "--reason-file", done.words],
        None,
    ),
    "close-incident": Driver(
        lambda done: close_incident(done.workspace, done.house.incident, "over"),
        lambda done: ["incident", "close", done.house.incident, "--reason-file", done.words],
        None,
    ),
    "dismiss": Driver(
        lambda done: dismiss(done.workspace, done.house.finding.id),
        lambda done: ["exceptions", "--dismiss", str(done.house.finding.id)],
        ("exceptions", "close_finding"),
    ),
}  # fmt: skip
assert all(set(driver.kinds) <= set(KINDS) for driver in DRIVERS.values())


def exit_code(act: str, kind: str, state: State) -> int:
    """Return the exit code of a refusal of that kind.

    To withdraw what would not be written anyway is no failure: the agent has what it wants.
    """
    if kind == "role":
        return 3
    return 0 if act == "withdraw" and state in GONE else 5


class Seat:
    """Screens of the console in front of a person, as if they had painted a change."""

    def __init__(self, house: House, workspace: Workspace) -> None:
        self.house = house
        self.session = SimpleNamespace(
            ledger=house.bench.ledger, clock=house.bench.clock, reviewer=workspace.reviewer,
            offline=lambda: workspace,
        )  # fmt: skip
        self.app = SimpleNamespace(session=self.session, read_only=False)

    def refusal(self, scope: Scope, id_: str, cell: Cell | None) -> str | None:
        """Return what the key of an action is switched off with."""
        if scope == "app":
            return Outbox().why_not(self.session, self._view(cell).changes[0])
        screen = _seated(_SCREENS[scope])
        screen.seat, screen.item = self, self._item(scope, cell)
        if scope == "supervisor":
            screen._chosen = lambda: [_of(cell).row]
            chosen: str | None = screen._refusal()
            return chosen
        if scope == "review":
            screen._view, screen._key = self._view(cell), (_of(cell).row.proposal, 0)
            screen._painted_at, screen._stale = 0.0, False
        why: str | None = screen.blocked(actions.named(scope, id_))
        return why

    def _view(self, cell: Cell | None) -> Any:
        """Return a view of the row; what is painted beside it decides nothing."""
        return SimpleNamespace(
            changes=[SimpleNamespace(row=_of(cell).row, content=object(), hidden=Hidden())]
        )

    def _item(self, scope: Scope, cell: Cell | None) -> Any:
        """Return what is under the cursor."""
        if scope != "exceptions":
            return object()
        if cell is None:
            finding = self.house.finding
            return Trouble("task", finding.id, "x", "x", "", finding=finding)
        found = next(iter(self.session.ledger.exceptions(cell.row.proposal, 0)), None)
        return Trouble("write", 0, "x", "x", "", change=cell.row, exception=found)


_SCREENS: dict[str, type] = {
    "review": ReviewScreen,
    "supervisor": SupervisorScreen,
    "exceptions": ExceptionsScreen,
    "incidents": IncidentsScreen,
}


def _seated(screen: type) -> Any:
    kind = _seated_kind(screen)
    return kind.__new__(kind)


@cache
def _seated_kind(screen: type) -> type:
    item = property(lambda self: self.item)
    members = {
        "console_app": property(lambda self: self.seat.app), "chosen": item, "frozen": item,
    }  # fmt: skip
    return type(f"Seated{screen.__name__}", (screen,), members)


def _of(cell: Cell | None) -> Cell:
    assert cell is not None
    return cell
