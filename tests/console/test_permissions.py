"""One table says who may do what: core, the console's keys and the command line agree on it.

`COUNTERSIGN_FULL_SCALE=1` walks every act in every state on every kind of route, by every role, in
time and expired. Without it, a sample that is the same every time: every act by every role in every
state, and there on one kind of route, another for each state and every four acts; but in the states
that the act is for, on every kind of route that it asks about (`Driver.kinds`), and expired as well
where the act asks about that. Acts about no change are always walked whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

import pytest

from console.commands import (
    consult,
    dead_letters,
    decide,
    downtime,
    edit,
    exceptions,
    incident,
    line,
    reassign,
    recall,
    withdraw,
)
from core.errors import Conflict, Refused
from core.lifecycle import State
from core.review import permissions
from core.review.permissions import TABLE, Why, answer
from core.workspace import Workspace
from tests.console.acts import DRIVERS, LATE, Done, Seat, exit_code
from tests.console.cells import KINDS, ROLES, Cell, House, Undone, dry, who
from tests.scale import FULL

COMMANDS = (
    consult, dead_letters, decide, downtime, edit, exceptions, incident, reassign, recall, withdraw,
)  # fmt: skip
PRISTINE = dict(TABLE)
ON_A_CHANGE = [act for act, row in TABLE.items() if row.states]
ON_NONE = [act for act, row in TABLE.items() if not row.states]
Place = tuple[str, State, bool]
"""A kind of route, a state, and whether it has expired as well."""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return House(tmp_path_factory.mktemp("house"))


def every_place() -> list[Place]:
    """Return every kind and state in time, and expired where a route is like most."""
    late = [(kind, state, True) for kind in ("clinician", "half") for state in State]
    return [*((kind, state, False) for kind in KINDS for state in State), *late]


def sampled(act: str) -> list[Place]:
    """Return what is walked of an act where not everything is."""
    kinds, states = list(KINDS), TABLE[act].states
    turn = list(TABLE).index(act) // 4
    found = []
    for number, state in enumerate(State):
        if state in PRISTINE[act].states | states:
            found += [(kind, state, False) for kind in DRIVERS[act].kinds]
            found += [("clinician", state, True)] if PRISTINE[act].unexpired else []
        else:
            found.append((kinds[(number + turn) % len(kinds)], state, False))
    return found


def outcome(act: Callable[[], Any]) -> Why | None:
    """Do it through the use case; return None when it was about to be committed."""
    try:
        done = act()
    except Undone:
        return None
    except (Conflict, Refused) as error:
        return Why("", "state" if isinstance(error, Conflict) else "role", str(error))
    (left,) = done
    words = left.outcome if hasattr(left, "outcome") else left.why_not
    return Why("", "state", str(words))


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


@dataclass(frozen=True)
class Came:
    """What became of one act in one cell, by each of its ways."""

    core: Why | None
    code: int
    key: str | None
    many: Why | None


def came(act: str, done: Done, seat: Seat) -> Came:
    driver = DRIVERS[act]
    many = driver.many
    return Came(
        outcome(lambda: driver.core(done)),
        by_line(driver.line(done)),
        None if driver.key is None else seat.refusal(*driver.key, done.cell),
        None if many is None else outcome(lambda: many(done)),
    )


def disagreements(house: House, act: str, places: list[Place], walked: list[str]) -> Iterator[str]:
    """Yield the cells where anything differs from the table; note each that was walked."""
    cells = [(house.cell(kind, state), late) for kind, state, late in places]
    size = house.bench.ledger.size
    for role in ROLES:
        workspace = house.of(role)
        seat = Seat(house, workspace)
        with dry(), commands_of(house, workspace):
            for cell, late in cells:
                place = f"{act} {role} {cell.kind} {cell.state} late={late}"
                walked.append(place)
                with at(house, late=late):
                    found = came(act, Done(house, workspace, cell), seat)
                said = differs(act, pristine(act, role, cell, late=late), found, cell)
                if said:
                    yield f"{place}: {said}"
    assert house.bench.ledger.size == size


def differs(act: str, wanted: Why | None, found: Came, cell: Cell | None) -> str | None:
    """Say in what an outcome is not as the table says."""
    many = DRIVERS[act].many is not None
    if wanted is None:
        fine = (found.core, found.code, found.key) == (None, 0, None)
        # A list of approvals has conditions of its own beside the table's.
        fine = fine and (act == "approve" or found.many is None)
        return None if fine else f"allowed, but {found}"
    code = exit_code(act, wanted.kind, State.PENDING if cell is None else cell.state)
    unsaid = DRIVERS[act].key is not None and found.key is None
    if found.core is None or unsaid or (many and found.many is None) or found.code != code:
        return f"refused ({wanted.code}), but {found}"
    if found.core.kind != wanted.kind:
        return f"{wanted}, but {found}"
    return None if worded(act, wanted, found) else f"{wanted.words!r}, but {found}"


def worded(act: str, wanted: Why, found: Came) -> bool:
    """Tell whether the words are the table's; what a key cannot reach at all it need not explain.

    A withdrawal says of each change what became of it, in words of its own.
    """
    told = wanted.error(0 if TABLE[act].states and wanted.code != "agent" else None).problem
    in_core = told in found.core.words if found.core is not None else False
    fine = in_core or (act == "withdraw" and wanted.kind == "state")
    return fine and (found.key in (None, wanted.words) or act in ("recall", "settle"))


def pristine(act: str, role: str, cell: Cell | None, *, late: bool = False) -> Why | None:
    """Return what the table says as it is written, whatever a test did to it meanwhile."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(permissions, "TABLE", PRISTINE)
        return answer(act, who(role), None if cell is None else cell.case(late=late))


@contextmanager
def at(house: House, *, late: bool) -> Iterator[None]:
    before = house.bench.clock.time
    house.bench.clock.time = before + (LATE if late else timedelta(0))
    try:
        yield
    finally:
        house.bench.clock.time = before


def test_every_act_has_a_driver() -> None:
    assert set(DRIVERS) == set(TABLE)


@pytest.mark.parametrize("act", ON_A_CHANGE)
def test_every_cell_is_as_the_table_says(
    house: House, act: str, capsys: pytest.CaptureFixture[str]
) -> None:
    walked: list[str] = []
    places = every_place() if FULL else sampled(act)
    found = list(disagreements(house, act, places, walked))
    assert not found, found[:5]
    assert {place.split(" ")[1] for place in walked} == set(ROLES)
    assert {place.split(" ")[3] for place in walked} == set(State)
    if FULL:
        assert len(walked) == len(ROLES) * (len(KINDS) + 2) * len(State)


@pytest.mark.parametrize("act", ON_NONE)
@pytest.mark.parametrize("role", ROLES)
def test_acts_about_no_change_are_as_the_table_says(
    house: House, act: str, role: str, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace, size = house.of(role), house.bench.ledger.size
    with dry(), commands_of(house, workspace):
        found = came(act, Done(house, workspace), Seat(house, workspace))
    assert differs(act, pristine(act, role, None), found, None) is None
    assert house.bench.ledger.size == size


@pytest.mark.parametrize(
    ("act", "change"),
    [
        ("approve", {"roles": frozenset({"on-call"})}),
        ("approve", {"others": False}),
        ("break-glass", {"bypass": False}),
        ("break-glass", {"breakers": False}),
        ("reject", {"once": False}),
        ("defer", {"unexpired": False}),
        ("edit", {"states": frozenset({State.PENDING, State.DEFERRED})}),
        ("recall", {"voter": False}),
        ("reassign", {"roles": frozenset({"nurse"})}),
        ("settle", {"grave_roles": None}),
        ("enter", {"reentry": False}),
        ("replay", {"roles": frozenset({"admin"})}),
        ("send-to-review", {"states": frozenset({State.DEAD_LETTER})}),
        ("close-dead-letter", {"route_roles": False}),
        ("consult", {"anybody": False}),
        ("withdraw", {"states": frozenset({State.PENDING})}),
    ],
)
def test_control_one_flipped_cell_is_seen(
    house: House,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    act: str,
    change: dict[str, Any],
) -> None:
    monkeypatch.setitem(TABLE, act, replace(TABLE[act], **change))
    with closing(disagreements(house, act, sampled(act), [])) as found:
        assert next(found, None)


@pytest.mark.parametrize("act", ON_NONE)
def test_control_another_role_of_an_act_about_no_change_is_seen(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], act: str
) -> None:
    monkeypatch.setitem(TABLE, act, replace(TABLE[act], roles=frozenset({"nurse"})))
    workspace = house.of("nurse")
    with dry(), commands_of(house, workspace):
        found = came(act, Done(house, workspace), Seat(house, workspace))
    assert differs(act, pristine(act, "nurse", None), found, None)


def test_a_revoked_key_and_a_stranger_may_nothing(house: House) -> None:
    cells = [house.cell("clinician", state) for state in State]
    for role in ("physician", "supervisor", "admin"):
        me = replace(who(role), speaks=False)
        for act, row in TABLE.items():
            for case in [cell.case(late=False) for cell in cells] if row.states else [None]:
                assert answer(act, replace(me, enrolled=False), case) is not None
                assert answer(act, replace(me, listed=False), case) is not None


def test_the_reference_page_has_every_act_and_every_state() -> None:
    from tests.tools.make_docs import REFERENCE

    text = (REFERENCE / "permissions.md").read_text("utf-8")
    assert all(f"`{name}`" in text for name in (*TABLE, *map(str, State)))
