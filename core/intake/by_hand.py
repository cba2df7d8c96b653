"""The road of a change for which the EHR has no API write: people decide it, one enters it by hand.

Source: docs/adr/0027; design §9 (manual entry).
"""

from __future__ import annotations

from dataclasses import replace

from core.policy import Policy, Reason, Verdict
from core.ports import Reads
from core.profile.asked import answer_for, refusal_now
from core.profile.facts import NOWHERE, Basis
from core.profile.profile import Axis
from core.profile.writes import Told
from core.records import BY_HAND, ChangeRow

NO_API = "no-api-write"
WHY: dict[Axis, str] = {
    "advertised": "the server does not offer it",
    "documented": "the vendor's documentation says that it is not supported",
    "scope": "no token is granted for it",
    "contract": "the site's contract does not include it",
    "observed": "the server answered again and again that it has none",
}
"""Why there is no API write, by the axis that refuses it."""


UNFENCED_UPDATE = Told(
    "advertised", "no", Basis("it offers no update that is safely bound to a version", None,
                              "measured"),
)  # fmt: skip
"""An update that could overwrite unseen what somebody else just wrote (docs/adr/0038)."""


def why(told: Told) -> str:
    """Return why an axis refuses, in words."""
    return told.basis.source if told == UNFENCED_UPDATE else WHY[told.axis]


def by_hand(verdict: Verdict, policy: Policy, told: Told) -> Verdict:
    """Return the verdict of a change that a person has to enter: never automatic, and it says so.

    What is denied stays so, for the reasons that it has.
    """
    if verdict.outcome == "denied":
        return verdict
    if verdict.outcome == "auto":
        verdict = replace(verdict, outcome="review", route=policy.highest_route)
    reason = Reason(
        NO_API,
        f"This EHR has no API write for it ({told.axis}: {why(told)}); once approved, a person "
        "enters it by hand.",
    )
    return replace(verdict, reasons=(*verdict.reasons, reason))


def refusing(reads: Reads, change: ChangeRow) -> Told | None:
    """Return the axis that refuses to let a change be written; None for one that is to be sent.

    What the server advertised at intake is not known any more: that axis is named only where no
    other refuses.
    """
    if change.rung != BY_HAND:
        return None
    asked = (reads, change.ehr, change.type, change.op)
    found = refusal_now(*asked) or answer_for(*asked).refusing
    if found is None and _was_unfenced(change):
        return UNFENCED_UPDATE
    return found or Told("advertised", "no", NOWHERE)


def _was_unfenced(change: ChangeRow) -> bool:
    """Tell whether its verdict says that an update is offered and none that is fenced."""
    said = (str(one.get("message", one)) for one in change.reason_list)
    return any(UNFENCED_UPDATE.basis.source in one for one in said)


def judged_by_hand(reads: Reads, change: ChangeRow, verdict: Verdict, policy: Policy) -> Verdict:
    """Return the verdict of a change judged again, as its rung wants it."""
    told = refusing(reads, change)
    return verdict if told is None else by_hand(verdict, policy, told)
