"""Conditions of a rule on values, and on the quotes that ground a change.

A condition is met or not; what is missing or unreadable does not meet it. Of several values at a
path every one must meet it. Source: design §7 (typed conditions), hub-protocol §8 (grounding).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import ClassVar, Literal, TypeAlias

from core.policy.moments import earliest
from core.policy.paths import ElementPath
from core.policy.request import Request, Source
from core.policy.values import Amount, amount, values_at

Otherwise: TypeAlias = Literal["no-match", "highest-tier", "deny"]


@dataclass(frozen=True, slots=True)
class Check:
    """What the values at one path must be; a limit that is None asks nothing.

    `minimum` and `maximum` are bounds, in `unit` (a UCUM code; None: a plain decimal). `max_factor`
    is how many fold more or less than the earlier value a value may be; `first_value` says that a
    value without any predecessor meets it. `max_age_s` and `not_future` are about dates.
    """

    code: ClassVar[str] = "condition-not-met"

    path: ElementPath
    otherwise: Otherwise
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    unit: str | None = None
    one_of: frozenset[str] | None = None
    none_of: frozenset[str] | None = None
    max_factor: Decimal | None = None
    first_value: bool = False
    max_age_s: int | None = None
    not_future: bool = False

    def concerns(self, request: Request) -> bool:
        """Return whether the request is about the type that the path starts with."""
        return request.type == self.path.type

    def met(self, request: Request) -> bool:
        """Return whether every value at the path meets every limit; no value meets none.

        A check of another type asks nothing of this request.
        """
        if not self.concerns(request):
            return True
        if request.intended is None:
            return False
        values = values_at(request.intended, self.path)
        return (
            bool(values)
            and all(self._is_within(value) for value in values)
            and all(self._is_coded(value) for value in values)
            and all(self._is_dated(value, request.now) for value in values)
            and (self.max_factor is None or self._is_near(values, request, self.max_factor))
        )

    def words(self) -> str:
        """Return the condition for people; it holds nothing of the chart."""
        return f"a condition on {self.path.text} is not met"

    def _is_within(self, value: object) -> bool:
        if self.minimum is None and self.maximum is None:
            return True
        found = amount(value)
        return (
            found is not None
            and found.unit == self.unit
            and (self.minimum is None or found.value >= self.minimum)
            and (self.maximum is None or found.value <= self.maximum)
        )

    def _is_coded(self, value: object) -> bool:
        if self.one_of is None and self.none_of is None:
            return True
        return (
            isinstance(value, str)
            and (self.one_of is None or value in self.one_of)
            and (self.none_of is None or value not in self.none_of)
        )

    def _is_dated(self, value: object, now: datetime | None) -> bool:
        if self.max_age_s is None and not self.not_future:
            return True
        moment = earliest(value) if isinstance(value, str) else None
        if moment is None or now is None or (self.not_future and moment > now):
            return False
        return self.max_age_s is None or now - moment <= timedelta(seconds=self.max_age_s)

    def _is_near(self, values: Iterable[object], request: Request, factor: Decimal) -> bool:
        if request.earlier is None:
            return False
        before = [item for held in request.earlier for item in values_at(held, self.path)]
        if not before:
            return self.first_value
        return all(
            _near(amount(new), amount(old), factor, self.unit) for new in values for old in before
        )


@dataclass(frozen=True, slots=True)
class Quotes:
    """How many verified quotes must ground a change, from what sources and how old at most.

    No `kinds` means a source of any resource type. A quote of a source that an agent or the
    patient wrote counts only where the rule says so.
    """

    code: ClassVar[str] = "evidence-insufficient"

    at_least: int
    otherwise: Otherwise
    kinds: frozenset[str] = frozenset()
    max_age_s: int | None = None
    agent_written: bool = False
    patient_written: bool = False

    def met(self, request: Request) -> bool:
        """Return whether enough different quotes count."""
        counted = {
            (source.reference, source.quote)
            for source in request.sources
            if self._counts(source, request.now)
        }
        return len(counted) >= self.at_least

    def words(self) -> str:
        """Return the demand for people."""
        return f"fewer than {self.at_least} verified quotes count for this rule"

    def _counts(self, source: Source, now: datetime | None) -> bool:
        if source.badge != "verified" or (self.kinds and source.kind not in self.kinds):
            return False
        if (source.agent_written and not self.agent_written) or (
            source.patient_written and not self.patient_written
        ):
            return False
        if self.max_age_s is None:
            return True
        moment = earliest(source.date)
        if moment is None or now is None:
            return False
        return now - moment <= timedelta(seconds=self.max_age_s)


Demand: TypeAlias = Check | Quotes


def is_independent(source: Source) -> bool:
    """Return whether a verified quote's source was written neither by an agent nor the patient."""
    return source.badge == "verified" and not (source.agent_written or source.patient_written)


def _near(new: Amount | None, old: Amount | None, factor: Decimal, unit: str | None) -> bool:
    if new is None or old is None or new.unit != old.unit:
        return False
    if unit is not None and new.unit != unit:
        return False
    if new.value <= 0 or old.value <= 0:
        return False
    ratio = Fraction(new.value) / Fraction(old.value)
    return ratio * Fraction(factor) >= 1 and ratio <= Fraction(factor)
