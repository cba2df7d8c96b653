"""What an agent asks for: the proposal, its changes and its evidence.

Source: design §5. Resources and patches stay exact JSON (numbers keep their text); the models
refuse anything they do not know.
"""

from __future__ import annotations

import re
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
    WithJsonSchema,
    model_validator,
)
from pydantic_core import ErrorDetails

from core.canonical import JsonObject, Number
from core.errors import BadInput

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
    """A new resource."""

    op: Literal["create"]
    resource: Resource
    depends_on: tuple[Index, ...] = ()

    @property
    def target(self) -> str | None:
        """A create has none yet."""
        return None

    @property
    def type(self) -> str:
        """The resource type."""
        return str(self.resource.get("resourceType", ""))


class Update(_Model):
    """A new version of an existing resource, given whole or as RFC 6902 operations."""

    op: Literal["update"]
    target: TypedRef
    base_version: Version
    resource: Resource | None = None
    patch: Patch | None = None
    depends_on: tuple[Index, ...] = ()

    @model_validator(mode="after")
    def _one_body(self) -> Update:
        if (self.resource is None) == (self.patch is None):
            raise ValueError("an update carries either resource or patch")
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
        return Proposal.model_validate(_tuples(document))
    except ValidationError as error:
        raise _bad_input(error) from None


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


_PROBLEMS = {
    "missing": ("is missing", "Add it"),
    "extra_forbidden": ("is not a known key", "Remove it, or check its spelling"),
    "string_type": ("is not a string", "Send a JSON string"),
    "string_too_long": ("is too long", "Shorten it"),
    "string_too_short": ("is empty", "Fill it in or leave it out"),
    "too_long": ("has too many items", "Split the proposal"),
    "too_short": ("has no items", "Add at least one"),
    "tuple_type": ("is not a list", "Send a JSON array"),
    "list_type": ("is not a list", "Send a JSON array"),
    "dict_type": ("is not an object", "Send a JSON object"),
    "model_type": ("is not an object", "Send a JSON object"),
    "model_attributes_type": ("is not an object", "Send a JSON object"),
    "int_type": ("is not an integer", "Send a JSON integer"),
    "union_tag_invalid": ("has an op that is neither create nor update", "Use one of the two"),
    "union_tag_not_found": ("has no op", 'Add "op": "create" or "op": "update"'),
    "is_instance_of": ("has the wrong JSON type", "See `countersign schema proposal`"),
    "decimal_type": ("is not a number", "Send a JSON number"),
    "greater_than_equal": ("is too small", "See `countersign schema proposal`"),
    "less_than_equal": ("is too large", "See `countersign schema proposal`"),
    "less_than": ("is too large", "See `countersign schema proposal`"),
}


def _bad_input(error: ValidationError) -> BadInput:
    first = error.errors(include_input=False, include_url=False)[0]
    problem, remedy = _explain(first)
    return BadInput(problem, field=_path(first["loc"]) or None, remedy=remedy)


def _explain(detail: ErrorDetails) -> tuple[str, str]:
    kind = detail["type"]
    if kind == "value_error":
        return str(detail["ctx"]["error"]), "See `countersign schema proposal`"
    if kind == "string_pattern_mismatch":
        return f"does not match {detail['ctx']['pattern']}", "Use only the characters it allows"
    if kind == "literal_error":
        return f"is none of {detail['ctx']['expected']}", "Use one of them"
    return _PROBLEMS.get(kind, (kind.replace("_", " "), "See `countersign schema proposal`"))


def _path(loc: tuple[int | str, ...]) -> str:
    text = ""
    for part in loc:
        if isinstance(part, int):
            text += f"[{part}]"
        elif part not in ("create", "update"):
            text += f".{part}" if text else re.sub(r"[^A-Za-z0-9_]", "?", part)[:64]
    return re.sub(r"[^A-Za-z0-9_.\[\]]", "?", text)[:200]
