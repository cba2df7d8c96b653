"""Incidents: who may open and close them, that none is opened twice, and who is told."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from core.audit.trail import trail
from core.errors import BadInput, NotFound, Refused
from core.incident.incidents import CATEGORIES, Declaration, close_incident, declare_incident
from core.incident.summary import summarize, summary_json
from core.review.permissions import TABLE
from core.statement import verify
from tests.builders import Bench, phone_change
from tests.core.gateway.scenario import staged


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.mark.parametrize("category", CATEGORIES)
async def test_each_category_is_declared_told_counted_and_closed(
    bench: Bench, category: str
) -> None:
    id_ = await staged(bench, phone_change())
    said = Declaration(category, "555 0199 went to somebody else", change=(id_, 0))
    incident, new = declare_incident(bench.workspace, said)
    assert new and declare_incident(bench.workspace, said) == (incident, False)
    (row,) = bench.ledger.open_incidents()
    assert (row.id, row.category, row.proposal, row.idx) == (incident, category, id_, 0)
    (notice,) = bench.ledger.notices(id_, 0)
    assert (notice.kind, json.loads(notice.to)) == ("incident", ["role:on-call", "role:supervisor"])
    found = summarize(bench.ledger, ["sandbox"], bench.clock.now())
    assert (found.patients, summary_json(found)["to_look_at"]) == (1, {category: 1})
    close_incident(bench.workspace, incident, "she was told")
    assert not bench.ledger.open_incidents()
    with pytest.raises(NotFound):
        close_incident(bench.workspace, incident, "again")
    assert declare_incident(bench.workspace, said)[1]


async def test_it_is_signed_and_its_words_stand_in_bodies_only(bench: Bench) -> None:
    id_ = await staged(bench, phone_change())
    incident, _ = declare_incident(
        bench.workspace, Declaration("data-corruption", "555 0199 is wrong", change=(id_, 0))
    )
    close_incident(bench.workspace, incident, "555 0199 was right")
    keys = {bench.ring.signer("reviewer").kid: bench.ring.public("reviewer")}
    entries = [one for one in bench.ledger.trail(id_) if one.leaf["type"].startswith("incident")]
    assert [one.body for one in entries] == [
        {"reason": "555 0199 is wrong"},
        {"reason": "555 0199 was right"},
    ]
    for entry, act in zip(entries, ("declare", "close"), strict=True):
        payload = verify(entry.leaf["data"]["statement"], "incident", keys).payload
        assert (payload["act"], payload["incident"]) == (act, incident)
        assert "555 0199" not in str(entry.leaf) + str(payload)
    words = [line.text for line in trail(entries)]
    assert words == ["INCIDENT data-corruption, critical, found by person", "incident closed"]


def test_one_about_no_change_is_an_incident_too(bench: Bench) -> None:
    said = Declaration("unauthorized-access", "a key lay in the hall", "moderate")
    first, second = (declare_incident(bench.workspace, said) for _ in range(2))
    assert first[0] != second[0] and first[1] and second[1]
    assert {row.severity for row in bench.ledger.open_incidents()} == {"moderate"}


@pytest.mark.parametrize(
    ("said", "field"),
    [
        (Declaration("fire", "x"), "category"),
        (Declaration("data-corruption", "x", "huge"), "severity"),
        (Declaration("data-corruption", " "), "reason"),
    ],
)
def test_bad_input_names_the_field(bench: Bench, said: Declaration, field: str) -> None:
    size = bench.ledger.size
    with pytest.raises(BadInput) as caught:
        declare_incident(bench.workspace, said)
    assert caught.value.field == field and bench.ledger.size == size


@pytest.mark.parametrize("role", ["supervisor", "wizard"])
def test_who_may_freeze_may_declare_and_close(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, role: str
) -> None:
    for act in ("declare-incident", "close-incident"):
        monkeypatch.setitem(TABLE, act, replace(TABLE[act], roles=frozenset({role})))
    said = Declaration("data-corruption", "x")
    if role == "supervisor":
        close_incident(bench.workspace, declare_incident(bench.workspace, said)[0], "y")
        return
    with pytest.raises(Refused):
        declare_incident(bench.workspace, said)
