"""What the other tabs of a review say: the stored JSON, the history, the policy, the chart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo

from textual.content import Content

from console.presenters.audit import pretty
from console.presenters.judgement import judgement_parts
from console.presenters.labels import hidden_text
from console.presenters.texts import foreign, hour, joined, lines, own, since
from core.canonical import JsonObject
from core.intake.sensitive import label_words
from core.ledger.event import moment
from core.records_context import Kept
from core.review.hidden import Sight
from core.veil import kept_for
from core.view import ChangeView, ProposalView

TABS = ("Change", "Raw JSON", "History", "Policy", "Chart")


def raw_text(view: ChangeView) -> Content:
    """Return the exact JSON that would be sent, and the base that it rests on."""
    if view.content is None:
        return own("The content of this change was erased.", "bold")
    if view.hidden.values:
        return hidden_text(view.hidden.values, view.hidden)
    parts = [own("intended, exactly as it would be sent", "bold"), _json(view.content.resource)]
    if view.content.base is not None:
        parts += [own(""), own("base, as it was read", "bold"), _json(view.content.base)]
    return lines(parts)


def history_text(view: ProposalView, index: int, zone: tzinfo | None) -> Content:
    """Return what colleagues said of this change, then what happened to it, oldest first."""
    gone = "(hidden)" if view.hidden else "(erased)"
    notes = [
        joined(
            own(f"{moment(one.at).astimezone(zone):%m-%d} {hour(moment(one.at), zone)}  "),
            foreign(f"{one.by} to {one.to}: ", "bold"), foreign(one.note or gone),
        )
        for one in view.consults
        if one.index == index
    ]  # fmt: skip
    if notes:
        notes = [own("colleagues say", "bold"), *notes, own("")]
    return lines([*notes, *_history(view, index, zone)])


def _history(view: ProposalView, index: int, zone: tzinfo | None) -> Iterator[Content]:
    return (
        joined(
            own(f"{moment(line.at).astimezone(zone):%m-%d} {hour(moment(line.at), zone)}  "),
            foreign(f"{line.actor}  ", "bold"), foreign(line.text or line.type),
        )
        for line in view.history
        if line.index in (None, index)
    )  # fmt: skip


def policy_text(view: ChangeView, now: datetime, zone: tzinfo | None) -> Content:
    """Return the verdict, the route in full, and each rule with what matched and missed."""
    parts = [*judgement_parts(view, now, zone), *_route(view.row.route_json or {})]
    trace = () if view.content is None else view.content.trace
    parts += [own(""), own("rules", "bold")]
    for item in trace:
        missed = ", ".join(str(name) for name in item.get("missed") or ())
        matched = item.get("matched") is True
        mark = own("✓ matches ", "bold $risk-low") if matched else own("✗ misses  ", "dim")
        words = "" if matched else f": {missed}"
        parts.append(joined(mark, foreign(f"{item.get('kind')} {item.get('rule')}{words}")))
    return lines(parts)


def chart_text(kept: Sequence[Kept], now: datetime, sight: Sight) -> Content:
    """Return what this console keeps of the chart for this proposal, and how old each piece is."""
    if not kept:
        return own("Nothing of the chart is kept for this proposal yet; a sync brings it.")
    shown = kept_for(kept, sight)
    return lines([line for item, groups in shown for line in _kept(item, now, groups)])


def _kept(item: Kept, now: datetime, hidden: frozenset[str]) -> Iterator[Content]:
    age = f"read {since(moment(item.fetched), now)} ago"
    if item.gone:
        yield joined(foreign(item.reference, "bold"), own(f"  gone, {age}", "bold $stale"))
        return
    yield joined(foreign(item.reference, "bold"), foreign(f"  version {item.version}, {age}"))
    if item.resource is not None:
        yield _json({key: value for key, value in item.resource.items() if key not in _DULL})
    if hidden:
        yield own(f"hidden: labelled {label_words(hidden)}", "bold italic")
    yield own("")


_DULL = ("resourceType", "id", "meta", "text", "content")


def _route(route: JsonObject) -> Iterator[Content]:
    if not route:
        return
    minutes = int(route.get("expiry_s", 0)) // 60
    rebase = "may" if route.get("rebase") else "may not"
    yield foreign(
        f"route {route.get('id')}: {route.get('quorum')} people, {minutes:,} min to decide, "
        f"held {route.get('hold_s', 0)} s, {rebase} be carried to a newer base"
    )


def _json(value: JsonObject) -> Content:
    return foreign(pretty(value), newlines=True)
