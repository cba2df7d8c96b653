"""What a token endpoint's refusal means, and what a person can do about it.

Nothing that the endpoint wrote is shown: of its `error` only the codes that are known here, of
its `error_description` and `error_uri` no word.
Source: RFC 6749 §5.2 (error codes), RFC 9110 §6.6.1 (Date), SMART App Launch 2.x.
"""

from __future__ import annotations

from datetime import datetime

from core.errors import CountersignError, Unreachable
from core.ports import NoToken
from sync.fhir.answers import document, failure
from sync.fhir.assertion import BACKDATED
from sync.fhir.channel import Answer
from sync.fhir.dates import http_date
from sync.fhir.errors import Unreadable

FAULTS = frozenset({"server_error", "temporarily_unavailable"})
_CHECK_KEY = (
    "Check that client_id is the registered one, that the public half of its key is registered"
    " under the same kid and algorithm, and that token_url is written as the EHR names it"
)
_UNPROVEN = ("does not accept this client's proof of its key", _CHECK_KEY)
_MEANINGS = {
    "invalid_client": _UNPROVEN,
    "invalid_grant": _UNPROVEN,
    "invalid_request": (
        "cannot use this client's request",
        "Check that token_url is a SMART Backend Services endpoint that takes private_key_jwt",
    ),
    "invalid_scope": (
        "does not allow this client the scope it asks for",
        "Have the client registered for this scope",
    ),
    "unauthorized_client": (
        "does not allow this client the client_credentials grant",
        "Have it registered as a backend service",
    ),
    "unsupported_grant_type": (
        "does not offer the client_credentials grant",
        "Check that token_url is a SMART Backend Services endpoint",
    ),
}
_ASKS_THE_EHR = "Check the client's registration, key and scopes with the EHR's administrator"


def refused(name: str, answer: Answer, now: datetime) -> CountersignError:
    """Return the error that an answer of the token endpoint other than 200 ends with.

    `now` is this machine's time at the answer: clocks too far apart explain most refusals of a
    key that is registered, so they are named.
    """
    if answer.status in (404, 405):
        return Unreachable(f"{name} answered {answer.status}", remedy="Check token_url")
    if answer.status not in (400, 401, 403):
        return failure(name, answer)
    code = _code(name, answer)
    if code in FAULTS:
        return Unreachable(f"{name} has a fault of its own ({code})", remedy="Try again later")
    what, remedy = _MEANINGS.get(code, ("refused", _ASKS_THE_EHR))
    shown = code if code in _MEANINGS else "no error code that is known"
    problem = f"{name} {what} ({shown})"
    apart = _apart(answer, now)
    if apart and code != "invalid_scope":
        problem = f"{problem}, and the clocks differ: {apart}"
        remedy = f"Set this machine's clock right. {remedy}"
    found = NoToken(problem, remedy=remedy)
    found.oauth = code if code in _MEANINGS else ""
    return found


def _code(name: str, answer: Answer) -> str:
    try:
        code = document(name, answer).get("error")
    except Unreadable:
        return ""
    return code if isinstance(code, str) else ""


def _apart(answer: Answer, now: datetime) -> str:
    theirs = http_date(answer.headers.get("date"))
    if theirs is None:
        return ""
    ahead = (now - theirs).total_seconds()
    if abs(ahead) <= BACKDATED:
        return ""
    amount = f"{abs(ahead):,.0f} s" if abs(ahead) < 600 else f"{abs(ahead) / 60:,.0f} min"
    return f"this machine's is {amount} {'ahead' if ahead > 0 else 'behind'}"
