"""A gateway that dies between storing a Provenance and recording it does not store it again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.gateway import provenance
from core.gateway import run as rounds
from core.ports import Capability
from core.records import ChangeRow
from core.workspace import Workspace
from tests.builders import Bench
from tests.core.gateway.scenario import approved_phone, change, run


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    found = Bench(tmp_path)
    offers = found.ehr.capability

    async def unconditional(type_: str) -> Capability:
        return replace(await offers(type_), conditional_create=False)

    found.ehr.capability = unconditional  # type: ignore[method-assign]
    return found


def stored(bench: Bench) -> int:
    return sum(ref.startswith("Provenance/") for ref in bench.ehr.versions)


class Died(Exception):
    """The process ends here."""


async def dies(_workspace: Workspace, _change: ChangeRow, _before: object) -> None:
    raise Died


async def killed_between(bench: Bench, monkeypatch: pytest.MonkeyPatch, *, people: bool) -> str:
    """Let the gateway die after the Provenance was stored, and run it again."""
    id_ = await approved_phone(bench)
    record = provenance.record

    async def recorded(workspace: Workspace, one: ChangeRow) -> object:
        with monkeypatch.context() as patched:
            if not people:
                patched.setattr(bench.ledger, "decisions", lambda *_: [])
            return await record(workspace, one)

    monkeypatch.setattr(provenance, "record", recorded)
    with monkeypatch.context() as patched:
        patched.setattr(rounds, "reconcile", dies)
        with pytest.raises(Died):
            await run(bench)
    assert stored(bench) == 1
    await run(bench)
    return id_


@pytest.mark.parametrize("people", [True, False])
async def test_it_stands_there_once(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, *, people: bool
) -> None:
    id_ = await killed_between(bench, monkeypatch, people=people)
    assert stored(bench) == 1
    assert change(bench, id_).state == "verified"


@pytest.mark.parametrize(("people", "known_by"), [(True, "_signatures"), (False, "_made")])
async def test_control_where_it_is_not_known_again_it_is_stored_twice(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, known_by: str, *, people: bool
) -> None:
    """As where it is looked for by nothing that it holds."""
    unlike = iter(range(100))
    monkeypatch.setattr(provenance, known_by, lambda _: {next(unlike)})
    await killed_between(bench, monkeypatch, people=people)
    assert stored(bench) == 2


@pytest.mark.parametrize("people", [True, False])
async def test_a_malformed_one_of_somebody_else_is_none_of_ours(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, *, people: bool
) -> None:
    target = [{"reference": "Patient/example"}]
    for number, odd in enumerate([["x"], [{"who": "x", "data": ["x"]}], "x", 7, [None]]):
        bench.ehr.put(
            {
                "resourceType": "Provenance",
                "id": f"odd-{number}",
                "target": target,
                "signature": odd,
                "agent": odd,
                "recorded": odd,
            }
        )
    id_ = await approved_phone(bench)
    if not people:
        record = provenance.record

        async def recorded(workspace: Workspace, one: ChangeRow) -> object:
            with monkeypatch.context() as patched:
                patched.setattr(bench.ledger, "decisions", lambda *_: [])
                return await record(workspace, one)

        monkeypatch.setattr(provenance, "record", recorded)
    await run(bench)
    assert stored(bench) == 6
    assert change(bench, id_).state == "verified"
