"""Whether the adoptions in a ledger hold: each signed by an admin of its time, in one chain.

Source: design §7, hub-protocol §1, §2, docs/adr/0005 and 0012.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from core.adoption import check_document
from core.adoption_events import ADOPTED, document_digest
from core.canonical import JsonObject, Number
from core.errors import BadInput, Refused
from core.ledger.event import Entry
from core.roster import parse_roster
from core.second_owner import admin_owners, adoption_second_problem
from core.statement import InvalidStatement, peek, verify


def adoption_problem(entry: Entry, admins: Mapping[str, str]) -> str | None:
    """Return what is wrong with one `config.adopted` entry by itself, or None.

    Its statement must be signed by one of `admins` (kid → public key: those in force just before),
    and say the same kind, number, digest and signer as the leaf; the digest must be the
    document's. The chain from one adoption to the next, and the second owner of a policy, are
    `adoption_problems`'.
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
    if document_digest(data["document"]) != data["digest"]:
        return f"the adopted {data['kind']} is not the document that was signed"
    return None


def adoption_problems(entries: Iterable[Entry], pinned: Mapping[str, str]) -> list[tuple[int, str]]:
    """Return (seq, problem) of every adoption that does not hold, in order.

    `entries` are those of the ledger in order (other events are passed over), `pinned` the admins
    of its opening. Each roster that holds sets the admins for what follows; one that does not hold
    changes nothing.
    """
    admins, last, found = dict(pinned), dict[str, JsonObject](), list[tuple[int, str]]()
    owners = {kid: kid for kid in admins}
    for entry in entries:
        if entry.leaf.get("type") != ADOPTED:
            continue
        data = entry.leaf["data"]
        problem = (
            adoption_problem(entry, admins)
            or adoption_second_problem(entry, admins, owners)
            or _chain_problem(data, last.get(data["kind"]))
        )
        if problem is not None:
            found.append((entry.seq, problem))
            continue
        last[data["kind"]] = data
        if data["kind"] == "roster":
            roster = parse_roster(data["document"])
            admins, owners = roster.keys_for("adoption"), admin_owners(roster)
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
