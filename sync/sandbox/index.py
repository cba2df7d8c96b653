"""What a resource can be found by: the rows of the search index.

- A token row is (system or None, value).
- A reference row is (type, id), the type preceded by `base/` when the reference is absolute; the
  version is dropped, so that `target=Task/1` finds `Task/1/_history/2` too. What is no such
  reference (`urn:uuid:…`, a canonical URL) is (None, text). An identifier in a Reference makes a
  token row under `NAME:identifier`.
- A date row is (high, low), the bounds of its interval; a string row is (text, folded text);
  a uri row (None, text).
- A value that cannot be matched makes (None, ""), so that `:missing` knows that it is there.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from core.canonical import Json, JsonObject
from sync.sandbox.dates import bounds
from sync.sandbox.parameters import Parameter, Path, Step, known

PRESENT = ""
_REFERENCE = re.compile(
    r"((?:https?://[^\s|?#]+/)?[A-Z][A-Za-z]{1,63})/([A-Za-z0-9.-]{1,64})(?:/_history/[^/\s]+)?"
)
_PARTS = "text family given prefix suffix line city district state postalCode country".split()
"""The strings of a HumanName and an Address."""

Row = tuple[str | None, str]


class Entry(NamedTuple):
    """One way to find a resource."""

    name: str
    system: str | None
    value: str


def entries(resource: JsonObject) -> set[Entry]:
    """Return the index entries of a resource; what has an unexpected shape is only present."""
    kind = str(resource.get("resourceType"))
    found: set[Entry] = set()
    for parameter in known(kind).values():
        if (kind, parameter.name) == ("Patient", "deceased"):
            found.add(Entry("deceased", None, _deceased(resource)))
        else:
            found.update(_entries(parameter, resource))
    return found


def split_reference(text: str) -> tuple[str, str] | None:
    """Return (type, id) of `Type/id[/_history/v]` or its absolute form, else None."""
    found = _REFERENCE.fullmatch(text)
    return (found[1], found[2]) if found else None


def folded(text: str) -> str:
    """Return `text` without case, accents and surplus white space, as strings are compared."""
    apart = unicodedata.normalize("NFKD", text)
    plain = "".join(letter for letter in apart if not unicodedata.combining(letter))
    return " ".join(plain.casefold().split())


def _entries(parameter: Parameter, resource: JsonObject) -> Iterator[Entry]:
    name = parameter.name
    for path in parameter.paths:
        for value in _values(resource, path.steps):
            rows = list(_rows(parameter, path, value))
            if not rows and (path.target is None or not _leads_elsewhere(value)):
                rows = [(None, PRESENT)]
            for system, text in rows:
                yield Entry(name, system, text)
            if parameter.type == "reference" and isinstance(value, dict):
                for system, text in _tokens(value.get("identifier")):
                    yield Entry(f"{name}:identifier", system, text)


def _rows(parameter: Parameter, path: Path, value: Json) -> Iterator[Row]:
    for system, text in _FORMS[parameter.type](value):
        if text and (path.target is None or _is_a(path.target, system)):
            yield system, text


def _leads_elsewhere(value: Json) -> bool:
    """Return whether a value names a type that a parameter for one type only does not mean."""
    if not isinstance(value, dict):
        return False
    return bool(list(_references(value))) or "type" in value


def _values(value: Json, steps: tuple[Step, ...]) -> Iterator[Json]:
    if isinstance(value, list):
        for item in value:
            yield from _values(item, steps)
    elif not steps:
        yield value
    elif isinstance(value, dict) and steps[0].name in value:
        found = value[steps[0].name]
        for item in found if isinstance(found, list) else [found]:
            if steps[0].field is None or (
                isinstance(item, dict) and item.get(steps[0].field) == steps[0].value
            ):
                yield from _values(item, steps[1:])


def _tokens(value: Json) -> Iterator[Row]:
    if isinstance(value, bool):
        yield None, "true" if value else "false"
    elif isinstance(value, str):
        yield None, value
    elif isinstance(value, dict):
        if isinstance(value.get("coding"), list):
            for coding in value["coding"]:
                yield from _tokens(coding)
        system = value.get("system")
        for text in (value.get("value"), value.get("code")):
            if isinstance(text, str):
                yield system if isinstance(system, str) else None, text


def _references(value: Json) -> Iterator[Row]:
    text = value.get("reference") if isinstance(value, dict) else value
    if not isinstance(text, str) or text.startswith("#"):
        return
    found = split_reference(text)
    if found:
        yield found
    if not found or isinstance(value, str):
        yield from _uris(text)


def _dates(value: Json) -> Iterator[Row]:
    found = bounds(value)
    if found:
        yield found[1], found[0]


def _strings(value: Json) -> Iterator[Row]:
    if isinstance(value, str):
        yield value, folded(value)
    elif isinstance(value, dict):
        for part in _PARTS:
            inner = value.get(part)
            for item in inner if isinstance(inner, list) else [inner]:
                if isinstance(item, str):
                    yield item, folded(item)


def _uris(value: Json) -> Iterator[Row]:
    if isinstance(value, str):
        yield None, value
        if "|" in value:
            yield None, value.partition("|")[0]


def _is_a(target: str, kind: str | None) -> bool:
    return kind is not None and (kind == target or kind.endswith(f"/{target}"))


def _deceased(patient: JsonObject) -> str:
    """Return Patient.deceased.exists() and Patient.deceased != false, HL7's expression."""
    said = patient.get("deceasedBoolean") is True or "deceasedDateTime" in patient
    return "true" if said else "false"


_FORMS: Mapping[str, Callable[[Json], Iterator[Row]]] = {
    "token": _tokens,
    "reference": _references,
    "date": _dates,
    "string": _strings,
    "uri": _uris,
}
