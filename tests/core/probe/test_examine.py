"""What doctor says without writing: rungs, tokens, and what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import CountersignError, Refused, Unreachable
from core.probe.examine import allowed, examine, worst
from core.probe.run import probe
from core.workspace import policy_in_force
from tests.builders import Bench
from tests.core.probe.servers import Racy, Sound, together
from tests.fakes import FakeGrant


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def test_each_write_that_policy_allows_has_its_rung(bench: Bench) -> None:
    found = await examine(bench.workspace, Sound())
    rungs = {(use.type, use.operation): (use.rung, use.granted) for use in found.uses}
    assert rungs["Patient", "update"] == ("if-match", True)
    assert rungs["Condition", "create"] == ("if-none-match", True)
    assert found.problems == () and worst([found]) is None
    assert allowed(policy_in_force(bench.ledger), "another") == []


async def test_a_refused_token_is_told_in_the_words_of_who_refused(bench: Bench) -> None:
    class Keyless(Sound):
        async def grant(self, scope: str) -> FakeGrant:
            raise Refused("this workspace holds no write key", remedy="Send from the gateway's")

    found = await examine(bench.workspace, Keyless())
    assert {use.granted for use in found.uses} == {False}
    assert "no token to update Patient: this workspace holds no write key." in found.problems[-1]
    assert worst([found]) is CountersignError


async def test_what_failed_a_probe_has_no_rung_left(bench: Bench) -> None:
    await probe(bench.workspace, Racy(), together, 1)
    found = await examine(bench.workspace, Sound())
    assert {(use.operation, use.rung) for use in found.uses} == {
        ("create", None), ("update", "by-hand"),
    }  # fmt: skip
    assert any("no safe way to update Patient" in one for one in found.problems)
    assert any("claims if-match, and a probe saw it fail" in one for one in found.problems)


async def test_an_ehr_that_is_away(bench: Bench) -> None:
    class Away(Sound):
        async def software(self) -> str | None:
            raise Unreachable("it does not answer")

    found = await examine(bench.workspace, Away())
    assert found.unreachable and worst([found]) is Unreachable
