"""The patient's Consents as the chart holds them, searched once and kept for a little while.

Kept answers serve intake only, and say how old they are; the send step always reads anew.
Source: design §7 (cached with age; evaluated at intake and again inside the send step).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.canonical import JsonObject
from core.consent.asked import Asked
from core.consent.evaluate import Effect, evaluate
from core.ports import Clock, Ehr, Reads
from core.workspace import policy_in_force

KEPT_FOR = timedelta(minutes=5)
"""How old a search may be that intake still uses."""

_PATIENTS = 64


@dataclass(frozen=True, slots=True)
class ReadConsents:
    """Implements `core.ports.ReadConsents`: one search, asked as often as there are changes."""

    at: datetime
    default: Effect
    resources: Sequence[JsonObject] | None
    """None where the EHR offers no search for Consents: it holds none to read."""

    def answer(self, asked: Asked) -> str:
        """Return the answer as `core.consent.answer` explains it."""
        if self.resources is None:
            return f"not-read:{self.default}"
        return evaluate(self.resources, asked, self.default)


@dataclass(frozen=True, slots=True)
class _Kept:
    at: datetime
    resources: Sequence[JsonObject] | None


class ChartConsents:
    """Implements `core.ports.Consents` over the EHR that holds the Consents."""

    def __init__(self, reads: Reads, clock: Clock) -> None:
        self._reads = reads
        self._clock = clock
        self._kept: dict[tuple[str, str], _Kept] = {}

    async def read(self, ehr: Ehr, patient: str, *, fresh: bool = False) -> ReadConsents:
        """Return the patient's Consents, kept ones where not `fresh` and young enough.

        Raises Unreachable or Refused where they are there and cannot be read.
        """
        key = (ehr.base_url, patient)
        found = None if fresh else self._young(key)
        if found is None:
            found = await self._search(ehr, patient)
            self._keep(key, found)
        default = policy_in_force(self._reads).consent_default
        return ReadConsents(found.at, default, found.resources)

    def _young(self, key: tuple[str, str]) -> _Kept | None:
        found = self._kept.get(key)
        # A clock that went back makes the age unknown, which is not young.
        if found is None or not timedelta(0) <= self._clock.now() - found.at <= KEPT_FOR:
            return None
        return found

    def _keep(self, key: tuple[str, str], found: _Kept) -> None:
        self._kept.pop(key, None)
        while len(self._kept) >= _PATIENTS:
            self._kept.pop(next(iter(self._kept)))
        self._kept[key] = found

    async def _search(self, ehr: Ehr, patient: str) -> _Kept:
        # The moment before the search: what changes while it runs is newer than the answer.
        at = self._clock.now()
        if not (await ehr.capability("Consent")).search:
            return _Kept(at, None)
        found = await ehr.search("Consent", {"patient": patient})
        return _Kept(at, tuple(one.resource for one in found))
