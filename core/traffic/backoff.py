"""How long to wait before a read is tried again: exponential with full jitter, or as told.

Writes are never retried here: they run all guards again. Source: design §9; M. Brooker,
"Exponential Backoff And Jitter" (AWS Architecture Blog, 2015); RFC 9110 §10.2.3 (Retry-After).
"""

from __future__ import annotations

from collections.abc import Callable

ATTEMPTS = 3
BASE_S = 0.2
CAP_S = 5.0
PATIENCE_S = 5.0
"""How long one read may take with all its waits before it is given up instead of repeated."""


def wait_s(
    attempt: int, took_s: float, retry_after_s: float | None, unit: Callable[[], float]
) -> float | None:
    """Return how long to wait after failed attempt number `attempt`, from 1; None: give up.

    `took_s` is the time since the first attempt began; `unit` returns a random number in [0, 1).
    A server's own Retry-After is never undercut: what it asks is waited in full or given up.
    """
    if attempt >= ATTEMPTS:
        return None
    jittered = unit() * min(CAP_S, BASE_S * 2.0**attempt)
    wait = jittered if retry_after_s is None else retry_after_s + unit() * BASE_S
    return wait if took_s + wait <= PATIENCE_S else None
