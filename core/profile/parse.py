"""Reading a profile document; whatever is wrong in it is refused by the name of its field.

Version 1 (workspaces have adopted such) holds `correctable`, `settles_s`, `[limits]`, `[failures]`;
all else of it is unknown. Version 2 adds `[sources]`, a `value` in `[facts.<name>]`, and the lists
`[[writes]]`, `[[fields]]`, `[[dropped]]`, `[[notes]]`, `[[transforms]]`. Source: design §7, §10.
"""

from __future__ import annotations

import tomllib
from functools import lru_cache
from typing import Any

from pydantic import ValidationError

from core.errors import BadInput
from core.failure.dialect import parse_dialect
from core.ports import Reads
from core.profile.basis import Where, bad, basis_of, sources_of
from core.profile.document import FACTS, Document, Write
from core.profile.facts import NOWHERE, Basis, Fact
from core.profile.names import check_names
from core.profile.profile import Claim, Dropped, FieldLimit, Note, Profile
from core.profile.read_transforms import transform_of
from core.traffic.limits import parse_limits

UNKNOWN = "unknown"
AT_THE_TOP = ("correctable", "settles_s")
"""Facts whose value stands at the top of the document, as in version 1."""
NOTHING = Profile("nothing", "No profile is adopted.")


def profile_in_force(reads: Reads, ehr: str) -> Profile:
    """Return an EHR's adopted profile; one that knows nothing where none is adopted.

    Raises BadInput for a profile that cannot be read.
    """
    row = reads.config(f"profile.{ehr}")
    return NOTHING if row is None else parse_profile(row.document)


@lru_cache(maxsize=32)
def parse_profile(text: str) -> Profile:
    """Return the profile that a document holds; BadInput naming the field that is wrong."""
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"not TOML: {error}", field="profile", remedy="Correct it there") from None
    dialect, limits = parse_dialect(text), parse_limits(text)
    if found.get("version", 1) == 1:
        return _version_1(found, Profile("", "", failures=dialect, limits=limits))
    document = _document(found)
    check_names(document)
    where = Where(sources_of(document.sources))
    read = {name: _fact(where, document, name) for name in document.facts if name in FACTS}
    _check_facts(document)
    return Profile(
        name=document.name,
        description=document.description,
        version=2,
        claims=tuple(_claims(where, document.writes)),
        field_limits=tuple(
            FieldLimit(one.path, one.chars, one.over, basis_of(where, f"fields.{place}", one))
            for place, one in enumerate(document.fields)
        ),
        dropped=tuple(
            Dropped(tuple(one.paths), one.how, basis_of(where, f"dropped.{place}", one))
            for place, one in enumerate(document.dropped)
        ),
        notes=tuple(
            Note(one.path, one.words, basis_of(where, f"notes.{place}", one))
            for place, one in enumerate(document.notes)
        ),
        stated=tuple(
            transform_of(where, f"transforms.{place}", one)
            for place, one in enumerate(document.transforms)
        ),
        limits=limits,
        limits_basis=_limits_basis(where, document),
        failures=dialect,
        failure_bases=tuple(_failure_bases(found)),
        sources=where.sources,
        **read,
    )


def _version_1(found: dict[str, Any], read: Profile) -> Profile:
    """Read what version 1 could say; it was never checked, so nothing in it is refused."""
    where, facts = Where({}), found.get("facts")
    said: dict[str, Any] = {}
    for name, kind in (("correctable", bool), ("settles_s", int)):
        value = found.get(name)
        told = facts.get(name) if isinstance(facts, dict) else None
        if type(value) is kind:
            said[name] = Fact(value, where.plainly(told))
        elif isinstance(told, dict):
            said[name] = Fact(None, where.plainly(told))
    return Profile(
        name=str(found.get("name", "")),
        description=str(found.get("description", "")),
        limits=read.limits,
        failures=read.failures,
        failure_bases=tuple(_failure_bases(found)),
        limits_basis=where.plainly(None) if "limits" in found else None,
        **said,
    )


def _document(found: dict[str, Any]) -> Document:
    try:
        return Document.model_validate(found)
    except ValidationError as error:
        defect = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in defect["loc"]) or "profile"
        raise bad(where, defect["msg"]) from None


def _check_facts(document: Document) -> None:
    for name in AT_THE_TOP:
        if getattr(document, name) is None and name in document.facts:
            raise bad(name, "has a basis and no value; write it at the top of the document")
        if getattr(document, name) is not None and name not in document.facts:
            raise bad(f"facts.{name}", "is missing: every fact says where it comes from")
    for name in document.facts:
        if name not in FACTS and name != "limits":
            raise bad(f"facts.{name}", f"is no fact; there are {', '.join(sorted(FACTS))}")


def _fact(where: Where, document: Document, name: str) -> Fact[Any]:
    field, entry = f"facts.{name}", document.facts[name]
    at_top = name in AT_THE_TOP
    value = getattr(document, name) if at_top else entry.value
    place = name if at_top else f"{field}.value"
    if at_top and entry.value is not None:
        raise bad(f"{field}.value", f"stands at the top of the document, as {name}")
    if value is None:
        raise bad(place, 'is missing; "unknown" is a value')
    basis = basis_of(where, field, entry, unknown=value == UNKNOWN)
    if value == UNKNOWN:
        return Fact(None, basis)
    return Fact(FACTS[name].read(place, value), basis)


def _claims(where: Where, writes: list[Write]) -> list[Claim]:
    return [
        Claim(type_, interaction, one.axis, one.says, basis)
        for place, one in enumerate(writes)
        for basis in (basis_of(where, f"writes.{place}", one, unknown=one.says == UNKNOWN),)
        for type_ in one.types
        for interaction in one.interactions
    ]


def _limits_basis(where: Where, document: Document) -> Basis | None:
    entry = document.facts.get("limits")
    if document.limits is None:
        if entry is not None:
            raise bad("facts.limits", "says where [limits] comes from, and there is none")
        return None
    # A site's own limits need no source: they are its decision.
    return NOWHERE if entry is None else basis_of(where, "facts.limits", entry)


def _failure_bases(found: dict[str, Any]) -> list[tuple[str, Basis]]:
    table = found.get("failures", {})
    rows = [(_row_words(row), row) for row in table.get("rows", [])]
    rows += [(f"token endpoint, {_row_words(row)}", row) for row in table.get("tokens", [])]
    return [(words, Where({}).plainly(row)) for words, row in rows]


def _row_words(row: dict[str, Any]) -> str:
    named = (
        f"{key} {row[key]}" for key in ("errors", "statuses", "issues", "codes") if row.get(key)
    )
    return f"{', '.join(named)}: {row['class']}"
