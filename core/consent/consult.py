"""Asking the patient's Consents about the changes of one proposal, in one way at every place.

Source: design §7 (unreadable never allows), §14.5.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from core.canonical import JsonObject
from core.consent.answer import LOST, REFUSED
from core.consent.asked import Asked, labels_of
from core.errors import Refused, Unreachable
from core.ports import ReadConsents
from core.workspace import Workspace, policy_in_force


@dataclass(frozen=True, slots=True)
class Case:
    """What every change of a proposal shares: for whom, by which agent, to what end."""

    ehr: str
    patient: str
    agent: str
    purpose: str


@dataclass(frozen=True, slots=True)
class Heard:
    """An answer about consent, and when the Consents were read; None where they were not."""

    answer: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Consulted:
    """The Consents of one patient, read once; `failed` is the answer where they could not be."""

    workspace: Workspace
    case: Case
    found: ReadConsents | None
    failed: str = ""

    def about(
        self,
        type_: str,
        operation: Literal["create", "update"],
        base: JsonObject | None,
        intended: JsonObject,
    ) -> Heard:
        """Return what the Consents say of one change."""
        if self.found is None:
            return Heard(self.failed, None)
        asked = Asked(
            patient=self.case.patient,
            agent=self.case.agent,
            purpose=self.case.purpose,
            type=type_,
            operation=operation,
            at=self.workspace.clock.now(),
            labels=labels_of(base, intended),
            actors=policy_in_force(self.workspace.ledger).consent_actors,
        )
        return Heard(self.found.answer(asked), self.found.at)


async def consult(workspace: Workspace, case: Case, *, fresh: bool) -> Consulted:
    """Read the Consents of one patient; raises Unreachable or Refused where that fails."""
    found = await workspace.consents.read(workspace.ehr(case.ehr), case.patient, fresh=fresh)
    return Consulted(workspace, case, found)


async def consult_or_hold(workspace: Workspace, case: Case, *, fresh: bool) -> Consulted:
    """Read them; where that fails every answer says so, and the change is held for it."""
    try:
        return await consult(workspace, case, fresh=fresh)
    except Unreachable:
        return Consulted(workspace, case, None, LOST)
    except Refused:
        return Consulted(workspace, case, None, REFUSED)
