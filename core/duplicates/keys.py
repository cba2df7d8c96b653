"""Which elements make two resources of one type the same fact, as data.

Source: design §5 (code, status, period, encounter); FHIR R4 search parameters of each type.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

Aspect: TypeAlias = Literal[
    "code", "words", "time", "day", "value", "open", "dose", "content", "who"
]
"""What is compared: a shared coding; the same words, coded or not; exactly the same time; the same
day; the same values; whether both are open; the same dose; the same content; the same people."""


@dataclass(frozen=True, slots=True)
class Keys:
    """How facts of one type are found and compared.

    Each member of `certain` and `likely` is a set of aspects that must all be the same. `code`,
    `time`, `value`, `dose`, `content` and `who` name elements. `status` is the element that tells
    whether a fact is `open`; `void` are the statuses of what does not count. Where both sides have
    one of `apart` and they differ, nothing is certain. `narrow` is the search parameter that takes
    the code, `dated` the one that takes the time, where a patient may have very many.
    """

    certain: tuple[frozenset[Aspect], ...]
    likely: tuple[frozenset[Aspect], ...]
    code: tuple[str, ...] = ("code",)
    time: tuple[str, ...] = ()
    value: tuple[str, ...] = ()
    dose: tuple[str, ...] = ()
    content: tuple[str, ...] = ()
    who: tuple[str, ...] = ()
    status: str = "status"
    open: frozenset[str] = frozenset()
    void: frozenset[str] = frozenset({"entered-in-error"})
    apart: tuple[str, ...] = ()
    narrow: str | None = None
    dated: str | None = None


def _all(*aspects: Aspect) -> frozenset[Aspect]:
    return frozenset(aspects)


_MEDICINE = ("medicationCodeableConcept", "medicationReference")
_EFFECTIVE = ("effectiveDateTime", "effectivePeriod", "effectiveInstant", "effectiveTiming")
_OCCURRENCE = ("occurrenceDateTime", "occurrencePeriod", "occurrenceString", "occurrenceTiming")
_ORDERED = frozenset({"draft", "active", "on-hold"})

KEYS: Mapping[str, Keys] = {
    "Observation": Keys(
        certain=(_all("code", "time", "value"),),
        likely=(_all("code", "day"), _all("words", "day")),
        time=_EFFECTIVE,
        value=("value*", "component", "dataAbsentReason"),
        void=frozenset({"entered-in-error", "cancelled"}),
        apart=("bodySite", "method", "specimen"),
        narrow="code",
        dated="date",
    ),
    "Condition": Keys(
        certain=(_all("code", "open"),),
        likely=(_all("code"), _all("words")),
        status="clinicalStatus",
        open=frozenset({"active", "recurrence", "relapse"}),
        apart=("bodySite", "category"),
    ),
    "AllergyIntolerance": Keys(
        certain=(_all("code", "open"),),
        likely=(_all("code"), _all("words")),
        status="clinicalStatus",
        open=frozenset({"active"}),
    ),
    "MedicationRequest": Keys(
        certain=(_all("code", "open", "dose"),),
        likely=(_all("code", "open"), _all("words", "open")),
        code=_MEDICINE,
        dose=("dosageInstruction",),
        open=_ORDERED,
        apart=("doNotPerform",),
    ),
    "MedicationStatement": Keys(
        certain=(_all("code", "open", "dose"),),
        likely=(_all("code", "open"), _all("words", "open")),
        code=_MEDICINE,
        dose=("dosage",),
        open=frozenset({"active", "intended", "on-hold", "unknown"}),
    ),
    "MedicationAdministration": Keys(
        certain=(_all("code", "time", "dose"),),
        likely=(_all("code", "time"), _all("words", "time")),
        code=_MEDICINE,
        time=_EFFECTIVE,
        dose=("dosage",),
    ),
    "DocumentReference": Keys(
        certain=(_all("code", "time", "content"),),
        likely=(_all("content"), _all("code", "time")),
        code=("type",),
        time=("date",),
        content=("content",),
    ),
    "Immunization": Keys(
        certain=(_all("code", "time"),),
        likely=(_all("code", "day"), _all("words", "day")),
        code=("vaccineCode",),
        time=_OCCURRENCE,
        apart=("status", "protocolApplied"),
    ),
    "Procedure": Keys(
        certain=(_all("code", "time"),),
        likely=(_all("code", "day"), _all("words", "day")),
        time=("performedDateTime", "performedPeriod"),
        apart=("status", "bodySite"),
    ),
    "ServiceRequest": Keys(
        certain=(_all("code", "open", "time"),),
        likely=(_all("code", "open"), _all("words", "open")),
        time=_OCCURRENCE,
        open=_ORDERED,
        apart=("bodySite", "doNotPerform"),
    ),
    "Appointment": Keys(
        certain=(_all("time", "who", "open"),),
        likely=(_all("time", "open"), _all("code", "day", "open"), _all("words", "day", "open")),
        code=("serviceType", "appointmentType", "reasonCode"),
        time=("start", "end"),
        who=("participant",),
        open=frozenset({"proposed", "pending", "booked", "arrived", "checked-in", "waitlist"}),
    ),
    "Task": Keys(
        certain=(_all("code", "open", "time", "who"),),
        likely=(_all("code", "open"), _all("words", "open")),
        time=("restriction", "executionPeriod"),
        who=("focus", "owner"),
        open=frozenset({
            "draft", "requested", "received", "accepted", "ready", "in-progress", "on-hold",
        }),
    ),
    "Communication": Keys(
        certain=(_all("content", "who", "time"),),
        likely=(_all("content", "who"),),
        code=("topic",),
        time=("sent",),
        content=("payload",),
        who=("recipient",),
    ),
    "CommunicationRequest": Keys(
        certain=(_all("content", "who", "time"),),
        likely=(_all("content", "who"),),
        code=("category",),
        time=_OCCURRENCE,
        content=("payload",),
        who=("recipient",),
    ),
}  # fmt: skip
"""What can be told apart; a type that is not here is not compared, and the review says so."""
