"""The clinic without a screen: every case goes through the hub and ends as it says it should."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from console.bootstrap.demo import open_clinic
from console.bootstrap.demo_script import OUTAGE_S, Script
from console.presenters.evidence import _read_hit
from console.watch import Watch
from core.beside.lines import medication_lines, message_lines
from core.canonical import JsonObject, encode, parse_object
from core.errors import Unreachable
from core.grounding import cues
from core.incident.freeze import declare
from core.lifecycle import State
from core.records import ChangeRow
from core.review.content import read_content
from core.review.decide import Answer, decide
from core.review.recall import recall
from core.view import differences_of, view_proposal
from sync.clinic import CASES, case
from tests.fakes import LoneClock
from tests.scale import in_ci


@dataclass
class Clock(LoneClock):
    """The clinic's time, which stands still unless it is moved."""

    time: datetime = field(default_factory=lambda: datetime(2026, 11, 24, 9, tzinfo=UTC))

    def now(self) -> datetime:
        return self.time

    def advance(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)

    def monotonic(self) -> float:
        return self.time.timestamp()


@dataclass
class Clinic:
    """The clinic, and what somebody at its terminal does."""

    script: Script
    clock: Clock

    @property
    def ledger(self):
        return self.script.opened.ledger

    def change(self, name: str, index: int = 0) -> ChangeRow:
        one = case(name)
        row = self.ledger.same_proposal(one.agent, name)
        assert row is not None, f"{name} never came"
        found = self.ledger.change(row.id, index)
        assert found is not None
        return found

    def states(self, name: str) -> list[str]:
        return [one.state for one in self.ledger.changes(self.change(name).proposal)]

    def answer(self, name: str, outcome: str, index: int = 0, **more: object) -> None:
        row = self.change(name, index)
        answer = Answer(outcome, seen=row.change_digest, **more)  # type: ignore[arg-type]
        decide(self.script.opened.offline(), row.proposal, index, answer)

    def round(self, seconds: float = 0) -> None:
        self.clock.advance(seconds)
        self.script.opened.gateway_round(Watch())

    async def propose_until(self, second: int) -> None:
        """Let the script go on to a second; a round of the gateway follows each step."""

        async def wait(seconds: float) -> bool:
            self.clock.advance(seconds)
            return True

        async with self.script._agents() as agents:
            now = 0
            for at, step in self.script.steps(agents, wait):
                if at > second:
                    return
                self.clock.advance(at - now)
                now = at
                await step()
                await asyncio.to_thread(self.script.opened.gateway_round, Watch())

    def stored(self, reference: str) -> JsonObject:
        kind, _, id_ = reference.partition("/")
        found = self.script.sandbox.store.read(kind, id_)
        assert found is not None
        return parse_object(found.body)

    def written(self, name: str, index: int = 0) -> JsonObject:
        row = self.change(name, index)
        write = self.ledger.write(row.operation)
        assert write is not None and write.location is not None
        return self.stored(write.location)

    def evidence(self, name: str) -> list[JsonObject]:
        row = self.ledger.proposal(self.change(name).proposal)
        assert row is not None
        return list(view_proposal(self.ledger, row).evidence)


@pytest.fixture(scope="module")
def played() -> Iterator[Clinic]:
    """The whole script, decided as the cases say."""
    clock = Clock()
    with open_clinic(clock=clock, monotonic=clock.monotonic) as script:
        clinic = Clinic(script, clock)
        for name in ("phone-change", "problem-sound-quote", "vital-sign", "ehr-transforms",
                     "insurance-and-phone", "note-with-follow-up"):  # fmt: skip
            clinic.answer(name, "approve")
        clinic.answer("note-with-follow-up", "approve", 1)
        clinic.answer("note-with-follow-up", "reject", 2, reason="not-supported")
        clinic.answer("problem-negated-quote", "reject", reason="not-supported")
        later = clock.now() + timedelta(days=1)
        clinic.answer("insurance-and-phone", "defer", 1, until=later)
        clinic.round()
        clinic.round(21)
        asyncio.run(clinic.propose_until(120))
        clinic.answer("medication-change", "approve")
        for name in ("coding-suggestion", "cancelled-appointment", "message-to-patient",
                     "ehr-outage"):  # fmt: skip
            clinic.answer(name, "approve")
        clinic.answer("problem-superseded-note", "reject", reason="not-supported")
        asyncio.run(script.go_away())
        with pytest.raises(Unreachable):
            clinic.round(21)
        clinic.during = clinic.states("ehr-outage")  # type: ignore[attr-defined]
        clinic.round(OUTAGE_S)
        clinic.round(300)
        yield clinic


ENDS: dict[str, list[str]] = {
    "phone-change": ["verified"],
    "problem-sound-quote": ["verified"],
    "problem-negated-quote": ["rejected"],
    "vital-sign": ["verified"],
    "insurance-and-phone": ["verified", "deferred"],
    "ehr-transforms": ["exception"],
    "cancelled-appointment": ["verified"],
    "field-outside-allow-list": ["denied"],
    "stale-base": ["denied"],
    "note-with-follow-up": ["verified", "verified", "rejected"],
    "coding-suggestion": ["verified"],
    "problem-quote-nowhere": ["denied"],
    "problem-superseded-note": ["rejected"],
    "medication-change": ["verified"],
    "urgent-running-out": ["expired"],
    "semantic-duplicate": ["denied"],
    "message-to-patient": ["verified"],
    "ehr-outage": ["verified"],
}
REPEATS = {"resubmission", "resubmission-altered"}


@pytest.mark.parametrize("name", ENDS)
def test_a_case_ends_as_it_should(played: Clinic, name: str) -> None:
    assert played.states(name) == ENDS[name], case(name).outcome


def test_every_case_is_asserted_and_none_waits_for_its_machinery() -> None:
    assert not [one.name for one in CASES if one.pending]
    assert {one.name for one in CASES} == set(ENDS) | REPEATS


def test_numbers_keep_their_text_on_the_way_to_the_chart(played: Clinic) -> None:
    assert b'"value":68.40' in encode(played.written("vital-sign"))


def test_the_negation_is_marked_where_the_reviewer_reads(played: Clinic) -> None:
    (item,) = played.evidence("problem-negated-quote")
    assert item["grounding"] == "verified"
    marks = [cue.kind for hit in item["hits"] for cue in cues(_read_hit(hit))]
    assert "negation" in marks


def test_the_superseded_source_says_so(played: Clinic) -> None:
    (item,) = played.evidence("problem-superseded-note")
    assert item["facts"]["status"] == "superseded"


@pytest.mark.parametrize(
    ("name", "code"),
    [("field-outside-allow-list", "forbidden"), ("stale-base", "stale-base"),
     ("problem-quote-nowhere", "evidence-not-grounded"),
     ("semantic-duplicate", "duplicate")],
)  # fmt: skip
def test_a_denial_says_why(played: Clinic, name: str, code: str) -> None:
    assert code in {reason["code"] for reason in played.change(name).reason_list}


def test_what_the_ehr_cut_is_found_and_named(played: Clinic) -> None:
    found = differences_of(played.ledger, played.change("ehr-transforms"))
    told = encode([dict(item) for item in found]).decode("utf-8")
    assert "555-0169" in told and "555-016" in told.replace("555-0169", "")
    assert "changed" in {str(item["class"]) for item in found}


def test_a_resubmission_changes_nothing_and_an_altered_one_is_set_aside(played: Clinic) -> None:
    row = played.ledger.same_proposal("front-desk-1", "phone-change")
    assert row is not None and played.states("phone-change") == ["verified"]
    assert [item.code for item in played.ledger.open_findings()] == ["correlation-reused"]


def test_two_people_approved_the_medication(played: Clinic) -> None:
    row = played.change("medication-change")
    votes = played.ledger.decisions(row.proposal, 0)
    assert {vote.reviewer for vote in votes} == {"demo-reviewer", "demo-physician-2"}
    assert played.written("medication-change")["status"] == "draft"


def test_the_order_stood_beside_its_context(played: Clinic) -> None:
    row = played.change("medication-change")
    found = read_content(played.ledger, row).beside
    told = [line.text for line in medication_lines(found)]
    assert "allergies: Penicillin (criticality high; Rash)" in told
    assert "active medicines: Metformin 500 mg oral tablet, 1 tablet twice a day" in told
    assert "weight: 81.5 kg (2026-11-20T09:05:00Z)" in told
    assert "creatinine: none charted" in told


def test_the_message_says_to_whom_it_went(played: Clinic) -> None:
    row = played.change("message-to-patient")
    told = [line.text for line in message_lines(read_content(played.ledger, row).beside)]
    assert told[0].startswith("TO Ines Synthetic-Ivy, Patient/syn-0012 version ")
    assert "outgoing-message" in {reason["code"] for reason in row.reason_list}
    votes = played.ledger.decisions(row.proposal, 0)
    assert {vote.reviewer for vote in votes} == {"demo-reviewer", "demo-physician-2"}


def test_while_the_ehr_was_away_the_approval_waited(played: Clinic) -> None:
    assert played.during == ["ready-for-write"]  # type: ignore[attr-defined]


def test_the_agents_were_told_and_the_ledger_verifies(played: Clinic) -> None:
    row = played.ledger.same_proposal("scribe-1", "vital-sign")
    assert row is not None and row.task is not None
    outputs = played.stored(row.task)["output"]
    assert outputs and played.script.opened.verify(None).ok


def test_an_approval_in_hold_is_recalled_and_nothing_is_sent() -> None:
    clock = Clock()
    with open_clinic(clock=clock, monotonic=clock.monotonic) as script:
        clinic = Clinic(script, clock)
        clinic.answer("phone-change", "approve")
        clinic.round(10)
        assert clinic.states("phone-change") == [State.READY]
        recall(script.opened.offline(), clinic.change("phone-change").proposal, 0)
        clinic.round(60)
        assert clinic.states("phone-change") == [State.PENDING]
        assert clinic.stored("Patient/syn-0001")["telecom"][1]["value"] == "555-0101"


@in_ci
@pytest.mark.parametrize("frozen", [True, False], ids=["frozen", "control"])
def test_a_freeze_pressed_while_writes_flow_stops_the_next_one(frozen: bool) -> None:
    clock = Clock()
    with open_clinic(clock=clock, monotonic=clock.monotonic) as script:
        clinic = Clinic(script, clock)
        clinic.answer("problem-sound-quote", "approve")
        clinic.round()
        clinic.answer("vital-sign", "approve")
        if frozen:
            declare(script.opened.offline(), {"agent": "scribe-1"}, "drill")
        clinic.round()
        assert clinic.states("problem-sound-quote") == [State.VERIFIED]
        assert clinic.states("vital-sign") == [State.READY if frozen else State.VERIFIED]
