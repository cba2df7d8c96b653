"""A proposal as the person here may see it: what is labelled sensitive hidden until revealed.

A hidden value is gone from the view, so that whatever draws it cannot show it by oversight; what
stays is where it stands and which labels hide it. Source: design §7; ADR 0020.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from core.canonical import Json, JsonObject, plain
from core.delta import Difference
from core.intake.sensitive import groups_of
from core.ports import Reads
from core.records import ChangeRow, ProposalRow
from core.records_context import Kept
from core.review.content import Content, Erased, read_content
from core.review.hidden import Hidden, Sight, hidden_of, labels, sights
from core.view import ChangeView, ProposalView, differences_of, submitted_of, view_proposal
from core.workspace import Workspace

_PLACE = (
    "where", "strength", "same", "reference", "version", "proposal", "index", "agent", "how",
    "labels",
)  # fmt: skip
"""Members of an item beside a change that say where it stands, not what it says."""


def view_for(workspace: Workspace, reads: Reads, row: ProposalRow) -> ProposalView:
    """Return everything that the person here may see of a proposal."""
    view = view_proposal(reads, row)
    blind = veiled(view, {})
    if not blind.hidden:
        return view
    return veiled(view, sights(workspace, reads, row.id, [one.row for one in view.changes]))


def veiled(view: ProposalView, seen: Mapping[int, Sight]) -> ProposalView:
    """Return a view without what is hidden; a change of which no sight is given hides it all.

    The agent's words and colleagues' notes are hidden with what they are about.
    """
    changes = tuple(_change(one, seen.get(one.row.idx, Sight())) for one in view.changes)
    evidence = tuple(_evidence(item, seen) for item in view.evidence)
    hidden = frozenset[str]().union(
        *(one.hidden.groups for one in changes),
        *(frozenset(map(str, item.get("hidden") or ())) for item in evidence),
    )
    if not hidden:
        return view
    about = {one.row.idx for one in changes if one.hidden.groups}
    return replace(
        view,
        changes=changes,
        evidence=evidence,
        hidden=hidden,
        rationale=None,
        consults=tuple(
            replace(one, note=None) if one.index in about else one for one in view.consults
        ),
    )


@dataclass(frozen=True, slots=True)
class Compared:
    """What reconciliation found of one change, and what was sent."""

    differences: tuple[JsonObject, ...] = ()
    sent: JsonObject | None = None
    hidden: frozenset[str] = frozenset()
    """The groups for which the values are hidden: then there are none."""


def compared_for(workspace: Workspace, reads: Reads, row: ChangeRow) -> Compared:
    """Return what the last reconciliation of a change found, as the person here may see it."""
    found, sent = differences_of(reads, row), submitted_of(reads, row)
    try:
        content = read_content(reads, row)
    except Erased:
        # What was sent bears the labels too; what was only read back is not known to be bare.
        bare = sent is not None and not groups_of(sent)
        return Compared(found, sent) if bare else Compared()
    if not hidden_of(content, Sight()).values:
        return Compared(found, sent)
    sight = sights(workspace, reads, row.proposal, [row])[row.idx]
    hidden = hidden_of(content, sight).values
    if not hidden:
        return Compared(found, sent)
    return Compared(tuple(_valueless(item) for item in found), None, hidden)


def body_groups(
    workspace: Workspace, reads: Reads, leaf: JsonObject, body: JsonObject | None
) -> frozenset[str]:
    """Return the groups for which the body of an event is hidden from the person here.

    Those of the labels in the body itself count, and those that its change bears or rests on. What
    is about no proposal that is known is seen by nobody where it is labelled.
    """
    labelled = _within(body)
    id_, index = leaf.get("proposal"), leaf.get("index")
    changes = reads.changes(id_) if isinstance(id_, str) else ()
    about = [one for one in changes if index is None or str(one.idx) == str(plain(index))]
    for one in about:
        try:
            labelled |= hidden_of(read_content(reads, one), Sight()).groups
        except Erased:
            continue
    if not labelled or not about:
        return labelled
    seen = sights(workspace, reads, str(id_), about)
    return frozenset[str]().union(*(seen[one.idx].hides(labelled) for one in about))


def _within(value: Json) -> frozenset[str]:
    """Return the groups of all labels anywhere in a document."""
    if isinstance(value, list):
        return frozenset[str]().union(*map(_within, value))
    if not isinstance(value, dict):
        return frozenset()
    return groups_of(value).union(labels(value), *map(_within, value.values()))


def _valueless(item: JsonObject) -> JsonObject:
    return {**item, "intended": None, "persisted": None}


def kept_for(kept: Iterable[Kept], sight: Sight) -> list[tuple[Kept, frozenset[str]]]:
    """Return pieces of the chart, those that are hidden without content, with what hides them."""
    found = []
    for item in kept:
        groups = sight.hides(groups_of(item.resource))
        found.append((replace(item, resource=None) if groups else item, groups))
    return found


def _change(view: ChangeView, sight: Sight) -> ChangeView:
    if view.content is None:
        return view
    hidden = hidden_of(view.content, sight)
    if not hidden.groups:
        return view
    if not hidden.values:
        beside = _beside(view.content.beside, sight, frozenset())
        return replace(view, hidden=hidden, content=replace(view.content, beside=beside))
    return replace(
        view,
        hidden=hidden,
        content=_covered(view.content, sight, hidden),
        moved=tuple({**item, "before": None, "after": None} for item in view.moved),
        differences=tuple(_valueless(item) for item in view.differences),
    )


def _covered(content: Content, sight: Sight, hidden: Hidden) -> Content:
    return replace(
        content,
        base=None,
        resource={},
        delta=tuple(Difference(item.path, item.effect, None, None) for item in content.delta),
        earlier=None,
        evidence=(),
        beside=_beside(content.beside, sight, hidden.values),
    )


def _evidence(item: JsonObject, seen: Mapping[int, Sight]) -> JsonObject:
    """Return a quote as it is seen through any change that it supports."""
    supported = [int(getattr(index, "text", index)) for index in item.get("supports") or []]
    through = [seen.get(index, Sight()) for index in supported] or [Sight()]
    hidden = min((sight.hides(labels(item)) for sight in through), key=len)
    if not hidden:
        return item
    covered: JsonObject = {"quote": None, "hits": [], "facts": None, "hidden": sorted(hidden)}
    return {**item, **covered}


def _beside(beside: JsonObject, sight: Sight, values: frozenset[str]) -> JsonObject:
    """Return what stands beside a change; all of it is hidden where `values` hide the change."""
    found = {key: _items(value, sight, values) for key, value in beside.items()}
    message = found.get("message")
    if values and isinstance(message, dict):
        found["message"] = {**message, "to": [], "text": [], "hidden": sorted(values)}
    return found


def _items(value: Json, sight: Sight, values: frozenset[str]) -> Json:
    if isinstance(value, list):
        return [_items(item, sight, values) for item in value]
    if not isinstance(value, dict):
        return value
    if "says" not in value:
        return {key: _items(item, sight, values) for key, item in value.items()}
    hidden = values | sight.hides(labels(value))
    if not hidden:
        return value
    kept = {key: item if key in _PLACE else None for key, item in value.items()}
    return {**kept, "hidden": sorted(hidden)}
