"""Beside the evidence: tabs, siblings, what differs within a field, editing, and recalling."""

from __future__ import annotations

import pytest
from textual.widgets import Input

from console.presenters.emphasis import emphasised
from console.screens.edit import EditScreen
from core.gateway.run import run_once
from core.lifecycle import State
from core.review.decide import Answer, decide
from sync.hub.context import refresh_context
from tests.builders import phone_change, problem_change
from tests.console.desk import Desk, review, text_of
from tests.scale import in_ci

pytestmark = in_ci


async def test_tabs_by_key_and_by_mouse_and_the_evidence_stays(desk: Desk) -> None:
    await desk.propose()
    await refresh_context(
        desk.bench.connection, desk.ledger, {"sandbox": desk.bench.ehr}, desk.clock.now(), full=True
    )
    app = desk.app()
    async with app.run_test(size=(140, 50)) as pilot:
        await pilot.press("enter")
        wanted = {
            "Raw JSON": ("intended, exactly as it would be sent", '"AIAST"'),
            "History": ("may be decided until", "gateway"),
            "Policy": ("✓ matches allow patient-contact", "held 0 s"),
            "Chart": ("Patient/example", "version 1, read now ago"),
            "Change": ("agent says, unverified", "555 01"),
        }
        for name, words in wanted.items():
            await pilot.press("t")
            await pilot.pause()
            shown = text_of(app)
            assert f"▸{name}" in shown and "QUOTE VERIFIED" in shown, name
            for word in words:
                assert word in shown, (name, word)
        await pilot.press("upper_t")
        await pilot.pause()
        assert "▸Chart" in text_of(app)
        line = next(line for line in text_of(app).splitlines() if "Raw JSON" in line)
        row = text_of(app).splitlines().index(line)
        await pilot.click(offset=(line.index("Policy") + 1, row))
        await pilot.pause()
        assert "▸Policy" in text_of(app)


async def test_nothing_kept_of_the_chart_is_said(desk: Desk) -> None:
    await desk.propose()
    async with desk.app().run_test(size=(140, 50)) as pilot:
        await pilot.press("enter", "upper_t")
        await pilot.pause()
        assert "Nothing of the chart is kept" in text_of(pilot.app)


async def test_unchanged_elements_are_folded_and_unfolded(desk: Desk) -> None:
    await desk.propose(phone_change())
    async with desk.app().run_test(size=(140, 60)) as pilot:
        await pilot.press("enter")
        await pilot.pause()
        assert "unchanged elements; u shows them" in text_of(pilot.app)
        assert "Patient.birthDate: 1970-01-01" not in text_of(pilot.app)
        await pilot.press("u")
        await pilot.pause()
        assert "Patient.birthDate: 1970-01-01" in text_of(pilot.app)


async def test_siblings_show_their_state_and_on_what_they_rest(desk: Desk) -> None:
    id_ = await desk.propose(phone_change(), problem_change(depends_on=[0]), evidence=[])
    decide(desk.offline(), id_, 0, Answer("approve", seen=desk.change(id_).change_digest))
    app = desk.app()
    async with app.run_test(size=(140, 50)) as pilot:
        await pilot.press("enter")
        await pilot.pause()
        line = next(line for line in text_of(app).splitlines() if "rests on 1" in line)
        assert "1 ✓ update Patient.telecom" in line and "▸2 ? create Condition" in line
        row = text_of(app).splitlines().index(line)
        await pilot.click(offset=(line.index("update"), row))
        await pilot.pause()
        assert review(app).key == (id_, 0)


@pytest.mark.parametrize(
    ("before", "after", "gone", "came"),
    [
        ("555 0111", "555 0199", ["11"], ["99"]),
        ("10 mg", "100 mg", [], ["0"]),
        ("left knee", "right knee", ["l", "ef"], ["r", "igh"]),
        ("abc", "xyz", ["abc"], ["xyz"]),
        ("[b]1[/b]", "[b]2[/b]", ["1"], ["2"]),
        ("word " * 100 + "end", "word " * 100 + "start", ["end"], ["start"]),
    ],
)
def test_what_differs_within_a_value_is_underlined(
    before: str, after: str, gone: list[str], came: list[str]
) -> None:
    first, second = emphasised(before, after)
    assert (first.plain, second.plain) == (before, after)
    for text, wanted in ((first, gone), (second, came)):
        marked = [text.plain[span.start : span.end] for span in text.spans if span.style]
        assert "".join(marked) == "".join(wanted)
        assert all("underline" in str(span.style) for span in text.spans if span.style)


async def test_edit_opens_from_the_review_and_comes_back_to_the_new_revision(desk: Desk) -> None:
    id_ = await desk.propose(phone_change())
    app = desk.app()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("enter", "e")
        await pilot.pause()
        screen = app.screen
        assert isinstance(screen, EditScreen)
        screen.query_one("#field-0", Input).value = "555 0177"
        await pilot.pause()
        screen.check()
        await pilot.press("ctrl+s")
        await pilot.pause()
        await pilot.press("y")
        await pilot.pause()
        assert app.notice.text == "Edited; look at it again and decide it."
        shown = review(app).shown
        assert shown is not None and shown.row.revision == 1
        await pilot.press("a", "y")
        await pilot.pause()
        assert desk.states(id_) == [State.READY]


async def test_z_takes_back_the_last_approval_while_it_is_not_sent(desk: Desk) -> None:
    id_ = await desk.propose(phone_change())
    app = desk.app()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("z")
        assert "no approval of yours" in app.notice.text
        await pilot.press("enter", "a", "y")
        await pilot.pause()
        assert desk.states(id_) == [State.READY]
        await pilot.press("z")
        await pilot.pause()
        assert app.notice.text == "Recalled: update Patient.telecom; it waits for review again."
        assert desk.states(id_) == [State.PENDING]
        before = desk.ledger.size
        await pilot.press(*["z"] * 50)
        assert desk.ledger.size == before


async def test_what_was_sent_cannot_be_recalled(desk: Desk) -> None:
    id_ = await desk.propose(phone_change())
    app = desk.app()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("enter", "a", "y")
        await pilot.pause()
        await run_once(desk.bench.workspace, desk.bench.epoch)
        await pilot.press("z")
        assert "no approval of yours" in app.notice.text
        assert desk.states(id_) == [State.VERIFIED]


async def test_a_held_approval_says_how_long_it_can_be_recalled(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.propose(phone_change())
    monkeypatch.setattr("console.outbox.held_s", lambda _row, _session: 18)
    app = desk.app()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("enter", "a", "y")
        await pilot.pause()
        assert "z recalls it for 18 s" in app.notice.text
        assert "1 not yet sent z recalls it for 18 s" in text_of(app)
