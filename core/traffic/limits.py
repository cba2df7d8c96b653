"""What an EHR's profile says about how much it may be asked: its `[limits]` table.

The dialects that vendors publish: so many calls in a minute or a UTC day, with or without those to
the token endpoint, by the hour of the day (budgets), at once, a second. Source: design §9;
`reference` vendor facts behind it.
"""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from datetime import datetime, time
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.errors import BadInput

MINUTE_S = 60


@dataclass(frozen=True, slots=True)
class Window:
    """At most `calls` in a minute or in a UTC day; within a part of the day, where one is given."""

    per: Literal["minute", "day"]
    calls: int
    counts_token_calls: bool = True
    begins: time | None = None
    """UTC; with `ends` the part of the day in which the window binds; may span midnight."""
    ends: time | None = None

    def binds(self, now: datetime) -> bool:
        """Tell whether it binds at that UTC time."""
        if self.begins is None or self.ends is None:
            return True
        at = now.time()
        if self.begins < self.ends:
            return self.begins <= at < self.ends
        return at >= self.begins or at < self.ends


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of one EHR this workspace may use; without a profile's word, what is cautious."""

    concurrency: int = 32
    """The most requests at once."""
    per_second: float | None = None
    reserve: float = 0.25
    """The share of places and calls that background reads leave to writes."""
    windows: tuple[Window, ...] = ()
    unchecked: int = 500
    """With so many writes that are not reconciled, no more is taken in for this EHR."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Window(_Table):
    per: Literal["minute", "day"]
    calls: Annotated[int, Field(ge=4, le=100_000_000)]
    counts_token_calls: bool = True
    begins: time | None = Field(default=None, alias="from")
    ends: time | None = Field(default=None, alias="to")


class _Limits(_Table):
    concurrency: Annotated[int, Field(ge=1, le=256)] = 32
    per_second: Annotated[float, Field(gt=0, le=10_000)] | None = None
    reserve: Annotated[float, Field(ge=0, le=0.9)] = 0.25
    window: list[_Window] = []
    unchecked: Annotated[int, Field(ge=1, le=1_000_000)] = 500


@functools.lru_cache(maxsize=16)
def parse_limits(profile: str) -> Limits:
    """Return the limits in a profile document; BadInput names the field where they are wrong."""
    try:
        found: dict[str, Any] = tomllib.loads(profile)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"not TOML: {error}", field="profile", remedy="Correct it there") from None
    try:
        table = _Limits.model_validate(found.get("limits", {}))
    except ValidationError as error:
        defect = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in ("limits", *defect["loc"]))
        raise BadInput(defect["msg"], field=where, remedy="Correct the profile") from None
    for number, one in enumerate(table.window):
        if (one.begins is None) != (one.ends is None) or (one.begins and one.begins == one.ends):
            raise BadInput(
                "names half a part of the day",
                field=f"limits.window.{number}",
                remedy="Give two different times, from and to, or neither",
            )
    windows = tuple(
        Window(one.per, one.calls, one.counts_token_calls, one.begins, one.ends)
        for one in table.window
    )
    return Limits(table.concurrency, table.per_second, table.reserve, windows, table.unchecked)
