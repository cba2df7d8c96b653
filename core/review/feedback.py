"""A decision in the shape of CDS Hooks feedback, for services that speak that.

Source: CDS Hooks 2.0, "Feedback" (`card`, `outcome`, `acceptedSuggestions`, `overrideReason`,
`outcomeTimestamp`) and "Card attributes" (`overrideReasons`, Codings of the service's own list).
"""

from __future__ import annotations

from core.canonical import JsonObject
from core.errors import BadInput
from core.records import DecisionRow
from core.review.reasons import REJECT_REASONS, check_reason

SYSTEM = "urn:countersign:reject-reason"
"""The code system of the reasons: they are this product's own list."""


def override_reason(code: str) -> JsonObject:
    """Return the Coding of a reason code; BadInput for one that is not documented."""
    return {"system": SYSTEM, "code": check_reason(code), "display": REJECT_REASONS[code]}


def override_reasons() -> list[JsonObject]:
    """Return every reason, as a card's `overrideReasons` lists them."""
    return [override_reason(code) for code in REJECT_REASONS]


def cds_feedback(
    card: str, suggestion: str, decision: DecisionRow, comment: str | None = None
) -> JsonObject:
    """Return one entry of `feedback` for an approval or a rejection.

    `card` and `suggestion` are the ids under which the service showed the change. `comment` holds
    the reviewer's words, which may speak of the patient: they leave only where the caller was
    asked for them. Raises BadInput for a deferral, which is no outcome.
    """
    found: JsonObject = {"card": card, "outcomeTimestamp": decision.at}
    if decision.outcome == "approve":
        return found | {"outcome": "accepted", "acceptedSuggestions": [{"id": suggestion}]}
    if decision.outcome != "reject":
        raise BadInput("only an approval or a rejection is an outcome", field="outcome")
    why: JsonObject = {"reason": override_reason(decision.reason or "other")}
    if comment:
        why["userComment"] = comment
    return found | {"outcome": "overridden", "overrideReason": why}
