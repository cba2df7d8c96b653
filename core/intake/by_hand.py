"""The road of a change for which the EHR has no API write: people decide it, one enters it by hand.

Source: docs/adr/0027; design §9 (manual entry).
"""

from __future__ import annotations

from dataclasses import replace

from core.policy import Policy, Reason, Verdict
from core.ports import Reads
from core.profile.asked import answer_for, refusal_now
from core.profile.facts import NOWHERE
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


def by_hand(verdict: Verdict, policy: Policy, axis: Axis) -> Verdict:
    """Return the verdict of a change that a person has to enter: never automatic, and it says so.

    What is denied stays so, for the reasons that it has.
    """
    if verdict.outcome == "denied":
        return verdict
    if verdict.outcome == "auto":
        verdict = replace(verdict, outcome="review", route=policy.highest_route)
    reason = Reason(
        NO_API,
        f"This EHR has no API write for it ({axis}: {WHY[axis]}); once approved, a person enters "
        "it by hand.",
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
    return found or Told("advertised", "no", NOWHERE)


def judged_by_hand(reads: Reads, change: ChangeRow, verdict: Verdict, policy: Policy) -> Verdict:
    """Return the verdict of a change judged again, as its rung wants it."""
    told = refusing(reads, change)
    return verdict if told is None else by_hand(verdict, policy, told.axis)
