"""What is labelled sensitive, and hidden from a person until they reveal it or hold the role.

A group of labels that the policy lists under `[labels]` is seen by its roles without asking, and
by no others. One that it does not list is hidden from everybody at first; whoever holds a role of
the route may reveal it. Roles that may break the glass may reveal any. Revealing is an event.
What is hidden cannot be approved, edited or entered by hand. Source: design §7; ADR 0020.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from core.canonical import Json, JsonObject
from core.errors import Conflict, CountersignError, Refused
from core.intake.sensitive import GROUPS, groups_of, label_words
from core.ledger.event import Actor, Event
from core.ledger.label_events import REVEALED
from core.policy import Policy
from core.ports import Reads
from core.records import ChangeRow
from core.review.asking import person_here, route_roles
from core.review.content import Content, Erased, read_content
from core.review.permissions import Who
from core.review.voiding import about
from core.workspace import Workspace, policy_in_force, roster_in_force

NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Sight:
    """What one person sees of one change; the default sees nothing that is labelled."""

    seen: frozenset[str] = NOTHING
    may: frozenset[str] = NOTHING
    """Groups that they may reveal, whether or not they have."""

    def hides(self, groups: Iterable[str]) -> frozenset[str]:
        """Return the groups for which something labelled with all of these is hidden."""
        return frozenset(groups) - self.seen


@dataclass(frozen=True, slots=True)
class Hidden:
    """The groups for which parts of one change are hidden; none: it is shown whole."""

    values: frozenset[str] = NOTHING
    """Of the base or the intended resource: every value of the change is hidden."""
    evidence: frozenset[str] = NOTHING
    beside: frozenset[str] = NOTHING
    """Of what the chart says beside it."""
    revealable: frozenset[str] = NOTHING
    """Those of them that the person may reveal."""

    @property
    def groups(self) -> frozenset[str]:
        """All of them."""
        return self.values | self.evidence | self.beside


def sight_of(
    policy: Policy, who: Who, route: Collection[str], revealed: Collection[str] = ()
) -> Sight:
    """Return what a person sees of a change on a route; `revealed` is what they revealed of it."""
    if not (who.listed and who.enrolled):
        return Sight()
    seen, may = set(), set()
    for group in GROUPS:
        named = policy.labels.get(group)
        ask = policy.break_glass | (frozenset(route) if named is None else NOTHING)
        if named is not None and who.roles & named:
            seen.add(group)
        elif who.roles & ask:
            may.add(group)
            if group in revealed:
                seen.add(group)
    return Sight(frozenset(seen), frozenset(may))


def hidden_of(content: Content, sight: Sight) -> Hidden:
    """Return which parts of a change are hidden from who has this sight."""
    values = sight.hides(groups_of(content.base, content.resource))
    evidence = sight.hides(group for item in content.evidence for group in labels(item))
    beside = sight.hides(_labels_in(content.beside))
    return Hidden(values, evidence, beside, (values | evidence | beside) & sight.may)


def labels(item: JsonObject) -> frozenset[str]:
    """Return the groups that a kept item says its source is labelled with."""
    return frozenset(str(name) for name in item.get("labels") or ())


def sights(
    workspace: Workspace, reads: Reads, proposal: str, changes: Sequence[ChangeRow]
) -> dict[int, Sight]:
    """Return by index what the person here sees of a proposal's changes.

    What they revealed of one change counts for the others that they may reveal it of: it is one
    patient's. Where policy or roster cannot be read, nothing labelled is seen.
    """
    try:
        policy, who = policy_in_force(reads), person_here(workspace, roster_in_force(reads))
    except CountersignError:
        return {change.idx: Sight() for change in changes}
    revealed = _revealed(reads, proposal, who.id)
    return {one.idx: sight_of(policy, who, route_roles(one), revealed) for one in changes}


def check_not_hidden(workspace: Workspace, reads: Reads, change: ChangeRow) -> None:
    """Raise Conflict while anything that a change is or rests on is hidden from the person here."""
    content = _content(reads, change)
    if content is None or not hidden_of(content, Sight()).groups:
        return
    found = hidden_of(content, sights(workspace, reads, change.proposal, [change])[change.idx])
    if found.groups:
        open_ = found.groups == found.revealable
        raise Conflict(
            f"change {change.idx}: some of it is hidden from you, labelled "
            f"{label_words(found.groups)}",
            remedy="Look at it first: `show ID --reveal`, or v in the console"
            if open_
            else "Leave it to somebody who may see it",
        )


def reveal(workspace: Workspace, proposal: str, indexes: Collection[int]) -> frozenset[str]:
    """Record that the person here reveals what is hidden of these changes; return the groups.

    Nothing hidden is nothing to record. Raises Refused where something is hidden and none of it
    may be revealed by this person.
    """
    done, hidden = set[str](), set[str]()
    with workspace.ledger.transaction() as transaction:
        changes = [one for one in transaction.changes(proposal) if one.idx in indexes]
        seen = sights(workspace, transaction, proposal, changes)
        for change in changes:
            content = _content(transaction, change)
            found = Hidden() if content is None else hidden_of(content, seen[change.idx])
            hidden |= found.groups
            done |= found.revealable
            if found.revealable:
                transaction.append(_event(workspace, change, found.revealable))
        if hidden and not done:
            raise Refused(
                f"your roles may not see what is labelled {label_words(hidden)}",
                remedy="Leave it to somebody who holds a role that may",
            )
    return frozenset(done)


def _event(workspace: Workspace, change: ChangeRow, groups: frozenset[str]) -> Event:
    actor = Actor("reviewer", workspace.reviewer, workspace.keys.signer("reviewer").kid)
    data: JsonObject = {"reviewer": workspace.reviewer, "groups": sorted(groups)}
    return Event(REVEALED, actor, about(change), data=data)


def _revealed(reads: Reads, proposal: str, reviewer: str) -> frozenset[str]:
    found: set[str] = set()
    for entry in reads.trail(proposal):
        if entry.leaf["type"] == REVEALED and entry.leaf["data"]["reviewer"] == reviewer:
            found |= set(map(str, entry.leaf["data"]["groups"]))
    return frozenset(found)


def _content(reads: Reads, change: ChangeRow) -> Content | None:
    try:
        return read_content(reads, change)
    except Erased:
        return None


def _labels_in(value: Json) -> frozenset[str]:
    if isinstance(value, dict):
        inner = frozenset[str]().union(*map(_labels_in, value.values()))
        return inner | (labels(value) if isinstance(value.get("labels"), list) else NOTHING)
    if isinstance(value, list):
        return frozenset[str]().union(*map(_labels_in, value))
    return NOTHING
