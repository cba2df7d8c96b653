"""A proposal in plain text: patient first, evidence before values, agent words last and framed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from console.commands.expecting import print_expected
from console.commands.finding import change_line
from console.commands.output import say, value_text
from core.beside.lines import (
    Line,
    age,
    duplicate_lines,
    medication_lines,
    message_lines,
    newer_lines,
)
from core.canonical import JsonObject
from core.delta import Difference
from core.grounding.segments import plain_text
from core.intake.sensitive import label_words
from core.ledger.event import instant
from core.records import ChangeRow
from core.review.attestation import sentence, wanted
from core.review.dependencies import GONE, words
from core.view import ChangeView, ProposalView, consent_read, consent_words, rejected_words
from core.waiting import state_words


def print_proposal(view: ProposalView, now: datetime) -> None:
    """Print everything a reviewer needs before deciding."""
    row = view.row
    say(f"PROPOSAL  {row.id}")
    say(f"STATE     {view.state}")
    say(f"HASH      {view.hash}")
    say(f"PATIENT   {patient_line(view.patient, now, view.majority)}  {row.patient or ''}")
    needed = f"    NEEDED BY {row.needed_by}" if row.needed_by else ""
    say(f"EHR       {row.ehr}    PURPOSE {row.purpose}    URGENCY {row.urgency}{needed}")
    for item in view.evidence:
        _print_evidence(item)
    for change in view.changes:
        rests = change.row.depends_on
        gone = [one.row for one in view.changes if one.row.idx in rests and one.row.state in GONE]
        _print_change(change, gone, now)
    say()
    say("AGENT SAYS, UNVERIFIED")
    say(f"  {row.agent} ({row.model}, {row.prompt}), confidence {row.confidence}")
    lost = f"(hidden: labelled {label_words(view.hidden)})" if view.hidden else "(erased)"
    say(f"  {view.rationale if view.rationale is not None else lost}")
    if view.consults:
        say()
        say("COLLEAGUES SAY")
    for one in view.consults:
        say(f"  {one.at} change {one.index}  {one.by} to {one.to}: {one.note or lost}")
    say()
    say("HISTORY")
    for line in view.history:
        place = "" if line.index is None else f" change {line.index}"
        say(f"  {line.seq:>5}  {line.at}  {line.type}{place}  {line.actor}  {line.text}")


def patient_line(patient: JsonObject | None, now: datetime, majority: int) -> str:
    """Return name, birth date, sex and what makes a chart unusual, on one line."""
    from core.intake.label import patient_label
    from core.intake.person import MINORITY, minority

    if patient is None:
        return "(erased)"
    born = patient.get("birthDate", "unknown")
    young = minority(patient, now.date(), majority)
    years = f" ({age(str(born), instant(now))})" if young == "minor" else ""
    parts = [
        patient_label(patient) or "(no name)",
        f"born {born}" if young is None else f"born {born} {MINORITY[young]}{years}",
        str(patient.get("gender", "sex unknown")),
    ]
    if patient.get("deceasedBoolean") is True or "deceasedDateTime" in patient:
        parts.append("DECEASED")
    if patient.get("active") is False:
        parts.append("INACTIVE")
    return ", ".join(parts)


def _print_evidence(item: JsonObject) -> None:
    facts = item.get("facts") or {}
    say()
    say(f"EVIDENCE  {item['source']} version {item['version'] or '?'}  [{item['grounding']}]")
    if item.get("hidden"):
        _print_lines(newer_lines(item.get("newer")))
        say(f"  {_hidden(map(str, item['hidden']))}")
        return
    if facts:
        marks = [key.replace("_", " ") for key in ("ai_label", "patient_written") if facts.get(key)]
        say(f"  {facts['kind']}, {facts['date'] or 'undated'}, {facts['status']} {' '.join(marks)}")
    _print_lines(newer_lines(item.get("newer")))
    for hit in item.get("hits") or []:
        say(f"  …{hit['before']}»{hit['text']}«{hit['after']}…")
    if not item.get("hits"):
        say(f"  the agent's quote, not confirmed: {item['quote']}")


def _print_change(view: ChangeView, missing: list[ChangeRow], now: datetime) -> None:
    row = view.row
    _print_head(view)
    if view.content is None:
        say("  (its content was erased)")
    else:
        beside = view.content.beside
        _print_lines(message_lines(beside))
        _print_lines(duplicate_lines(beside))
        _print_lines(medication_lines(beside))
        if view.hidden.values:
            _print_hidden(view)
        else:
            _print_delta(list(view.content.delta))
        for path in view.content.displays:
            say(f"  unverified: {path} is the agent's own wording")
        if view.content.narrative == "dropped":
            say("  the generated narrative is dropped, since it would contradict the change")
    print_expected(view)
    if view.rejected_before:
        say(f"  {rejected_words(view.rejected_before)}")
    for text in () if view.failure is None else view.failure.lines():
        say(f"  {text}")
    if row.void:
        say(f"  the last approval became void: {row.void}")
    for moved in () if view.hidden.values else view.moved:
        say(
            f"  moved since: {moved['path']}: {value_text(moved.get('before'))}"
            f" → {value_text(moved.get('after'))}"
        )
    for warning in words(missing):
        say(f"  WARNING: {warning}")
    _print_judgement(view, now)


def _print_head(view: ChangeView) -> None:
    row = view.row
    say()
    state = state_words(row.state, row.rung, view.held_up)
    say(f"CHANGE {row.idx}  {change_line(row)}  {row.target or ''}  {state}")
    say(f"  HASH {row.change_digest}")
    if view.form is not None:
        say(f"  written by the form {view.form} from the agent's values")


def _print_lines(lines: Iterable[Line]) -> None:
    for line in lines:
        say(f"  {'! ' if line.loud else ''}{line.text}")


def _print_hidden(view: ChangeView) -> None:
    for item in () if view.content is None else view.content.delta:
        say(f"  {item.effect:<8} {item.path}")
    say(f"  {_hidden(view.hidden.values)}")


def _hidden(groups: Iterable[str]) -> str:
    return f"hidden: labelled {label_words(groups)}; show --reveal shows it to who may see it"


def _print_delta(delta: list[Difference]) -> None:
    for item in delta:
        before = "—" if item.effect == "added" else value_text(item.before)
        after = "—" if item.effect == "removed" else value_text(item.after)
        say(f"  {item.effect:<8} {item.path}: {before} → {after}")
        for path, text in _texts(
            item.path, item.before if item.effect == "removed" else item.after
        ):
            say(f"    {path} says:")
            for row in text.splitlines():
                say(f"    │ {row}")


def _texts(path: str, value: object) -> Iterator[tuple[str, str]]:
    """Yield the words of every attachment of plain text, which JSON shows as base64."""
    if isinstance(value, list):
        for place, item in enumerate(value):
            yield from _texts(f"{path}[{place}]", item)
    elif isinstance(value, dict):
        words = plain_text(value)
        if words is not None:
            yield path, words
        for key, item in value.items():
            yield from _texts(f"{path}.{key}", item)


def _print_judgement(view: ChangeView, now: datetime) -> None:
    row = view.row
    route = row.route_json
    if route is not None:
        roles = " or ".join(route["roles"])
        say(f"  policy: {row.outcome}, tier {row.tier}, {route['quorum']} of {roles}")
        for code in wanted(route):
            say(f"  to approve, attest {code}: {sentence(code)}")
    for reason in row.reason_list:
        say(f"  policy: {reason['code']}: {reason['text']}")
    read = consent_read(row, now)
    consent = consent_words(row.consent) or "consent unknown"
    say(f"  {consent}" if read is None else f"  {consent} · {read}")
    if row.expires:
        say(f"  decide until {row.expires}")
    _print_decided(view)
    if view.write is not None:
        written = view.write
        say(f"  write: {written.state} {written.location or ''} version {written.version or '?'}")
    for exception in view.exceptions:
        say(f"  exception: {exception.kind} {exception.class_ or ''}")
    for item in view.differences:
        say(f"  {item['class']}: {item['path']}: {item['reason']}")


def _print_decided(view: ChangeView) -> None:
    for vote in view.decisions:
        void = f" (void: {vote.void})" if vote.void else ""
        say(f"  {vote.outcome} by {vote.reviewer} as {vote.role} at {vote.at}{void}")
    for one in view.glass:
        say(f"  GLASS BROKEN by {one.reviewer} as {one.role} at {one.at}, bypassing "
            f"{' and '.join(one.bypassed)}")  # fmt: skip
    if view.by_hand is not None:
        say(f"  entered by hand by {view.by_hand.reviewer} at {view.by_hand.at}")
