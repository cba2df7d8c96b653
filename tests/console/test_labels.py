"""What is labelled sensitive, on screen and by command line: hidden, revealed, recorded."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from console.bodies import hidden_body
from console.commands.showing import print_proposal
from console.screens.audit import AuditScreen
from console.screens.decide import DecisionModal
from core.ledger.label_events import REVEALED
from core.lifecycle import State
from core.review.hidden import reveal
from core.veil import view_for
from tests.builders import NOTE, PATIENT, phone_change, proposal
from tests.console.desk import Desk, review, text_of
from tests.labelled import HIV, SECRET, label_note, label_patient, only, take_labels
from tests.scale import in_ci
from tests.scene import call, open_scene

pytestmark = in_ci

SIZES = [(80, 24), (120, 40), (160, 50)]
IDS = ["80x24", "120x40", "160x50"]
QUOTE: list[dict[str, Any]] = [
    {
        "source": "DocumentReference/n1",
        "quote": f"a new mobile number {SECRET}",
        "supports": [0],
    }
]
HIDDEN = "hidden: labelled HIV; v shows it"
NOTHING_LISTED = ""
OTHERS = '[labels]\nhiv = ["infectious-diseases"]\n'


def labelled(desk: Desk, more: str = NOTHING_LISTED) -> str:
    """Propose a change of a labelled Patient that a labelled note supports."""
    take_labels(desk.bench, more)
    label_note(desk.bench)
    version = label_patient(desk.bench)
    return desk.propose_now(
        phone_change(base_version=version), evidence=QUOTE, rationale=f"New number {SECRET}."
    )


@pytest.fixture
def ward(desk: Desk) -> Desk:
    labelled(desk)
    return desk


@pytest.fixture
def others(desk: Desk) -> Desk:
    """The same where the labels are for somebody else's eyes."""
    labelled(desk, OTHERS)
    return desk


async def opened(pilot: Any) -> None:
    await pilot.press("enter")
    await pilot.pause()


@pytest.mark.parametrize("tab", range(5), ids=["change", "raw", "history", "policy", "chart"])
async def test_no_tab_shows_it_before_it_is_revealed(ward: Desk, tab: int) -> None:
    id_ = only(ward.bench).proposal
    app = ward.app()
    async with app.run_test(size=(120, 60)) as pilot:
        assert SECRET not in text_of(app)
        await opened(pilot)
        await pilot.press(*["t"] * tab, "u" if tab == 0 else "tab")
        await pilot.pause()
        shown = text_of(app)
        assert SECRET not in shown and "555 0111" not in shown
        assert HIDDEN in shown
        for key, words in (("a", "hidden, labelled HIV"), ("e", "hidden, labelled HIV")):
            await pilot.press(key)
            assert words in app.notice.text
        assert not isinstance(app.screen, DecisionModal)
    assert ward.states(id_) == [State.PENDING]


async def test_v_shows_it_records_who_asked_and_then_it_can_be_approved(ward: Desk) -> None:
    id_ = only(ward.bench).proposal
    app = ward.app()
    async with app.run_test(size=(120, 60)) as pilot:
        await opened(pilot)
        await pilot.press("v")
        await pilot.pause()
        shown = text_of(app)
        assert SECRET in shown and "hidden" not in shown
        found = [one.leaf for one in ward.ledger.trail(id_) if one.leaf["type"] == REVEALED]
        assert [one["data"]["groups"] for one in found] == [["hiv"]]
        await pilot.press("v")
        assert "nothing of this change is hidden" in app.notice.text
        await pilot.press("a")
        await pilot.pause()
        await pilot.press("y")
        await pilot.pause()
    assert ward.states(id_) == [State.READY]
    assert len([one for one in ward.ledger.trail(id_) if one.leaf["type"] == REVEALED]) == 1


async def test_opening_alone_reveals_nothing(ward: Desk) -> None:
    size = ward.ledger.size
    app = ward.app()
    async with app.run_test(size=(120, 60)) as pilot:
        await opened(pilot)
        await pilot.press("t", "t", "upper_t", "ctrl+r", "escape", "enter")
        await pilot.pause()
        assert ward.ledger.size == size


async def test_who_may_not_see_it_is_told_so(others: Desk) -> None:
    size = others.ledger.size
    app = others.app()
    async with app.run_test(size=(120, 60)) as pilot:
        await opened(pilot)
        assert "hidden: labelled HIV; your roles may not see it" in text_of(app)
        await pilot.press("v")
        assert "your roles may not see it" in app.notice.text
        assert SECRET not in text_of(app) and others.ledger.size == size


async def test_a_hidden_quote_was_not_looked_at(ward: Desk) -> None:
    app = ward.app()
    async with app.run_test(size=(120, 60)) as pilot:
        await opened(pilot)
        screen = review(app)
        assert screen._looking.wanted == frozenset() and not screen._confidence_shown
        await pilot.press("v")
        await pilot.pause()
        assert screen._looking.wanted == {0}


@pytest.mark.parametrize("key", ["5", "2", "3"], ids=["supervisor", "exceptions", "incidents"])
async def test_no_list_shows_it(ward: Desk, key: str) -> None:
    app = ward.app()
    async with app.run_test(size=(160, 50)) as pilot:
        await pilot.press(key)
        await pilot.pause()
        assert SECRET not in text_of(app)


def test_show_hides_the_same_in_words(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    row = desk.ledger.proposal(labelled(desk))
    assert row is not None
    print_proposal(view_for(desk.offline(), desk.ledger, row), desk.clock.now())
    told = capsys.readouterr().out
    assert SECRET not in told and "555 0111" not in told
    assert told.count("hidden: labelled HIV") == 3


@pytest.mark.parametrize("size", SIZES, ids=IDS)
@pytest.mark.parametrize("keys", [("enter",), ("enter", "v")], ids=["hidden", "revealed"])
def test_screen(
    ward: Desk, snap_compare: Callable[..., bool], size: tuple[int, int], keys: tuple[str, ...]
) -> None:
    assert snap_compare(ward.app(), press=keys, terminal_size=size)


def test_by_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    chart = [{**PATIENT, **HIV}, NOTE]
    with open_scene(tmp_path, monkeypatch, chart) as scene:
        policy = scene.folder / "policy.toml"
        start = 'id = "patient-contact"\n'
        text = policy.read_text().replace(start, f'{start}named = ["label:hiv"]\n')
        policy.write_text(text)
        assert call(capsys, "policy", "adopt", str(policy))[0] == 0
        path = tmp_path / "proposal.json"
        path.write_text(json.dumps(proposal(phone_change(), evidence=QUOTE)))
        id_ = call(capsys, "propose", str(path))[1][0]["id"]
        seqs = [one["seq"] for one in call(capsys, "audit", "trail", id_)[1]]
        bodies = [call(capsys, "audit", "event", str(seq))[1][0] for seq in seqs]
        assert SECRET not in json.dumps(bodies)
        assert ["hiv"] in [one.get("hidden") for one in bodies]
        hidden = call(capsys, "show", id_)[1][0]
        assert hidden["hidden"] == ["hiv"] and hidden["changes"][0]["resource"] is None
        approve = ("approve", id_, "--hash", hidden["hash"])
        assert call(capsys, *approve)[0] == 5
        assert call(capsys, "downtime", "show", id_, "--change", "0")[0] == 5
        shown = call(capsys, "show", id_, "--reveal")[1][0]
        assert not shown["hidden"] and shown["changes"][0]["delta"][0]["after"] == SECRET
        assert call(capsys, *approve)[0] == 0

        policy.write_text(f"{text}\n{OTHERS}")
        assert call(capsys, "policy", "adopt", str(policy))[0] == 0
        code, out, err = call(capsys, "show", id_, "--reveal")
        assert (code, out) == (3, []) and "HIV" in err


async def test_the_audit_screen_hides_stored_bodies_too(ward: Desk) -> None:
    app = ward.app()
    id_ = only(ward.bench).proposal
    bodies = [one.seq for one in ward.ledger.trail(id_) if one.body is not None]
    assert bodies
    async with app.run_test(size=(200, 60)) as pilot:
        await pilot.press("4")
        await pilot.pause()
        screen = app.screen
        assert isinstance(screen, AuditScreen)
        shown = [screen._detail(seq).plain for seq in range(ward.ledger.size)]
    assert not [text for text in shown if SECRET in text]
    assert all("hidden from you: labelled HIV" in shown[seq] for seq in bodies)


async def test_control_without_the_check_the_audit_screen_shows_them(
    ward: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.screens.audit_view.hidden_body", lambda *_: frozenset())
    app = ward.app()
    async with app.run_test(size=(200, 60)) as pilot:
        await pilot.press("4")
        await pilot.pause()
        assert isinstance(app.screen, AuditScreen)
        shown = [app.screen._detail(seq).plain for seq in range(ward.ledger.size)]
    assert [text for text in shown if SECRET in text]


def test_who_revealed_it_sees_the_stored_bodies(ward: Desk) -> None:
    id_ = only(ward.bench).proposal
    details = [ward.ledger.event_detail(one.seq) for one in ward.ledger.trail(id_)]
    hidden = [hidden_body(ward.offline(), ward.ledger, one) for one in details if one is not None]
    assert frozenset({"hiv"}) in hidden
    reveal(ward.offline(), id_, [0])
    assert {hidden_body(ward.offline(), ward.ledger, one) for one in details if one} == {
        frozenset()
    }
