"""What the chart says beside a change, in lines for people: the same on screen and in `show`.

A line is plain text that may quote the chart, so whoever draws it makes it inert; `loud` is what
must not be overlooked. What could not be read says so and never looks like none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from core.beside.medication import NOT_CHECKED
from core.canonical import JsonObject
from core.intake.sensitive import label_words

WHY = {
    "not-offered": "this EHR offers no search for it",
    "not-reached": "the EHR did not answer",
    "refused": "the EHR refused",
    "withheld": "the EHR withholds a part",
    "no-rule": "nothing says what makes two of this type the same",
}
CANNOT_BE_CALLED_BACK = "A message cannot be called back."
_OBSERVED = (("weight", "weight"), ("egfr", "eGFR"), ("creatinine", "creatinine"),
             ("pregnancy", "pregnancy"))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One line."""

    text: str
    loud: bool = False


def message_lines(beside: JsonObject) -> Iterator[Line]:
    """Yield to whom a message goes, by which address and medium, and what it says."""
    message = beside.get("message")
    if message is None:
        return
    if message.get("hidden"):
        yield Line(f"RECIPIENT AND TEXT {_hidden(message)}. {CANNOT_BE_CALLED_BACK}", loud=True)
        return
    for item in message["to"]:
        at = ", ".join(str(one) for one in item["addresses"]) or "no address charted"
        name = item["says"] or "(no name)"
        version = f" version {item['version']}" if item["version"] else ", not looked up"
        yield Line(f"TO {name}, {item['reference']}{version}: {at}", loud=True)
    by = ", ".join(str(one) for one in message["by"])
    yield Line(f"BY {by or 'no medium stated'}. {CANNOT_BE_CALLED_BACK}", loud=True)
    for text in message["text"] or ["(no text)"]:
        yield Line(f"SAYS {text}", loud=True)


def duplicate_lines(beside: JsonObject) -> Iterator[Line]:
    """Yield what says the same already, the surest first, or that nobody looked."""
    duplicates = beside.get("duplicates")
    if duplicates is None:
        return
    if duplicates["state"] != "checked":
        why = WHY.get(str(duplicates["why"]), str(duplicates["why"]))
        yield Line(f"duplicates not checked: {why}", loud=True)
    for item in sorted(duplicates["found"], key=lambda one: one["strength"] != "certain"):
        yield Line(f"{_who(item)}: {_facts(item)}", loud=True)
    if beside.get("edited"):
        yield Line("looked for before it was edited; looked for again before it is written")


def reaction_lines(beside: JsonObject) -> Iterator[Line]:
    """Yield charted reactions to the medicine itself."""
    medication = beside.get("medication")
    if medication is None:
        return
    for item in medication["conflicts"]:
        how = str(item["how"]).upper()
        yield Line(f"{how}: {_allergy(item)}, {_origin(item)}", loud=True)
    if not medication["medicine_read"]:
        yield Line("the medicine's own record could not be read; reactions to it may be missed",
                   loud=True)  # fmt: skip


def medication_lines(beside: JsonObject) -> Iterator[Line]:
    """Yield the chart around a medicine, reactions first, and that interactions are not checked."""
    if beside.get("medication") is not None:
        yield Line(NOT_CHECKED, loud=True)
    yield from reaction_lines(beside)
    yield from taken_lines(beside)
    yield from person_lines(beside)


def taken_lines(beside: JsonObject) -> Iterator[Line]:
    """Yield allergies and what is taken already."""
    medication = beside.get("medication")
    if medication is None:
        return
    for name, part, words in (
        ("allergies", medication["allergies"], _allergy),
        ("active medicines", medication["medicines"], _medicine),
    ):
        if part["why"] is not None:
            yield _unread(name, part)
        if part["items"] or part["why"] is None:
            more = "; and more" if part["more"] else ""
            more += " (from orders alone)" if part.get("orders_only") else ""
            known = "; ".join(words(item) for item in part["items"]) or "none charted"
            yield Line(f"{name}: {known}{more}")


def person_lines(beside: JsonObject) -> Iterator[Line]:
    """Yield age, weight, kidneys and pregnancy, and when all of it was read."""
    medication = beside.get("medication")
    if medication is None:
        return
    yield Line(f"age: {age(medication['birth'], medication['at'])}")
    for key, name in _OBSERVED:
        part = medication[key]
        if part["why"] is not None:
            yield _unread(name, part)
            continue
        known = "; ".join(_observed(item) for item in part["items"]) or "none charted"
        yield Line(f"{name}: {known}")
    edited = ", before it was edited" if beside.get("edited") else ""
    yield Line(f"read from the chart at {medication['at']}{edited}")


def newer_lines(newer: JsonObject | None) -> Iterator[Line]:
    """Yield that a quoted source was amended, or is not the newest on its subject."""
    if not newer:
        return
    if newer["amended"]:
        yield Line(f"the quote's source was amended since: version {newer['current']} is current",
                   loud=True)  # fmt: skip
    elif newer["amended"] is None:
        yield Line("whether the source was amended since could not be read", loud=True)
    count = int(newer["count"].text)
    if count:
        sources = "1 newer source" if count == 1 else f"{count} newer sources"
        yield Line(f"{sources} on the same subject, the newest of {newer['date']}", loud=True)
    elif newer["why"] in WHY and newer["why"] != "no-rule":
        yield Line(f"newer sources on the same subject could not be read: {WHY[newer['why']]}",
                   loud=True)  # fmt: skip


def newest_words(newer: JsonObject | None) -> str:
    """Return the quiet end of a source's facts: none newer, or not looked for; else nothing."""
    if not newer or int(newer["count"].text):
        return ""
    if newer["why"] is None:
        return "none newer"
    return "newer ones not looked for" if newer["why"] in ("no-rule", "no-code") else ""


def age(birth: str | None, at: str) -> str:
    """Return the age at a moment in years, in months below two years, or `unknown`."""
    found = re.fullmatch(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?", birth or "")
    if found is None:
        return "unknown"
    year, month, day = (int(part) if part else None for part in found.groups())
    if year is None or month is None or day is None:
        return f"about {int(at[:4]) - int(year or 0)} y"
    months = (int(at[:4]) - year) * 12 + int(at[5:7]) - month - (int(at[8:10]) < day)
    return f"{months} months" if months < 24 else f"{months // 12} y"


def _who(item: JsonObject) -> str:
    if item["where"] == "proposal":
        return f"also proposed by {item['agent']} ({str(item['proposal'])[:8]}, {_change(item)})"
    if item["where"] == "sibling":
        return f"also in this proposal ({_change(item)})"
    where = f"{item['reference']} version {item['version']}"
    sure = "THE CHART SAYS THIS ALREADY" if item["strength"] == "certain" else "likely the same"
    return f"{sure}, {where}"


def _change(item: JsonObject) -> str:
    return f"change {int(item['index'].text) + 1}"


def _hidden(item: JsonObject) -> str:
    """Return what stands where labels hide what was read, or nothing."""
    groups = item.get("hidden")
    return f"hidden: labelled {label_words(map(str, groups))}" if groups else ""


def _facts(item: JsonObject) -> str:
    if hidden := _hidden(item):
        return hidden
    found = (item["date"] or "undated", item["status"], item["says"], item["value"])
    return ", ".join(str(text) for text in found if text)


def _origin(item: JsonObject) -> str:
    return f"{item['reference']} version {item['version']}"


def _allergy(item: JsonObject) -> str:
    if hidden := _hidden(item):
        return hidden
    criticality = item["criticality"] or "not stated"
    reaction = f"; {item['reaction']}" if item["reaction"] else ""
    return f"{item['says']} (criticality {criticality}{reaction})"


def _medicine(item: JsonObject) -> str:
    if hidden := _hidden(item):
        return hidden
    return f"{item['says']}, {item['value']}" if item["value"] else str(item["says"])


def _observed(item: JsonObject) -> str:
    if hidden := _hidden(item):
        return hidden
    return f"{item['value'] or 'no value'} ({item['date'] or 'undated'})"


def _unread(name: str, part: JsonObject) -> Line:
    why = WHY.get(str(part["why"]), str(part["why"]))
    return Line(f"{name}: could not be read ({why})", loud=True)
