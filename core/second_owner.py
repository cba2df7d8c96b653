"""Two policy owners: a policy takes effect when two different people signed the same document.

One admin puts it forward (`config.proposed`), another's adoption completes it and carries both
statements. Where the roster in force has the admin keys of one person only, one step is enough.
Source: design §7, §8 (no self-approval), docs/adr/0012.
"""

from __future__ import annotations

from collections.abc import Mapping

from core.canonical import JsonObject
from core.errors import Failed
from core.ledger.event import Entry
from core.ports import Reads
from core.records import ConfigRow
from core.roster import Roster, parse_roster
from core.statement import InvalidStatement, Statement, peek, verify

PUT_FORWARD = "config.proposed"
PENDING = "proposed.policy"
"""The kind under which the document put forward last stands beside those in force."""

SIGNED = ("kind", "number", "digest", "prev", "team")
"""What both owners' statements say alike."""


def admin_owners(roster: Roster) -> dict[str, str]:
    """Return kid → whose key it is, of the admins; a key that no person lists is its own owner."""
    people = {key.kid: person.id for person in roster.people for key in person.keys}
    return {kid: people.get(kid, kid) for kid in roster.keys_for("adoption")}


def needs_second(kind: str, owners: Mapping[str, str]) -> bool:
    """Tell whether a document of that kind wants two of the owners (kid → owner)."""
    return kind == "policy" and len(set(owners.values())) > 1


def owners_in_force(reads: Reads) -> dict[str, str]:
    """Return kid → owner by the roster in force; none before the first, when one key is pinned."""
    row = reads.config("roster")
    return {} if row is None else admin_owners(parse_roster(row.document))


def pending_policy(reads: Reads) -> ConfigRow | None:
    """Return the policy that waits for a second owner; it lapses with any newer policy or roster.

    A newer one that is put forward takes its place.
    """
    row = reads.config(PENDING)
    if row is None:
        return None
    others = (reads.config(kind) for kind in ("policy", "roster"))
    lapsed = any(other is not None and other.seq > row.seq for other in others)
    return None if lapsed else row


def first_statement(reads: Reads, pending: ConfigRow) -> str:
    """Return what the first owner signed about the pending policy."""
    entry = reads.entry(pending.seq)
    if entry is None or entry.leaf.get("type") != PUT_FORWARD:
        raise Failed("the policy put forward is not in the ledger")
    return str(entry.leaf["data"]["statement"])


def second_problem(
    first: str, statement: str, admins: Mapping[str, str], owners: Mapping[str, str]
) -> str | None:
    """Return why two statements are not those of two policy owners about one document, or None.

    `statement` was verified before; `admins` is kid → public key, `owners` kid → owner.
    """
    try:
        one = verify(first, "adoption", admins)
    except InvalidStatement as error:
        return f"no second policy owner signed it: {error.problem}"
    return _differs(one, peek(statement)) or _same_owner(one, statement, admins, owners)


def adoption_second_problem(
    entry: Entry, admins: Mapping[str, str], owners: Mapping[str, str]
) -> str | None:
    """Return what is wrong with the second signature of a `config.adopted` entry, or None."""
    data: JsonObject = entry.leaf["data"]
    if not needs_second(str(data["kind"]), owners):
        return None
    return second_problem(str(data.get("first", "")), str(data["statement"]), admins, owners)


def _differs(one: Statement, other: JsonObject) -> str | None:
    for member in SIGNED:
        if one.payload.get(member) != other.get(member):
            return f"the two policy owners signed different adoptions: {member} differs"
    return None


def _same_owner(
    one: Statement, statement: str, admins: Mapping[str, str], owners: Mapping[str, str]
) -> str | None:
    other = verify(statement, "adoption", admins)
    if owners.get(one.kid, one.kid) == owners.get(other.kid, other.kid):
        return "both statements are of one policy owner"
    return None
