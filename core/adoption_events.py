"""The events of adoption and what they carry: the document and the statements of who signed it.

Source: design §7, hub-protocol §2, docs/adr/0012.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.canonical import JsonObject, Number, digest
from core.ledger.event import Actor, Event, instant
from core.ports import Transaction
from core.records import ConfigRow
from core.second_owner import PUT_FORWARD
from core.statement import Statement, sign, statement_digest

if TYPE_CHECKING:
    from core.adoption import Adopter

ADOPTED = "config.adopted"


def adoption_statement(
    transaction: Transaction, adopter: Adopter, kind: str, text: str, before: ConfigRow | None
) -> Statement:
    """Sign that `text` follows `before` as the document of its kind."""
    payload: JsonObject = {
        "v": Number("1"),
        "team": adopter.team,
        "id": adopter.ids.uuid(),
        "at": instant(transaction.clock.lo),
        "kind": kind,
        "number": Number(str(1 if before is None else before.number + 1)),
        "digest": document_digest(text),
    }
    if before is not None:
        payload["prev"] = before.digest
    return sign("adoption", payload, adopter.signer)


def _signed(statement: Statement, text: str) -> JsonObject:
    signed = {member: statement.payload[member] for member in ("kind", "number", "digest")}
    return {**signed, "document": text, "statement": statement.text}


def adopted_event(
    adopter: Adopter, statement: Statement, text: str, before: ConfigRow | None, first: str | None
) -> Event:
    """Return the event that puts a document in force; `first` is what another owner signed."""
    data = _signed(statement, text)
    digests = [statement.digest]
    if first is not None:
        data["first"] = first
        digests.append(statement_digest(first))
    if before is not None:
        data["prev_seq"] = Number(str(before.seq))
    return Event(
        ADOPTED,
        Actor("admin", adopter.person, adopter.signer.kid),
        data=data,
        refs=tuple({"kind": "adoption", "digest": digest} for digest in digests),
    )


def put_forward_event(adopter: Adopter, statement: Statement, text: str) -> Event:
    """Return the event that puts a document forward, which decides nothing."""
    return Event(
        PUT_FORWARD,
        Actor("admin", adopter.person, adopter.signer.kid),
        data=_signed(statement, text),
        refs=({"kind": "adoption", "digest": statement.digest},),
    )


def document_digest(text: str) -> str:
    """Return the digest by which a document is adopted."""
    return digest("document", text.encode("utf-8"))
