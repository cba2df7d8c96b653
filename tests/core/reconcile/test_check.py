"""A 200 proves nothing: what the EHR really stored decides between verified and exception."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.canonical import JsonObject
from core.ports import Fetched, Request, Response
from core.reconcile import check
from core.stamps import OPERATION_SYSTEM
from tests.builders import Bench
from tests.core.gateway.scenario import approved_phone, approved_problem, change, run


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def reversed_telecom(resource: JsonObject) -> JsonObject:
    return {**resource, "telecom": list(reversed(resource["telecom"]))}


def regenerated_narrative(resource: JsonObject) -> JsonObject:
    div = '<div xmlns="http://www.w3.org/1999/xhtml">made by the server</div>'
    return {**resource, "text": {"status": "generated", "div": div}}


def dropped_phone(resource: JsonObject) -> JsonObject:
    return {**resource, "telecom": resource["telecom"][:1]}


def changed_phone(resource: JsonObject) -> JsonObject:
    first, second = resource["telecom"]
    return {**resource, "telecom": [first, {**second, "value": "555 0198"}]}


def inactive(resource: JsonObject) -> JsonObject:
    return {**resource, "active": False}


def unlabelled(resource: JsonObject) -> JsonObject:
    return {key: value for key, value in resource.items() if key != "meta"}


@pytest.mark.parametrize("transform", [reversed_telecom, regenerated_narrative])
async def test_harmless_transforms_are_verified(bench: Bench, transform) -> None:
    bench.ehr.transform = lambda item: transform(item) if "telecom" in item else item
    id_ = await approved_phone(bench)
    done = await run(bench)
    assert done.verified == 1 and change(bench, id_).state == "verified"


@pytest.mark.parametrize("transform", [dropped_phone, changed_phone, inactive, unlabelled])
async def test_anything_else_becomes_an_exception(bench: Bench, transform) -> None:
    bench.ehr.transform = lambda item: transform(item) if "telecom" in item else item
    id_ = await approved_phone(bench)
    done = await run(bench)
    assert done.exceptions == 1 and change(bench, id_).state == "exception"
    (found,) = bench.ledger.exceptions(id_, 0)
    assert found.kind == "discrepancy" and found.class_ in ("lossy", "changed", "critical")
    entry = bench.ledger.entry(found.id)
    assert entry is not None and entry.body is not None and entry.body["differences"]


async def test_resource_that_is_gone_is_critical(bench: Bench) -> None:
    id_ = await approved_phone(bench)
    read = bench.ehr.read

    async def gone(reference: str, version: str | None = None):
        found = await read(reference, version)
        return None if found is not None and found.version == "2" else found

    bench.ehr.read = gone
    await run(bench)
    (found,) = bench.ledger.exceptions(id_, 0)
    assert (found.kind, found.class_) == ("missing", "critical")


async def test_second_resource_of_the_same_operation_is_critical(bench: Bench) -> None:
    id_ = await approved_problem(bench)
    operation = change(bench, id_).operation
    commit = bench.ehr._commit

    def twice(request):
        answer = commit(request)
        if request.type == "Condition":
            twin = {**bench.ehr.current(f"Condition/{request.id}"), "id": "twin"}
            assert {"system": OPERATION_SYSTEM, "value": operation} in twin["identifier"]
            bench.ehr.put(twin)
        return answer

    bench.ehr._commit = twice
    await run(bench)
    (found,) = bench.ledger.exceptions(id_, 0)
    assert (found.kind, found.class_) == ("duplicate", "critical")


def racing(bench: Bench, **theirs: Any) -> None:
    """Another writer comes between the check of If-Match and what is stored, unnoticed."""
    commit = bench.ehr._commit

    def both(request: Request) -> Response:
        if request.method == "PUT" and request.type == "Patient":
            reference = f"Patient/{request.id}"
            bench.ehr.put({**bench.ehr.current(reference), **theirs})
            version = bench.ehr.current(reference)["meta"]["versionId"]
            headers = {**request.headers, "If-Match": f'W/"{version}"'}
            request = replace(request, headers=headers)
        return commit(request)

    bench.ehr._commit = both  # type: ignore[method-assign]


async def test_a_version_of_another_that_was_replaced_unseen_is_critical(bench: Bench) -> None:
    racing(bench, birthDate="1980-01-02")
    id_ = await approved_phone(bench)
    done = await run(bench)
    assert (done.verified, done.exceptions) == (0, 1)
    (found,) = bench.ledger.exceptions(id_, 0)
    assert (found.kind, found.class_) == ("overwrote", "critical")


async def test_control_without_a_look_at_the_version_between_it_is_verified(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def blind(*_: Any) -> bool:
        return False

    monkeypatch.setattr(check, "overwrote", blind)
    racing(bench, birthDate="1980-01-02")
    await approved_phone(bench)
    assert (await run(bench)).verified == 1


async def test_versions_that_are_not_counted_one_by_one_prove_nothing(bench: Bench) -> None:
    """A server that numbers over all its records has no version right after the base."""
    racing(bench, birthDate="1980-01-02")
    read = bench.ehr.read

    async def gaps(reference: str, version: str | None = None) -> Fetched | None:
        return None if version == "2" else await read(reference, version)

    bench.ehr.read = gaps  # type: ignore[method-assign]
    await approved_phone(bench)
    assert (await run(bench)).verified == 1


async def test_examining_nothing_is_never_a_success(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.discrepancy import Comparison

    monkeypatch.setattr(check, "compare", lambda *_, **__: Comparison("identical", (), 0))
    id_ = await approved_phone(bench)
    await run(bench)
    assert change(bench, id_).state == "exception"
    assert bench.ledger.exceptions(id_, 0)[0].kind == "nothing-examined"


async def test_control_without_the_comparison_a_changed_value_would_be_verified(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.discrepancy import Comparison

    bench.ehr.transform = lambda item: changed_phone(item) if "telecom" in item else item
    monkeypatch.setattr(check, "compare", lambda *_, **__: Comparison("identical", (), 9))
    id_ = await approved_phone(bench)
    await run(bench)
    assert change(bench, id_).state == "verified"
