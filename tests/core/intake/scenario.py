"""Steps and charts that intake tests share."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.canonical import JsonObject
from core.errors import CountersignError
from core.intake.documents import documents
from core.intake.stage import Staged, stage
from core.ports import Capability, Fetched
from core.records import ChangeRow
from core.review.content import Content, read_content
from core.workspace import Workspace
from tests.builders import CONDITION, Bench, chart, exact_object, proposal
from tests.fakes import FakeEhr

PROBLEM: dict[str, Any] = {
    **CONDITION,
    "id": "c1",
    "code": {"coding": [{"system": "http://snomed.info/sct", "code": "38341003"}]},
}
"""A Condition of the patient that stands in the chart."""
FORMS = ("create", "patch", "full")
"""The three ways in which an agent can bring in an element."""


class Ward(FakeEhr):
    """A FakeEhr that lets others run at each read, notes reads and may fail one of them."""

    def __init__(self, fail_at: int | None = None) -> None:
        super().__init__()
        self.fail_at = fail_at
        self.reads: list[tuple[str, str | None]] = []
        self.calls: list[str] = []
        self.offers: dict[str, bool] = {}

    def _call(self, what: str) -> None:
        self.calls.append(what)
        if self.fail_at == len(self.calls):
            self.down = True
        try:
            self._up()
        finally:
            self.down = False

    async def read(self, reference: str, version: str | None = None) -> Fetched | None:
        await asyncio.sleep(0)
        self.reads.append((reference, version))
        self._call(reference)
        return await super().read(reference, version)

    async def capability(self, type_: str) -> Capability:
        self._call(f"capability {type_}")
        return replace(await super().capability(type_), **self.offers)


def ward(folder: Path, fail_at: int | None = None) -> tuple[Bench, Ward]:
    """Return a bench on a chart with two patients, a problem, a note and encounters."""
    ehr = Ward(fail_at)
    chart(ehr)
    for resource in (
        PROBLEM,
        {"resourceType": "Patient", "id": "other", "name": [{"family": "Somebody"}]},
        encounter("e1", "Patient/example"),
        encounter("e2", "Patient/other"),
        note("n2", "Patient/other"),
    ):
        ehr.put(exact_object(resource))
    return Bench(folder, ehr), ehr


def encounter(id_: str, patient: str) -> dict[str, Any]:
    return {
        "resourceType": "Encounter",
        "id": id_,
        "status": "finished",
        "class": {"code": "AMB"},
        "subject": {"reference": patient},
    }


def note(id_: str, patient: str) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": id_,
        "status": "final",
        "code": {"text": "note"},
        "subject": {"reference": patient},
        "valueString": "a new mobile number 555 0199",
    }


def bringing(form: str, elements: dict[str, Any]) -> dict[str, Any]:
    """Return a change that brings `elements` into a Condition in one of FORMS."""
    if form == "create":
        return {"op": "create", "resource": {**CONDITION, **elements}}
    if form == "full":
        return update("Condition/c1", resource={**PROBLEM, **elements})
    patch = [{"op": "add", "path": f"/{key}", "value": item} for key, item in elements.items()]
    return update("Condition/c1", patch=patch)


def update(target: str, **body: Any) -> dict[str, Any]:
    return {"op": "update", "target": target, "base_version": "1", **body}


def patch(*operations: tuple[str, str, Any]) -> list[dict[str, Any]]:
    return [{"op": op, "path": path, "value": value} for op, path, value in operations]


def size(bench: Bench) -> int:
    return int(bench.connection.execute("SELECT count(*) FROM leaf").fetchone()[0])


async def submit(
    bench: Bench,
    value: dict[str, Any] | bytes | str,
    *,
    workspace: Workspace | None = None,
) -> Staged:
    """Stage one document given as an object or as its text."""
    if isinstance(value, dict):
        value = json.dumps(value)
    data = value if isinstance(value, bytes) else value.encode()
    (found,) = documents(data)
    return await stage(workspace or bench.workspace, found)


async def submit_changes(bench: Bench, *changes: dict[str, Any], **overrides: Any) -> Staged:
    return await submit(bench, proposal(*changes, **{"evidence": [], **overrides}))


async def refusal(
    bench: Bench,
    value: dict[str, Any] | bytes | str,
    kind: type[CountersignError] = CountersignError,
) -> CountersignError:
    """Return the error of a document that must not be stored."""
    before = size(bench)
    with pytest.raises(kind) as caught:
        await submit(bench, value)
    assert size(bench) == before
    assert caught.value.problem and caught.value.remedy
    assert "\n" not in str(caught.value)
    return caught.value


def content(bench: Bench, staged: Staged, index: int = 0) -> Content:
    return read_content(bench.ledger, row(bench, staged, index))


def row(bench: Bench, staged: Staged, index: int = 0) -> ChangeRow:
    found = bench.ledger.change(staged.proposal.id, index)
    assert found is not None
    return found


def codes(staged: Staged) -> set[str]:
    return {str(reason["code"]) for reason in staged.reasons}


def edit(bench: Bench, reference: str, **elements: Any) -> JsonObject:
    """Change a resource by another's hand; None removes an element."""
    found = {**bench.ehr.current(reference), **exact_object(elements)}
    bench.ehr.put({key: value for key, value in found.items() if value is not None})
    return bench.ehr.current(reference)
