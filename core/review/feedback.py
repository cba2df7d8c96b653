"""The reasons of rejections as CDS Hooks knows them, for services that learn from overrides.

Source: CDS Hooks 2.0, "Card attributes" (`overrideReasons`, Codings of the service's own list) and
"Feedback" (`overrideReason.reason`).
"""

from __future__ import annotations

from core.canonical import JsonObject
from core.review.reasons import REJECT_REASONS, check_reason

SYSTEM = "urn:countersign:reject-reason"
"""The code system of the reasons: they are this product's own list."""


def override_reason(code: str) -> JsonObject:
    """Return the Coding of a reason code; BadInput for one that is not documented."""
    return {"system": SYSTEM, "code": check_reason(code), "display": REJECT_REASONS[code]}
