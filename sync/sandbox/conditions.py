"""Filters: from one parameter of a search to one SQL condition over the index.

Comma-separated values are alternatives. What is not known is refused with 400, never ignored: an
ignored filter finds too much. A refusal repeats only names that FHIR itself defines, because what
a caller mistyped may be a patient's name.
Source: FHIR R4 search.html §3.1.1.4 (parameter types), §3.1.1.4.5 (modifiers).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from core.fhir import is_resource_type
from sync.sandbox.dates import comparison, moment
from sync.sandbox.index import PRESENT, folded, split_reference
from sync.sandbox.outcome import OutcomeError, refusal
from sync.sandbox.parameters import STORED, Parameter, is_parameter_name, known, search_parameters
from sync.sandbox.times import instant

MAX_VALUES = 1000
MODIFIERS: Mapping[str, tuple[str, ...]] = {
    "token": ("missing", "not"),
    "reference": ("missing", "identifier"),
    "date": ("missing",),
    "string": ("missing", "exact", "contains"),
    "uri": ("missing",),
}
"""Search type → the modifiers it takes; a reference takes a resource type, too."""
UNSUPPORTED = frozenset(
    "_content _contained _containedType _filter _has _list _query _text _type".split()
)
_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
_COMMA = re.compile(r"(?<!\\)((?:\\\\)*),")
_BAR = re.compile(r"(?<!\\)((?:\\\\)*)\|")
_ESCAPED = re.compile(r"\\([\\,|$])")
_MILLISECOND = timedelta(milliseconds=1)
_LAST = "\U0010ffff"

Condition = tuple[str, tuple[str, ...]]


def is_known(kind: str, name: str) -> bool:
    """Return whether `name`, whatever its modifier, is a search parameter of `kind`."""
    return name.partition(":")[0] in search_parameters(kind)


def unknown(kind: str, name: str, position: int) -> OutcomeError:
    """Return the refusal of a parameter that `kind` has not; `position` counts from 0."""
    head = name.partition(":")[0].partition(".")[0]
    if "." in name and head in search_parameters(kind):
        return refusal(400, "not-supported", f"{head}: chained parameters are not supported")
    nameable = head in UNSUPPORTED or is_parameter_name(head)
    return refusal(
        400,
        "not-supported",
        f"search parameter {position + 1}{f' ({head})' if nameable else ''} is not one of"
        f" {kind}'s: {', '.join(search_parameters(kind))}",
    )


def condition(kind: str, base: str, name: str, text: str) -> Condition:
    """Return the condition of parameter `name`, which `is_known`, over a table `c`."""
    name, colon, modifier = name.partition(":")
    parameter = known(kind).get(name)
    if parameter is None:
        if colon:
            raise refusal(400, "not-supported", f"{name} takes no modifier")
        return _joined([_stored(name, unescaped(item)) for item in _alternatives(name, text)])
    if modifier == "missing":
        return _missing(kind, name, text)
    form = _form(base, parameter, modifier if colon else None)
    sql, values = _joined([form(item) for item in _alternatives(name, text)])
    negated = "NOT " if modifier == "not" else ""
    entry = f"{name}:identifier" if modifier == "identifier" else name
    wrapped = (
        f"c.id {negated}IN (SELECT e.id FROM entry e WHERE e.type = ? AND e.name = ?"  # noqa: S608 - both are bound values; `sql` is made of this module's constants
        f" AND {sql})"
    )
    return wrapped, (kind, entry, *values)


def unescaped(text: str) -> str:
    r"""Return `text` without the escapes of search values (`\,` `\|` `\$` `\\`)."""
    return _ESCAPED.sub(r"\1", text)


def split_values(text: str) -> list[str]:
    """Return the comma-separated parts of `text`, still escaped."""
    return _split(_COMMA, text)


def _joined(alternatives: list[Condition]) -> Condition:
    sql = " OR ".join(text for text, _ in alternatives)
    return f"({sql})", tuple(value for _, values in alternatives for value in values)


def _alternatives(name: str, text: str) -> list[str]:
    found = split_values(text)
    if len(found) > MAX_VALUES:
        raise refusal(400, "too-costly", f"{name} takes at most {MAX_VALUES} values")
    if not all(found):
        raise refusal(400, "value", f"a value of {name} is empty")
    return found


def _split(separator: re.Pattern[str], text: str) -> list[str]:
    # An even number of backslashes before a separator escapes itself, not the separator.
    found, start = [], 0
    for match in separator.finditer(text):
        found.append(text[start : match.end() - 1])
        start = match.end()
    return [*found, text[start:]]


def _form(base: str, parameter: Parameter, modifier: str | None) -> Callable[[str], Condition]:
    allowed = MODIFIERS[parameter.type]
    is_reference = parameter.type == "reference"
    as_type = is_reference and modifier is not None and is_resource_type(modifier)
    if as_type and parameter.targets and modifier not in parameter.targets:
        raise refusal(
            400, "value", f"{parameter.name} leads to one of {', '.join(parameter.targets)}"
        )
    if modifier is not None and modifier not in allowed and not as_type:
        raise refusal(
            400,
            "not-supported",
            f"{parameter.name} takes none but the modifiers {', '.join(allowed)}"
            + (" and a resource type" if is_reference else ""),
        )
    forms: dict[str, Callable[[str], Condition]] = {
        "token": lambda text: _token(parameter, text),
        "reference": lambda text: _reference(parameter, base, modifier, unescaped(text)),
        "date": lambda text: _date(parameter.name, unescaped(text)),
        "string": lambda text: _string(parameter.name, modifier, unescaped(text)),
        "uri": lambda text: ("e.value = ?", (unescaped(text),)),
    }
    return forms["token" if modifier == "identifier" else parameter.type]


def _missing(kind: str, name: str, text: str) -> Condition:
    if text not in ("true", "false"):
        raise refusal(400, "value", f"{name}:missing is true or false")
    negated = "NOT " if text == "true" else ""
    return (
        f"c.id {negated}IN (SELECT e.id FROM entry e WHERE e.type = ? AND e.name = ?)",  # noqa: S608 - a constant
        (kind, name),
    )


def _stored(name: str, text: str) -> Condition:
    if name == STORED[0]:
        return "c.id = ?", (text,)
    prefix, low_moment, high_moment = comparison(name, text)
    low, high = instant(_ceiling(low_moment)), instant(_ceiling(high_moment))
    forms: dict[str, Condition] = {
        "eq": ("(c.updated >= ? AND c.updated < ?)", (low, high)),
        "ne": ("(c.updated < ? OR c.updated >= ?)", (low, high)),
        "ge": ("c.updated >= ?", (low,)),
        "le": ("c.updated < ?", (high,)),
        **dict.fromkeys(("gt", "sa"), ("c.updated >= ?", (high,))),
        **dict.fromkeys(("lt", "eb"), ("c.updated < ?", (low,))),
    }
    return forms[prefix]


def _ceiling(of: datetime) -> datetime:
    """Return a moment rounded up to whole milliseconds, the precision of lastUpdated."""
    over = timedelta(microseconds=of.microsecond % 1000)
    return of + (_MILLISECOND - over) if over else of


def _date(name: str, text: str) -> Condition:
    """Return the condition on a row (high, low) of the index."""
    prefix, low_moment, high_moment = comparison(name, text)
    low, high = moment(low_moment), moment(high_moment)
    forms: dict[str, Condition] = {
        "eq": ("e.value >= ? AND e.system <= ?", (low, high)),
        "ne": ("(e.value < ? OR e.system > ?)", (low, high)),
        "gt": ("e.system > ?", (high,)),
        "lt": ("e.value < ?", (low,)),
        "ge": ("(e.system > ? OR (e.value >= ? AND e.system <= ?))", (high, low, high)),
        "le": ("(e.value < ? OR (e.value >= ? AND e.system <= ?))", (low, low, high)),
        "sa": ("e.value >= ?", (high,)),
        "eb": ("e.system <= ?", (low,)),
    }
    sql, values = forms[prefix]
    return f"(e.system IS NOT NULL AND {sql})", values


def _string(name: str, modifier: str | None, text: str) -> Condition:
    if modifier == "exact":
        return "e.system = ?", (text,)
    wanted = folded(text)
    if wanted == PRESENT:
        raise refusal(400, "value", f"a value of {name} has no letter to look for")
    if modifier == "contains":
        return "instr(e.value, ?) > 0", (wanted,)
    return "(e.value >= ? AND e.value < ?)", (wanted, wanted + _LAST)


def _token(parameter: Parameter, text: str) -> Condition:
    name = parameter.name
    parts = [unescaped(part) for part in _split(_BAR, text)]
    if len(parts) == 1:
        return "e.value = ?", (parts[0],)
    system, value = parts[0], "|".join(parts[1:])
    if len(parts) > 2:
        raise refusal(400, "value", f"{name} is system|value; escape a bar in the value as \\|")
    if parameter.plain_code and system:
        raise refusal(400, "not-supported", f"{name} is searched without a code system")
    if not system and not value:
        raise refusal(400, "value", f"a value of {name} is empty")
    if not system:
        return "(e.system IS NULL AND e.value = ?)", (value,)
    if not value:
        return "e.system = ?", (system,)
    return "(e.system = ? AND e.value = ?)", (system, value)


def _escaped(text: str) -> str:
    """Return `text` for LIKE with `!` as the escape character."""
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")


def _reference(parameter: Parameter, base: str, modifier: str | None, text: str) -> Condition:
    only = modifier or (parameter.targets[0] if len(parameter.targets) == 1 else None)
    if _ID.fullmatch(text):
        if only:
            return "(e.system IN (?, ?) AND e.value = ?)", (only, f"{base}/{only}", text)
        local = "(instr(e.system, '/') = 0 OR e.system LIKE ? ESCAPE '!')"
        return f"({local} AND e.value = ?)", (f"{_escaped(base)}/%", text)
    found = split_reference(text)
    if modifier and (not found or found[0].removeprefix(f"{base}/") != modifier):
        raise refusal(400, "value", f"{parameter.name}:{modifier} takes the id of a {modifier}")
    if not found:
        if ":" in text and not re.search(r"\s", text):
            return "(e.system IS NULL AND e.value = ?)", (text,)
        raise refusal(400, "value", f"{parameter.name} is an id, Type/id or an absolute URL")
    kind = found[0].removeprefix(f"{base}/")
    if "/" not in kind:
        return "(e.system IN (?, ?) AND e.value = ?)", (kind, f"{base}/{kind}", found[1])
    return (
        "((e.system = ? AND e.value = ?) OR (e.system IS NULL AND e.value = ?))",
        (kind, found[1], text),
    )
