"""What an agent asks for: the proposal, its changes and its evidence.

Source: design §5. Resources and patches stay exact JSON (numbers keep their text); the models
refuse anything they do not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from core.canonical import JsonObject, Number
from core.forms import Given, check, fill
from core.strict import bad_input

MAX_CHANGES = 20
MAX_QUOTES = 20
MAX_SOURCES = 10

# The PurposeOfUse codes of HL7 v3 ActReason, as published with FHIR R4 4.0.1.
PURPOSES = frozenset(
    """HMARKT HOPERAT CAREMGT DONAT FRAUD GOV HACCRED HCOMPL HDECD HDIRECT HDM HLEGAL HOUTCOMS
    HPRGRP HQUALIMP HSYSADMIN LABELING METAMGT MEMADMIN MILCDM PATADMIN PATSFTY PERFMSR
    RECORDMGT SYSDEV HTEST TRAIN HPAYMT CLMATTCH COVAUTH COVERAGE ELIGDTRM ELIGVER ENROLLM
    MILDCRG REMITADV HRESCH BIORCH CLINTRCH CLINTRCHNPC CLINTRCHPC PRECLINTRCH DSRCH POARCH
    TRANSRCH PATRQT FAMRQT PWATRNY SUPNWK PUBHLTH DISASTER THREAT TREAT CLINTRL COC ETREAT
    BTG ERTREAT POPHLTH TREATDS PMTDS MLTRAINING""".split()
)

_ID = r"[A-Za-z0-9.-]{1,64}"
_NAME = r"^[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,127}$"


def _integer(value: Any) -> Any:
    return value.plain() if isinstance(value, Number) else value


def _purpose(value: Any) -> Any:
    if isinstance(value, str) and value not in PURPOSES:
        raise ValueError("not a PurposeOfUse code of HL7 v3 ActReason")
    return value


def _instant(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError("not an ISO 8601 date-time") from None
    if found.tzinfo is None:
        raise ValueError("a date-time without an offset")
    return found


Text = Annotated[str, StringConstraints(min_length=1, max_length=4000)]
AgentId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
CorrelationId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
Name = Annotated[str, StringConstraints(pattern=_NAME)]
PatientRef = Annotated[str, StringConstraints(pattern=rf"^Patient/{_ID}$")]
EncounterRef = Annotated[str, StringConstraints(pattern=rf"^Encounter/{_ID}$")]
TypedRef = Annotated[str, StringConstraints(pattern=rf"^[A-Z][A-Za-z]{{1,63}}/{_ID}$")]
Version = Annotated[str, StringConstraints(pattern=rf"^{_ID}$")]
Index = Annotated[
    int,
    BeforeValidator(_integer),
    Field(ge=0, lt=MAX_CHANGES),
    WithJsonSchema({"type": "integer", "minimum": 0, "maximum": MAX_CHANGES - 1}),
]
Confidence = Annotated[
    Decimal,
    BeforeValidator(lambda value: Decimal(value.text) if isinstance(value, Number) else value),
    Field(ge=0, le=1),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": 1}),
]
Purpose = Annotated[str, BeforeValidator(_purpose), WithJsonSchema({"enum": sorted(PURPOSES)})]
When = Annotated[
    datetime,
    BeforeValidator(_instant),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
Resource = Annotated[
    dict[str, Any],
    WithJsonSchema({"type": "object", "required": ["resourceType"], "description": "FHIR R4"}),
]
Patch = Annotated[
    list[dict[str, Any]],
    Field(min_length=1, max_length=200),
    WithJsonSchema({"type": "array", "minItems": 1, "description": "RFC 6902 JSON Patch"}),
]


FormName = Annotated[str, StringConstraints(min_length=1, max_length=64)]
FormValues = Annotated[
    dict[str, Any],
    WithJsonSchema({"type": "object", "description": "see `countersign schema forms`"}),
]


class _Model(BaseModel):
    # A proposal holds chart content, which no error may quote.
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


class Agent(_Model):
    """Who proposes; model and prompt are the agent's own claims."""

    id: AgentId
    """The enrolled agent."""
    model: Name
    """Model name and version, as the agent states it."""
    prompt: Name
    """Prompt name and version, as the agent states it."""
    services: tuple[Name, ...] = ()
    """External services the agent says it used."""


class Evidence(_Model):
    """A quote and the resource and version it comes from."""

    source: TypedRef
    """The source resource, `Type/id` on the proposal's EHR."""
    version: Version | None = None
    """The version the agent read; the current one where absent."""
    quote: Annotated[str, StringConstraints(min_length=1, max_length=4000)]
    """The source's own words."""
    supports: Annotated[tuple[Index, ...], Field(min_length=1)]
    """Indexes of the changes that the quote supports, from 0."""


class Create(_Model):
    """A new resource, given whole or by the values of a form; `read` fills the form in."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["resource"]}, {"required": ["form", "values"]}]}
    )

    op: Literal["create"]
    form: FormName | None = None
    values: FormValues | None = None
    resource: Resource | None = Field(default=None, validate_default=True)
    depends_on: tuple[Index, ...] = ()

    @field_validator("resource")
    @classmethod
    def _one_body(cls, resource: JsonObject | None, info: ValidationInfo) -> JsonObject | None:
        formed = info.data.get("form") is not None
        if (info.data.get("values") is not None) != formed:
            raise ValueError("is not what is missing: a form goes with its values")
        if resource is None and not formed:
            raise ValueError("is missing, and so are form and values")
        if resource is not None and formed:
            raise ValueError("does not go with a form")
        return resource

    @property
    def body(self) -> JsonObject:
        """The resource, as given or as the form made it."""
        return self.resource or {}

    @property
    def target(self) -> str | None:
        """A create has none yet."""
        return None

    @property
    def type(self) -> str:
        """The resource type."""
        return str(self.body.get("resourceType", ""))


class Update(_Model):
    """A new version of an existing resource: whole, as RFC 6902 operations, or by a form.

    A form is filled in on the version that the agent read.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"required": ["resource"]},
                {"required": ["patch"]},
                {"required": ["form", "values"]},
            ]
        }
    )

    op: Literal["update"]
    target: TypedRef
    base_version: Version
    resource: Resource | None = None
    patch: Patch | None = None
    form: FormName | None = None
    values: FormValues | None = None
    depends_on: tuple[Index, ...] = ()

    @model_validator(mode="after")
    def _one_body(self) -> Update:
        if (self.form is None) != (self.values is None):
            raise ValueError("a form goes with its values")
        given = (self.resource, self.patch, self.form)
        if sum(one is not None for one in given) != 1:
            raise ValueError("an update carries either resource or patch, or form and values")
        return self

    @property
    def type(self) -> str:
        """The resource type."""
        return self.target.partition("/")[0]


Change = Annotated[Create | Update, Field(discriminator="op")]


class Proposal(_Model):
    """One patient, one EHR, one or more changes, and why."""

    agent: Agent
    ehr: Name
    patient: PatientRef
    encounter: EncounterRef | None = None
    purpose: Purpose
    workflow: Name
    urgency: Literal["routine", "urgent", "stat"] = "routine"
    needed_by: When | None = None
    confidence: Confidence
    rationale: Text
    correlation_id: CorrelationId
    supersedes: CorrelationId | None = None
    changes: Annotated[tuple[Change, ...], Field(min_length=1, max_length=MAX_CHANGES)]
    evidence: Annotated[tuple[Evidence, ...], Field(max_length=MAX_QUOTES)] = ()

    @model_validator(mode="after")
    def _indexes(self) -> Proposal:
        count = len(self.changes)
        for place, quote in enumerate(self.evidence):
            if any(index >= count for index in quote.supports):
                raise ValueError(f"evidence[{place}].supports names a change that is not there")
        for place, change in enumerate(self.changes):
            if any(index >= place for index in change.depends_on):
                raise ValueError(f"changes[{place}].depends_on may name earlier changes only")
        if len({quote.source for quote in self.evidence}) > MAX_SOURCES:
            raise ValueError(f"evidence comes from more than {MAX_SOURCES} sources")
        return self


def read(document: JsonObject) -> Proposal:
    """Return the proposal in an exact JSON object, or BadInput naming the first wrong field."""
    try:
        found = Proposal.model_validate(_tuples(document))
    except ValidationError as error:
        raise bad_input(error) from None
    changes = tuple(_filled(found, place) for place in range(len(found.changes)))
    return found.model_copy(update={"changes": changes})


def _filled(proposal: Proposal, place: int) -> Create | Update:
    """Return a change with its form filled in, or, for an update, with its form checked."""
    change, field = proposal.changes[place], f"changes[{place}]"
    if change.form is None or change.values is None:
        return change
    if isinstance(change, Update):
        check(change.form, change.op, change.type, change.values, field)
        return change
    given = Given(proposal.patient, proposal.encounter)
    made = fill(change.form, change.values, given, field)
    return change.model_copy(update={"resource": made})


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a proposal."""
    return Proposal.model_json_schema(by_alias=True)


def _tuples(document: Mapping[str, Any]) -> dict[str, Any]:
    """Turn the lists that the strict models hold as tuples; resources and patches stay as sent."""
    found = dict(document)
    for key in ("changes", "evidence"):
        items = found.get(key)
        if isinstance(items, list):
            found[key] = tuple(_inner(item) for item in items)
    if isinstance(found.get("agent"), dict):
        found["agent"] = _inner(found["agent"])
    return found


def _inner(item: Any) -> Any:
    if not isinstance(item, dict):
        return item
    lists = ("supports", "depends_on", "services")
    return {
        key: tuple(value) if key in lists and isinstance(value, list) else value
        for key, value in item.items()
    }
