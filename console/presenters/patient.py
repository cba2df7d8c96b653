"""The patient banner: who this is, and loudly what makes a chart unusual. Source: design §8."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from textual.content import Content

from console.presenters.texts import foreign, joined, own
from core.canonical import JsonObject
from core.intake.label import patient_label
from core.intake.person import MAJORITY, MINORITY, minority

LOUD = "bold reverse"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who was looked at; `tag` and `ehr` tell patients apart, `label` is for people."""

    tag: str
    ehr: str
    label: str


def banner(
    patient: JsonObject | None, reference: str | None, now: datetime, majority: int = MAJORITY
) -> Content:
    """Return name, birth date with age, sex and record number on one line.

    Who is younger than `majority` years is marked, loudly, beside the birth date.
    """
    if patient is None:
        return own("(the patient's data was erased)", LOUD)
    return Content("  ").join(
        [
            foreign(patient_label(patient) or "(no name)", "bold"),
            joined(
                "born ",
                foreign(_text(patient, "birthDate") or "unknown"),
                _age(patient, now),
                _minor(patient, now, majority),
            ),
            foreign(_text(patient, "gender") or "sex unknown"),
            _record_number(patient),
            foreign(reference or "", "dim"),
        ]
    )


def alarms(patient: JsonObject | None, here: Identity, before: Identity | None) -> Content:
    """Return what must not be overlooked, or an empty text."""
    found = [own(text, LOUD) for text in _unusual(patient or {})]
    if before is not None and (before.tag, before.ehr) != (here.tag, here.ehr):
        found.append(
            joined(own(" ANOTHER PATIENT ", LOUD), " before: ", foreign(before.label, "bold"))
        )
    return Content(" ").join(found)


def _unusual(patient: JsonObject) -> list[str]:
    found = []
    when = _text(patient, "deceasedDateTime")
    if when or patient.get("deceasedBoolean") is True:
        found.append(f" DECEASED {_day(when)} ".replace("  ", " "))
    if patient.get("active") is False:
        found.append(" INACTIVE ")
    if any(_text(link, "type") == "replaced-by" for link in _objects(patient, "link")):
        found.append(" MERGED into another record ")
    elif _objects(patient, "link"):
        found.append(" LINKED to another record ")
    return found


def _day(text: str) -> str:
    found = re.match(r"\d{4}(-\d\d){0,2}", text)
    return found.group() if found else ""


def _age(patient: JsonObject, now: datetime) -> str:
    parts = re.fullmatch(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?", _text(patient, "birthDate"))
    if parts is None or _text(patient, "deceasedDateTime"):
        return ""
    year, month, day = (int(part) if part else None for part in parts.groups())
    if year is None or year > now.year:
        return ""
    if month is None or day is None:
        return f" (about {now.year - year} y)"
    try:
        born = date(year, month, day)
    except ValueError:
        return ""
    years = now.year - year - ((now.month, now.day) < (month, day))
    months = (now.year - year) * 12 + now.month - month - (now.day < day)
    if years < 2:
        return f" ({max(0, (now.date() - born).days)} d)" if months < 2 else f" ({months} mo)"
    return f" ({years} y)"


def _minor(patient: JsonObject, now: datetime, majority: int) -> Content:
    found = minority(patient, now.date(), majority)
    return Content("") if found is None else joined(" ", own(f" {MINORITY[found]} ", LOUD))


def _record_number(patient: JsonObject) -> Content:
    known = [item for item in _objects(patient, "identifier") if _text(item, "value")]
    known.sort(key=lambda item: (not _is_record(item), item.get("use") in ("old", "temp")))
    if not known:
        return own("no record number")
    name = "MRN" if _is_record(known[0]) else "id"
    return joined(f"{name} ", foreign(_text(known[0], "value"), "bold"))


def _is_record(item: JsonObject) -> bool:
    kind = item.get("type")
    codings = _objects(kind, "coding") if isinstance(kind, dict) else []
    return any(coding.get("code") == "MR" for coding in codings)


def _text(item: JsonObject, key: str) -> str:
    found = item.get(key)
    return found if isinstance(found, str) else ""


def _objects(item: JsonObject, key: str) -> list[dict[str, Any]]:
    found = item.get(key)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
