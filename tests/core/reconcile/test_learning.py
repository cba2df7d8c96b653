"""Labels of ours that an EHR drops: measured, said once, and never a change of meaning."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.adoption import adopt
from core.canonical import JsonObject, c14n
from core.discrepancy import compare
from core.ports import Request, Response
from core.prediction.labels import lost
from core.reconcile import learning
from core.stamps import AI_LABEL
from core.view import view_proposal
from tests.builders import Bench, problem_of
from tests.core.gateway.scenario import approve, approved_phone, change, run, staged
from tests.core.prediction.scenes import CUTS, KEEPS_NO_LABEL, document, doing, profile, unlabelled

PART_2 = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "42CFRPart2"}
RESTRICTED = {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def clinical(does: Any) -> Any:
    """Return a transform that leaves the Provenance alone."""
    return lambda item: item if item["resourceType"] == "Provenance" else does(item)


async def write(bench: Bench, number: int) -> str:
    """Write another problem, to whatever end; return its proposal."""
    id_ = await staged(
        bench, problem_of(f"7000{number}"), correlation_id=f"w-{number}", evidence=[]
    )
    approve(bench, id_)
    await run(bench)
    return id_


def state(bench: Bench, id_: str) -> str:
    return str(change(bench, id_).state)


def leaf(bench: Bench, id_: str) -> JsonObject:
    (found,) = [
        entry.leaf["data"]
        for entry in bench.ledger.trail(id_)
        if entry.leaf["type"] == "reconciliation.recorded"
    ]
    return found


def counted(bench: Bench) -> dict[tuple[str, str], int]:
    return {(one.what, one.outcome): one.count for one in bench.ledger.label_fates("sandbox")}


async def test_survival_is_measured_and_counted(bench: Bench) -> None:
    await write(bench, 1)
    bench.ehr.transform = clinical(unlabelled)
    await write(bench, 2)
    await write(bench, 3)
    assert counted(bench) == {
        ("security", "kept"): 1, ("security", "dropped"): 2,
        ("identifier", "kept"): 3, ("provenance", "kept"): 3,
    }  # fmt: skip


async def test_a_lost_label_is_lossy_once_and_then_known(bench: Bench) -> None:
    bench.ehr.transform = clinical(unlabelled)
    first, second = await write(bench, 1), await write(bench, 2)
    (found,) = bench.ledger.exceptions(first, 0)
    assert (found.kind, found.class_) == ("discrepancy", "lossy")
    assert state(bench, first) == "exception" and state(bench, second) == "verified"
    assert leaf(bench, second)["class"] not in ("lossy", "changed", "critical")
    # What is not news is recorded all the same, difference by difference.
    assert [
        item["class"] for item in leaf(bench, second)["differences"] if "security" in item["path"]
    ] == ["lossy"]


async def test_control_without_the_knowledge_each_write_is_an_exception(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learning, "is_known", lambda *_: False)
    bench.ehr.transform = clinical(unlabelled)
    assert [state(bench, await write(bench, number)) for number in (1, 2)] == ["exception"] * 2


async def test_what_the_adopted_profile_says_is_no_news(bench: Bench) -> None:
    adopt(bench.workspace, "profile.sandbox", document(KEEPS_NO_LABEL))
    bench.ehr.transform = clinical(unlabelled)
    id_ = await write(bench, 1)
    assert state(bench, id_) == "verified" and not bench.ledger.exceptions(id_, 0)


async def test_an_ehr_that_begins_to_drop_what_it_kept_is_news(bench: Bench) -> None:
    adopt(bench.workspace, "profile.sandbox", document(KEEPS_NO_LABEL))
    kept = await write(bench, 1)
    bench.ehr.transform = clinical(unlabelled)
    assert state(bench, kept) == "verified"
    assert [state(bench, await write(bench, number)) for number in (2, 3)] == [
        "exception", "verified",
    ]  # fmt: skip


async def test_the_identifier_of_a_write_is_a_label_like_the_others(bench: Bench) -> None:
    def nameless(item: JsonObject) -> JsonObject:
        return {key: value for key, value in item.items() if key != "identifier"}

    bench.ehr.transform = clinical(nameless)
    assert [state(bench, await write(bench, number)) for number in (1, 2)] == [
        "exception", "verified",
    ]  # fmt: skip
    assert counted(bench)["identifier", "dropped"] == 2


async def test_a_provenance_that_is_not_there_is_counted(bench: Bench) -> None:
    search = bench.ehr.search

    async def forgetful(type_: str, parameters: Any) -> Any:
        return [] if type_ == "Provenance" else await search(type_, parameters)

    bench.ehr.search = forgetful  # type: ignore[method-assign]
    await write(bench, 1)
    assert counted(bench)["provenance", "unseen"] == 1


async def test_a_provenance_that_is_refused_is_counted_as_dropped(bench: Bench) -> None:
    commit = bench.ehr._commit

    def refusing(request: Request) -> Response:
        refused = Response(422, None, None, None, ("invalid",))
        return refused if request.type == "Provenance" else commit(request)

    bench.ehr._commit = refusing  # type: ignore[method-assign]
    await write(bench, 1)
    assert counted(bench)["provenance", "dropped"] == 1


async def test_no_more_searches_are_spent_on_what_is_always_kept(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learning, "ENOUGH", 2)
    for number in range(4):
        await write(bench, number)
    assert counted(bench)["provenance", "kept"] == 2


@pytest.mark.parametrize("label", [RESTRICTED, PART_2])
async def test_a_label_of_sensitivity_is_never_ours_to_lose(
    bench: Bench, label: dict[str, str]
) -> None:
    bench.ehr.transform = clinical(unlabelled)
    row = change(bench, await write(bench, 1))
    written = bench.ledger.write(row.operation)
    assert written is not None
    kept: JsonObject = {"resourceType": "Condition", "code": {"text": "synthetic"}}
    found = []
    for labels in ([AI_LABEL], [AI_LABEL, label]):
        sent = {**kept, "meta": {"security": [dict(one) for one in labels]}}
        compared = learning.Compared(sent, kept, compare(sent, kept), compare)
        learning_ = await learning.learn(bench.workspace, row, written, compared)
        found.append((learning_.kind, learning_.class_))
    assert found[0] == (None, "identical")
    assert found[1][0] == "discrepancy" and found[1][1] in ("lossy", "changed")


async def test_control_a_rule_that_takes_every_label_for_ours_would_lose_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learning, "lost", lambda _: "security")
    with pytest.raises(AssertionError):
        await test_a_label_of_sensitivity_is_never_ours_to_lose(bench, RESTRICTED)


@pytest.mark.parametrize("label", [{**AI_LABEL, "code": "AIRPT"}, RESTRICTED])
def test_only_our_very_label_counts_as_ours(label: dict[str, str]) -> None:
    def holding(*labels: dict[str, str]) -> JsonObject:
        return {"resourceType": "Patient", "meta": {"security": [dict(one) for one in labels]}}

    (theirs,) = compare(holding(label, AI_LABEL), holding(AI_LABEL)).differences
    assert lost(theirs) is None
    (ours,) = compare(holding(label, AI_LABEL), holding(label)).differences
    assert lost(ours) == "security"


async def test_the_prediction_is_scored_in_the_leaf_without_the_chart(bench: Bench) -> None:
    known = profile(CUTS)
    adopt(bench.workspace, "profile.sandbox", document(CUTS))
    bench.ehr.transform = lambda item: doing(known, item)
    id_ = await approved_phone(bench)
    row = bench.ledger.proposal(id_)
    assert row is not None
    before = view_proposal(bench.ledger, row).changes[0].prediction
    assert before is not None and before.is_loud
    await run(bench)
    fact = "truncate Patient.telecom.value"
    assert leaf(bench, id_)["prediction"] == {
        "facts": [[fact, "changed", "as-expected"]], "unexpected": [],
    }  # fmt: skip
    assert b"555" not in c14n(leaf(bench, id_))
    assert [(one.what, one.outcome, one.count) for one in bench.ledger.fact_outcomes()] == [
        (fact, "as-expected", 1)
    ]
    assert view_proposal(bench.ledger, row).changes[0].scored is not None
    # That it was foretold does not make it right: a person looks at it.
    assert state(bench, id_) == "exception"


async def test_a_profile_that_no_reviewer_saw_is_not_scored(bench: Bench) -> None:
    id_ = await approved_phone(bench)
    read = bench.ehr.read

    async def adopting(reference: str, version: str | None = None) -> Any:
        if bench.ehr.sent:
            adopt(bench.workspace, "profile.sandbox", document(CUTS))
        return await read(reference, version)

    bench.ehr.read = adopting  # type: ignore[method-assign]
    await run(bench)
    assert state(bench, id_) == "verified" and "prediction" not in leaf(bench, id_)


async def test_what_nothing_foretold_is_counted_by_path_and_class(bench: Bench) -> None:
    bench.ehr.transform = lambda item: (
        {**item, "active": False} if item["resourceType"] == "Patient" else item
    )
    await approved_phone(bench)
    await run(bench)
    ((path, class_),) = [(one.what, one.outcome) for one in bench.ledger.unexpected()]
    assert path == "Patient.active" and class_ in ("changed", "critical")
    assert json.loads(bench.connection.execute("SELECT unexpected FROM learnt").fetchone()[0])
