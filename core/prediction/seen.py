"""What the store says before a write: how labels fared so far, and what is expected of a change."""

from __future__ import annotations

from collections.abc import Iterable

from core.canonical import JsonObject
from core.errors import BadInput
from core.ports import Reads
from core.prediction.labels import FATES, LABELS, Fate, Kept, Label
from core.prediction.predict import Prediction, predict
from core.profile.parse import profile_in_force
from core.profile.profile import Profile
from core.records import ChangeRow
from core.records_learnt import Told


def expected(reads: Reads, change: ChangeRow, resource: JsonObject) -> Prediction | None:
    """Return what the EHR will make of a change's exact bytes; None where nothing is known.

    A profile that cannot be read says nothing here; the gateway stops on it.
    """
    profile = readable_profile(reads, change.ehr)
    if profile is None:
        return None
    return predict(profile, change.op, resource, seen=fates(reads, change.ehr, change.type))


def readable_profile(reads: Reads, ehr: str) -> Profile | None:
    """Return an EHR's profile in force; None where it cannot be read."""
    try:
        return profile_in_force(reads, ehr)
    except BadInput:
        return None


def fates(reads: Reads, ehr: str, type_: str) -> dict[Label, Kept]:
    """Return how our labels fared in the newest writes of one type on one EHR."""
    return by_label(reads.recent_fates(ehr, type_))


def by_label(told: Iterable[Told]) -> dict[Label, Kept]:
    """Return counts and the newest fate by label; `told` is of one EHR and one type."""
    found: dict[Label, Kept] = {}
    newest: dict[Label, int] = {}
    for one in told:
        label: Label | None = next((name for name in LABELS if name == one.what), None)
        if label is None:
            continue
        before = found.get(label, Kept(0, 0, "kept"))
        fate: Fate = next((fate for fate in FATES if fate == one.outcome), "dropped")
        last = before.last
        if one.last >= newest.get(label, -1):
            newest[label], last = one.last, fate
        kept = one.count if fate == "kept" else 0
        found[label] = Kept(before.kept + kept, before.dropped + one.count - kept, last)
    return found
