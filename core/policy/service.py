"""Service levels: by when somebody must have seen to an exception, and when the chart is read.

Source: design §10 (two queues, each with its service level and clock; the thinning schedule).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

DAY_S = 86_400
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": DAY_S}


@dataclass(frozen=True, slots=True)
class Level:
    """A time to see to something: seconds, or whole working days."""

    seconds: int = 0
    working_days: int = 0

    @property
    def rough_s(self) -> int:
        """Its length where every day is a working day."""
        return self.seconds + self.working_days * DAY_S

    def __str__(self) -> str:
        """Return it as the policy writes it."""
        if self.working_days:
            return f"{self.working_days}wd"
        unit, size = next(
            (name, size)
            for name, size in (("d", DAY_S), ("h", 3600), ("m", 60), ("s", 1))
            if self.seconds % size == 0
        )
        return f"{self.seconds // size}{unit}"


CRITICAL, CHANGED, LOSSY = Level(15 * 60), Level(4 * 3600), Level(working_days=2)
SCHEDULE = (600, 3600, 6 * 3600, DAY_S, 3 * DAY_S, 7 * DAY_S, 30 * DAY_S)
"""Seconds after verification at which the chart is read again; then it is left alone."""
VISIBLE = 600
"""How many seconds a create that the EHR took in may stay out of the chart."""
UNREAD = DAY_S
"""For how many seconds what cannot be examined is tried again before people are told."""


@dataclass(frozen=True, slots=True)
class Service:
    """What `[reconcile]` of a policy says."""

    critical: Level = CRITICAL
    changed: Level = CHANGED
    lossy: Level = LOSSY
    schedule: tuple[int, ...] = SCHEDULE
    visible_s: int = VISIBLE
    unread_s: int = UNREAD


USUAL = Service()


def level(value: object) -> Level | None:
    """Return the level that a text states, as `15m` or `2wd`; None for anything else, or none."""
    found = (
        re.fullmatch(r"(\d{1,4})(wd|[smhd])", value, re.ASCII) if isinstance(value, str) else None
    )
    if found is None or int(found[1]) == 0:
        return None
    count, unit = int(found[1]), found[2]
    return Level(working_days=count) if unit == "wd" else Level(count * _UNITS[unit])
