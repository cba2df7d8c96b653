"""Whether a quoted source was amended, or is no longer the newest on its subject.

Source: design §5 (grounding: newer sources on the same subject). A bounded look: the same type and
code, dated after the source; where that cannot be searched it says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.beside import say
from core.beside.reading import search
from core.canonical import JsonObject, exact
from core.duplicates.match import codings
from core.ports import Ehr, Fetched


@dataclass(frozen=True, slots=True)
class _Subject:
    """How sources of one type on the same subject are found: element, and search parameters."""

    code: str
    parameter: str
    date: str


_SUBJECTS = {
    "DocumentReference": _Subject("type", "type", "date"),
    "Observation": _Subject("code", "code", "date"),
    "DiagnosticReport": _Subject("code", "code", "date"),
    "Condition": _Subject("code", "code", "recorded-date"),
    "Procedure": _Subject("code", "code", "date"),
}


async def newer(ehr: Ehr, patient: str, source: Fetched, current: Fetched | None) -> JsonObject:
    """Return `{amended, current, why, count, date}` of a source as it was read.

    `current` is the source as it is now. `amended` is None, and `why` a code, where that part could
    not be told.
    """
    version = None if current is None else current.version or None
    why, found = await _later(ehr, patient, source)
    return {
        "amended": None if version is None else version != source.version,
        "current": version,
        "why": why,
        "count": exact(len(found)),
        "date": max(map(_date, found), default=""),
    }


async def _later(ehr: Ehr, patient: str, source: Fetched) -> tuple[str | None, Sequence[Fetched]]:
    type_ = source.reference.partition("/")[0]
    subject, date = _SUBJECTS.get(type_), say.date(source.resource)
    if subject is None or len(date) < 10:
        return "no-rule", ()
    codes = codings(source.resource.get(subject.code))
    plain = sorted(one for one in codes if not set("".join(one)) & set(",|$\\"))
    if not plain:
        return "no-code", ()
    parameters = {
        subject.parameter: ",".join(f"{system}|{code}" for system, code in plain),
        subject.date: f"ge{date[:10]}",
    }
    read = await search(ehr, type_, patient, parameters)
    later = [
        one
        for one in read.items
        if one.reference != source.reference
        and codings(one.resource.get(subject.code)) & codes
        and _date(one) > _date(source)
        and one.resource.get("status") != "entered-in-error"
    ]
    return read.why_not, later


def _date(item: Fetched) -> str:
    return say.date(item.resource)
