"""`doctor --probe` against a server that is not ours: its table in docs/testing.md is from here."""

from __future__ import annotations

import pytest

from tests.hapi.scene import PROFILE, Hapi
from tests.scale import scaled
from tests.scene import call

pytestmark = pytest.mark.heavy

ROUNDS = scaled(5, 20, 50)


def test_the_write_ladder_is_measured(hapi: Hapi, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, said = call(capsys, "doctor", "--probe")
    assert code == 3 and "real patients" in said, "a server that is no sandbox wants --yes"

    code, [found], said = call(capsys, "doctor", "--probe", "--yes", "--rounds", str(ROUNDS))
    [ehr] = found["ehrs"]
    rungs = {one["rung"]: (one["claimed"], one["result"], one["why"]) for one in ehr["rungs"]}
    assert rungs == {
        "if-match": (True, "safe", None),
        # Not claimed, and with good reason: PUT with If-None-Match: * overwrites.
        "if-none-match": (False, "unsafe", "condition-ignored"),
        "if-none-exist": (True, "safe", None),
        "transaction": (True, "safe", None),
    }
    assert ehr["software"].startswith("HAPI FHIR Server ")
    assert (code, found["ok"], ehr["problems"]) == (0, True, []), said
    rung = {(one["type"], one["op"]): one["rung"] for one in ehr["writes"]}
    assert rung["Condition", "create"] == "if-none-exist"
    assert rung["Condition", "update"] == "if-match"
    assert {one["granted"] for one in ehr["writes"]} == {True}
    assert found["scratch"]["kept"] == 0 and found["scratch"]["deleted"] >= ROUNDS
    left = hapi.get("Basic?identifier=urn:countersign:probe|&_summary=count")
    assert left["total"] == 0

    code, [later], _ = call(capsys, "doctor")
    assert code == 0 and later["ehrs"][0]["rungs"] == ehr["rungs"]
    assert later["scratch"] is None
    with hapi.opened() as opened:
        assert opened.ledger.config(f"probe.{PROFILE}") is not None
