"""`[reconcile]` of a policy document: service levels, and when the chart is read again."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, NoReturn, Self, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    InstanceOf,
    model_validator,
)
from pydantic_core import PydanticCustomError

from core.policy.service import CHANGED, CRITICAL, LOSSY, SCHEDULE, UNREAD, VISIBLE, Level, level


def _refuse(problem: str, remedy: str) -> NoReturn:
    raise PydanticCustomError("policy", "{problem}", {"problem": problem, "remedy": remedy})


def _level(value: object) -> Level:
    found = level(value)
    if found is None:
        _refuse("not a service level", 'Write a duration like "15m", or working days like "2wd"')
    return found


def _duration(value: object) -> int:
    found = level(value)
    if found is None or found.working_days:
        _refuse("not a duration", 'Write a whole number and s, m, h or d in quotes, like "10m"')
    return found.seconds


def _rising(times: list[int]) -> list[int]:
    if not times or times[0] < 60 or any(b <= a for a, b in pairwise(times)) or len(times) > 20:
        _refuse(
            "not a schedule that thins out",
            'Name 1 to 20 times after verification, each later than the one before: ["10m", "1h"]',
        )
    return times


_Seconds: TypeAlias = Annotated[int, BeforeValidator(_duration)]
_Long: TypeAlias = Annotated[int, BeforeValidator(_duration), Field(ge=60, le=2_592_000)]
_Level: TypeAlias = Annotated[InstanceOf[Level], BeforeValidator(_level)]
_Schedule: TypeAlias = Annotated[list[_Seconds], AfterValidator(_rising)]


class Reconcile(BaseModel):
    """`[reconcile]`: how fast people see to an exception, and when the chart is read again."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    critical: _Level = CRITICAL
    changed: _Level = CHANGED
    lossy: _Level = LOSSY
    schedule: _Schedule = list(SCHEDULE)
    visible: _Long = VISIBLE
    unread: _Long = UNREAD

    @model_validator(mode="after")
    def _graver_is_sooner(self) -> Self:
        if not self.critical.rough_s <= self.changed.rough_s <= self.lossy.rough_s:
            _refuse(
                "what is graver would wait longer",
                "Give critical the shortest and lossy the longest time",
            )
        return self
