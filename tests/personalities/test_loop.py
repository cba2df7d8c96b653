"""What vendors are known for, met by the loop: throttling, merges, restricted, redacted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from core.canonical import exact
from core.errors import BadInput, Unreachable
from core.ledger.event import moment
from core.lifecycle import State
from core.records_failure import FailureRow
from core.traffic.limits import Window
from sync.sandbox.personality import play
from sync.sandbox.personality.product import Product
from tests.builders import PATIENT
from tests.fakes import START, FakeClock
from tests.personalities.deeds import CHART, DEEDS, HELD
from tests.personalities.place import Place, opened

_QUESTIONS = "questionnaire (QuestionnaireResponse create)"
_CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"


def failure(place: Place, id_: str) -> FailureRow:
    found = place.ledger.failure(place.change(id_).operation)
    assert found is not None
    return found


def limit(place: Place, windows: Sequence[Window]) -> None:
    """Let the personality count by other windows from now on."""
    assert isinstance(place.manner, Product)
    place.manner.limit(windows)


async def approved(place: Place, deed: str) -> str:
    staged = await place.propose(DEEDS[deed])
    assert staged.outcome == "review", staged.reasons
    place.approve(staged.proposal.id)
    return str(staged.proposal.id)


@pytest.mark.parametrize(
    ("name", "code", "earliest"),
    [
        ("epic", "4135", datetime.fromisoformat("2026-11-24T09:00:20Z")),
        ("athenahealth", None, datetime.fromisoformat("2026-11-24T00:00:00Z")),
        ("eclinicalworks", None, datetime.fromisoformat("2026-11-23T09:01:00Z")),
    ],
)
async def test_a_call_too_many_parks_the_write_to_the_edge_of_its_window(
    tmp_path: Path, name: str, code: str | None, earliest: datetime
) -> None:
    """Sources: fhir.epic.com/Specifications; A4 and A5; W7 (see the profiles)."""
    clock = FakeClock()
    async with opened(tmp_path, name, play(name, clock.now), clock, CHART) as place:
        id_ = await approved(place, _QUESTIONS)
        clock.advance(seconds=20)
        calls = await _calls_before_the_write(place)
        limit(place, (Window("minute", calls),))
        await place.run(rounds=1, minutes=0)
        failed = failure(place, id_)
        assert (place.change(id_).state, failed.failure) == (State.READY, "throttled")
        assert failed.code == code
        due = moment(str(failed.due))
        assert earliest <= due < earliest.replace(second=earliest.second + 6)
        assert place.current("QuestionnaireResponse") == []
        limit(place, ())
        await place.run(rounds=1, minutes=0)
        if due > clock.now():
            assert place.current("QuestionnaireResponse") == []
        clock.advance(seconds=(due - clock.now()).total_seconds() + 1)
        await place.run(rounds=1, minutes=0)
        # A day from now the approval is over, and people look again.
        state = State.PENDING if code == "4135" else State.VERIFIED
        assert place.change(id_).state == state
        assert len(place.current("QuestionnaireResponse")) == (state == State.VERIFIED)


async def _calls_before_the_write(place: Place) -> int:
    """Return how many calls the gateway makes before the write itself: it reads and searches."""
    asked: list[tuple[str, dict[str, str]]] = []
    read, search = place.client.read, place.client.search

    async def counted_read(reference: str, version: str | None = None) -> Any:
        asked.append((reference, {}))
        return await read(reference, version)

    async def counted_search(type_: str, parameters: dict[str, str]) -> Any:
        asked.append((type_, parameters))
        return await search(type_, parameters)

    async def stop(*_arguments: Any) -> Any:
        raise Unreachable("not yet")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(place.client, "read", counted_read)
        patched.setattr(place.client, "search", counted_search)
        patched.setattr(place.client, "send", stop)
        await place.run(rounds=1, minutes=0)
    return len(asked)


@pytest.mark.parametrize("when", ["before it is proposed", "after it is approved"])
async def test_nothing_is_written_for_a_patient_who_was_merged(tmp_path: Path, when: str) -> None:
    """Source: fhir.epic.com/Specifications, 4107."""
    clock = FakeClock()
    async with opened(tmp_path, "epic", play("epic", clock.now), clock, CHART) as place:
        id_ = None
        if when == "after it is approved":
            id_ = await approved(place, "weight (Observation create)")
        link = [{"other": {"reference": "Patient/other"}, "type": "replaced-by"}]
        place.sandbox.store.put("Patient", "example", exact({**PATIENT, "link": link}), "PUT")
        if id_ is None:
            with pytest.raises(Unreachable, match="redirect"):
                await place.propose(DEEDS["weight (Observation create)"])
        else:
            await place.run()
            row = place.change(id_)
            assert (row.state, row.void) == (State.PENDING, "record-moved"), "a person looks"
        assert place.current("Observation") == []


async def test_a_restricted_patient_is_refused_once_and_never_led_around(tmp_path: Path) -> None:
    """Source: fhir.epic.com/Specifications, 4130."""
    clock = FakeClock()
    async with opened(tmp_path, "epic", play("epic", clock.now), clock, CHART) as place:
        id_ = await approved(place, "weight (Observation create)")
        label = {"security": [{"system": _CONFIDENTIALITY, "code": "V"}]}
        guarded = {**PATIENT, "meta": label}
        place.sandbox.store.put("Patient", "example", exact(guarded), "PUT")
        await place.run()
        assert place.change(id_).state == State.REFUSED
        failed = failure(place, id_)
        assert (failed.failure, failed.code, failed.tries) == ("authorization", "4130", 1)
        assert place.current("Observation") == []


async def test_what_is_shown_redacted_is_no_base_of_an_update(tmp_path: Path) -> None:
    """Source: developer.veradigm.com/Fhir/Searching."""
    clock = FakeClock()
    label = {"security": [{"system": _CONFIDENTIALITY, "code": "R"}]}
    chart = [one for one in CHART if one["id"] != "held"] + [{**HELD, "meta": label}]
    async with opened(tmp_path, "veradigm", play("veradigm", clock.now), clock, chart) as place:
        with pytest.raises(BadInput, match="redacted"):
            await place.propose(DEEDS["problem resolved (Condition update)"])


def test_the_clock_of_these_tests_begins_on_a_full_minute() -> None:
    assert START.second == 0
