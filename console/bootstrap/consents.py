"""Consent as this release knows it."""

from __future__ import annotations

from core.ports import Reads
from core.workspace import policy_in_force


class DefaultConsents:
    """Applies the workspace's stated default; no Consent is read in this release.

    Implements `core.ports.Consents`; says so in its answer.
    """

    def __init__(self, ledger: Reads):
        self._ledger = ledger

    async def evaluate(self, patient: str, purpose: str) -> str:  # noqa: ARG002  the port's names
        """Return `not-read:permit` or `not-read:deny`."""
        return f"not-read:{policy_in_force(self._ledger).consent_default}"
