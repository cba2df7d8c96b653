"""The Provenance of a write where the gateway dies, or the EHR does not do what it needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import CountersignError, Refused, Unreachable
from core.gateway import provenance
from core.gateway import run as rounds
from core.ports import Capability, Fetched
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


def outcomes(bench: Bench, id_: str) -> list[str]:
    leaves = [entry.leaf for entry in bench.ledger.trail(id_)]
    return [leaf["data"]["outcome"] for leaf in leaves if leaf["type"] == "provenance.recorded"]


def not_searched(bench: Bench, error: CountersignError) -> None:
    search = bench.ehr.search

    async def refuses(type_: str, parameters: Mapping[str, str]) -> Sequence[Fetched]:
        if type_ == "Provenance":
            raise error
        return await search(type_, parameters)

    bench.ehr.search = refuses  # type: ignore[method-assign]


async def test_an_ehr_that_refuses_to_look_for_it_does_not_keep_the_chart_from_being_checked(
    bench: Bench,
) -> None:
    id_ = await approved_phone(bench)
    not_searched(bench, Refused("the EHR refuses this client (403)"))
    bench.ehr.transform = lambda one: {**one, "active": False} if "active" in one else one
    done = await run(bench)
    assert (done.exceptions, done.unreachable) == (1, False)
    assert change(bench, id_).state == "exception"
    assert (stored(bench), outcomes(bench, id_)) == (0, ["failed"])


async def test_a_token_that_is_refused_for_a_while_costs_no_provenance(bench: Bench) -> None:
    id_ = await approved_phone(bench)
    search, read = bench.ehr.search, bench.ehr.read
    not_searched(bench, Refused("no token was issued"))

    async def refused(reference: str, version: str | None = None) -> Fetched | None:
        if bench.ehr.sent:
            raise Refused("no token was issued")
        return await read(reference, version)

    bench.ehr.read = refused  # type: ignore[method-assign]
    assert (await run(bench)).unreachable
    bench.ehr.read, bench.ehr.search = read, search  # type: ignore[method-assign]
    await run(bench)
    assert change(bench, id_).state == "verified"
    assert (stored(bench), outcomes(bench, id_)) == (1, ["written"])


@pytest.mark.parametrize(("create", "said"), [(True, "written"), (False, "failed")])
async def test_an_ehr_that_offers_no_search_for_it_is_not_asked_for_one(
    bench: Bench, said: str, *, create: bool
) -> None:
    id_ = await approved_phone(bench)
    not_searched(bench, Unreachable("the EHR answered 404"))
    offers = bench.ehr.capability

    async def offered(type_: str) -> Capability:
        found = await offers(type_)
        if type_ != "Provenance":
            return found
        return replace(found, search=False, create=create)

    bench.ehr.capability = offered  # type: ignore[method-assign]
    done = await run(bench)
    assert (done.verified, done.unreachable) == (1, False)
    assert change(bench, id_).state == "verified"
    assert (stored(bench), outcomes(bench, id_)) == (int(create), [said])
