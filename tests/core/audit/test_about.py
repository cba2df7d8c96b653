"""What an id stands for, and the events that are found for it."""

from __future__ import annotations

import pytest

from core.audit.about import about, completed
from core.audit.wanted import Term, parse_wanted
from core.errors import BadInput, NotFound
from tests.builders import Bench


@pytest.fixture
def bench(story: Bench) -> Bench:
    return story


def first(bench: Bench, query: str) -> str:
    return str(bench.connection.execute(query).fetchone()[0])


@pytest.mark.parametrize(
    ("field", "query"),
    [
        ("proposal", "SELECT id FROM proposal ORDER BY seq"),
        ("operation", 'SELECT operation FROM "write" ORDER BY intent_seq'),
        ("freeze", "SELECT id FROM freeze ORDER BY at"),
        ("id", "SELECT id FROM decision ORDER BY seq"),
    ],
)
def test_an_id_is_recognised(bench: Bench, field: str, query: str) -> None:
    id_ = first(bench, query)
    found = about(bench.ledger, id_)
    assert found.terms == (Term(field, id_),) and found.text == f"{field}:{id_}"
    assert about(bench.ledger, found.text) == found


def test_a_proposal_is_named_by_the_beginning_of_its_id(bench: Bench) -> None:
    id_ = first(bench, "SELECT id FROM proposal ORDER BY seq")
    assert about(bench.ledger, id_[:8]).terms == (Term("proposal", id_),)
    typed = parse_wanted(f"type:decision proposal:{id_[:8]}")
    assert completed(bench.ledger, typed).terms[1] == Term("proposal", id_)
    with pytest.raises(BadInput, match="more than one"):
        about(bench.ledger, "0000")
    with pytest.raises(BadInput, match="more than one"):
        completed(bench.ledger, parse_wanted("proposal:0000"))


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("dr-lee", Term("reviewer", "dr-lee")),
        ("scribe-1", Term("agent", "scribe-1")),
        ("front-desk-1", Term("agent", "front-desk-1")),
        ("agent:dr-lee", Term("agent", "dr-lee")),
        ("person:gone", Term("reviewer", "gone")),
    ],
)
def test_people_and_agents_are_told_apart(bench: Bench, text: str, term: Term) -> None:
    assert about(bench.ledger, text).terms == (term,)


@pytest.mark.parametrize("text", ["nobody", "feed", "proposal:feed", "x"])
def test_what_nothing_is_called_is_not_found(bench: Bench, text: str) -> None:
    with pytest.raises(NotFound):
        about(bench.ledger, text)


@pytest.mark.parametrize("text", ["a b", "", "thing:dr-lee", "agent:", "proposal:zzzz", "é"])
def test_what_is_no_id_is_refused(bench: Bench, text: str) -> None:
    with pytest.raises(BadInput):
        about(bench.ledger, text)


def test_a_person_called_like_an_agent_must_be_told(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(bench.ledger), "has_agent", lambda _self, agent: agent == "dr-lee")
    with pytest.raises(BadInput, match="reviewer:dr-lee or agent:dr-lee"):
        about(bench.ledger, "dr-lee")
