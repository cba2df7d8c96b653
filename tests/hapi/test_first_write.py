"""The main job of the guide "The first write", against a server that is not ours."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.hapi.front import Front
from tests.hapi.scene import Hapi, operations, written
from tests.scene import call

pytestmark = pytest.mark.heavy


def test_propose_approve_run_verify(
    hapi: Hapi, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path / "proposal.json", hapi.proposal(hapi.phone(), hapi.problem()))
    code, [staged], _ = call(capsys, "propose", file)
    assert (code, staged["verdict"]["outcome"]) == (0, "review")
    code, [shown], _ = call(capsys, "show", staged["id"])
    assert shown["evidence"][0]["grounding"] == "verified"
    code, _, said = call(
        capsys, "approve", staged["id"], "--hash", shown["hash"], "--change", "0", "--change", "1"
    )
    assert code == 0, said

    code, [done], said = call(capsys, "run", "--once")
    assert (code, done["sent"], done["verified"], done["exceptions"]) == (0, 2, 2, 0), said
    assert not done["unpublished"]

    patient, *before = hapi.history(hapi.patient)
    assert patient["meta"]["versionId"] == "2" and len(before) == 1
    assert patient["telecom"][1]["value"] == "555 0199"
    assert {"AIAST"} == {label["code"] for label in patient["meta"]["security"]}
    found = hapi.get(f"Condition?subject={hapi.patient}")
    [condition] = [entry["resource"] for entry in found["entry"]]
    assert len(operations(condition)) == 1
    assert call(capsys, "audit", "trail", staged["id"])[0] == 0
    code, [verified], said = call(capsys, "audit", "verify")
    assert (code, verified["ok"], verified["problems"]) == (0, True, []), said
    provenances = hapi.get(f"Provenance?target={hapi.patient}")
    assert len(provenances["entry"]) == 1


def test_nothing_passes_the_token_check_without_the_scope_of_its_type(front: Front) -> None:
    """Control of all the others: it is a token that lets the gateway's writes through."""
    for method, path in (("GET", "Patient/x"), ("POST", "Patient"), ("PUT", "Patient/x")):
        answer = httpx.request(method, f"{front.base}/{path}", trust_env=False)
        assert answer.status_code == 401, (method, path)
    assert httpx.get(f"{front.base}/metadata", trust_env=False).status_code == 200
