"""Shifts, absences and sites as the roster writes them, and whether a time falls into them.

A shift is weekly and has a time zone of its own; one that ends at or before the hour it begins ends
on the next day. Times are intervals: who may be on duty at either end counts as on duty, because
telling one person too many is better than telling nobody.
Source: design §8, hub-protocol §10 (clock); IANA time zone database.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta, timezone
from functools import lru_cache
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from core.ledger.event import Interval

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MIDNIGHT_AFTER = "24:00"
_OFFSET = re.compile(r"([+-])(\d\d):(\d\d)")


def _hour(text: str) -> str:
    if re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d|24:00", text) is None:
        raise ValueError(f"{text!r} is no time of day; write it like 07:30")
    return text


def _start_hour(text: str) -> str:
    if _hour(text) == MIDNIGHT_AFTER:
        raise ValueError("a shift does not begin at 24:00; write 00:00 and the next day")
    return text


def _days(days: list[Day]) -> list[Day]:
    if not days or len(set(days)) != len(days):
        raise ValueError('name each day once, like ["mon", "tue"]')
    return days


def _aware(when: datetime) -> datetime:
    if when.tzinfo is None:
        raise ValueError("has no offset; write it like 2026-12-24T08:00:00+01:00")
    return when


SiteId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
Zone = Annotated[
    str,
    StringConstraints(
        pattern=r"^([A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*|[+-]([01]\d|2[0-3]):[0-5]\d)$",
        max_length=64,
    ),
]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Site(_Model):
    """A place of work, and the EHRs that its people serve."""

    id: SiteId
    ehrs: Annotated[list[SiteId], Field(min_length=1)]


class Shift(_Model):
    """Weekly hours; `days` are those on which the shift begins."""

    days: Annotated[list[Day], AfterValidator(_days)]
    begins: Annotated[str, AfterValidator(_start_hour)] = Field(alias="from")
    ends: Annotated[str, AfterValidator(_hour)] = Field(alias="to")
    zone: Zone
    """An IANA name such as `Europe/Berlin`, or a fixed offset such as `+01:00`."""

    def covers(self, at: datetime) -> bool:
        """Tell whether a UTC time falls into the shift; so does every time where the zone is lost.

        Who wrote the roster knew the zone; a machine without its table must not silence anybody.
        """
        zone = zone_of(self.zone)
        if zone is None:
            return True
        today = at.astimezone(zone).date()
        for day in (today - timedelta(days=1), today):
            if DAYS[day.weekday()] not in self.days:
                continue
            begins = datetime.combine(day, time.fromisoformat(self.begins), zone)
            later = day + timedelta(days=self.ends <= self.begins or self.ends == MIDNIGHT_AFTER)
            hour = "00:00" if self.ends == MIDNIGHT_AFTER else self.ends
            ends = datetime.combine(later, time.fromisoformat(hour), zone)
            if begins.astimezone(UTC) <= at < ends.astimezone(UTC):
                return True
        return False


class Absence(_Model):
    """A time in which a person is not asked; `to` is the first moment that they are back."""

    begins: Annotated[datetime, AfterValidator(_aware)] = Field(alias="from")
    ends: Annotated[datetime, AfterValidator(_aware)] = Field(alias="to")

    def covers(self, at: datetime) -> bool:
        """Tell whether a time falls into it."""
        return self.begins <= at < self.ends


def in_shift(shifts: Sequence[Shift], at: Interval) -> bool:
    """Tell whether one of the shifts may run; without any, always."""
    return not shifts or any(shift.covers(end) for shift in shifts for end in (at.lo, at.hi))


def is_absent(absent: Sequence[Absence], at: Interval) -> bool:
    """Tell whether it is sure that the person is away."""
    return all(any(one.covers(end) for one in absent) for end in (at.lo, at.hi))


@lru_cache(maxsize=256)
def zone_of(name: str) -> ZoneInfo | timezone | None:
    """Return a time zone; None where this machine's table does not have it."""
    fixed = _OFFSET.fullmatch(name)
    if fixed is not None:
        span = timedelta(hours=int(fixed[2]), minutes=int(fixed[3]))
        return timezone(-span if fixed[1] == "-" else span)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
