"""The pictures: queue and review at three sizes, and without colour."""

import asyncio
from collections.abc import Callable

import pytest

from tests.builders import problem_change
from tests.console.desk import Desk, second_phone
from tests.console.test_exceptions import dead

SIZES = [(80, 24), (120, 40), (160, 50)]


@pytest.fixture
def ward(desk: Desk) -> Desk:
    """Two patients, three proposals, one of them about a father."""
    desk.second_patient()
    desk.note("n2", "Denies chest pain. Father had essential hypertension, newly diagnosed.")
    desk.note("n3", "Ben called: new phone is 555 0299 from today.", "Patient/second")
    desk.propose_now()
    desk.propose_now(
        second_phone(),
        patient="Patient/second",
        urgency="stat",
        evidence=[
            {
                "source": "DocumentReference/n3",
                "quote": "new phone is 555 0299 from today",
                "supports": [0],
            }
        ],
    )
    desk.propose_now(
        problem_change(),
        evidence=[
            {
                "source": "DocumentReference/n2",
                "quote": "essential hypertension, newly diagnosed",
                "supports": [0],
            }
        ],
    )
    return desk


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40", "160x50"])
@pytest.mark.parametrize("keys", [(), ("enter",), ("enter", "p")], ids=["queue", "stat", "family"])
def test_screen(
    ward: Desk, snap_compare: Callable[..., bool], size: tuple[int, int], keys: tuple[str, ...]
) -> None:
    assert snap_compare(ward.app(), press=keys, terminal_size=size)


@pytest.mark.parametrize("keys", [(), ("enter", "n")], ids=["queue", "review"])
def test_screen_without_colour(
    ward: Desk,
    snap_compare: Callable[..., bool],
    monkeypatch: pytest.MonkeyPatch,
    keys: tuple[str, ...],
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(ward.app(), press=keys, terminal_size=(80, 24))


@pytest.mark.parametrize("key", ["r", "d", "m"], ids=["reject", "defer", "by-hand"])
def test_dialog(ward: Desk, snap_compare: Callable[..., bool], key: str) -> None:
    assert snap_compare(ward.app(), press=("enter", key), terminal_size=(80, 24))


def test_empty_read_only_demo(desk: Desk, snap_compare: Callable[..., bool]) -> None:
    app = desk.app(read_only=True, banner="DEMO: synthetic")
    assert snap_compare(app, terminal_size=(80, 24))


def test_help(ward: Desk, snap_compare: Callable[..., bool]) -> None:
    assert snap_compare(ward.app(), press=("enter", "question_mark"), terminal_size=(100, 30))


@pytest.mark.parametrize("size", SIZES[:2], ids=["80x24", "120x40"])
def test_dead_letter(desk: Desk, snap_compare: Callable[..., bool], size: tuple[int, int]) -> None:
    asyncio.run(dead(desk))
    assert snap_compare(desk.app(), press=("2",), terminal_size=size)
