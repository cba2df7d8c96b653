"""The answer about consent as one line of text, as it stands in the ledger.

Its first word says what holds, the rest which provision of which version said so:
`permit Consent/c1 version 3 provision 1`. `unreadable` stands where a Consent cannot be read or
contradicts itself, `unread:lost` and `unread:refused` where they could not be had, `default:`
where Consents were read and none applies, `not-read:` where the EHR holds none; these two carry
the workspace's stated default.
Source: design §7 (no matching provision → the workspace's stated default).
"""

from __future__ import annotations

LOST = "unread:lost"
REFUSED = "unread:refused"

_PERMITTED = frozenset({"permit", "default:permit", "not-read:permit"})
_DENIED = frozenset({"deny", "default:deny", "not-read:deny"})


def permits(answer: str) -> bool:
    """Tell whether an answer allows; whatever is not known to does not."""
    return _first(answer) in _PERMITTED


def denies(answer: str) -> bool:
    """Tell whether an answer is a clear no."""
    return _first(answer) in _DENIED


def _first(answer: str) -> str:
    return answer.partition(" ")[0]
