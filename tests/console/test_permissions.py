"""One table says who may do what: core, the console's keys and the command line agree on it."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import cache, lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from console import actions
from console.commands import decide as decide_command
from console.commands import edit, exceptions, incident, line, reassign, recall
from console.outbox import Outbox
from console.screens.exceptions import ExceptionsScreen
from console.screens.incidents import IncidentsScreen
from console.screens.review import ReviewScreen
from console.screens.supervisor import SupervisorScreen
from core.canonical import encode
from core.errors import Conflict, CountersignError, Refused
from core.hub.receive import dismiss
from core.incident.freeze import declare, lift
from core.lifecycle import State
from core.reconcile.settle import settle
from core.reconcile.trouble import Trouble
from core.review import permissions
from core.review.decide import Answer, decide
from core.review.edit import edit as edit_change
from core.review.permissions import TABLE, Why, answer
from core.review.reassign import Handover, Item
from core.review.reassign import reassign as give
from core.review.recall import recall as take_back
from core.view import ProposalView, view_proposal
from core.workspace import Workspace
from sync.store.ledger import StoreLedger
from tests.console.cells import ROLES, Cell, House, Undone, acts_on_a_change, dry, who

EXIT = {"state": 5, "role": 3}
COMMANDS = (decide_command, edit, exceptions, incident, reassign, recall)
PRISTINE = dict(TABLE)
LATE = timedelta(hours=25)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return House(tmp_path_factory.mktemp("house"))


@pytest.fixture
def files(house: House, tmp_path: Path) -> dict[str, str]:
    found = {}
    for number, cell in enumerate(house.cells):
        path = tmp_path / f"{number}.json"
        path.write_bytes(encode(cell.resource))
        found[cell.row.proposal] = str(path)
    return found


def by_core(workspace: Workspace, act: str, cell: Cell) -> Why | None:
    """Do it through the use case; return None when it was about to be committed."""
    id_, row = cell.row.proposal, cell.row
    until = workspace.clock.now() + timedelta(hours=1)
    give_to = Handover((row.route_json or {"roles": ["x"]})["roles"][0], None, LATE, "why")
    doing: dict[str, Callable[[], Any]] = {
        "approve": lambda: decide(workspace, id_, 0, Answer("approve", seen=row.change_digest)),
        "reject": lambda: decide(workspace, id_, 0, Answer("reject", reason="not-supported")),
        "defer": lambda: decide(workspace, id_, 0, Answer("defer", until=until)),
        "edit": lambda: edit_change(workspace, id_, 0, cell.resource, row.change_digest),
        "recall": lambda: take_back(workspace, id_, 0),
        "reassign": lambda: give(workspace, [Item(id_, 0, row.change_digest, row.state)], give_to),
        "settle": lambda: settle(workspace, id_, 0, "it may stay"),
    }
    return _outcome(doing[act])


def _outcome(act: Callable[[], Any]) -> Why | None:
    try:
        done = act()
    except Undone:
        return None
    except (Conflict, Refused) as error:
        return Why("", "state" if isinstance(error, Conflict) else "role", str(error))
    (left,) = done
    return Why("", "state", str(left.why_not))


def line_of(act: str, cell: Cell, files: dict[str, str], until: str) -> list[str]:
    """Return the command line that does it."""
    id_, seen = cell.row.proposal, cell.row.change_digest
    role = (cell.row.route_json or {"roles": ["x"]})["roles"][0]
    return {
        "approve": ["approve", id_, "--hash", seen],
        "reject": ["reject", id_, "--reason", "not-supported"],
        "defer": ["defer", id_, "--until", until],
        "edit": ["edit", id_, "--hash", seen, "--file", files[id_]],
        "recall": ["recall", id_],
        "reassign": ["reassign", id_, "--role", role, "--reason", "why", "--expires", "1h"],
        "settle": ["exceptions", "--accept", id_, "--reason", "it may stay"],
    }[act]


@contextmanager
def commands_of(house: House, workspace: Workspace) -> Iterator[None]:
    """Let commands open this house, as the person of this workspace."""
    opened = SimpleNamespace(
        ledger=house.bench.ledger, clock=house.bench.clock, ehr_names=["sandbox"],
        reviewer=workspace.reviewer, offline=lambda: workspace,
    )  # fmt: skip

    @contextmanager
    def open_here(_args: Any) -> Iterator[Any]:
        yield opened

    with pytest.MonkeyPatch.context() as patch:
        for module in COMMANDS:
            patch.setattr(module, "open_here", open_here)
        patch.setattr(line, "_parser", _parser)
        patch.setattr(line, "_log_end", lambda *_: None)
        yield


_parser = lru_cache(maxsize=None)(line._parser)


def by_line(arguments: list[str]) -> int:
    """Return the exit code; 0 where it was about to be committed."""
    try:
        return line.run_line([*arguments, "--json"])
    except Undone:
        return 0


@cache
def house_view(ledger: StoreLedger, id_: str) -> ProposalView:
    """Return a proposal as it was painted; nothing in the house ever changes."""
    row = ledger.proposal(id_)
    assert row is not None
    return view_proposal(ledger, row)


class Seat:
    """Screens of the console in front of a person, as if they had painted a change."""

    def __init__(self, house: House, workspace: Workspace) -> None:
        self.session = SimpleNamespace(
            ledger=house.bench.ledger, clock=house.bench.clock, reviewer=workspace.reviewer,
            offline=lambda: workspace,
        )  # fmt: skip
        self.app = SimpleNamespace(session=self.session, read_only=False)

    def refusal(self, act: str, cell: Cell) -> str | None:
        if act == "settle":
            return self._exceptions(cell)
        if act == "reassign":
            return self._seated(SupervisorScreen, _chosen=lambda _self: [cell.row])._refusal()
        view = house_view(self.session.ledger, cell.row.proposal)
        if act == "recall":
            return Outbox().why_not(self.session, view.changes[0])
        screen = self._seated(ReviewScreen)
        screen._view, screen._key, screen._painted_at, screen._stale = (
            view, (cell.row.proposal, 0), 0.0, False,
        )  # fmt: skip
        return screen.blocked(actions.named("review", act))

    def _exceptions(self, cell: Cell) -> str | None:
        found = next(iter(self.session.ledger.exceptions(cell.row.proposal, 0)), None)
        item = Trouble("write", 0, "x", "x", "", change=cell.row, exception=found)
        screen = self._seated(ExceptionsScreen, chosen=property(lambda _self: item))
        return screen.blocked(actions.named("exceptions", "accept"))

    def elsewhere(self, act: str, house: House) -> str | None:
        """Ask about an act that is about no change."""
        if act == "dismiss":
            item = Trouble("task", house.finding.id, "x", "x", "", finding=house.finding)
            screen = self._seated(ExceptionsScreen, chosen=property(lambda _self: item))
            return screen.blocked(actions.named("exceptions", "close_finding"))
        screen = self._seated(IncidentsScreen, frozen=property(lambda _self: object()))
        return screen.blocked(actions.named("incidents", act))

    def _seated(self, screen: type, **more: Any) -> Any:
        app = property(lambda _self: self.app)
        kind = type(f"Seated{screen.__name__}", (screen,), {"console_app": app, **more})
        return kind.__new__(kind)


def disagreements(house: House, files: dict[str, str], acts: list[str]) -> tuple[int, list[str]]:
    """Walk every cell; return how many, and those where anything differs from the table."""
    found: list[str] = []
    count = 0
    size = house.bench.ledger.size
    with dry():
        for role in ROLES:
            workspace = house.of(role)
            seat = Seat(house, workspace)
            with commands_of(house, workspace):
                for late, cell in whenever(house):
                    with at(house, late=late):
                        until = f"{house.bench.clock.now() + timedelta(hours=1):%Y-%m-%dT%H:%MZ}"
                        for act in acts:
                            count += 1
                            wanted = pristine(act, role, cell, late=late)
                            core = by_core(workspace, act, cell)
                            key = seat.refusal(act, cell)
                            code = by_line(line_of(act, cell, files, until))
                            said = _differs(wanted, core, key, code, act)
                            if said:
                                place = f"{act} {role} {cell.kind} {cell.state} late={late}"
                                found.append(f"{place}: {said}")
    assert house.bench.ledger.size == size
    return count, found


def whenever(house: House) -> list[tuple[bool, Cell]]:
    """Return every cell in time, and those of two kinds of route when they have expired as well."""
    late = [(True, cell) for cell in house.cells if cell.kind in ("clinician", "half")]
    return [*((False, cell) for cell in house.cells), *late]


def _differs(
    wanted: Why | None, core: Why | None, key: str | None, code: int, act: str
) -> str | None:
    if wanted is None:
        return None if (core, key, code) == (None, None, 0) else f"allowed, but {core} {key} {code}"
    if core is None or key is None or code == 0:
        return f"refused ({wanted.code}), but core {core}, key {key}, exit {code}"
    if core.kind != wanted.kind or code != EXIT[wanted.kind]:
        return f"{wanted}, but {core}, exit {code}"
    # What the console cannot reach at all it need not explain.
    words = told(wanted, act) in core.words and (key == wanted.words or act in ("recall", "settle"))
    return None if words else f"{wanted.words!r}, but {core.words!r}, {key!r}"


def told(wanted: Why, act: str) -> str:
    """Return the words that the use case says it in."""
    return wanted.error(0 if TABLE[act].states else None).problem


def pristine(act: str, role: str, cell: Cell, *, late: bool) -> Why | None:
    """Return what the table says as it is written, whatever a test did to it meanwhile."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(permissions, "TABLE", PRISTINE)
        return answer(act, who(role), cell.case(late=late))


@contextmanager
def at(house: House, *, late: bool) -> Iterator[None]:
    before = house.bench.clock.time
    house.bench.clock.time = before + (LATE if late else timedelta(0))
    try:
        yield
    finally:
        house.bench.clock.time = before


@pytest.mark.parametrize("act", acts_on_a_change())
def test_every_cell_is_as_the_table_says(
    house: House, files: dict[str, str], act: str, capsys: pytest.CaptureFixture[str]
) -> None:
    count, found = disagreements(house, files, [act])
    assert count == len(ROLES) * 9 * len(State) and len(house.cells) == 7 * len(State)
    assert not found, found[:5]


@pytest.mark.parametrize("role", ROLES)
def test_acts_about_no_change_are_as_the_table_says(
    house: House, role: str, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = house.of(role)
    seat, size = Seat(house, workspace), house.bench.ledger.size
    doing: dict[str, tuple[Callable[[], Any], list[str]]] = {
        "freeze": (
            lambda: declare(workspace, {"agent": "x"}, "why"),
            ["incident", "freeze", "--agent", "x", "--reason", "why"],
        ),
        "thaw": (
            lambda: lift(workspace, house.freeze, "over"),
            ["incident", "thaw", house.freeze, "--reason", "over"],
        ),
        "dismiss": (
            lambda: dismiss(workspace, house.finding.id),
            ["exceptions", "--dismiss", str(house.finding.id)],
        ),
    }
    assert set(doing) == {name for name, row in TABLE.items() if not row.states}
    with dry(), commands_of(house, workspace):
        for act, (core, words) in doing.items():
            wanted = answer(act, who(role), None)
            said = _differs(wanted, _outcome(core), seat.elsewhere(act, house), by_line(words), act)
            assert said is None, (act, said)
    assert house.bench.ledger.size == size


@pytest.mark.parametrize(
    ("act", "change"),
    [
        ("approve", {"roles": frozenset({"on-call"})}),
        ("approve", {"others": False}),
        ("reject", {"once": False}),
        ("defer", {"unexpired": False}),
        ("edit", {"states": frozenset({State.PENDING, State.DEFERRED})}),
        ("recall", {"voter": False}),
        ("reassign", {"roles": frozenset({"nurse"})}),
        ("settle", {"grave_roles": None}),
    ],
)
def test_control_one_flipped_cell_is_seen(
    house: House,
    files: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    act: str,
    change: dict[str, Any],
) -> None:
    monkeypatch.setitem(TABLE, act, replace(TABLE[act], **change))
    with contextlib.suppress(CountersignError):
        _, found = disagreements(house, files, [act])
        assert found


def test_a_revoked_key_and_a_stranger_may_nothing(house: House) -> None:
    for role in ("physician", "supervisor", "admin"):
        me = who(role)
        for act, row in TABLE.items():
            for cell in house.cells:
                case = cell.case(late=False) if row.states else None
                assert answer(act, replace(me, enrolled=False), case) is not None
                assert answer(act, replace(me, listed=False), case) is not None


def test_the_reference_page_has_every_act() -> None:
    from tests.tools.make_docs import REFERENCE

    text = (REFERENCE / "permissions.md").read_text("utf-8")
    assert all(f"`{act}`" in text for act in TABLE) and json.dumps(str(State.PENDING))[1:-1] in text
