"""What the screen of exceptions says: a line each, and what is known of one of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from textual.content import Content

from console.presenters.clocks import due_cell
from console.presenters.queue import what
from console.presenters.texts import foreign, joined, lines, many, own, since
from console.widgets.rows import Column, Mark, Row
from core.audit.trail import Line
from core.canonical import JsonObject, Number, encode
from core.failure.classes import GUIDE
from core.failure.say import Said
from core.intake.sensitive import label_words
from core.ledger.event import moment
from core.reconcile.overdue import is_overdue
from core.reconcile.trouble import Trouble
from core.veil import Compared

COLUMNS = (
    Column("kind", "KIND", 14),
    Column("class", "CLASS", 15),
    Column("what", "WHAT", 12, share=11),
    Column("patient", "PATIENT", 10, share=9),
    Column("due", "DUE", 14),
    Column("age", "AGE", 8, from_width=100),
    Column("agent", "AGENT", 14, from_width=100),
    Column("ehr", "EHR", 12, from_width=130),
)
Key = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class Tried:
    """The failure of a write in words, and every attempt."""

    said: Said | None = None
    log: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Around:
    """The clock of one, and what was done about it so far."""

    clock: Content
    done: tuple[Content, ...] = ()


HARMLESS = frozenset({"identical", "bookkeeping", "equivalent", "enriched"})

WORDS = {
    "critical": "What the chart holds may harm: it is missing, double, another patient's or its "
    "meaning is turned around.",
    "changed": "The chart says something else than was approved.",
    "lossy": "The chart lost something that was approved.",
    "missing": "What was written is not there.",
    "drift": "It was right when it was written; somebody changed it since.",
    "side-effect": "What goes with it is not there, or no longer points to it.",
    "unexamined": "It could not be examined in time: it is neither known to be right nor wrong.",
    "manual-entry": "Somebody said that it was entered by hand; the chart does not show it as it "
    "was approved.",
    "record-erased": "The record of what was sent was erased; nothing can be compared.",
    "nothing-examined": "The EHR answered, and there was nothing in it to compare.",
    "redacted": "The EHR shows this client the record only in part.",
    "forbidden": "The EHR refuses this client the record.",
    "unreadable": "The EHR did not answer with the record.",
    "mapping": "Somebody said that a rule is missing: the EHR writes codes or values its own way.",
    "moved": "The record was moved, as when patients are merged; look where the write is now.",
    "record-moved": "The record was moved, as when patients are merged; nothing was sent. "
    "Look which record it belongs to.",
    "duplicate": "The same write is in the chart more than once.",
    "overwrote": "Somebody else changed the record at the same moment, and the EHR let this write "
    "replace theirs unseen. Compare the version before it, and put back what was lost.",
    **{str(failure): found.words for failure, found in GUIDE.items()},
    "already-there": "The EHR says that the same record is there already, and it is not ours.",
    "not-done": "The EHR says that it was done already; the chart does not show it.",
    "not-visible": "The EHR took it in and never showed it.",
    "deleted": "It was written, and somebody deleted it from the chart since.",
    "not-found-yet": "It is not to be found, and may still come.",
    "retry-used-up": "The one retry that this failure is given was made, and it is not there.",
    "attempts-used-up": "It was tried as often as may be, and it is not there.",
    "operation-spent": "This operation was sent before; it is never sent twice.",
    "found-before-sending": "It is in the chart already, under this operation; nothing was sent.",
    "unfenced-not-allowed": "Nothing fences this write here, and its route no longer takes that.",
    "rung-unsafe": "A probe showed that the way it would be written is not safe on this EHR.",
    "content-erased": "What was approved was erased; nothing can be sent.",
    "base-moved": "What the change rests on was changed in the chart by somebody else.",
    "verdict-changed": "Policy says something else about it than when it was approved.",
    "consent-denied": "Consent no longer permits it.",
    "patient-merged": "The patient's record was merged into another.",
    "patient-gone": "The patient's record is gone.",
    "target-gone": "What was to be changed is gone.",
    "other-patient": "What was to be changed belongs to another patient now.",
    "expired": "The approval had expired before it was sent.",
    "role-changed": "Who approved it no longer holds the role.",
    "signature-invalid": "A signature does not hold.",
    "dependency-rejected": "What it rests on was rejected.",
    "quarantine": "A Task on the hub was set aside; it never reached the queue.",
    "alarm": "Something on the hub is not as it should be, and somebody should know.",
    "untold": "Somebody outside had to be told, and the notifier took nothing for a day.",
}
"""Static codes in a person's words; a code that is not here is shown as it is."""

_NEXT = (
    "P proposes what was approved once more, for people to decide; M says that a mapping is "
    "missing, E gives it to somebody else, I declares an incident. A accepts it, only where it may "
    "stay as it is."
)
_IN_EHR = " A accepts it then; E gives it to somebody else, I declares an incident."
STEPS = {
    "discrepancy": _NEXT,
    "drift": _NEXT,
    "missing": _NEXT,
    "side-effect": "Put it right in the EHR and have it looked at again (L)." + _IN_EHR,
    "overwrote": "Compare the version before it, and put back in the EHR what was lost." + _IN_EHR,
    "moved": "See in the EHR which record it belongs to now, and put it right there." + _IN_EHR,
    "record-erased": "See in the EHR whether it is right." + _IN_EHR,
    "nothing-examined": "Look at the chart; L looks again." + _IN_EHR,
    "manual-entry": "Look at the chart. Enter opens it, and m there enters it by hand again; A "
    "accepts it where the chart is right, E gives it to somebody else.",
    "duplicate": "Take the copy out in the EHR, have it looked at again (L), then accept it (A).",
    "unexamined": "Ask who runs the EHR why this client may not read it; L looks again, A says "
    "that you have seen in the EHR that it is right.",
    "mapping": "Write the rule into the EHR's profile or policy, then take it off this list (D).",
    "refused": "The agent is told. Enter shows the change, B sends it back to review, A takes it "
    "off this list.",
    "ambiguous": "Nobody knows whether it was written. Look at the chart; it is never sent again "
    "by itself.",
    "held-by-ehr": "The EHR took it in and does not show it yet; it is looked for again.",
    "dead-letter": "R has it sent again as the same operation, B sends it back to review, C closes "
    "it.",
    "void": "It waits to be decided again; enter opens it.",
    "quarantine": "Tell who runs the agent. D takes it off this list.",
    "alarm": "Find out who did it before you take it off this list (D).",
    "untold": "Call whoever should know, mend the notifier, then take it off this list (D).",
}
"""What to do next with each kind, by the keys of the list."""
ELSE = "Look at the chart; A takes it off this list with a reason, E gives it to somebody else."


def trouble_row(item: Trouble, now: datetime) -> Row[Key]:
    """Return one line."""
    change, finding = item.change, item.finding
    marks: dict[str, Mark] = {}
    if item.class_ in ("critical", "missing", "duplicate") or item.code in (
        "alarm",
        "untold",
    ):
        marks["class" if item.class_ else "kind"] = "loud"
    if item.exception is not None and is_overdue(item.exception, now):
        marks["due"] = "late"
    label = (change.patient_label or "(erased)") if change else ""
    return Row(
        key=item.key,
        cells={
            "kind": item.code,
            "class": item.class_,
            "what": what(change) if change else (finding.task if finding else ""),
            "patient": label,
            "due": due_cell(item, now),
            "age": since(moment(item.since), now),
            "agent": change.agent if change else (finding.agent or "unknown") if finding else "",
            "ehr": change.ehr if change else "",
        },
        marks=marks,
    )


def trouble_text(
    item: Trouble,
    differences: Sequence[JsonObject],
    sent: JsonObject | None,
    hidden: frozenset[str] = frozenset(),
    tried: Tried | None = None,
    around: Around | None = None,
) -> Content:
    """Return what is known of one: the words, what to do, each difference with its three values.

    What to do comes before the differences, of which there may be many. `sent` is the resource
    whose bytes went out; None where nothing did, or it was erased. `hidden` are the groups of
    labels for which the values are left out, `tried` what its failure is and what was attempted,
    `around` its clock and what was done about it so far.
    """
    told = None if tried is None else tried.said
    around = around or Around(joined("since ", foreign(item.since)))
    remedy = "" if told is None else f"{told.remedy} "
    step = own("Next: ", "bold") + own(f"{remedy}{STEPS.get(item.code, ELSE)}")
    parts = [*_words(item, told), around.clock, step, *around.done]
    grave = [one for one in differences if one.get("class") not in HARMLESS]
    for difference in sorted(grave, key=lambda one: one.get("class") != "critical"):
        parts += [own(""), *_difference(difference, sent, hidden)]
    rest = len(differences) - len(grave)
    if rest:
        parts += [own(""), own(f"and {many(rest, 'harmless difference')}", "dim")]
    if item.exception is not None and item.code == "discrepancy" and not differences:
        parts.append(own("No difference is recorded; what was compared may be erased.", "dim"))
    if tried is not None and tried.log:
        parts += [own(""), own("Attempts", "bold"), *map(_attempt, tried.log)]
    return lines(parts)


def _attempt(line: Line) -> Content:
    return joined(
        foreign(f"{line.at[5:19].replace('T', ' ')}  {line.type}", "dim"), "  ", foreign(line.text)
    )


def _words(item: Trouble, told: Said | None) -> Iterator[Content]:
    if told is not None:
        yield own(told.words)
        for text in told.lines()[1:-1]:
            yield foreign(text)
    for code in dict.fromkeys((item.class_, item.code)):
        if code in WORDS and (told is None or code != told.failure):
            yield own(WORDS[code])
    if item.class_ and item.class_ not in WORDS:
        yield joined("reason: ", foreign(item.class_))


def _difference(
    item: JsonObject, sent: JsonObject | None, hidden: frozenset[str]
) -> Iterator[Content]:
    grave = item.get("class") in ("critical", "changed")
    yield joined(
        foreign(str(item.get("path", "")), "bold"), "  ",
        foreign(str(item.get("class", "")), "bold $error" if grave else "bold $warning"),
    )  # fmt: skip
    if item.get("reason"):
        yield foreign(str(item["reason"]))
    if hidden:
        yield own(f"  hidden: labelled {label_words(hidden)}; v in its review shows it", "italic")
        return
    yield joined("  intended   ", _value(item.get("intended")))
    if sent is not None:
        yield joined("  submitted  ", _value(_at(sent, str(item.get("path", "")))))
    yield joined("  persisted  ", _value(item.get("persisted"), "bold"))


def let_stand(found: Compared) -> Iterator[Content]:
    """Yield what accepting lets stand: each value that was approved, and what the chart holds."""
    if found.hidden:
        yield own(f"hidden: labelled {label_words(found.hidden)}", "italic")
        return
    for item in found.differences:
        if item.get("class") in ("lossy", "changed", "critical"):
            yield joined(
                foreign(str(item.get("path", "")), "bold"), ": ", _value(item.get("intended")),
                " → ", _value(item.get("persisted"), "bold"),
            )  # fmt: skip


def _value(value: object, style: str = "") -> Content:
    if value is None:
        return own("nothing", "dim")
    if isinstance(value, Number):
        return foreign(value.text, style)
    text = value if isinstance(value, str) else encode(value).decode("utf-8")  # type: ignore[arg-type]
    return foreign(text, style, newlines=True)


def _at(resource: JsonObject | None, path: str) -> object:
    """Return what stands at `Patient.telecom[1].value` in the resource that was sent."""
    value: object = resource
    for step in path.replace("]", "").replace("[", ".").split(".")[1:]:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value
