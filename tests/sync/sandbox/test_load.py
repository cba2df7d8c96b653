"""Seeding from files and folders."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.errors import BadInput
from sync.sandbox import Sandbox

PATIENT = {"resourceType": "Patient", "id": "p1", "identifier": [{"value": "77"}]}


def _write(path: Path, *resources: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(json.dumps(resource) for resource in resources), encoding="utf-8")
    return path


async def test_a_folder_is_loaded_with_its_ids(
    sandbox: Sandbox, http: httpx.AsyncClient, tmp_path: Path
) -> None:
    _write(tmp_path / "a.json", {**PATIENT, "meta": {"versionId": "9", "profile": ["urn:x"]}})
    _write(tmp_path / "deep" / "b.ndjson", {**PATIENT, "id": "p2"}, {"resourceType": "Task"})
    _write(tmp_path / "deep" / "ignored.txt", {"no": "resource"})
    assert sandbox.load([tmp_path]) == 3
    answer = await http.get("/Patient/p1")
    assert answer.headers["ETag"] == 'W/"1"'
    assert answer.json()["meta"] == {
        "versionId": "1",
        "profile": ["urn:x"],
        "lastUpdated": "2026-11-23T09:00:00.123Z",
    }
    assert (await http.get("/Task/made-1")).status_code == 200
    assert (await http.get("/Patient?identifier=77")).json()["total"] == 2


async def test_number_texts_survive(
    sandbox: Sandbox, http: httpx.AsyncClient, tmp_path: Path
) -> None:
    file = tmp_path / "o.json"
    file.write_bytes(
        b'{ "resourceType": "Observation",\n "id": "o", "valueQuantity": {"value": 1.10} }'
    )
    sandbox.load([file])
    assert b'"valueQuantity":{"value":1.10}' in (await http.get("/Observation/o")).content


@pytest.mark.parametrize("kind", ["collection", "batch", "transaction"])
async def test_a_container_is_unwrapped(
    sandbox: Sandbox, http: httpx.AsyncClient, tmp_path: Path, kind: str
) -> None:
    observation = {"resourceType": "Observation", "subject": {"reference": "urn:uuid:1"}}
    entries = [
        {"fullUrl": "urn:uuid:1", "resource": PATIENT},
        {"fullUrl": "urn:uuid:2", "resource": observation},
    ]
    bundle = {"resourceType": "Bundle", "type": kind, "entry": entries}
    assert sandbox.load([_write(tmp_path / "b.json", bundle)]) == 2
    found = (await http.get("/Observation?patient=p1")).json()
    assert found["entry"][0]["resource"]["subject"] == {"reference": "Patient/p1"}
    assert (await http.get("/Bundle")).json()["total"] == 0


async def test_a_document_stays_a_bundle(
    sandbox: Sandbox, http: httpx.AsyncClient, tmp_path: Path
) -> None:
    document = {"resourceType": "Bundle", "id": "d", "type": "document"}
    assert sandbox.load([_write(tmp_path / "b.json", document)]) == 1
    assert (await http.get("/Bundle/d")).status_code == 200


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("x.json", b"{", "x.json: not JSON"),
        ("x.json", b"\xff", "x.json: not UTF-8"),
        ("x.json", b"[]", "x.json: the document is not a JSON object"),
        ("x.json", b'{"a":1}', "x.json: holds no FHIR R4 resource"),
        ("x.json", b'{"resourceType":"Nope"}', "x.json: holds no FHIR R4 resource"),
        ("x.json", b'{"resourceType":"Patient","id":"a b"}', "x.json: the id"),
        ("x.json", b'{"resourceType":"Patient","id":7}', "x.json: the id"),
        ("x.json", b'{"resourceType":"Patient","meta":[]}', "x.json: meta"),
        ("x.json", b'{"resourceType":"Patient","id":"p1"}', "x.json: Patient/p1 is stored already"),
        (
            "x.json",
            b'{"resourceType":"Bundle","type":"batch","entry":[{}]}',
            "x.json: an entry of the Bundle has no resource",
        ),
        ("x.json", b'{"resourceType":"Bundle","type":"batch","entry":[1]}', "x.json: the Bundle"),
        ("x.ndjson", b'{"resourceType":"Patient"}\n\n{', "x.ndjson:3: not JSON"),
    ],
)
async def test_a_bad_file_is_named_and_nothing_is_stored(
    sandbox: Sandbox,
    http: httpx.AsyncClient,
    tmp_path: Path,
    name: str,
    content: bytes,
    problem: str,
) -> None:
    good = _write(tmp_path / "a.json", PATIENT)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadInput, match=problem.replace(".", r"\.")):
        sandbox.load([good, tmp_path / name])
    assert (await http.get("/Patient")).json()["total"] == 0


def test_a_missing_file_is_named(sandbox: Sandbox, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="nothing"):
        sandbox.load([tmp_path / "nothing"])


async def test_a_file_keeps_the_chart(client: Any, clock: Any, tmp_path: Path) -> None:
    path = str(tmp_path / "chart.db")
    with Sandbox(path, clock=clock, no_auth=True) as first:
        first.load([_write(tmp_path / "a.json", PATIENT)])
    with Sandbox(path, clock=clock, no_auth=True) as second:
        async with client(second) as http:
            assert (await http.get("/Patient?identifier=77")).json()["total"] == 1


def test_another_file_is_not_taken_for_the_chart(tmp_path: Path) -> None:
    other = _write(tmp_path / "a.json", PATIENT)
    with pytest.raises(BadInput, match="path"):
        Sandbox(str(other))
    assert json.loads(other.read_text(encoding="utf-8")) == PATIENT
