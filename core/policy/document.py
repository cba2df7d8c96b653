"""The shape of a policy document: every key, its type and its limits; unknown keys are refused.

Only what one value can say of itself is checked here; references between parts are checked by
`core.policy.parse`. Source: design §7.
"""

from __future__ import annotations

import re
from collections import Counter
from decimal import Decimal
from typing import Annotated, Literal, NoReturn, TypeAlias

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, InstanceOf
from pydantic_core import PydanticCustomError

from core.policy.paths import ElementPath, element_path
from core.policy.reconcile_table import Reconcile
from core.policy.request import Effect

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_NAMED_WORDS = ("text", "contained", "modifier-extension", "attachment-url", "absolute-reference")
_NAMED_URLS = ("extension:", "meta-profile:")
_LABELS = (
    "restricted", "very-restricted", "part2", "behavioural", "substance-use", "hiv",
    "reproductive", "violence", "genetic", "taboo",
)  # fmt: skip
_NAMED_LABELS = tuple(f"label:{name}" for name in _LABELS)
_MAX_TEXT = 400
_LARGEST = Decimal("1e15")


def refuse(problem: str, remedy: str) -> NoReturn:
    """Raise the error that `core.policy.parse` turns into BadInput with the field's name."""
    raise PydanticCustomError("policy", "{problem}", {"problem": problem, "remedy": remedy})


def _version(number: int) -> int:
    if number != 1:
        refuse(f"version {number} is not known", "Write version = 1")
    return number


def _duration(value: object) -> int:
    found = re.fullmatch(r"(\d{1,6})([smhd])", value, re.ASCII) if isinstance(value, str) else None
    if found is None:
        refuse("not a duration", 'Write a whole number and s, m, h or d in quotes, like "8h"')
    return int(found.group(1)) * _UNITS[found.group(2)]


def _path(value: object) -> ElementPath:
    path = element_path(value) if isinstance(value, str) else None
    if path is None:
        refuse(
            f"{value!r} is not an element path",
            "Write Type.element with JSON names and no index, like Patient.telecom, or Type.*",
        )
    return path


def _decimal(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        refuse("not a number", "Write a number from 0 to 1, like 0.8")
    return Decimal(value)


def _bound(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        refuse("not a number", "Write a number, like 0.5")
    number = Decimal(value)
    if not number.is_finite() or abs(number) > _LARGEST or len(number.as_tuple().digits) > 30:
        refuse("too large or too long a number", "Write one between -1e15 and 1e15, 30 digits")
    return number


def _value_path(value: object) -> ElementPath:
    path = _path(value)
    if path.whole_type:
        refuse(f"{path.text} names no value", "Name one element, like Observation.value[x]")
    return path


def _text(text: str) -> str:
    if not text.strip() or not text.isprintable() or len(text) > _MAX_TEXT:
        refuse(
            "empty, too long or not on one line",
            f"Write one line of at most {_MAX_TEXT} printable characters",
        )
    return text


def _named(text: str) -> str:
    start = next((start for start in _NAMED_URLS if text.startswith(start)), None)
    if text in _NAMED_WORDS + _NAMED_LABELS or (start and text != start and "*" not in text):
        return text
    refuse(
        f"{text!r} names no special content",
        f"Write one of {', '.join(_NAMED_WORDS)}, extension:<url>, meta-profile:<url> "
        f"or {', '.join(_NAMED_LABELS)}",
    )


def _label(text: str) -> str:
    if text not in _LABELS:
        refuse(f"{text!r} is no group of sensitive labels", f"Write one of {', '.join(_LABELS)}")
    return text


def _shaped(pattern: str, remedy: str) -> AfterValidator:
    def check(text: str) -> str:
        if re.fullmatch(pattern, text, re.ASCII) is None:
            refuse(f"{text!r} cannot stand here", remedy)
        return text

    return AfterValidator(check)


def _distinct(words: list[str]) -> list[str]:
    if not words:
        refuse("empty", "Name at least one")
    if repeated := [word for word, count in Counter(words).items() if count > 1]:
        refuse(f"{repeated[0]!r} stands twice", "Keep one of them")
    if "*" in words and len(words) > 1:
        refuse("'*' stands beside other values", "Write only '*', or only the values")
    return words


_Text: TypeAlias = Annotated[str, AfterValidator(_text)]
_Id: TypeAlias = Annotated[
    str, _shaped(r"[a-z0-9][a-z0-9-]{0,63}", "Use small letters, digits and hyphens")
]
_Agent: TypeAlias = Annotated[
    str, _shaped(r"[A-Za-z0-9_-]{1,64}|\*", "Write an agent id: letters, digits, _ and -")
]
_Actor: TypeAlias = Annotated[
    str, _shaped(r"[A-Z][A-Za-z]{1,63}/[A-Za-z0-9.-]{1,64}", "Write a reference: Organization/1")
]
_Type: TypeAlias = Annotated[
    str, _shaped(r"[A-Z][A-Za-z]{1,63}|\*", "Write a FHIR resource type, like Patient")
]
_Purpose: TypeAlias = Annotated[
    str, _shaped(r"[A-Z]{2,20}|\*", "Write a v3 ActReason code, like TREAT")
]
_Element: TypeAlias = Annotated[
    str, _shaped(r"[a-z][A-Za-z0-9]{0,63}", "Write a top-level element, like status")
]
_Seconds: TypeAlias = Annotated[int, BeforeValidator(_duration)]
_Short: TypeAlias = Annotated[int, BeforeValidator(_duration), Field(ge=1, le=3_600)]
_Confidence: TypeAlias = Annotated[Decimal, BeforeValidator(_decimal), Field(ge=0, le=1)]
_Bound: TypeAlias = Annotated[Decimal, BeforeValidator(_bound)]
_ValuePath: TypeAlias = Annotated[InstanceOf[ElementPath], BeforeValidator(_value_path)]
_Unit: TypeAlias = Annotated[
    str, _shaped(r"[!-~]{1,64}", 'Write a UCUM code without spaces, like "mg" or "kg"')
]
_Words: TypeAlias = Annotated[list[_Text], AfterValidator(_distinct)]
_Roles: TypeAlias = Annotated[list[_Id], AfterValidator(_distinct)]
_Agents: TypeAlias = Annotated[list[_Agent], AfterValidator(_distinct)]
_Types: TypeAlias = Annotated[list[_Type], AfterValidator(_distinct)]
_Purposes: TypeAlias = Annotated[list[_Purpose], AfterValidator(_distinct)]
_Operations: TypeAlias = Annotated[
    list[Literal["create", "update", "*"]], AfterValidator(_distinct)
]
_Effects: TypeAlias = Annotated[list[Effect], AfterValidator(_distinct)]
_Paths: TypeAlias = Annotated[
    list[Annotated[InstanceOf[ElementPath], BeforeValidator(_path)]], Field(min_length=1)
]


_Urgency: TypeAlias = Literal["routine", "urgent", "stat"]
_Urgencies: TypeAlias = Annotated[
    list[Literal["routine", "urgent", "stat", "*"]], AfterValidator(_distinct)
]
_Otherwise: TypeAlias = Literal["no-match", "highest-tier", "deny"]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Consent(_Table):
    """`[consent]`: what holds where no consent provision matches, and who Consents call us."""

    default: Literal["permit", "deny"]
    actors: list[_Actor] = []


_Label: TypeAlias = Annotated[str, AfterValidator(_label)]


class Minors(_Table):
    """`[minors]`: the age in years from which nobody counts as a minor."""

    age_of_majority: int = Field(default=18, ge=1, le=30)


class Evidence(_Table):
    """`[evidence]`: what a quote that does not stand in its source leads to."""

    not_found: Literal["deny", "highest-tier"]


class Repeats(_Table):
    """`[repeats]`: what asking again for exactly what a person rejected leads to."""

    rejected: Literal["deny", "show"] = "deny"


class Review(_Table):
    """`[review]`: after so many quick approvals in a row one person pauses before the next."""

    streak: int = Field(default=15, ge=0, le=1_000)
    quick: _Short = 4
    pause: _Short = 120


class Auto(_Table):
    """`[auto]`: whether any rule may approve without a person, and for which elements."""

    enabled: bool = False
    paths: _Paths | None = None


class BreakGlass(_Table):
    """`[break_glass]`: the roles that may bypass quorum, named role and a consent denial."""

    roles: _Roles


class RouteTable(_Table):
    """`[[route]]`: an approval path; durations are like `8h`."""

    id: _Id
    roles: _Roles
    quorum: int = Field(ge=1, le=20)
    expires: _Seconds
    hold: _Seconds
    rebase: bool
    reach_by: _Seconds | None = None
    warn_before: _Seconds | None = None
    escalate_to: _Roles = []
    attestation: _Roles = []
    reassign_by: _Roles = ["supervisor"]
    unfenced: bool = False


class CheckTable(_Table):
    """`[[forbid.unless]]`: what every value at a path must be; missing or unreadable fails."""

    path: _ValuePath
    min: _Bound | None = None
    max: _Bound | None = None
    unit: _Unit | None = None
    one_of: _Words | None = None
    none_of: _Words | None = None
    max_factor: Annotated[_Bound, Field(gt=1, le=1000)] | None = None
    first_value: bool = False
    max_age: _Seconds | None = None
    not_future: bool = False


class AllowCheckTable(CheckTable):
    """`[[allow.check]]`: the same, and what an unmet check leads to."""

    otherwise: _Otherwise = "no-match"


class QuotesTable(_Table):
    """`[allow.quotes]`: how many verified quotes the rule wants, and of what sources."""

    at_least: int = Field(default=1, ge=1, le=20)
    kinds: _Types | None = None
    max_age: _Seconds | None = None
    agent_written: bool = False
    patient_written: bool = False
    otherwise: _Otherwise = "no-match"


class AgentTable(_Table):
    """`[[agent]]`: what is registered for one agent, its highest urgency and intake quotas."""

    id: Annotated[str, _shaped(r"[A-Za-z0-9_-]{1,64}", "Write an agent id: letters, digits, _, -")]
    models: _Words = ["*"]
    prompts: _Words = ["*"]
    max_urgency: _Urgency = "stat"
    max_open: int = Field(default=1_000, ge=1, le=1_000_000)
    max_per_hour: int = Field(default=2_000, ge=1, le=1_000_000)
    max_repeats: int = Field(default=1_000, ge=1, le=1_000_000)


class AllowTable(_Table):
    """`[[allow]]`: every match field must be written; `*` says any, an absent one says nothing."""

    id: _Id
    agents: _Agents
    ehrs: _Words
    types: _Types
    operations: _Operations
    paths: _Paths
    effects: _Effects = ["added", "changed"]
    purposes: _Purposes
    workflows: _Words
    models: _Words
    prompts: _Words
    tier: str
    route: str
    where: dict[_Element, _Words] = {}
    needs: list[Literal["encounter", "evidence"]] = []
    min_confidence: _Confidence | None = None
    named: list[Annotated[str, AfterValidator(_named)]] = []
    medication_orders: bool = False
    urgencies: _Urgencies = ["*"]
    check: list[AllowCheckTable] = []
    quotes: QuotesTable | None = None


class ForbidTable(_Table):
    """`[[forbid]]`: an absent match field says any, so that a forbid never misses by omission."""

    id: _Id
    agents: _Agents = ["*"]
    ehrs: _Words = ["*"]
    types: _Types = ["*"]
    operations: _Operations = ["*"]
    paths: _Paths | None = None
    effects: _Effects = ["added", "changed", "removed"]
    purposes: _Purposes = ["*"]
    workflows: _Words = ["*"]
    models: _Words = ["*"]
    prompts: _Words = ["*"]
    reason: _Text
    urgencies: _Urgencies = ["*"]
    unless: list[CheckTable] = []


class Document(_Table):
    """A whole policy document, version 1."""

    version: Annotated[int, AfterValidator(_version)]
    name: _Text
    tiers: Annotated[list[_Id], Field(min_length=2), AfterValidator(_distinct)]
    highest_route: str
    consent: Consent
    evidence: Evidence
    auto: Auto = Auto()
    repeats: Repeats = Repeats()
    review: Review = Review()
    reconcile: Reconcile = Reconcile()
    agent: list[AgentTable] = []
    break_glass: BreakGlass | None = None
    minors: Minors = Minors()
    labels: dict[_Label, _Roles] = {}
    enforce_cases: bool = False
    route: Annotated[list[RouteTable], Field(min_length=1)]
    allow: list[AllowTable] = []
    forbid: list[ForbidTable] = []
    people: dict[_Id, Annotated[int, Field(ge=0, le=100)]] | None = None
    # What a case may say is asked where cases are tried, so that a policy in force stays readable.
    case: list[dict[str, object]] = []
