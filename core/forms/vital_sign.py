"""`vital-sign@1`: one measurement, or one blood pressure.

Codes and units are those of FHIR R4's vital signs profiles
(https://hl7.org/fhir/R4/observation-vitalsigns.html); oxygen saturation carries the code of US
Core's pulse oximetry profile too. The limits refuse only what no living person has: they catch a
wrong unit or a slipped digit, and say nothing about what is normal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from core.canonical import JsonObject, Number
from core.forms.form import Form, Given, concept, present, reference
from core.forms.values import Amount, Instant, Values, decimal

LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"

Kind = Literal[
    "heart-rate",
    "respiratory-rate",
    "body-temperature",
    "oxygen-saturation",
    "blood-pressure",
    "body-weight",
    "body-height",
    "head-circumference",
    "body-mass-index",
]
PRESSURE = "blood-pressure"


@dataclass(frozen=True, slots=True)
class Vital:
    """One kind of measurement: its LOINC codes, its name, and the limits for each UCUM unit."""

    codes: tuple[str, ...]
    text: str
    limits: Mapping[str, tuple[str, str]]


VITALS: Mapping[str, Vital] = {
    "heart-rate": Vital(("8867-4",), "Heart rate", {"/min": ("0", "400")}),
    "respiratory-rate": Vital(("9279-1",), "Respiratory rate", {"/min": ("0", "200")}),
    "body-temperature": Vital(
        ("8310-5",), "Body temperature", {"Cel": ("10", "48"), "[degF]": ("50", "118.4")}
    ),
    "oxygen-saturation": Vital(
        ("59408-5", "2708-6"), "Oxygen saturation by pulse oximetry", {"%": ("0", "100")}
    ),
    PRESSURE: Vital(("85354-9",), "Blood pressure", {"mm[Hg]": ("0", "400")}),
    "body-weight": Vital(
        ("29463-7",),
        "Body weight",
        {"kg": ("0.1", "700"), "g": ("100", "700000"), "[lb_av]": ("0.2", "1544")},
    ),
    "body-height": Vital(("8302-2",), "Body height", {"cm": ("15", "280"), "[in_i]": ("6", "110")}),
    "head-circumference": Vital(
        ("9843-4",), "Head circumference", {"cm": ("10", "100"), "[in_i]": ("4", "39")}
    ),
    "body-mass-index": Vital(("39156-5",), "Body mass index", {"kg/m2": ("3", "300")}),
}
_COMPONENTS = (("systolic", "8480-6", "Systolic"), ("diastolic", "8462-4", "Diastolic"))


class VitalSign(Values):
    """`value` is for every kind but a blood pressure, which has `systolic` and `diastolic`."""

    kind: Kind
    unit: Literal[
        "/min", "Cel", "[degF]", "%", "mm[Hg]", "kg", "g", "[lb_av]", "cm", "[in_i]", "kg/m2"
    ]
    """UCUM, one of the kind's."""
    value: Amount | None = Field(default=None, validate_default=True)
    systolic: Amount | None = Field(default=None, validate_default=True)
    diastolic: Amount | None = Field(default=None, validate_default=True)
    effective: Instant
    """When it was measured."""
    status: Literal["preliminary", "final"]

    @field_validator("unit")
    @classmethod
    def _of_the_kind(cls, unit: str, info: ValidationInfo) -> str:
        vital = VITALS.get(str(info.data.get("kind")))
        if vital is not None and unit not in vital.limits:
            raise ValueError(f"is not used for this kind; use {' or '.join(vital.limits)}")
        return unit

    @field_validator("value", "systolic", "diastolic")
    @classmethod
    def _possible(cls, amount: Number | None, info: ValidationInfo) -> Number | None:
        kind, unit = info.data.get("kind"), info.data.get("unit")
        if kind is None or unit is None:
            return amount
        wanted = (info.field_name == "value") != (kind == PRESSURE)
        if amount is None:
            if wanted:
                raise ValueError(f"is missing for {kind}")
            return None
        if not wanted:
            raise ValueError(f"does not go with {kind}")
        low, high = VITALS[kind].limits[unit]
        if not Decimal(low) <= decimal(amount) <= Decimal(high):
            raise ValueError(f"is impossible: {kind} lies between {low} and {high} {unit}")
        above = info.data.get("systolic")
        if info.field_name == "diastolic" and above and decimal(amount) >= decimal(above):
            raise ValueError("is impossible: it is not below systolic")
        return amount


def _make(values: VitalSign, given: Given) -> JsonObject:
    vital = VITALS[values.kind]
    components = [
        {"code": concept(LOINC, code, text=text), "valueQuantity": _quantity(amount, values.unit)}
        for name, code, text in _COMPONENTS
        if (amount := getattr(values, name)) is not None
    ]
    return present(
        resourceType="Observation",
        status=values.status,
        category=[concept(CATEGORY, "vital-signs")],
        code=concept(LOINC, *vital.codes, text=vital.text),
        subject=reference(given.patient),
        encounter=None if given.encounter is None else reference(given.encounter),
        effectiveDateTime=values.effective,
        valueQuantity=None if values.value is None else _quantity(values.value, values.unit),
        component=components or None,
    )


def _quantity(amount: Number, unit: str) -> JsonObject:
    return {"value": amount, "unit": unit, "system": UCUM, "code": unit}


FORM = Form("vital-sign@1", "create", "Observation", "A vital sign.", VitalSign, _make)
