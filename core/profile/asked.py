"""May we write, asked of one EHR as it is now: its profile in force, what it says and answered.

Source: docs/adr/0027.
"""

from __future__ import annotations

from datetime import date

from core.ports import Capability, Reads
from core.probe.measured import measured
from core.profile.facts import Basis
from core.profile.granted import granted_before
from core.profile.observed import IN_A_ROW, Observed, observed, says
from core.profile.parse import profile_in_force
from core.profile.profile import Axis, Says
from core.profile.writes import Answer, Told, can_be_undone, may_write

ALL = 20_000
"""So many are counted for people."""


def answer_for(
    reads: Reads,
    ehr: str,
    type_: str,
    interaction: str,
    advertised: Told | None = None,
    granted: Told | None = None,
) -> Answer:
    """Return what every axis says of one EHR now; raises BadInput for an unreadable profile.

    `advertised` and `granted` are what the server said just now. Without them stands what its
    token endpoint last said, and the profile's word.
    """
    telling = reads.telling(ehr, type_, interaction, _looked_at(reads, ehr), IN_A_ROW)
    seen: dict[Axis, Told] = {
        "observed": says(telling),
        "scope": granted_before(reads, ehr, type_, interaction),
    }
    for told in (advertised, granted):
        if told is not None:
            seen[told.axis] = told
    return may_write(profile_in_force(reads, ehr), type_, interaction, seen)


def refusal_now(reads: Reads, ehr: str, type_: str, interaction: str) -> Told | None:
    """Return the axis that refuses a write for which the server advertised a way before.

    Which answers there were is only asked where it could tell: it makes no other axis refuse.
    """
    offered = Told("advertised", "yes", Basis("as it was at intake", None, "measured"))
    granted = granted_before(reads, ehr, type_, interaction)
    seen: dict[Axis, Told] = {"advertised": offered, "scope": granted}
    told = may_write(profile_in_force(reads, ehr), type_, interaction, seen)
    if told.refusing is None and not reads.not_there(_looked_at(reads, ehr)):
        return None
    return answer_for(reads, ehr, type_, interaction, offered).refusing


def advertised_now(capability: Capability, interaction: str, on: date) -> Told:
    """Return what the server's CapabilityStatement says; a create may go by POST or by PUT."""
    offers = capability.update
    if interaction == "create":
        offers = capability.create or capability.update_create
    said: Says = "yes" if offers else "no"
    return Told("advertised", said, Basis("the server's CapabilityStatement", on, "measured"))


def granted_now(granted: bool | None, on: date) -> Told | None:
    """Return what asking for the token showed; None where nobody asked."""
    if granted is None:
        return None
    said: Says = "yes" if granted else "no"
    return Told("scope", said, Basis("the token that was asked for", on, "measured"))


def undone_by_api(reads: Reads, ehr: str, type_: str) -> bool | None:
    """Tell whether a write of that type can be undone, as the profile in force says."""
    return can_be_undone(profile_in_force(reads, ehr), type_)


def observed_here(reads: Reads, ehr: str) -> tuple[Observed, ...]:
    """Return what this EHR was seen to do with our writes."""
    return observed(reads.answers(ehr, ALL))


def _looked_at(reads: Reads, ehr: str) -> int:
    """Return the event at which a person last looked at the EHR: adopted, or probed it."""
    adopted, probed = reads.config(f"profile.{ehr}"), measured(reads, ehr)
    return max(-1 if adopted is None else adopted.seq, -1 if probed is None else probed.seq)
