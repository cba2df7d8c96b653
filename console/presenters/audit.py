"""What the audit says of an event: one row, a closer look, and the outcome of a verification."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import tzinfo

from textual.content import Content

from console.presenters.texts import foreign, joined, lines, many, own
from console.widgets.rows import Column, Row
from core.audit.events import StoredDetail, StoredEvent, body_of, leaf_of, line_or_none
from core.audit.statements import Checked
from core.audit.trail import Line
from core.audit.verify import Verified, heads_words
from core.canonical import Json, Number, encode
from core.intake.sensitive import label_words
from core.ledger import merkle
from core.ledger.event import moment

COLUMNS = (
    Column("seq", "SEQ", 8),
    Column("when", "WHEN", 15),
    Column("what", "WHAT", 21, share=3),
    Column("who", "WHO", 13, share=1),
    Column("change", "CHANGE", 11),
    Column("patient", "PATIENT", 16, share=1, from_width=96),
    Column("ehr", "EHR", 10, from_width=106),
)

_SHORT = {
    "proposal.submitted": "proposal",
    "change.proposed": "change",
    "change.readmitted": "again",
    "change.admitted": "admitted",
    "write.intended": "sending",
    "write.receipt": "receipt",
    "reconciliation.recorded": "reconciled",
    **dict.fromkeys(
        (
            "change.evaluated", "change.due", "change.expired", "decision.recorded",
            "decision.voided", "write.rebased", "write.resolved",
            "write.doubted", "write.failed", "write.replayed", "write.reopened", "write.closed",
            "provenance.recorded",
            "exception.opened", "exception.closed", "freeze.set", "freeze.lifted",
            "config.adopted", "ledger.opened", "task.answered", "task.quarantined",
            "ledger.recovered", "task.alarmed", "task.closed", "body.erased", "change.warned",
            "change.escalated",
            "notice.raised", "notice.delivered", "notice.failed", "notice.abandoned",
            "config.proposed", "ehr.probed", "scope.answered", "provenance.unconfirmed",
            "breaker.opened", "breaker.closed",
        ),
        "",
    ),
}  # fmt: skip
"""Type → what a row says before the words; nothing where the words say it all."""

GONE = "this event is missing"
UNREADABLE = "this is no readable event"
_LABEL = 11
_LISTED = 24
"""How many problems of a verification are listed."""


def event_row(event: StoredEvent, zone: tzinfo | None) -> Row[int]:
    """Return one row; what cannot be read as an event stands out and says so."""
    line = line_or_none(event)
    if line is None:
        words = GONE if event.leaf is None else UNREADABLE
        return Row(event.seq, {"seq": str(event.seq), "what": words}, {"*": "loud"})
    patient = event.label or ("(erased)" if line.proposal else "")
    cells = {
        "seq": str(event.seq),
        "when": when(line.at, zone),
        "what": brief(line),
        "who": who(line),
        "change": change(line),
        "patient": patient,
        "ehr": line.ehr or "",
    }
    return Row(event.seq, {name: str(text) for name, text in cells.items()})


def what(line: Line) -> str:
    """Return the event in words: its type, then what it tells."""
    return _after(line.type.replace(".", " "), line.text)


def brief(line: Line) -> str:
    """Return the event in words as a row has room for."""
    name = _SHORT.get(line.type, line.type.replace(".", " ")) if line.text else line.type
    return _after(name, line.text)


def _after(name: str, text: str) -> str:
    return ": ".join(part for part in (name, text) if part)


def who(line: Line) -> str:
    """Return who caused it: a person by their id, an agent as one, machinery named once."""
    kind, _, id_ = line.actor.partition(" ")
    return id_ if kind in ("reviewer", id_) else line.actor


def change(line: Line) -> str:
    """Return `0f3c2a1b/0`, or less where the event is about less."""
    if line.proposal is None:
        return ""
    return line.proposal[:8] + ("" if line.index is None else f"/{line.index}")


def when(at: str, zone: tzinfo | None, style: str = "%m-%d %H:%M:%S") -> str:
    """Return an instant in the zone of this terminal; what is no instant is returned as it is."""
    try:
        return moment(at).astimezone(zone).strftime(style)
    except (ValueError, TypeError, OverflowError):
        return str(at)


HIDDEN = "hidden from you: labelled {}; its proposal shows it to who may see it"


def detail_text(
    detail: StoredDetail,
    checked: Sequence[Checked],
    zone: tzinfo | None,
    hidden: frozenset[str] = frozenset(),
) -> Content:
    """Return everything that is known of one event; `hidden` is what its body is hidden for."""
    line = line_or_none(StoredEvent(detail.seq, detail.leaf))
    parts = [own(f"event {detail.seq:,}", "bold")]
    parts += [own(UNREADABLE, "bold $error")] if line is None else _told(line, detail, zone)
    parts += [_signed(one) for one in checked]
    parts += [_hash(detail), own(""), own("leaf", "bold underline"), _leaf(detail)]
    body = own(HIDDEN.format(label_words(hidden)), "bold") if hidden else _body(detail)
    return lines([*parts, own(""), own("body", "bold underline"), body])


def _told(line: Line, detail: StoredDetail, zone: tzinfo | None) -> Iterator[Content]:
    yield foreign(what(line), "bold")
    yield _said("when", f"{when(line.at, zone, '%Y-%m-%d %H:%M:%S')}  ({line.at})")
    yield _said("who", who(line))
    if line.proposal is not None:
        index = "" if line.index is None else f", change {line.index}"
        yield _said("proposal", f"{line.proposal}{index}")
        yield _said("patient", detail.label or "(erased)")
    for name, value in (("operation", line.operation), ("EHR", line.ehr)):
        if value is not None:
            yield _said(name, str(value))


def _said(name: str, value: str, style: str = "") -> Content:
    return joined(own(f"{name:<{_LABEL}}"), foreign(value, style))


def _signed(checked: Checked) -> Content:
    name = f"{checked.kind or 'unknown'} statement"
    owner = checked.owner or "a key that nobody in the roster holds"
    if checked.problem is not None:
        words = foreign(f"NOT VALID: {checked.problem}; it names {owner}", "bold $error")
    else:
        since = "; this key was revoked since" if checked.revoked else ""
        words = foreign(f"valid, signed by {owner}{since}", "$success")
    said = joined(own("signed".ljust(_LABEL)), foreign(f"{name}: "), words)
    return lines([said, _said("", f"key {checked.kid}")]) if checked.kid else said


def _hash(detail: StoredDetail) -> Content:
    if merkle.leaf_hash(detail.leaf) == detail.hash:
        return _said("leaf hash", f"{detail.hash.hex()} (that of its bytes)")
    return _said("leaf hash", f"{detail.hash.hex()} IS NOT THAT OF ITS BYTES", "bold $error")


def _leaf(detail: StoredDetail) -> Content:
    leaf = leaf_of(detail.leaf)
    text = detail.leaf.decode("utf-8", "replace") if leaf is None else pretty(leaf)
    return foreign(text, newlines=True)


def _body(detail: StoredDetail) -> Content:
    if detail.body is None:
        leaf = leaf_of(detail.leaf)
        erased = leaf is not None and "body" in leaf
        return own("erased" if erased else "this event has none", "dim")
    body = body_of(detail.body) if detail.whole else None
    text = detail.body.decode("utf-8", "replace") if body is None else pretty(body)
    shown = foreign(text, newlines=True)
    if detail.whole:
        return shown
    left_out = detail.body_size - len(detail.body)
    end = own(f"… {left_out:,} bytes more: countersign audit event {detail.seq}", "bold")
    return lines([shown, end])


def pretty(value: Json, depth: int = 0) -> str:
    """Return JSON over several lines, number texts kept."""
    pad, end = "  " * (depth + 1), "  " * depth
    if isinstance(value, dict) and value:
        inner = [f"{pad}{_scalar(key)}: {pretty(item, depth + 1)}" for key, item in value.items()]
        return "{\n" + ",\n".join(inner) + f"\n{end}}}"
    if isinstance(value, list) and value:
        inner = [pad + pretty(item, depth + 1) for item in value]
        return "[\n" + ",\n".join(inner) + f"\n{end}]"
    return _scalar(value)


def _scalar(value: Json) -> str:
    return value.text if isinstance(value, Number) else encode(value).decode("utf-8", "replace")


def verified_title(found: Verified) -> str:
    """Return the outcome in a few words, for the title."""
    if found.report.ok:
        return f"verified: {found.report.events:,} ok, {found.unanchored:,} not anchored"
    return f"NOT OK: {many(len(found.report.problems), 'problem')}"


def verified_text(found: Verified) -> Content:
    """Return what was examined, what it was compared with, and every problem as far as fits."""
    report = found.report
    head = (
        own("the ledger is whole", "bold $success") if report.ok else own("NOT OK", "bold $error")
    )
    parts = [
        head,
        own(
            f"examined {many(report.events, 'event')}, {many(report.bodies, 'body', 'bodies')},"
            f" {many(report.checkpoints, 'checkpoint')}"
        ),
        own(f"{many(found.unanchored, 'event')} not anchored: in no head published outside yet"),
        own(heads_words(report)),
        own(found.compared),
    ]
    parts += [foreign(f"problem: {problem}", "$error") for problem in report.problems[:_LISTED]]
    if len(report.problems) > _LISTED:
        parts.append(own(f"and {len(report.problems) - _LISTED:,} more: countersign audit verify"))
    return lines(parts)
