"""The reason codes of a rejection: few, static, safe to hand to an agent. Source: design §13."""

from __future__ import annotations

from core.errors import BadInput

REJECT_REASONS = {
    "wrong-patient": "The change is about somebody else",
    "not-supported": "The evidence does not say this",
    "negated": "The source says the opposite, or speaks of family or of the past",
    "outdated": "A newer source says otherwise",
    "duplicate": "The chart already has it",
    "wrong-value": "A value, code, dose or unit is wrong",
    "not-needed": "True, but it does not belong in the chart",
    "other": "See the note",
}


def check_reason(code: str) -> str:
    """Return `code` if it is documented, else raise BadInput listing those that are."""
    if code not in REJECT_REASONS:
        raise BadInput(
            "is not a known reason code",
            field="reason",
            remedy=f"Use one of: {', '.join(REJECT_REASONS)}",
        )
    return code
