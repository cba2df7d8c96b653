"""A version that the server enriched is still the one that we sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.canonical import JsonObject
from core.digests import fingerprint
from core.gateway import readback
from tests.builders import Bench
from tests.core.gateway.scenario import approved_phone, change, run


def sourced(resource: JsonObject) -> JsonObject:
    """Return what HAPI makes of a resource: every version says which request stored it."""
    return {**resource, "meta": {**resource.get("meta", {}), "source": "#UnXesSk4zLxKeyzu"}}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    found = Bench(tmp_path)
    found.ehr.transform = sourced
    return found


async def test_an_update_with_a_lost_answer_is_ours_though_the_server_added_to_it(
    bench: Bench,
) -> None:
    id_ = await approved_phone(bench)
    bench.ehr.faults = ["lost-response"]
    await run(bench)
    assert change(bench, id_).state == "verified"
    assert len(bench.ehr.versions["Patient/example"]) == 2


async def test_control_by_the_fingerprint_alone_it_is_called_anothers(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        readback, "is_ours", lambda sent, stored, *_: fingerprint(sent) == fingerprint(stored)
    )
    id_ = await approved_phone(bench)
    bench.ehr.faults = ["lost-response"]
    await run(bench)
    assert change(bench, id_).state == "denied", "it took effect, and its agent is told that not"
    assert len(bench.ehr.versions["Patient/example"]) == 2


async def test_another_value_under_the_same_source_is_not_ours(bench: Bench) -> None:
    id_ = await approved_phone(bench)

    def another(resource: JsonObject) -> JsonObject:
        mobile = {**resource["telecom"][1], "value": "555 0777"}
        return sourced({**resource, "telecom": [resource["telecom"][0], mobile]})

    bench.ehr.transform = another
    bench.ehr.faults = ["lost-response"]
    await run(bench)
    assert change(bench, id_).state == "pending-human-review"
