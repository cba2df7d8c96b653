"""Against the hostile server nothing wrong is called verified; and the test of it can fail."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.canonical import exact
from core.discrepancy import Comparison
from core.errors import CountersignError
from core.lifecycle import State
from core.traffic.limits import Window
from sync.sandbox import BASE_URL, InProcessTransport, Sandbox
from sync.sandbox.personality.hostile import HABITS, Hostile
from sync.sandbox.personality.tricks import TRICKS
from tests.fakes import FakeClock
from tests.personalities.deeds import CHART, DEEDS, HELD
from tests.personalities.hostility import TRIED, Tried, one, overwritten, tried, wrong
from tests.personalities.place import Place, opened
from tests.personalities.table import outcome
from tests.scale import sampled

HARMLESS = frozenset({"drop-labels", "drop-identifiers", "unfenced-patch", "web-page-after"})
"""What leaves the chart as it was asked for; a PUT has no use for the PATCH."""
OTHER_WORDS = "other-words"
"""What leaves the chart saying the same, though not in the words that were sent."""
PATCH = [{"op": "replace", "path": "/onsetDateTime", "value": "2018"}]
UNSEEN = frozenset({"redact", "redirect", "not-visible"})
"""What leaves the chart right and does not let it be seen."""


def safe(found: Tried) -> bool:
    return found.cell.state != State.VERIFIED or found.wrong is None


@pytest.mark.parametrize("habit", sampled([one for one in HABITS if one != OTHER_WORDS], 5))
def test_nothing_wrong_is_called_verified(habit: str) -> None:
    for deed, found in tried(habit).items():
        assert safe(found), (habit, deed, found)


@pytest.mark.parametrize(
    "habit", sampled(sorted(set(HABITS) - HARMLESS - UNSEEN - {OTHER_WORDS}), 9)
)
def test_each_trick_spoils_something(habit: str) -> None:
    assert any(found.wrong for found in tried(habit).values()), habit


@pytest.mark.parametrize("habit", sorted(UNSEEN))
def test_what_cannot_be_seen_is_not_called_verified(habit: str) -> None:
    assert State.VERIFIED not in {found.cell.state for found in tried(habit).values()}


def test_other_words_for_the_same_alarm_nobody() -> None:
    for deed, found in tried(OTHER_WORDS).items():
        assert found.wrong == "another content"
        assert found.cell.state == State.VERIFIED, (deed, found)


def test_what_is_harmless_does_not_stop_the_work() -> None:
    for habit in ("drop-labels", "drop-identifiers"):
        for found in tried(habit).values():
            assert found.wrong is None
            assert found.cell.said.startswith(("verified", "exception: lossy")), (habit, found)


@pytest.mark.parametrize("habit", ["flip-status", "other-unit", "broader-code", "truncate"])
async def test_without_the_comparison_the_same_check_goes_red(
    habit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def blind(*_sides: Any, **_named: Any) -> Comparison:
        return Comparison("identical", (), 1)

    monkeypatch.setattr("core.reconcile.check.compare", blind)
    found = [await one(habit, deed) for deed in TRIED]
    assert not all(safe(each) for each in found)


@pytest.mark.parametrize("seed", range(1, 7))
async def test_with_any_seed_nothing_wrong_is_called_verified(tmp_path: Path, seed: int) -> None:
    clock = FakeClock()
    manner = Hostile(clock.now, seed=seed, tricks=[one for one in HABITS if one != OTHER_WORDS])
    async with opened(tmp_path, "sandbox", manner, clock, CHART) as place:
        for kind, deed in TRIED.values():
            await _safely(place, kind, DEEDS[deed])
    assert sum(manner.dealt.values()) >= 1


async def _safely(place: Place, kind: str, change: dict[str, Any]) -> None:
    try:
        found = await outcome(place, change)
    except CountersignError:
        # A patient who was spoilt before cannot be read any more: nothing is proposed for them.
        return
    spoilt = wrong(place, kind) or (overwritten(place) or None)
    assert found.state != State.VERIFIED or not spoilt, (kind, found, spoilt)


async def test_the_same_seed_deals_the_same_tricks(tmp_path: Path) -> None:
    said = []
    for number in range(2):
        folder = tmp_path / str(number)
        folder.mkdir()
        clock = FakeClock()
        manner = Hostile(clock.now, seed=3)
        async with opened(folder, "sandbox", manner, clock, CHART) as place:
            deeds = [deed for kind, deed in TRIED.values() if kind != "Patient"]
            cells = [await outcome(place, DEEDS[deed]) for deed in deeds]
        said.append((cells, manner.dealt))
    assert said[0] == said[1]


async def test_a_minute_that_is_full_puts_the_write_off_and_loses_nothing(tmp_path: Path) -> None:
    clock = FakeClock()
    manner = Hostile(clock.now, tricks=("drop-labels",), windows=(Window("minute", 3),))
    async with opened(tmp_path, "sandbox", manner, clock, CHART) as place:
        clock.advance(minutes=1)
        staged = await place.propose(DEEDS["problem (Condition create)"])
        id_ = staged.proposal.id
        place.approve(id_)
        for _ in range(4):
            await place.run()
        assert place.change(id_).state in (State.VERIFIED, State.EXCEPTION)
        assert wrong(place, "Condition") is None


def test_every_trick_says_what_it_does_and_where_it_is_known_from() -> None:
    for trick in TRICKS.values():
        assert trick.words and trick.source


async def test_a_patch_on_an_outdated_version_goes_through() -> None:
    """That is why the gateway sends no PATCH."""
    clock = FakeClock()
    manner = Hostile(clock.now, tricks=("unfenced-patch",))
    with Sandbox(clock=clock.now, no_auth=True, manner=manner) as sandbox:
        sandbox.seed(exact(list(CHART)))
        async with httpx.AsyncClient(
            transport=InProcessTransport(sandbox.app), base_url=BASE_URL
        ) as http:
            answers = [
                await http.request(
                    method, "/Condition/held", content=content,
                    headers={"Content-Type": media, "If-Match": 'W/"7"'},
                )
                for method, media, content in (
                    ("PATCH", "application/json-patch+json", json.dumps(PATCH)),
                    ("PUT", "application/fhir+json", json.dumps(HELD)),
                )
            ]  # fmt: skip
    assert [answer.status_code for answer in answers] == [200, 412]
