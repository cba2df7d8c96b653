"""Transforms of single values: texts, dates, numbers, references, and the members of lists."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from core.canonical import Json, Number, c14n
from core.profile.places import Place, everywhere, holders, places
from core.profile.work import Work

PRECISIONS = {"year": 4, "month": 7, "day": 10}
_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2}(T\S{5,40})?)?)?", re.ASCII)
_INSTANT = re.compile(
    r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(\.\d{1,12})?(Z|[+-]\d{2}:\d{2})", re.ASCII
)
_RELATIVE = re.compile(r"[A-Z][A-Za-z]{1,63}/[A-Za-z0-9.-]{1,64}(/_history/[A-Za-z0-9.-]{1,64})?")
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d{1,2})?")
_PHONE = ("phone", "fax", "sms", "pager")
_NO_PHONE = re.compile(r"[^0-9+]")


def truncate(work: Work) -> None:
    """Cut the texts at the path to so many characters; a longer one loses its tail."""
    for place in places(work.resource, work.path):
        if isinstance(place.value, str):
            place.put(place.value[: work.chars])


def coarsen(work: Work) -> None:
    """Cut the dates at the path to the precision."""
    length = PRECISIONS[str(work.precision)]
    for place in places(work.resource, work.path):
        if isinstance(place.value, str) and _DATE.fullmatch(place.value):
            place.put(place.value[:length])


def cut_fractions(work: Work) -> None:
    """Cut the fractions of seconds of instants; at the path, or everywhere."""
    for place, found in _instants(work):
        place.put(f"{found[1]}{found[3]}")


def to_utc(work: Work) -> None:
    """Write instants in UTC, the same moment; at the path, or everywhere."""
    for place, found in _instants(work):
        try:
            at = datetime.fromisoformat(f"{found[1]}{found[3]}").astimezone(UTC)
        except (ValueError, OverflowError):
            continue
        place.put(f"{at.strftime('%Y-%m-%dT%H:%M:%S')}{found[2] or ''}Z")


def number_text(work: Work) -> None:
    """Write numbers without trailing zeros, exponents or a negative zero; here, or everywhere."""
    for place in _chosen(work, lambda value: isinstance(value, Number)):
        assert isinstance(place.value, Number)  # noqa: S101  chosen so
        place.put(Number(_shortest(place.value.text)))


def phone(work: Work) -> None:
    """Keep only digits and + of telephone numbers (`telecom` of any of the resource's objects)."""
    for place in everywhere(work.resource, _is_contact):
        contact = place.value
        assert isinstance(contact, dict)  # noqa: S101  chosen so
        contact["value"] = _NO_PHONE.sub("", contact["value"])


def space(work: Work) -> None:
    """Make one space of each run of white space and none at the ends; here, or everywhere.

    Narratives are left alone.
    """
    for place in _chosen(work, lambda value: isinstance(value, str)):
        if place.key not in ("div", "data"):
            place.put(" ".join(str(place.value).split()))


def reorder(work: Work) -> None:
    """Put the members of the lists at the path into another order: by what they say."""
    for holder, name in holders(work.resource, work.path):
        found = holder.get(name)
        if isinstance(found, list) and f"_{name}" not in holder:
            found.sort(key=c14n)


def one_user_selected(work: Work) -> None:
    """Keep of the codings at the path the first that a user selected, and the first other one."""
    for holder, name in holders(work.resource, work.path):
        found = holder.get(name)
        if isinstance(found, list):
            chosen = [isinstance(one, dict) and one.get("userSelected") is True for one in found]
            kept = {chosen.index(said) for said in (True, False) if said in chosen}
            holder[name] = [one for place, one in enumerate(found) if place in kept]


def absolute(work: Work) -> None:
    """Write relative references with the server's address."""
    for place in everywhere(work.resource, lambda one: one.key == "reference"):
        if isinstance(place.value, str) and _RELATIVE.fullmatch(place.value):
            place.put(f"{work.around.base_url}/{place.value}")


def _instants(work: Work) -> Iterator[tuple[Place, re.Match[str]]]:
    for place in _chosen(work, lambda value: isinstance(value, str)):
        found = _INSTANT.fullmatch(str(place.value))
        if found is not None:
            yield place, found


def _chosen(work: Work, wanted: Callable[[Json], bool]) -> list[Place]:
    if not work.whole:
        return [one for one in places(work.resource, work.path) if wanted(one.value)]
    return list(
        everywhere(work.resource, lambda one: one.key != "resourceType" and wanted(one.value))
    )


def _is_contact(place: Place) -> bool:
    found = place.value
    return (
        isinstance(found, dict)
        and found.get("system") in _PHONE
        and isinstance(found.get("value"), str)
    )


def _shortest(text: str) -> str:
    if not _NUMBER.fullmatch(text):
        return text
    written = format(Number(text).plain(), "f")
    if "." in written:
        written = written.rstrip("0").rstrip(".")
    return "0" if written == "-0" else written
