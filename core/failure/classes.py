"""The failure classes of a write, the one action that each has, and its words for people.

Source: design §9 (failure classes and their actions). A class is a static code: it stands in
leaves, in `--json` and in the agent's answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Failure(StrEnum):
    """Why a write did not simply succeed."""

    NOT_SENT = "not-sent"
    THROTTLED = "throttled"
    UNKNOWN = "outcome-unknown"
    TRANSIENT = "vendor-transient"
    PRECONDITION = "precondition"
    DUPLICATE = "duplicate"
    ALREADY_DONE = "already-done"
    ACCEPTED = "accepted-not-visible"
    VALIDATION = "validation"
    BUSINESS_RULE = "business-rule"
    AUTHENTICATION = "authentication"
    AUTHORIZATION = "authorization"
    REDIRECTED = "redirected"


class Action(StrEnum):
    """What the gateway does about a class; exactly one each."""

    WAIT = "wait-and-send-again"
    REFRESH = "refresh-token-once-then-stop"
    READ_BACK = "read-back-first"
    RETRY_ONCE = "read-back-then-at-most-one-retry"
    VERIFY = "verify-whether-it-is-ours"
    POLL = "hold-and-poll"
    TO_REVIEWER = "back-to-the-reviewer"
    TO_FIXER = "to-whoever-can-fix-it"
    CONSENT_OR_INCIDENT = "consent-or-incident-route"


READS_FIRST = frozenset({Action.READ_BACK, Action.RETRY_ONCE, Action.VERIFY})
"""Actions that decide nothing before the chart was read."""


@dataclass(frozen=True, slots=True)
class Guide:
    """The action of one class, and what a reviewer reads: what is the matter, and the remedy."""

    action: Action
    words: str
    remedy: str


GUIDE: dict[Failure, Guide] = {
    Failure.NOT_SENT: Guide(
        Action.WAIT,
        "The EHR could not be connected to; nothing was sent.",
        "It is tried again by itself, later each time. If it cannot wait, enter it by hand.",
    ),
    Failure.THROTTLED: Guide(
        Action.WAIT,
        "The EHR asks for fewer requests; this write was not taken.",
        "It is sent again at the time shown. If it cannot wait, enter it by hand.",
    ),
    Failure.UNKNOWN: Guide(
        Action.READ_BACK,
        "The EHR gave no answer that says whether this was written.",
        "The chart is read before anything else is done; it is never simply sent again.",
    ),
    Failure.TRANSIENT: Guide(
        Action.RETRY_ONCE,
        "The EHR reports a passing fault of its own.",
        "The chart is read first; if it is not there it is sent once more, and no third time.",
    ),
    Failure.PRECONDITION: Guide(
        Action.READ_BACK,
        "The chart is no longer as this change was approved on, or was not at that moment.",
        "The chart is read; what somebody else changed comes back to review, shown side by side.",
    ),
    Failure.DUPLICATE: Guide(
        Action.VERIFY,
        "The EHR says that the same record is there already.",
        "It is looked for. If it is not ours, look at the chart: keep that one, or propose anew.",
    ),
    Failure.ALREADY_DONE: Guide(
        Action.VERIFY,
        "The EHR says that this was done already.",
        "It is looked for, and counts as done only where the chart shows it.",
    ),
    Failure.ACCEPTED: Guide(
        Action.POLL,
        "The EHR took it in and holds it; it is not in the chart yet.",
        "It is looked for until a deadline. Staff at the EHR may have to release it there.",
    ),
    Failure.VALIDATION: Guide(
        Action.TO_REVIEWER,
        "The EHR calls the resource invalid; the chart is unchanged.",
        "It is not sent again. Send it back to review and correct it, or have it proposed anew.",
    ),
    Failure.BUSINESS_RULE: Guide(
        Action.TO_FIXER,
        "A rule of the EHR forbids it; the chart is unchanged.",
        "Have whoever runs the EHR lift what stands in the way, then send it back to review.",
    ),
    Failure.AUTHENTICATION: Guide(
        Action.REFRESH,
        "The EHR does not accept the gateway's token, not even a fresh one; nothing was written.",
        "Have the client's key and registration mended, then replay it.",
    ),
    Failure.AUTHORIZATION: Guide(
        Action.CONSENT_OR_INCIDENT,
        "The EHR does not let the gateway write this: access is refused or restricted.",
        "It is not tried again nor led around. Ask about consent and access; on-call closes it.",
    ),
    Failure.REDIRECTED: Guide(
        Action.CONSENT_OR_INCIDENT,
        "The EHR answered with another address, as it does where a patient was merged; it was not"
        " followed.",
        "Find out whether the patient's record was merged before anything is written for them.",
    ),
}

CAUTION = (
    Failure.UNKNOWN,
    Failure.DUPLICATE,
    Failure.ALREADY_DONE,
    Failure.PRECONDITION,
    Failure.TRANSIENT,
    Failure.ACCEPTED,
    Failure.REDIRECTED,
    Failure.AUTHORIZATION,
    Failure.BUSINESS_RULE,
    Failure.VALIDATION,
    Failure.AUTHENTICATION,
    Failure.THROTTLED,
    Failure.NOT_SENT,
)
"""The most cautious first: what says least about the chart, then what asks a person, then what
sends again by itself. Where rows disagree the earlier one here counts."""


def guide(code: str | None) -> Guide | None:
    """Return the guide of a class by its code; None for a code that is no class."""
    try:
        return GUIDE[Failure(code or "")]
    except ValueError:
        return None
