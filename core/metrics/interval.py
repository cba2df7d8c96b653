"""How far a rate that was counted may be from the true one."""

from __future__ import annotations

from math import sqrt

_Z = 1.959963984540054
"""The 97.5th percentile of the standard normal distribution: two-sided 95%."""


def wilson(hits: int, of: int) -> tuple[float, float]:
    """Return the 95% score interval of a rate, 0 to 1; (0, 1) where nothing was counted.

    Source: E. B. Wilson 1927; it holds its promise also for few cases and rates near 0 or 1, where
    the usual approximation says "100%, surely" after three of three.
    """
    if of == 0:
        return 0.0, 1.0
    rate, square = hits / of, _Z * _Z
    middle = rate + square / (2 * of)
    spread = _Z * sqrt(rate * (1 - rate) / of + square / (4 * of * of))
    low, high = (middle - spread) / (1 + square / of), (middle + spread) / (1 + square / of)
    return (0.0 if hits == 0 else low), (1.0 if hits == of else high)
