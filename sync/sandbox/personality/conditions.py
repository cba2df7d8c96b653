"""Preconditions as a product understands them: its own statuses, or not at all.

A server that does not go by versions ignores If-Match and If-None-Exist, as most that do not know
them: the second writer wins, and a create that is repeated stands twice.
"""

from __future__ import annotations

from dataclasses import replace

from starlette.datastructures import Headers

from core.profile.profile import Profile
from sync.sandbox.exchange import Call
from sync.sandbox.outcome import OutcomeError, refusal
from sync.sandbox.personality.capabilities import is_versioned

_UNMODIFIED = "if-unmodified-since"


def understood(profile: Profile, call: Call, method: str) -> Call:
    """Return the call without the preconditions that the server does not know.

    Raises the profile's status where it wants one that is missing.
    """
    ignored = set()
    if not is_versioned(profile):
        ignored |= {"if-match", "if-none-match", _UNMODIFIED}
    elif method in ("PUT", "PATCH") and "if-match" not in call.headers:
        missing = profile.missing_status.value
        if missing is not None:
            raise refusal(missing, "required", "If-Match is missing")
    if profile.conditional_create.value is not True:
        ignored.add("if-none-exist")
    kept = [(name, value) for name, value in call.headers.raw if name.decode() not in ignored]
    return replace(call, headers=Headers(raw=kept))


def stale(profile: Profile, error: OutcomeError) -> OutcomeError:
    """Return a failed precondition with the status that the product gives it."""
    status = profile.stale_status.value
    codes = {issue.code for issue in error.issues}
    if error.status != 412 or status is None or "conflict" not in codes:
        return error
    return replace(error, status=status)
