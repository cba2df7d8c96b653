"""How much of one agent is let in; a refusal tells a machine why and when to try again.

Source: hub-protocol §8 (flood), design §9 (intake quotas per agent; machine-readable refusals).
"""

from __future__ import annotations

import hmac
import math
from datetime import datetime, timedelta

from core.canonical import JsonObject, c14n
from core.errors import Refused
from core.ledger.event import moment
from core.policy import Agent
from core.ports import Reads

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
_NAMES = ("correlation_id", "supersedes")
"""What a proposal is called and calls others: no part of what it proposes."""
OPEN_RETRY_S = 600
"""When to ask again while too many are open: nobody can say when people will decide them."""


class Throttled(Refused):
    """An agent is over a quota; `code` is static, `retry_after_s` whole seconds."""

    def __init__(self, code: str, problem: str, retry_after_s: int):
        self.quota = code
        self.retry_after_s = retry_after_s
        super().__init__(
            f"{problem} ({code})",
            field="agent.id",
            remedy=f"Propose again in {retry_after_s} seconds or later",
        )


def content_tag(pepper: bytes, document: JsonObject) -> str:
    """Return the keyed digest of what is proposed, whatever it is called: equal for a repeat."""
    body = {key: value for key, value in document.items() if key not in _NAMES}
    return hmac.new(pepper, b"content\x00" + c14n(body), "sha256").hexdigest()


def check_quota(reads: Reads, agent: Agent, tag: str, now: datetime) -> None:
    """Raise Throttled when one more proposal of that content would exceed a quota."""
    if reads.open_proposals(agent.id) >= agent.max_open:
        raise Throttled("quota-open", "too many proposals of this agent are open", OPEN_RETRY_S)
    wait = _wait(reads.nth_newest(agent.id, agent.max_per_hour), HOUR, now)
    if wait is not None:
        raise Throttled("quota-hour", "this agent proposed too much within an hour", wait)
    wait = repeats_wait(reads, agent, tag, now)
    if wait is not None:
        raise Throttled("quota-repeats", "this agent proposed the same too often in a day", wait)


def repeats_wait(reads: Reads, agent: Agent, tag: str, now: datetime) -> int | None:
    """Return in how many seconds the same content may be proposed once more; None: now."""
    return _wait(reads.nth_newest(agent.id, agent.max_repeats, tag), DAY, now)


def _wait(nth: str | None, span: timedelta, now: datetime) -> int | None:
    if nth is None:
        return None
    left = (moment(nth) + span - now).total_seconds()
    return math.ceil(left) if left > 0 else None
