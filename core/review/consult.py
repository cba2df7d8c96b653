"""Asking a colleague about a change, and answering: signed notes that gate nothing.

Source: design §8. The words stand in the body, signed on their own; the leaf says only who asked
whom. A consult to somebody who asked is the answer to what they asked last.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.canonical import JsonObject, Number, exact
from core.errors import BadInput, Conflict
from core.ledger.event import Actor, Entry, Event, instant
from core.notice import Notice, raise_notice
from core.ports import Reads
from core.records import ChangeRow
from core.review.asking import check
from core.review.voiding import about
from core.review.voting import find_change
from core.roster import Person, Roster
from core.statement import sign
from core.workspace import Workspace, roster_in_force

CONSULTED = "change.consulted"
MAX_NOTE = 4_000


@dataclass(frozen=True, slots=True)
class Said:
    """One consult: who asked or answered whom about which change; `note` is None once erased."""

    id: str
    index: int
    at: str
    by: str
    to: str
    note: str | None
    answers: str | None
    """The id of the consult that this one answers."""

    def as_json(self) -> JsonObject:
        """Return it as `show --json` prints it."""
        return {
            "id": self.id,
            "index": self.index,
            "at": self.at,
            "by": self.by,
            "to": self.to,
            "note": self.note,
            "answers": self.answers,
        }


def consult(workspace: Workspace, proposal: str, index: int, to: str | None, note: str) -> Said:
    """Record a note to a colleague and that they must be told; `to` None: to who asked last.

    Raises NotFound, BadInput (note, person), Conflict when the change is closed or nobody asked,
    Refused for who is not enrolled.
    """
    if not note.strip() or len(note) > MAX_NOTE:
        raise BadInput(f"is missing, or longer than {MAX_NOTE} characters", field="note")
    with workspace.ledger.transaction() as transaction:
        row, change = find_change(transaction, proposal, index)
        person = check(workspace, transaction, "consult", change, transaction.clock.hi)
        roster = roster_in_force(transaction)
        asked = _asked(transaction, change, person.id, to)
        whom = to or ("" if asked is None else asked.by)
        _check_whom(roster, person, whom)
        said = Said(
            workspace.ids.uuid(), index, instant(transaction.clock.lo), person.id, whom,
            note.strip(), None if asked is None else asked.id,
        )  # fmt: skip
        statement = sign(
            "consult",
            _payload(workspace, row.subject, change, said),
            workspace.keys.signer("reviewer"),
        )
        actor = Actor("reviewer", person.id, statement.kid)
        data: JsonObject = {"id": said.id, "by": said.by, "to": whom, "statement": statement.text}
        transaction.append(
            Event(
                CONSULTED,
                actor,
                about(change),
                data=data | ({} if said.answers is None else {"answers": said.answers}),
                refs=({"kind": "consult", "digest": statement.digest},),
                body=_words(workspace, said),
            )
        )
        notice = Notice("consult", (f"person:{whom}",), change.expires)
        raise_notice(workspace.ids, transaction, actor, about(change), notice)
    return said


def colleagues(roster: Roster, me: str) -> list[str]:
    """Return whom one could ask: everybody else who holds a key that counts."""
    return sorted(set(roster.roles()) - {me})


def said(entries: Sequence[Entry]) -> Iterator[Said]:
    """Yield the consults among the events of a proposal, in their order."""
    for entry in entries:
        leaf = entry.leaf
        if leaf["type"] == CONSULTED:
            data = leaf["data"]
            note = None if entry.body is None else entry.body.get("note")
            yield Said(
                data["id"], int(leaf["index"].text), leaf["at"], data["by"], data["to"], note,
                data.get("answers"),
            )  # fmt: skip


def _asked(reads: Reads, change: ChangeRow, me: str, by: str | None) -> Said | None:
    """Return the last consult to me about this change, of one person or of anybody."""
    found = [
        one
        for one in said(reads.trail(change.proposal))
        if one.index == change.idx and one.to == me and by in (None, one.by)
    ]
    return found[-1] if found else None


def _check_whom(roster: Roster, person: Person, whom: str) -> None:
    if not whom:
        raise Conflict("nobody asked you about this change", remedy="Name a person with --to")
    if whom not in colleagues(roster, person.id):
        raise BadInput(
            "is not somebody else in the roster who holds a key",
            field="to",
            remedy="See `countersign roster`",
        )


def _payload(workspace: Workspace, subject: str, change: ChangeRow, said: Said) -> JsonObject:
    found: JsonObject = {
        "v": Number("1"),
        "team": workspace.team,
        "id": said.id,
        "at": said.at,
        "task": subject,
        "index": exact(change.idx),
        "revision": exact(change.revision),
        "change": change.change_digest,
        "reviewer": said.by,
        "to": said.to,
    }
    return found | ({} if said.answers is None else {"answers": said.answers})


def _words(workspace: Workspace, said: Said) -> JsonObject:
    """Return the body that holds the words, signed by who wrote them."""
    members: JsonObject = {
        "v": Number("1"),
        "team": workspace.team,
        "id": workspace.ids.uuid(),
        "at": said.at,
        "consult": said.id,
        "text": said.note,
    }
    note = sign("note", members, workspace.keys.signer("reviewer"))
    return {"note": said.note, "statement": note.text}
