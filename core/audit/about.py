"""What an id stands for: a proposal, an operation, a freeze, a person or an agent."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

from core.audit.wanted import Term, Wanted
from core.errors import BadInput, NotFound
from core.records import ConfigRow, ProposalRow, WriteRow
from core.roster import parse_roster

KINDS = ("proposal", "operation", "freeze", "id", "reviewer", "agent")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_BEGINNING = re.compile(r"[0-9a-f-]{4,36}")
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")


class Finds(Protocol):
    """The reads that tell what an id stands for."""

    def proposals_like(self, prefix: str) -> Sequence[ProposalRow]:
        """Return up to two proposals whose id begins with `prefix`."""

    def write(self, operation: str) -> WriteRow | None:
        """Return the write of one operation."""

    def config(self, kind: str) -> ConfigRow | None:
        """Return the document in force."""

    def has_freeze(self, freeze: str) -> bool:
        """Tell whether a freeze of that id was ever set."""

    def has_agent(self, agent: str) -> bool:
        """Tell whether a proposal of that agent is in the store."""


def about(reads: Finds, text: str) -> Wanted:
    """Return the events that are about `text`: an id, or `KIND:ID` with a kind of KINDS.

    A proposal may be named by the beginning of its id, 4 characters or more. NotFound where nothing
    here is called so, BadInput where it is no id or more than one thing is.
    """
    kind, colon, id_ = text.partition(":")
    if colon:
        kind = "reviewer" if kind == "person" else kind
        if kind not in KINDS or not _NAME.fullmatch(id_):
            raise BadInput(
                "is not KIND:ID", field="ABOUT", remedy=f"KIND is one of {', '.join(KINDS)}"
            )
        term = _proposal(reads, id_) if kind == "proposal" else Term(kind, id_)
        if term is None:
            raise _unknown()
    else:
        term = _recognised(reads, text)
    return Wanted((term,), f"{term.field}:{term.value}")


def completed(reads: Finds, wanted: Wanted) -> Wanted:
    """Return the same with each beginning of a proposal's id made whole."""
    terms = []
    for term in wanted.terms:
        found = term
        if term.field == "proposal" and not UUID.fullmatch(term.value):
            whole = _proposal(reads, term.value)
            if whole is None:
                raise _unknown()
            found = whole
        terms.append(found)
    return Wanted(tuple(terms), wanted.text)


def _recognised(reads: Finds, text: str) -> Term:
    if _BEGINNING.fullmatch(text):
        found = _proposal(reads, text)
        if found is not None:
            return found
    if UUID.fullmatch(text):
        if reads.write(text) is not None:
            return Term("operation", text)
        return Term("freeze" if reads.has_freeze(text) else "id", text)
    if not _NAME.fullmatch(text):
        raise BadInput("is not an id", field="ABOUT", remedy="Give an id, or KIND:ID")
    return _named(reads, text)


def _named(reads: Finds, text: str) -> Term:
    row = reads.config("roster")
    roster = None if row is None else parse_roster(row.document)
    person = roster is not None and any(found.id == text for found in roster.people)
    listed = roster is not None and (
        any(found.id == text for found in roster.agents)
        or any(text in found.agents for found in roster.submitters)
    )
    agent = listed or reads.has_agent(text)
    if person and agent:
        raise BadInput(
            "is a person and an agent",
            field="ABOUT",
            remedy=f"Write reviewer:{text} or agent:{text}",
        )
    if not person and not agent:
        raise _unknown()
    return Term("reviewer" if person else "agent", text)


def _proposal(reads: Finds, text: str) -> Term | None:
    if not _BEGINNING.fullmatch(text):
        raise BadInput("is not a proposal id", field="ABOUT", remedy="See `countersign queue`")
    found = reads.proposals_like(text)
    if len(found) > 1:
        raise BadInput("more than one proposal begins so", field="ABOUT", remedy="Write more of it")
    return Term("proposal", found[0].id) if found else None


def _unknown() -> NotFound:
    return NotFound(
        "nothing here is called so",
        field="ABOUT",
        remedy="Give the id of a proposal, operation, freeze, person or agent",
    )
