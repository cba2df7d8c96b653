"""What a product says that it takes, and what it takes: two things, as in the world outside.

It advertises what its profile says it advertises, or documents where nothing is known of its
statement. It takes a write that any axis of the profile
says yes to, unless documents or contract say no. Source: docs/adr/0027.
"""

from __future__ import annotations

from core.profile.profile import Profile
from core.profile.writes import claimed
from sync.sandbox.manner import Offer

WRITES = ("create", "update", "patch")
READS = ("read", "search-type")
HISTORY = ("vread", "history-instance")


COMMON = frozenset(
    {
        "AllergyIntolerance", "Appointment", "CarePlan", "CareTeam", "Condition", "Consent",
        "Coverage", "Device", "DiagnosticReport", "DocumentReference", "Encounter", "Goal",
        "Immunization", "Location", "Medication", "MedicationRequest", "Observation",
        "Organization", "Patient", "Practitioner", "PractitionerRole", "Procedure", "Provenance",
        "QuestionnaireResponse", "RelatedPerson", "ServiceRequest", "Task",
    }
)  # fmt: skip
"""Types that can be read and searched; which ones a product really shows is not in its profile."""


def shows(profile: Profile, kind: str) -> bool:
    """Tell whether it knows a type at all."""
    return kind in COMMON or any(claim.type == kind for claim in profile.claims)


def advertises(profile: Profile, kind: str, interaction: str) -> bool:
    """Tell whether its CapabilityStatement lists the write."""
    stated = claimed(profile, "advertised", kind, interaction).says
    documented = claimed(profile, "documented", kind, interaction).says
    return stated == "yes" or (stated == "unknown" and documented == "yes")


def takes(profile: Profile, kind: str, interaction: str) -> bool:
    """Tell whether a client that sends such a write is listened to."""
    said = {
        axis: claimed(profile, axis, kind, interaction).says
        for axis in ("advertised", "documented", "contract", "observed")
    }
    if "no" in (said["documented"], said["contract"], said["observed"]):
        return False
    return "yes" in said.values()


def is_versioned(profile: Profile) -> bool:
    """Tell whether it goes by versions: it then has ETags, versions to read, and If-Match."""
    return profile.precondition.value == "if-match"


def offer(profile: Profile, kind: str) -> Offer:
    """Return what the CapabilityStatement says of a type: of one that it shows not, nothing."""
    if not shows(profile, kind):
        return Offer(())
    writes = tuple(one for one in WRITES if advertises(profile, kind, one))
    versioned = is_versioned(profile)
    none = profile.precondition.value == "none"
    return Offer(
        interactions=(*READS, *(HISTORY if versioned else ()), *writes),
        versioning="versioned-update" if versioned else "no-version" if none else None,
        read_history=versioned,
        update_create=False,
        conditional_create=bool(writes) and profile.conditional_create.value is True,
        conditional_update=False,
    )
