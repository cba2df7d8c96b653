"""What every use case is given: the ports and the documents in force."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.errors import BadInput, Failed
from core.policy import Policy, parse_policy
from core.ports import Clock, Consents, Ehr, Ids, Keys, Ledger, Reads
from core.records import ConfigRow
from core.roster import Roster, parse_roster
from core.traffic.port import PLAIN, Traffic


@dataclass(frozen=True, slots=True)
class Workspace:
    """One workspace, opened."""

    team: str
    reviewer: str
    """Who sits at this terminal; signs with the key called `reviewer`."""
    ledger: Ledger
    keys: Keys
    clock: Clock
    ids: Ids
    ehrs: Mapping[str, Ehr]
    consents: Consents
    addresses: Mapping[str, str] = field(default_factory=dict)
    """EHR name → base URL, also where no client is at hand."""
    traffic: Traffic = PLAIN
    """Slots at the EHRs; limits nothing by itself."""

    def base_url(self, name: str) -> str:
        """Return the base URL of an EHR, which needs no client; BadInput for an unknown name."""
        found = self.ehrs.get(name)
        if found is not None:
            return found.base_url
        return self.addresses[name] if name in self.addresses else self.ehr(name).base_url

    def ehr(self, name: str) -> Ehr:
        """Return an EHR by name; BadInput for one that the workspace does not have."""
        found = self.ehrs.get(name)
        if found is None:
            raise BadInput(
                "this workspace has no EHR of that name",
                field="ehr",
                remedy=f"Use one of: {', '.join(sorted(self.ehrs))}",
            )
        return found


def document(reads: Reads, kind: str) -> ConfigRow:
    """Return a document in force; missing denies everything, so it raises."""
    found = reads.config(kind)
    if found is None:
        raise Failed(f"no {kind} is adopted", remedy=f"Run `countersign {kind} adopt`")
    return found


def policy_in_force(reads: Reads) -> Policy:
    """Return the adopted policy."""
    return parse_policy(document(reads, "policy").document)


def roster_in_force(reads: Reads) -> Roster:
    """Return the adopted roster."""
    return parse_roster(document(reads, "roster").document)


def phase_in_force(reads: Reads) -> str:
    """Return the adopted phase of adoption; a workspace without one is in the first."""
    found = reads.config("phase")
    return "1" if found is None else found.document
