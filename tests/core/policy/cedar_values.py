"""Random conditions for rules and random request values, from the oracle's vocabularies."""

from __future__ import annotations

from datetime import datetime
from functools import cache, lru_cache
from typing import Any

from hypothesis import strategies as st

from core.canonical import Number
from core.policy import Source
from tests.core.policy import cedar_facts as facts

UCUM = "http://unitsofmeasure.org"
LIMITS = (
    'path = "Observation.value[x]", min = 1, max = 60, unit = "kg"',
    'path = "Observation.value[x]", max = 50.0, unit = "g"',
    'path = "Observation.value[x]", min = 0',
    'path = "Observation.value[x]", max_factor = 10',
    'path = "Observation.value[x]", max_factor = 2, unit = "kg", first_value = true',
    'path = "Observation.value[x]", max_factor = 10, first_value = true',
    'path = "Observation.doseNumber", min = 1',
    'path = "Observation.doseNumber", max = 5, min = 0.5',
    'path = "Observation.bodySite.coding.code", one_of = ["left", "right"]',
    'path = "Observation.bodySite.coding.code", none_of = ["draft"]',
    'path = "Observation.effective[x]", not_future = true',
    'path = "Observation.effective[x]", max_age = "2d"',
    'path = "Observation.effective[x]", max_age = "9h", not_future = true',
)
AGENTS = (
    "",
    '[[agent]]\nid = "a-1"\nmodels = ["m-1"]\nmax_urgency = "routine"\n',
    '[[agent]]\nid = "a-2"\nprompts = ["p-2"]\nmax_urgency = "urgent"\n',
    '[[agent]]\nid = "a-2"\nmodels = ["m-1", "m-2"]\nprompts = ["p-1"]\n',
)


@lru_cache(maxsize=None, typed=True)
def pick(*values: Any) -> st.SearchStrategy[Any]:
    """Return one of the values; made once, as Hypothesis examines every new strategy at length."""
    return st.sampled_from(values)


OTHERWISE = pick("no-match", "highest-tier", "deny")
ONE_OR_TWO = st.lists(pick(*LIMITS), min_size=1, max_size=2)


@cache
@st.composite
def checks(draw: st.DrawFn) -> str:
    """Return the conditions of an allow rule about Observation, as a TOML list of tables."""
    limits = draw(ONE_OR_TWO)
    return _tables([f'{limit}, otherwise = "{draw(OTHERWISE)}"' for limit in limits])


@cache
@st.composite
def unless(draw: st.DrawFn) -> str:
    """Return the conditions of a forbid."""
    return _tables(draw(ONE_OR_TWO))


@cache
@st.composite
def quotes(draw: st.DrawFn) -> str:
    """Return what an allow rule demands of evidence."""
    parts = [
        f"at_least = {draw(pick(1, 1, 2))}",
        draw(pick("", "", 'kinds = ["Observation"]', 'kinds = ["*"]')),
        draw(pick("", "", 'max_age = "2d"', 'max_age = "400d"')),
        draw(pick("", "agent_written = true")),
        draw(pick("", "patient_written = true")),
        f'otherwise = "{draw(OTHERWISE)}"',
    ]
    return "{" + ", ".join(part for part in parts if part) + "}"


def _bodies() -> st.SearchStrategy[dict[str, Any]]:
    codes = st.lists(pick(*facts.CODES), max_size=2)
    return st.fixed_dictionaries(
        {},
        optional={
            "valueQuantity": _quantities(),
            "doseNumber": st.lists(pick(*facts.NUMBERS).map(Number), max_size=2) | st.just("five"),
            "bodySite": codes.map(lambda found: {"coding": [{"code": code} for code in found]}),
            "effectiveDateTime": pick(*facts.DATES),
        },
    )


@cache
def _quantities() -> st.SearchStrategy[dict[str, Any]]:
    def quantity(number: str, unit: str, system: str, comparator: str | None) -> dict[str, Any]:
        found: dict[str, Any] = {"value": Number(number), "code": unit, "system": system}
        return found if comparator is None else {**found, "comparator": comparator}

    return st.builds(
        quantity,
        pick(*facts.NUMBERS),
        pick("kg", "kg", "kg", "g"),
        pick(UCUM, UCUM, UCUM, UCUM, "http://other"),
        pick(None, None, None, None, "<"),
    )


def _sources() -> st.SearchStrategy[Source]:
    return st.builds(
        Source,
        st.just("DocumentReference/n1"),
        pick("1", "2"),
        pick("verified", "verified", "verified", "weak"),
        pick(*facts.KINDS),
        pick(*facts.DATES),
        pick(False, False, True),
        pick(False, False, True),
    )


_BEFORE = st.lists(st.fixed_dictionaries({"valueQuantity": _quantities()}), max_size=2).map(tuple)
NOW = datetime.fromisoformat(facts.NOW)
CONTENTS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "intended": st.none() | _bodies() | _bodies() | _bodies(),
        "earlier": st.none() | _BEFORE | _BEFORE,
        "sources": st.lists(_sources(), max_size=3).map(tuple),
        "now": st.just(NOW),
    }
)
"""The members of a request that conditions look at."""


def _tables(rows: list[str]) -> str:
    return "[" + ", ".join(f"{{{row}}}" for row in rows) + "]"
