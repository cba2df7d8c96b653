"""By which way what was written can be put right at its EHR, and who says so.

A correction is a proposal like any other (docs/adr/0032); this says beforehand whether the EHR will
take it through its API, or whether a person will have to type it there. Source: design §10 (next
steps); `correctable` and `correction` of the EHR's profile; docs/adr/0027, 0038.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from core.canonical import JsonObject
from core.errors import BadInput
from core.intake.by_hand import UNFENCED_UPDATE, why
from core.ports import Reads
from core.profile.asked import answer_for, refusal_now
from core.profile.facts import NOWHERE, Basis
from core.profile.parse import profile_in_force
from core.profile.profile import Profile
from core.records import BY_HAND, ChangeRow

By = Literal["api", "hand", "unknown"]
UPDATE = "update"
_MEANS = {
    "update": "an update",
    "entered-in-error": "marking it entered in error",
    "replaces": "a new one that replaces it",
    "manual": "hand, in its own screens",
    "none": "nothing at all",
}


@dataclass(frozen=True, slots=True)
class Way:
    """How a correction gets into the chart; `words` hold no value of the chart."""

    by: By
    words: str
    basis: Basis

    @property
    def source(self) -> str:
        """Who says so, and when; empty where nobody does."""
        if self.basis == NOWHERE:
            return ""
        day = self.basis.captured_on
        return self.basis.source if day is None else f"{self.basis.source}, {day}"

    def as_json(self) -> JsonObject:
        """Return the form of `--json`."""
        day = self.basis.captured_on
        return {
            "by": self.by,
            "words": self.words,
            "source": self.basis.source,
            "grade": self.basis.grade,
            "captured_on": None if day is None else day.isoformat(),
        }


def way_back(reads: Reads, change: ChangeRow) -> Way:
    """Return the way for one change that stands in the chart."""
    asked = (reads, change.ehr, change.type, UPDATE)
    sent = change.op == UPDATE and change.rung != BY_HAND
    try:
        profile, answer = profile_in_force(reads, change.ehr), answer_for(*asked)
        # What went out as an update was offered by the server, whatever its profile says of it.
        refusing = refusal_now(*asked) if sent else answer.refusing
    except BadInput:
        return Way("unknown", "This EHR's profile cannot be read.", NOWHERE)
    if refusing is None and profile.precondition.value == "none" and not sent:
        said = _by_hand(change, why(UNFENCED_UPDATE), profile)
        return Way("hand", said, profile.precondition.basis)
    if refusing is not None:
        said = _by_hand(change, why(refusing), profile)
        return Way("hand", said, _of_fact(profile) or refusing.basis)
    known = profile.correction
    if known.value is not None and UPDATE not in known.value:
        means = " or by ".join(_MEANS[one] for one in known.value)
        return Way("unknown", f"This EHR is said to be corrected by {means}.", known.basis)
    fenced = profile.precondition.value not in (None, "none")
    if sent or (fenced and any(told.says == "yes" for told in answer.told)):
        words = "It is proposed as an update through the API, and people decide it."
        return Way("api", words, known.basis)
    words = (
        "Whether this EHR takes an update of it safely is seen when the correction is proposed; "
        "where it does not, a person types the correction there (`downtime`)."
    )
    return Way("unknown", words, known.basis)


def _by_hand(change: ChangeRow, reason: str, profile: Profile) -> str:
    said = f"This EHR cannot correct a {change.type} through its API: {reason}."
    if profile.correctable.value is False:
        said = f"{said} What is written there cannot be undone through it."
    return f"{said} Once the correction is approved, a person types it there (`downtime`)."


def _of_fact(profile: Profile) -> Basis | None:
    """Return the basis of how this EHR is corrected, where its profile says that it is by hand."""
    known = profile.correction
    if known.value is not None and "manual" in known.value:
        return known.basis
    return profile.correctable.basis if profile.correctable.value is False else None
