"""For each invariant: resources that keep it and resources that break it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

UCUM = "http://unitsofmeasure.org"
CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
HTML = '<div xmlns="http://www.w3.org/1999/xhtml">'


def patient(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", **more}


def holding(kind: str, value: Any) -> dict[str, Any]:
    return patient(extension=[{"url": "http://example.org/x", "value" + kind: value}])


def timing(**repeat: Any) -> dict[str, Any]:
    return holding("Timing", {"repeat": repeat})


def trigger(**more: Any) -> dict[str, Any]:
    return holding("TriggerDefinition", more)


def concept(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def condition(clinical: str | None = None, status: str = "confirmed", **more: Any) -> Any:
    made = {
        "resourceType": "Condition",
        "subject": {"reference": "Patient/1"},
        "verificationStatus": concept(VERIFICATION, status),
        **more,
    }
    return made if clinical is None else {**made, "clinicalStatus": concept(CLINICAL, clinical)}


def observation(**more: Any) -> dict[str, Any]:
    code = concept("http://loinc.org", "8867-4")
    return {"resourceType": "Observation", "status": "final", "code": code, **more}


def narrative(inner: str) -> dict[str, Any]:
    return patient(text={"status": "generated", "div": f"{HTML}{inner}</div>"})


def with_contained(organization: dict[str, Any], reference: str = "#o1") -> dict[str, Any]:
    inner = {"resourceType": "Organization", "id": "o1", "name": "A", **organization}
    return patient(contained=[inner], managingOrganization={"reference": reference})


def requirement(**more: Any) -> dict[str, Any]:
    return holding("DataRequirement", {"type": "Observation", **more})


PERIOD = {"start": "2020-01-02", "end": "2020-01-03"}
DATA = [{"type": "Observation"}]
PULSE = concept("http://loinc.org", "8867-4")
MG5 = {"value": 5, "unit": "mg", "system": UCUM, "code": "mg"}
YEAR = {"unit": "a", "system": UCUM, "code": "a"}
ONE = {"system": UCUM, "code": "1"}
EMPTY_ID = {"id": "a"}
NOTE = [{"url": "http://example.org/why", "valueCode": "unknown"}]

# key, a resource that keeps the invariant, a resource that breaks it
CASES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("age-1", holding("Age", {**YEAR, "value": 5}), holding("Age", {**YEAR, "value": 0})),
    ("age-1", holding("Age", {**YEAR, "value": 5}), holding("Age", {"value": 5})),
    ("age-1", holding("Age", YEAR), holding("Age", {**YEAR, "value": 5, "system": "http://x"})),
    (
        "att-1",
        holding("Attachment", {"data": "AAAA", "contentType": "text/plain"}),
        holding("Attachment", {"data": "AAAA"}),
    ),
    (
        "cnt-3",
        holding("Count", {**ONE, "value": 2}),
        holding("Count", {**ONE, "value": Decimal("1.0")}),
    ),
    (
        "cnt-3",
        holding("Count", {**ONE, "value": 3}),
        holding("Count", {**ONE, "code": "2", "value": 1}),
    ),
    ("con-1", condition(stage=[{"summary": PULSE}]), condition(stage=[{"type": PULSE}])),
    ("con-2", condition(evidence=[{"code": [PULSE]}]), condition(evidence=[{"extension": NOTE}])),
    (
        "con-4",
        condition("resolved", abatementDateTime="2020"),
        condition("active", abatementDateTime="2020"),
    ),
    ("con-4", condition(), condition(abatementString="gone")),
    ("con-5", condition(status="entered-in-error"), condition("active", "entered-in-error")),
    (
        "cpt-2",
        patient(telecom=[{"system": "phone", "value": "1"}]),
        patient(telecom=[{"value": "1"}]),
    ),
    ("dis-1", holding("Distance", {**MG5, "code": "m"}), holding("Distance", {"value": 1})),
    (
        "dom-2",
        with_contained({}),
        with_contained({"contained": [{"resourceType": "Organization", "id": "o2", "name": "B"}]}),
    ),
    ("dom-3", with_contained({}), with_contained({}, "Organization/1")),
    (
        "dom-3",
        with_contained({"partOf": {"reference": "#"}}, "Organization/1"),
        with_contained({"name": "#o1"}, "Organization/1"),
    ),
    (
        "dom-4",
        with_contained({"meta": {"source": "http://x"}}),
        with_contained({"meta": {"versionId": "1"}}),
    ),
    ("dom-5", with_contained({}), with_contained({"meta": {"security": [{"code": "R"}]}})),
    (
        "drq-1",
        requirement(codeFilter=[{"path": "code"}]),
        requirement(codeFilter=[{"path": "code", "searchParam": "code"}]),
    ),
    (
        "drq-2",
        requirement(dateFilter=[{"searchParam": "date"}]),
        requirement(dateFilter=[{"valueDateTime": "2020"}]),
    ),
    ("drt-1", holding("Duration", {**YEAR, "value": 5}), holding("Duration", YEAR)),
    ("ele-1", patient(name=[{"family": "A"}]), patient(name=[EMPTY_ID])),
    ("ele-1", patient(birthDate="2020", _birthDate=EMPTY_ID), patient(_birthDate=EMPTY_ID)),
    (
        "exp-1",
        holding("Expression", {"language": "text/cql", "expression": "1"}),
        holding("Expression", {"language": "text/cql"}),
    ),
    (
        "ext-1",
        patient(extension=NOTE),
        patient(extension=[{"url": "http://x", "valueCode": "a", "extension": NOTE}]),
    ),
    ("ext-1", patient(_birthDate={"extension": NOTE}), patient(extension=[{"url": "http://x"}])),
    (
        "obs-3",
        observation(referenceRange=[{"text": "high"}]),
        observation(referenceRange=[{"type": PULSE}]),
    ),
    (
        "obs-6",
        observation(dataAbsentReason=PULSE),
        observation(dataAbsentReason=PULSE, valueString="1"),
    ),
    (
        "obs-7",
        observation(component=[{"code": PULSE, "valueString": "1"}]),
        observation(valueString="1", component=[{"code": PULSE}]),
    ),
    (
        "pat-1",
        patient(contact=[{"name": {"family": "A"}}]),
        patient(contact=[{"gender": "female"}]),
    ),
    ("per-1", holding("Period", PERIOD), holding("Period", {"start": "2020", "end": "2019"})),
    (
        "qty-3",
        holding("Quantity", MG5),
        holding("Quantity", {"value": 5, "code": "mg"}),
    ),
    (
        "rat-1",
        holding("Ratio", {"numerator": MG5, "denominator": MG5}),
        holding("Ratio", {"numerator": MG5}),
    ),
    ("rat-1", holding("Ratio", {"extension": NOTE}), holding("Ratio", {"denominator": MG5})),
    ("ref-1", with_contained({}), with_contained({}, "#o2")),
    (
        "rng-2",
        holding("Range", {"low": MG5, "high": MG5}),
        holding("Range", {"low": {**MG5, "value": Decimal("5.01")}, "high": MG5}),
    ),
    (
        "sqty-1",
        holding("Range", {"low": MG5}),
        holding("Range", {"low": {**MG5, "comparator": "<"}}),
    ),
    ("tim-1", timing(duration=1, durationUnit="h"), timing(duration=1)),
    ("tim-2", timing(period=1, periodUnit="h"), timing(period=1)),
    ("tim-4", timing(duration=0, durationUnit="h"), timing(duration=-1, durationUnit="h")),
    ("tim-5", timing(period=0, periodUnit="h"), timing(period=-1, periodUnit="h")),
    ("tim-6", timing(period=1, periodMax=2, periodUnit="h"), timing(periodMax=2, periodUnit="h")),
    ("tim-7", timing(duration=1, durationMax=2, durationUnit="h"), timing(durationMax=2)),
    ("tim-8", timing(count=1, countMax=2), timing(countMax=2)),
    ("tim-9", timing(offset=10, when=["AC"]), timing(offset=10, when=["CM"])),
    ("tim-9", timing(when=["CM"]), timing(offset=10)),
    ("tim-10", timing(when=["AC"]), timing(when=["AC"], timeOfDay=["10:00:00"])),
    (
        "trd-1",
        trigger(type="data-added", data=DATA),
        trigger(type="data-added", data=DATA, timingDate="2020"),
    ),
    (
        "trd-2",
        trigger(type="data-added", data=DATA, condition={"language": "a", "expression": "1"}),
        trigger(type="named-event", name="a", condition={"language": "a", "expression": "1"}),
    ),
    ("trd-3", trigger(type="named-event", name="a"), trigger(type="named-event")),
    ("trd-3", trigger(type="periodic", timingDate="2020"), trigger(type="periodic")),
    ("trd-3", trigger(type="data-added", data=DATA), trigger(type="data-added")),
    ("txt-1", narrative("<p>Hi</p>"), narrative("<p>Hi<script>1</script></p>")),
    ("txt-1", narrative("<a href='#x'>Hi</a>"), narrative("<a onclick='x()'>Hi</a>")),
    ("txt-1", narrative("Hi"), narrative("<a href=' java\tscript:x()'>Hi</a>")),
    ("txt-1", narrative("a &amp; b"), narrative("a &nbsp; b")),
    ("txt-1", narrative("Hi"), patient(text={"status": "generated", "div": "<div>Hi</div>"})),
    ("txt-1", narrative("Hi"), narrative("<p>Hi")),
    (
        "txt-1",
        narrative("Hi"),
        patient(text={"status": "generated", "div": f"<!DOCTYPE div>{HTML}Hi</div>"}),
    ),
    ("txt-2", narrative("<img src='#a' alt='a'/>"), narrative(" <p>\n</p>")),
]
