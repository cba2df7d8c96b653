"""Grounding: quotes are found in the version that the agent names, of the right patient."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.canonical import parse_object
from core.errors import BadInput, Refused, Unreachable
from core.intake import evidence as gathering
from core.intake.evidence import gather
from core.proposal import Proposal, read
from tests.builders import Bench, exact_object, phone_change, problem_change, proposal
from tests.core.intake.scenario import Ward, codes, content, note, refusal, submit

GOOD = "a new mobile number 555 0199"


def quoting(*quotes: dict[str, Any], **overrides: Any) -> dict[str, Any]:
    given = [{"source": "DocumentReference/n1", "supports": [0], **quote} for quote in quotes]
    return proposal(phone_change(), evidence=given, **overrides)


def asked(value: dict[str, Any]) -> Proposal:
    return read(parse_object(json.dumps(value).encode()))


@pytest.mark.parametrize(
    ("quote", "badge"),
    [
        ({"quote": GOOD}, "verified"),
        ({"quote": "a new  mobile\nnumber 555 0199"}, "verified"),
        ({"quote": "555 0199"}, "weak"),
        ({"quote": "555 019"}, "not-found"),
        ({"quote": "A New Mobile Number"}, "not-found"),
        ({"quote": "nothing of the kind"}, "not-found"),
        ({"quote": GOOD, "source": "DocumentReference/none"}, "unavailable"),
        ({"quote": GOOD, "version": "9"}, "unavailable"),
    ],
)
async def test_a_quote_gets_its_badge(bench: Bench, quote: dict[str, Any], badge: str) -> None:
    (found,) = await gather(bench.ehr, asked(quoting(quote)))
    assert found["grounding"] == badge
    assert bool(found["hits"]) == (badge in ("verified", "weak"))
    assert (found["facts"] is None) == (badge == "unavailable")


@pytest.mark.parametrize(
    ("quote", "outcome", "code"),
    [
        (GOOD, "review", None),
        ("nothing of the kind", "denied", "evidence-not-grounded"),
    ],
)
async def test_a_quote_that_is_not_there_is_a_stored_denial(
    bench: Bench, quote: str, outcome: str, code: str | None
) -> None:
    staged = await submit(bench, quoting({"quote": quote}))
    assert staged.outcome == outcome
    assert codes(staged) == ({code} if code else set())


async def test_a_quote_supports_the_changes_that_it_names(bench: Bench) -> None:
    quotes = [
        {"source": "DocumentReference/n1", "quote": GOOD, "supports": [0]},
        {"source": "DocumentReference/n1", "quote": "Father had diabetes", "supports": [0, 1]},
    ]
    staged = await submit(bench, proposal(phone_change(), problem_change(), evidence=quotes))
    assert [len(content(bench, staged, index).evidence) for index in (0, 1)] == [2, 1]


@pytest.mark.parametrize("source", ["Observation/n2", "Patient/other", "Encounter/e2"])
async def test_a_source_of_another_patient_is_refused(bench: Bench, source: str) -> None:
    error = await refusal(
        bench, quoting({"quote": GOOD}, {"quote": GOOD, "source": source}), BadInput
    )
    assert error.field == "evidence[1].source"


async def test_control_without_the_check_another_chart_would_ground(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "belongs_to", lambda *_, **__: True)
    staged = await submit(bench, quoting({"quote": GOOD, "source": "Observation/n2"}))
    assert staged.outcome == "review"


async def test_the_patient_itself_may_be_a_source(bench: Bench) -> None:
    (found,) = await gather(
        bench.ehr, asked(quoting({"source": "Patient/example", "quote": "555 0100"}))
    )
    assert found["grounding"] != "unavailable"


async def test_the_named_version_is_read(bench: Bench) -> None:
    older = note("o1", "Patient/example")
    bench.ehr.put(exact_object(older))
    bench.ehr.put(exact_object({**older, "valueString": "something else altogether now"}))
    value = quoting(
        {"source": "Observation/o1", "version": "1", "quote": GOOD},
        {"source": "Observation/o1", "version": "2", "quote": GOOD},
        {"source": "Observation/o1", "quote": GOOD},
    )
    found = await gather(bench.ehr, asked(value))
    assert [item["grounding"] for item in found] == ["verified", "not-found", "not-found"]
    assert [item["version"] for item in found] == ["1", "2", "2"]


async def test_a_source_is_fetched_once(bench: Bench) -> None:
    assert isinstance(bench.ehr, Ward)
    await submit(bench, quoting(*[{"quote": GOOD}] * 5, *[{"quote": GOOD, "version": "1"}] * 5))
    assert sorted(bench.ehr.reads, key=str).count(("DocumentReference/n1", None)) == 1
    assert bench.ehr.reads.count(("DocumentReference/n1", "1")) == 1


@pytest.mark.parametrize("error", [Unreachable("x"), Refused("x")])
async def test_a_source_that_cannot_be_read_is_unavailable(
    bench: Bench, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_ehr = bench.ehr.read

    async def failing(reference: str, version: str | None = None) -> Any:
        if reference.startswith("DocumentReference/"):
            raise error
        return await read_ehr(reference, version)

    monkeypatch.setattr(bench.ehr, "read", failing)
    staged = await submit(bench, quoting({"quote": GOOD}))
    assert content(bench, staged).evidence[0]["grounding"] == "unavailable"
    # The highest tier wants two clinicians, whom this workspace does not have.
    assert staged.outcome == "denied"
    assert {"route-disabled", "evidence-not-grounded"} == codes(staged)
