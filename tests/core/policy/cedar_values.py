"""Random conditions for rules and random request values, from the oracle's vocabularies."""

from __future__ import annotations

from datetime import datetime
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
OTHERWISE = st.sampled_from(["no-match", "highest-tier", "deny"])
AGENTS = (
    "",
    '[[agent]]\nid = "a-1"\nmodels = ["m-1"]\nmax_urgency = "routine"\n',
    '[[agent]]\nid = "a-2"\nprompts = ["p-2"]\nmax_urgency = "urgent"\n',
    '[[agent]]\nid = "a-2"\nmodels = ["m-1", "m-2"]\nprompts = ["p-1"]\n',
)


@st.composite
def checks(draw: st.DrawFn) -> str:
    """Return the conditions of an allow rule about Observation, as a TOML list of tables."""
    limits = draw(st.lists(st.sampled_from(LIMITS), min_size=1, max_size=2))
    return _tables([f'{limit}, otherwise = "{draw(OTHERWISE)}"' for limit in limits])


@st.composite
def unless(draw: st.DrawFn) -> str:
    """Return the conditions of a forbid."""
    return _tables(draw(st.lists(st.sampled_from(LIMITS), min_size=1, max_size=2)))


@st.composite
def quotes(draw: st.DrawFn) -> str:
    """Return what an allow rule demands of evidence."""
    parts = [
        f"at_least = {draw(st.sampled_from([1, 1, 2]))}",
        draw(st.sampled_from(["", "", 'kinds = ["Observation"]', 'kinds = ["*"]'])),
        draw(st.sampled_from(["", "", 'max_age = "2d"', 'max_age = "400d"'])),
        draw(st.sampled_from(["", "agent_written = true"])),
        draw(st.sampled_from(["", "patient_written = true"])),
        f'otherwise = "{draw(OTHERWISE)}"',
    ]
    return "{" + ", ".join(part for part in parts if part) + "}"


@st.composite
def contents(draw: st.DrawFn) -> dict[str, Any]:
    """Return the members of a request that conditions look at."""
    intended = draw(st.none() | _bodies() | _bodies() | _bodies())
    before = st.lists(st.fixed_dictionaries({"valueQuantity": _quantities()}), max_size=2)
    return {
        "intended": intended,
        "earlier": draw(st.none() | before.map(tuple) | before.map(tuple)),
        "sources": tuple(draw(st.lists(_sources(), max_size=3))),
        "now": datetime.fromisoformat(facts.NOW),
    }


def _bodies() -> st.SearchStrategy[dict[str, Any]]:
    codes = st.lists(st.sampled_from(facts.CODES), max_size=2)
    return st.fixed_dictionaries(
        {},
        optional={
            "valueQuantity": _quantities(),
            "doseNumber": st.lists(st.sampled_from(facts.NUMBERS).map(Number), max_size=2)
            | st.just("five"),
            "bodySite": codes.map(lambda found: {"coding": [{"code": code} for code in found]}),
            "effectiveDateTime": st.sampled_from(facts.DATES),
        },
    )


def _quantities() -> st.SearchStrategy[dict[str, Any]]:
    def quantity(number: str, unit: str, system: str, comparator: str | None) -> dict[str, Any]:
        found: dict[str, Any] = {"value": Number(number), "code": unit, "system": system}
        return found if comparator is None else {**found, "comparator": comparator}

    return st.builds(
        quantity,
        st.sampled_from(facts.NUMBERS),
        st.sampled_from(["kg", "kg", "kg", "g"]),
        st.sampled_from([UCUM, UCUM, UCUM, UCUM, "http://other"]),
        st.sampled_from([None, None, None, None, "<"]),
    )


def _sources() -> st.SearchStrategy[Source]:
    return st.builds(
        Source,
        st.just("DocumentReference/n1"),
        st.sampled_from("12"),
        st.sampled_from(["verified", "verified", "verified", "weak"]),
        st.sampled_from(facts.KINDS),
        st.sampled_from(facts.DATES),
        st.sampled_from([False, False, True]),
        st.sampled_from([False, False, True]),
    )


def _tables(rows: list[str]) -> str:
    return "[" + ", ".join(f"{{{row}}}" for row in rows) + "]"
