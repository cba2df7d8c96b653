"""A resource in a few words: what it is, what it says, when. Foreign text, inert where drawn."""

from __future__ import annotations

from core.canonical import Json, JsonObject, Number
from core.grounding import source_facts
from core.grounding.references import objects, string

MOST = 200
"""How many characters of one text are kept; the whole stands in the chart."""


def what(resource: JsonObject) -> str:
    """Return its code, medicine or type in words."""
    kind = source_facts(resource).kind
    reference = concept(resource.get("medicationReference"))
    return cut(reference or kind.partition(": ")[2] or kind)


def value(resource: JsonObject) -> str:
    """Return its value, dose or message text; empty where it has none."""
    found = [_value(resource)]
    found += [_component(item) for item in objects(resource.get("component"))]
    found += [dose(resource)]
    found += [string(item.get("contentString")) for item in objects(resource.get("payload"))]
    return cut("; ".join(text for text in found if text))


def dose(resource: JsonObject) -> str:
    """Return its dosage in words, or its quantities."""
    found = []
    for item in objects(resource.get("dosageInstruction")) + objects(resource.get("dosage")):
        amounts = [item.get("dose"), *(one.get("doseQuantity")
                                       for one in objects(item.get("doseAndRate")))]  # fmt: skip
        found.append(string(item.get("text")) or ", ".join(filter(None, map(quantity, amounts))))
    return cut("; ".join(text for text in found if text))


def date(resource: JsonObject) -> str:
    """Return its best clinical date as written."""
    return source_facts(resource).date


def status(resource: JsonObject) -> str:
    """Return its status, and how sure it is where that is stated."""
    verified = concept(resource.get("verificationStatus"))
    stated = source_facts(resource).status
    return ", ".join(text for text in (stated, verified) if text)


def concept(item: Json) -> str:
    """Return a CodeableConcept or reference in words, else its code."""
    for one in objects(item):
        codes = objects(one.get("coding"))
        texts = [one.get("text"), one.get("display"), *(code.get("display") for code in codes)]
        texts += [*(code.get("code") for code in codes), one.get("reference")]
        found = next((string(text) for text in texts if string(text)), "")
        if found:
            return found
    return ""


def quantity(item: Json) -> str:
    """Return `68.40 kg`, with its comparator; empty for what is none."""
    if not isinstance(item, dict) or not isinstance(item.get("value"), Number):
        return ""
    unit = string(item.get("unit")) or string(item.get("code"))
    return f"{string(item.get('comparator'))}{item['value'].text} {unit}".strip()


def cut(text: str) -> str:
    """Return at most `MOST` characters, the cut shown."""
    return text if len(text) <= MOST else text[: MOST - 1] + "…"


def _component(item: JsonObject) -> str:
    found = _value(item)
    return f"{concept(item.get('code'))} {found}".strip() if found else ""


def _value(resource: JsonObject) -> str:
    for name, item in resource.items():
        if not name.startswith("value"):
            continue
        if isinstance(item, str):
            return item
        if isinstance(item, Number):
            return item.text
        if isinstance(item, bool):
            return "yes" if item else "no"
        return quantity(item) or concept(item)
    return ""
