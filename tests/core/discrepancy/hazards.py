"""Ways to alter what a chart says, by data type and by clinical hazard.

A mutator answers for one site with the value to put there, `DROP`, or None when it has nothing to
say. `mutants` takes a few sites of each resource, drawn with a seed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from core.canonical import JsonObject, Number
from tests.core.discrepancy.corpus import Site, sites
from tests.core.discrepancy.tree import drop, put

DROP = object()
Mutator = Callable[[Site], Any]
TEXTS = ("string", "markdown")
DATES = ("date", "dateTime", "instant")
DIALLED = re.compile(r"[ \-]")
BOOKS = ("versionId", "lastUpdated", "source")
MUTATORS: dict[str, Mutator] = {}


def mutator(mutate: Mutator) -> Mutator:
    MUTATORS[mutate.__name__] = mutate
    return mutate


def mutants(
    resource: JsonObject, rnd: Random, each: int, names: list[str] | None = None
) -> Iterator[tuple[str, Site, JsonObject]]:
    """Yield up to `each` mutants of every mutator, with its name and site."""
    held = [site for site in sites(resource) if not is_free(site, resource)]
    for name in names or MUTATORS:
        mutate = MUTATORS[name]
        found = [(site, new) for site in held if (new := mutate(site)) is not None]
        for site, new in rnd.sample(found, min(each, len(found))):
            yield name, site, _made(resource, site, new)


def _made(resource: JsonObject, site: Site, new: Any) -> JsonObject:
    return drop(resource, site.path) if new is DROP else put(resource, site.path, new)


def is_free(site: Site, resource: JsonObject) -> bool:
    """Tell what the EHR may do with as it likes: its books, and narratives that are generated."""
    if site.under("meta") and site.name in BOOKS:
        return True
    if site.name == "div" and not site.under("section"):
        return bool(site.holder.get("status") in ("generated", "extensions"))
    return site.path in (("meta",), ("resourceType",))


def text(change: Callable[[str], str | None]) -> Mutator:
    def mutate(site: Site) -> Any:
        numbered = site.defined in ("ContactPoint.value", "Address.postalCode")
        if site.kind in TEXTS and isinstance(site.value, str) and site.value.strip():
            found = change(site.value)
            spaced = found is not None and DIALLED.sub("", found) == DIALLED.sub("", site.value)
            return None if found == site.value or (numbered and spaced) else found
        return None

    return mutate


def word_for(pattern: str, new: str) -> Mutator:
    def change(value: str) -> str | None:
        found = re.sub(pattern, new, value, count=1, flags=re.IGNORECASE)
        return found if found != value else None

    return text(change)


MUTATORS |= {
    "text_prefixed": text(lambda value: f"x{value}"),
    "text_tail_altered": text(lambda value: value[:-1] + ("q" if value[-1] != "q" else "z")),
    "text_added_at_the_end": text(lambda value: f"{value} and more"),
    "text_negated": text(lambda value: f"no {value}"),
    "text_denied": text(lambda value: f"Denies {value}"),
    "text_not": text(lambda value: " not ".join(value.split(" ", 1)) if " " in value else None),
    "text_reworded": text(lambda value: "something else entirely"),
    "text_emptied": text(lambda value: ""),
    "text_null_byte": text(lambda value: f"{value}\x00"),
    "text_zero_width": text(lambda value: f"{value[:1]}\u200b{value[1:]}"),
    "text_homoglyph": text(lambda value: value.replace("a", "\u0430", 1)),
    "text_full_width": text(lambda value: re.sub(r"\d", "\uff11", value, count=1)),
    "text_words_joined": text(lambda value: re.sub(r"(?<=\w) (?=\w)", "", value, count=1)),
    "text_word_dropped": text(
        lambda value: " ".join(value.split()[1:]) if len(value.split()) > 1 else None
    ),
    "text_words_swapped": text(lambda value: _swapped(value)),
    "text_digit": text(
        lambda value: re.sub(r"\d", lambda m: str((int(m[0]) + 1) % 10), value, count=1)
    ),
    "text_last_digit": text(
        lambda value: re.sub(r"\d(?=\D*$)", lambda m: str((int(m[0]) + 1) % 10), value)
    ),
    "text_decimal_point": text(lambda value: re.sub(r"(\d)\.(\d)", r"\1\2", value, count=1)),
    "text_left_right": word_for(r"\bleft\b", "right"),
    "text_right_left": word_for(r"\bright\b", "left"),
    "text_no_dropped": word_for(r"\b(no|not|without|denies|never)\b ?", ""),
    "text_mg_to_g": word_for(r"\bmg\b", "g"),
    "text_mg_to_mcg": word_for(r"\bmg\b", "mcg"),
    "text_daily_weekly": word_for(r"\b(daily|day)\b", "weekly"),
    "text_once_twice": word_for(r"\b(once|one|1)\b", "twice"),
    "text_positive_negative": word_for(r"\bpositive\b", "negative"),
    "text_minus": text(lambda value: re.sub(r"(?<![\d-])(\d)", r"-\1", value, count=1)),
}


def _swapped(value: str) -> str | None:
    words = value.split()
    if len(words) < 2 or words[0].lower() == words[1].lower():
        return None
    return " ".join([words[1], words[0], *words[2:]])


@mutator
def code_other(site: Site) -> Any:
    return "zz-other" if site.kind == "code" else None


@mutator
def code_case(site: Site) -> Any:
    if site.kind != "code" or not isinstance(site.value, str):
        return None
    return site.value.swapcase() if site.value != site.value.swapcase() else None


@mutator
def code_refined(site: Site) -> Any:
    return f"{site.value}.1" if site.defined == "Coding.code" else None


@mutator
def code_digit(site: Site) -> Any:
    if site.defined != "Coding.code":
        return None
    new = re.sub(r"\d(?=\D*$)", lambda m: str((int(m[0]) + 1) % 10), site.value)
    return new if new != site.value else None


@mutator
def uri_other(site: Site) -> Any:
    known = site.kind in ("uri", "url", "canonical", "oid", "uuid", "id")
    return f"{site.value}x" if known and isinstance(site.value, str) else None


@mutator
def boolean_flipped(site: Site) -> Any:
    return not site.value if isinstance(site.value, bool) else None


@mutator
def boolean_as_text(site: Site) -> Any:
    return str(site.value).lower() if isinstance(site.value, bool) else None


def number(change: Callable[[Decimal], Decimal | None]) -> Mutator:
    def mutate(site: Site) -> Any:
        if not isinstance(site.value, Number):
            return None
        old = Decimal(site.value.text)
        new = change(old)
        return None if new is None or new == old else Number(format(new, "f"))

    return mutate


def _rounded(value: Decimal) -> Decimal | None:
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or exponent >= 0:
        return None
    return value.quantize(Decimal(1).scaleb(exponent + 1))


def _last_place(value: Decimal) -> Decimal | None:
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    return None if len(value.as_tuple().digits) > 20 else value + Decimal(1).scaleb(exponent)


MUTATORS |= {
    "number_plus_one": number(lambda value: value + 1 if abs(value) < 10**20 else None),
    "number_times_ten": number(lambda value: value * 10),
    "number_by_ten": number(lambda value: value / 10 if abs(value) < 10**20 else None),
    "number_times_thousand": number(lambda value: value * 1000),
    "number_negated": number(lambda value: -value),
    "number_rounded": number(_rounded),
    "number_last_place": number(_last_place),
    "number_zero": number(lambda value: Decimal(0)),
}


@mutator
def number_as_text(site: Site) -> Any:
    return site.value.text if isinstance(site.value, Number) else None


def date(change: Callable[[str], str | None]) -> Mutator:
    def mutate(site: Site) -> Any:
        if site.kind not in DATES or not isinstance(site.value, str):
            return None
        found = change(site.value)
        return None if found == site.value else found

    return mutate


def _day(days: int) -> Callable[[str], str | None]:
    def change(value: str) -> str | None:
        if not re.match(r"\d{4}-\d\d-\d\d", value):
            return None
        moved = datetime.fromisoformat(value[:10]) + timedelta(days=days)
        return moved.date().isoformat() + value[10:]

    return change


def _hour(value: str) -> str | None:
    if "T" not in value:
        return None
    hour = (int(value[11:13]) + 1) % 24
    return f"{value[:11]}{hour:02}{value[13:]}"


def _zone(value: str) -> str | None:
    found = re.search(r"(Z|[+-]\d\d:\d\d)$", value)
    if "T" not in value or found is None:
        return None
    return value[: found.start()] + ("+03:00" if found[0] != "+03:00" else "Z")


MUTATORS |= {
    "date_next_day": date(_day(1)),
    "date_day_before": date(_day(-1)),
    "date_other_year": date(lambda value: f"{int(value[:4]) - 10}{value[4:]}"),
    "date_made_up": date(lambda value: f"{value}-01" if len(value) in (4, 7) else None),
    "date_midnight": date(lambda value: f"{value}T00:00:00Z" if len(value) == 10 else None),
    "date_day_month": date(
        lambda value: (
            f"{value[:4]}-{value[8:10]}-{value[5:7]}{value[10:]}"
            if len(value) >= 10 and value[8:10] <= "12"
            else None
        )
    ),
    "time_hour": date(_hour),
    "time_zone_misread": date(_zone),
    "time_zone_lost": date(
        lambda value: re.sub(r"(Z|[+-]\d\d:\d\d)$", "", value) if "T" in value else None
    ),
}
