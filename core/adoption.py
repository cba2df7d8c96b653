"""Putting a document in force: policy, roster, EHR profile or adoption phase, signed by an admin.

A file on disk decides nothing; the adoption event in the ledger does, and it carries a statement
that anyone can check against the admins pinned when the ledger was opened.
Source: design §7, hub-protocol §1, §2, §6 step 10.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from core.canonical import JsonObject, Number, digest
from core.duty.check import check_zones
from core.errors import BadInput, Failed, Refused
from core.ledger.event import Actor, Entry, Event, instant
from core.policy import parse_policy
from core.ports import Ids, Keys, Reads, Transaction
from core.records import ConfigRow
from core.roster import parse_roster
from core.statement import InvalidStatement, Signer, peek, sign, thumbprint, verify
from core.workspace import Workspace

OPENED = "ledger.opened"
ADOPTED = "config.adopted"
PHASES = ("1", "2", "3")
PROFILE_PREFIX = "profile."
MAX_DOCUMENT = 512 * 1024


@dataclass(frozen=True, slots=True)
class Adopter:
    """The admin who adopts, and what their statements are made with."""

    team: str
    person: str
    signer: Signer
    ids: Ids


def opening(keys: Keys, person: str) -> Event:
    """Return the first event of a ledger: its checkpoint key, and the admins it starts with.

    `data` is `{checkpoint: {kid, x}, admins: [{kid, x}]}`; `person` is whose reviewer key is
    pinned as the only admin.
    """
    data: JsonObject = {
        "checkpoint": {"kid": keys.signer("checkpoint").kid, "x": keys.public("checkpoint")},
        "admins": [{"kid": keys.signer("reviewer").kid, "x": keys.public("reviewer")}],
    }
    return Event(OPENED, Actor("admin", person), data=data)


def adopt(workspace: Workspace, kind: str, text: str) -> ConfigRow:
    """Put `text` in force as the workspace's `kind`, in a transaction of its own.

    `kind` is `policy`, `roster`, `phase` or `profile.<ehr>`. A document that is in force already
    is left as it is. Raises BadInput for an invalid document, Refused when the reviewer at this
    terminal is no admin or the roster would leave none.
    """
    signer = workspace.keys.signer("reviewer")
    adopter = Adopter(workspace.team, workspace.reviewer, signer, workspace.ids)
    with workspace.ledger.transaction() as transaction:
        return adopt_in(transaction, adopter, kind, text)


def adopt_in(transaction: Transaction, adopter: Adopter, kind: str, text: str) -> ConfigRow:
    """Do what `adopt` does inside the caller's transaction."""
    check_document(kind, text)
    if adopter.signer.kid not in admins_in_force(transaction):
        raise Refused(
            f"{adopter.person} is not an admin of this workspace",
            field=kind,
            remedy="Ask an admin in the adopted roster to adopt it",
        )
    before = transaction.config(kind)
    if before is not None and before.digest == _document_digest(text):
        return before
    transaction.append(_adoption(transaction, adopter, kind, text, before))
    adopted = transaction.config(kind)
    if adopted is None:
        raise Failed(f"the adoption of {kind} was not projected")
    return adopted


def _adoption(
    transaction: Transaction, adopter: Adopter, kind: str, text: str, before: ConfigRow | None
) -> Event:
    signed: JsonObject = {
        "kind": kind,
        "number": Number(str(1 if before is None else before.number + 1)),
        "digest": _document_digest(text),
    }
    payload: JsonObject = {
        "v": Number("1"),
        "team": adopter.team,
        "id": adopter.ids.uuid(),
        "at": instant(transaction.clock.lo),
        **signed,
    }
    if before is not None:
        payload["prev"] = before.digest
    statement = sign("adoption", payload, adopter.signer)
    data: JsonObject = {**signed, "document": text, "statement": statement.text}
    if before is not None:
        data["prev_seq"] = Number(str(before.seq))
    return Event(
        ADOPTED,
        Actor("admin", adopter.person, adopter.signer.kid),
        data=data,
        refs=({"kind": "adoption", "digest": statement.digest},),
    )


def check_document(kind: str, text: str) -> None:
    """Raise BadInput for a document not valid as `kind`, Refused for a roster without admins."""
    if len(text) > MAX_DOCUMENT:
        raise BadInput(
            f"the document has {len(text):,} characters; the limit is {MAX_DOCUMENT:,}",
            field=kind,
            remedy="Shorten it",
        )
    if kind == "policy":
        parse_policy(text)
    elif kind == "roster":
        roster = parse_roster(text)
        check_zones(roster)
        if not roster.keys_for("adoption"):
            raise Refused(
                "this roster leaves no admin, so nothing could be adopted after it",
                field="roster.admins",
                remedy="List at least one admin whose key is not revoked",
            )
    elif kind == "phase":
        if text not in PHASES:
            raise BadInput(
                "not an adoption phase", field="phase", remedy=f"Use one of {', '.join(PHASES)}"
            )
    elif kind.startswith(PROFILE_PREFIX) and kind != PROFILE_PREFIX:
        _check_toml(kind, text)
    else:
        raise BadInput(
            f"there are no documents of the kind {kind!r}",
            field="kind",
            remedy="Use policy, roster, phase or profile.<ehr>",
        )


def admins_in_force(reads: Reads) -> dict[str, str]:
    """Return kid → public key of the admins: the adopted roster's, else those pinned at opening."""
    roster = reads.config("roster")
    if roster is not None:
        return parse_roster(roster.document).keys_for("adoption")
    first = reads.entry(0)
    if first is None:
        raise Failed("the ledger is not open", remedy="Run `countersign init`")
    return pinned_admins(first)


def pinned_admins(first: Entry) -> dict[str, str]:
    """Return kid → public key of the admins that a `ledger.opened` entry pins."""
    if first.leaf.get("type") != OPENED:
        raise Failed(f"the ledger does not begin with {OPENED}")
    pinned = {key["kid"]: key["x"] for key in first.leaf["data"]["admins"]}
    if any(thumbprint(x) != kid for kid, x in pinned.items()):
        raise Failed("a pinned admin's kid is not the thumbprint of its key")
    return pinned


def adoption_problem(entry: Entry, admins: Mapping[str, str]) -> str | None:
    """Return what is wrong with one `config.adopted` entry by itself, or None.

    Its statement must be signed by one of `admins` (kid → public key: those in force just before),
    and say the same kind, number, digest and signer as the leaf; the digest must be the
    document's. The chain from one adoption to the next is `adoption_problems`'.
    """
    data = entry.leaf["data"]
    try:
        statement = verify(str(data.get("statement", "")), "adoption", admins)
    except InvalidStatement as error:
        return f"the adoption of {data['kind']} is not signed by an admin: {error.problem}"
    if statement.kid != entry.leaf["actor"].get("kid"):
        return f"the adoption of {data['kind']} is signed by another key than its event names"
    for member in ("kind", "number", "digest"):
        if statement.payload.get(member) != data[member]:
            return f"the adoption of {data['kind']} differs from its statement in {member}"
    if _document_digest(data["document"]) != data["digest"]:
        return f"the adopted {data['kind']} is not the document that was signed"
    return None


def adoption_problems(entries: Iterable[Entry], pinned: Mapping[str, str]) -> list[tuple[int, str]]:
    """Return (seq, problem) of every adoption that does not hold, in order.

    `entries` are those of the ledger in order (other events are passed over), `pinned` the admins
    of its opening. Each roster that holds sets the admins for what follows; one that does not hold
    changes nothing.
    """
    admins, last, found = dict(pinned), dict[str, JsonObject](), list[tuple[int, str]]()
    for entry in entries:
        if entry.leaf.get("type") != ADOPTED:
            continue
        data = entry.leaf["data"]
        problem = adoption_problem(entry, admins) or _chain_problem(data, last.get(data["kind"]))
        if problem is not None:
            found.append((entry.seq, problem))
            continue
        last[data["kind"]] = data
        if data["kind"] == "roster":
            admins = parse_roster(data["document"]).keys_for("adoption")
    return found


def _chain_problem(data: JsonObject, before: JsonObject | None) -> str | None:
    wanted = 1 if before is None else int(before["number"].text) + 1
    if data["number"] != Number(str(wanted)):
        return f"the adoption of {data['kind']} is number {data['number'].text}, not {wanted}"
    if peek(data["statement"]).get("prev") != (None if before is None else before["digest"]):
        return f"the adoption of {data['kind']} does not follow the one before it"
    try:
        check_document(data["kind"], data["document"])
    except (BadInput, Refused) as error:
        return f"the adopted {data['kind']} is not valid: {error.problem}"
    return None


def _check_toml(kind: str, text: str) -> None:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"not TOML: {error}", field=kind, remedy="Correct it there") from None


def _document_digest(text: str) -> str:
    return digest("document", text.encode("utf-8"))
