"""What a prediction is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.canonical import JsonObject
from core.discrepancy import Comparison, compare
from core.prediction.labels import Kept, Label
from core.profile.facts import Basis
from core.profile.profile import Profile
from core.profile.work import Around


@dataclass(frozen=True, slots=True)
class About:
    """The EHR's profile, the write, and what was measured of our labels."""

    profile: Profile
    op: str
    resource: JsonObject
    around: Around
    seen: Mapping[Label, Kept]

    def compared(self, ours: JsonObject, theirs: JsonObject) -> Comparison:
        """Compare two resources as a reconciliation on this EHR would, but for concept maps."""
        region = self.profile.telephone_region.value
        return compare(ours, theirs, base_url=self.around.base_url, region=region)

    def measured(self, seen: Kept) -> Basis:
        """Return the basis of what our own reconciliations found."""
        of = seen.kept + seen.dropped
        return Basis(f"our reconciliations here: {seen.dropped} of {of} dropped", None, "measured")
