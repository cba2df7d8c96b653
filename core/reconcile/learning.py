"""What one reconciliation teaches of the EHR, and when a lost label of ours is news.

A label of ours that an EHR drops changes nothing of what the chart says, so it never makes a write
`changed`. It is looked at by a person once; then it is known of this EHR and type, counted, shown,
and no exception any more. Source: design §10; docs/adr/0029.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.canonical import JsonObject, exact
from core.discrepancy import VERIFIED, Class, Comparison, worst
from core.errors import Refused, Unreachable
from core.ports import Ehr, Reads
from core.prediction import Kept, Label, predict, score, survival
from core.prediction.labels import Fate, lost
from core.prediction.score import Differ
from core.prediction.seen import fates, readable_profile
from core.profile.profile import Profile
from core.records import ChangeRow, WriteRow
from core.workspace import Workspace

DISCREPANCY = "discrepancy"
WRITTEN = "written"
ENOUGH = 20
"""After how many Provenances that were found we believe that they are kept."""
_STATED: Mapping[Label, str] = {
    "security": "keeps_security",
    "tag": "keeps_tag",
    "identifier": "keeps_identifier",
}


@dataclass(frozen=True, slots=True)
class Compared:
    """What was sent, what is kept, how they differ, and how that was found."""

    intended: JsonObject
    persisted: JsonObject
    comparison: Comparison
    differ: Differ


@dataclass(frozen=True, slots=True)
class Learnt:
    """The class of the write without labels whose loss is known, and what the leaf says of it."""

    class_: Class
    kind: str | None
    """The exception that it opens; None where it is verified."""
    data: JsonObject


async def learn(
    workspace: Workspace,
    change: ChangeRow,
    written: WriteRow,
    compared: Compared,
    outcome: str | None = None,
) -> Learnt:
    """Measure the labels, score the prediction, and leave out of the class what is known.

    `outcome` is that of a Provenance which is not recorded yet, None where there is none.
    """
    ehr, reads = workspace.ehr(change.ehr), workspace.ledger
    seen = fates(reads, change.ehr, change.type)
    profile = readable_profile(reads, change.ehr)
    fate = survival(compared.intended, compared.persisted)
    beside = await _provenance(ehr, written, outcome or written.provenance, seen.get("provenance"))
    labels = fate if beside is None else {**fate, "provenance": beside}
    class_ = worst(
        item.class_
        for item in compared.comparison.differences
        if (label := lost(item)) is None or not is_known(label, seen, profile)
    )
    data: JsonObject = {"type": change.type, "labels": exact(dict(labels))}
    if profile is not None and _was_in_force(reads, change, written):
        said = predict(profile, change.op, compared.intended, base_url=ehr.base_url, seen=seen)
        data["prediction"] = score(
            said, compared.persisted, compared.comparison, compared.differ
        ).as_json()
    return Learnt(class_, None if class_ in VERIFIED else DISCREPANCY, data)


def is_known(label: Label, seen: Mapping[Label, Kept], profile: Profile | None) -> bool:
    """Tell whether a person was told already that this label gets lost.

    What was measured last counts; only where nothing was, the profile that an admin adopted. So an
    EHR that begins to drop what it used to keep is news.
    """
    found = seen.get(label)
    if found is not None:
        return found.last == "dropped"
    name = _STATED.get(label)
    return profile is not None and name is not None and getattr(profile, name).value is False


async def _provenance(
    ehr: Ehr, written: WriteRow, outcome: str | None, seen: Kept | None
) -> Fate | None:
    """Say whether the Provenance of a write is there; None where that is not measured.

    Once it was found after many writes, and after the last one, no more searches are spent on it.
    """
    if outcome != WRITTEN:
        return None if outcome is None else "dropped"
    if seen is not None and seen.last == "kept" and seen.kept >= ENOUGH:
        return None
    try:
        found = await ehr.search("Provenance", {"target": str(written.location)})
    except (Unreachable, Refused):
        return None
    return "kept" if found else "unseen"


def _was_in_force(reads: Reads, change: ChangeRow, written: WriteRow) -> bool:
    """Tell whether the reviewer saw the prediction of the profile that is in force now."""
    row = reads.config(f"profile.{change.ehr}")
    return row is not None and row.seq < written.intent_seq
