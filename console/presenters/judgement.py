"""What policy and consent said, what people decided, what became of it; last, the agent's words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, tzinfo

from textual.content import Content

from console.presenters.texts import foreign, hour, joined, lines, own, span
from core.intake.sensitive import label_words
from core.ledger.event import moment
from core.lifecycle import State
from core.view import ChangeView, ProposalView, consent_read, consent_words, rejected_words


def judgement_parts(view: ChangeView, now: datetime, zone: tzinfo | None) -> Iterator[Content]:
    """Yield verdict, consent and expiry."""
    row = view.row
    route = row.route_json
    yield joined("policy: ", foreign(row.outcome or "no verdict", "bold"),
                 ", tier ", foreign(row.tier or "none", "bold"))  # fmt: skip
    if route is not None:
        roles = " or ".join(str(role) for role in route["roles"])
        yield joined("route: ", foreign(f"{route['quorum']} of {roles}"))
    for reason in row.reason_list:
        yield joined("  ", foreign(reason["code"], "bold"), ": ", foreign(reason["text"]))
    read = consent_read(row, now)
    words = consent_words(row.consent) or "consent unknown"
    yield foreign(words if read is None else f"{words} · {read}")
    if row.expires and row.state in (State.PENDING, State.DEFERRED):
        until = moment(row.expires)
        yield joined("expires: ", own(span(until, now), "bold"), f", {_at(row.expires, zone)}")
    if row.until and row.state == State.DEFERRED:
        yield own(f"deferred until {_at(row.until, zone)}")
    if view.rejected_before:
        yield own(f"⚠ {rejected_words(view.rejected_before)}", "bold $warning")
    if row.depends_on:
        yield own(f"rests on change {', '.join(str(index + 1) for index in row.depends_on)}")


def outcome_parts(view: ChangeView, zone: tzinfo | None) -> Iterator[Content]:
    """Yield decisions so far, the write and its reconciliation."""
    for vote in view.decisions:
        reason = f", {vote.reason}" if vote.reason else ""
        void = f" (void: {vote.void})" if vote.void else ""
        yield foreign(
            f"{vote.outcome} by {vote.reviewer} as {vote.role}, {_at(vote.at, zone)}{reason}{void}"
        )
    for one in view.glass:
        what = " and ".join(one.bypassed)
        words = f"{one.reviewer} as {one.role}, {_at(one.at, zone)}: {what}"
        yield foreign(f"⚠ GLASS BROKEN by {words}", "bold reverse $error")
    if view.by_hand is not None:
        yield foreign(f"entered by hand by {view.by_hand.reviewer}, {_at(view.by_hand.at, zone)}")
    if view.write is not None:
        written = view.write
        failure = f", {written.failure}" if written.failure else ""
        yield foreign(
            f"write: {written.state} {written.location or ''} version {written.version or '?'}"
            f"{failure}"
        )
        if written.reconciled_class:
            yield joined("reconciled: ", foreign(written.reconciled_class, "bold"))
    if view.failure is not None:
        yield from (foreign(text) for text in view.failure.lines())
    for exception in view.exceptions:
        yield foreign(f"⚠ exception: {exception.kind} {exception.class_ or ''}", "bold $error")
    for item in view.differences:
        yield foreign(f"  {item['class']}: {item['path']}: {item['reason']}")


SHOWN_LATER = "shown once the evidence was looked at"
UNSUPPORTED = "  without evidence for this change"


def agent_text(view: ProposalView, *, looked: bool = True, supported: bool = True) -> Content:
    """Return what the agent says; it stands last and framed.

    Its confidence stays hidden until the evidence was `looked` at; a change that no quote
    supports says so beside it.
    """
    confidence = foreign(view.row.confidence) if looked else own(SHOWN_LATER, "italic")
    row = view.row
    said = view.rationale
    gone = f"hidden with what is labelled {label_words(view.hidden)}" if view.hidden else "(erased)"
    return lines(
        [
            own(gone) if said is None else foreign(said, newlines=True),
            joined("agent ", foreign(row.agent), "  model ", foreign(row.model)),
            joined("prompt ", foreign(row.prompt)),
            joined("confidence ", confidence, "" if supported else UNSUPPORTED),
        ]
    )


def _at(text: str, zone: tzinfo | None) -> str:
    found = moment(text)
    return f"{found.astimezone(zone):%Y-%m-%d} {hour(found, zone)}"
