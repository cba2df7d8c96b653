"""Asking the chart itself: the patient's Consents are read each time, never remembered.

Source: design §7 (evaluated at intake and again inside the send step).
"""

from __future__ import annotations

from core.consent.asked import Asked
from core.consent.evaluate import evaluate
from core.ports import Ehr, Reads
from core.workspace import policy_in_force


class ChartConsents:
    """Implements `core.ports.Consents` over the EHR that holds the Consents."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    async def evaluate(self, ehr: Ehr, asked: Asked) -> str:
        """Return the answer; an EHR that offers no search for Consents holds none to read.

        Raises Unreachable or Refused where they are there and cannot be read.
        """
        default = policy_in_force(self._reads).consent_default
        if not (await ehr.capability("Consent")).search:
            return f"not-read:{default}"
        found = await ehr.search("Consent", {"patient": asked.patient})
        return evaluate([one.resource for one in found], asked, default)
