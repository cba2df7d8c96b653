"""What is known of one EHR product, as typed facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, TypeAlias

from core.failure.dialect import PLAIN, Dialect
from core.profile.facts import Basis, Fact
from core.profile.transforms import Transform
from core.traffic.limits import Limits

Axis: TypeAlias = Literal["advertised", "documented", "scope", "contract", "observed"]
AXES: tuple[Axis, ...] = ("advertised", "documented", "scope", "contract", "observed")
Says: TypeAlias = Literal["yes", "no", "unknown"]
Precondition: TypeAlias = Literal["if-match", "if-unmodified-since", "none"]
EVERY = "*"
_UNKNOWN: Fact[Any] = Fact()
_NO_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Claim:
    """What one axis says of writing one type by one interaction; `type` may be EVERY other."""

    type: str
    interaction: str
    axis: Axis
    says: Says
    basis: Basis


@dataclass(frozen=True, slots=True)
class FieldLimit:
    """How many characters an element may hold, and what happens to more."""

    path: str
    chars: int
    over: Literal["truncate", "reject", "unknown"]
    basis: Basis


@dataclass(frozen=True, slots=True)
class Dropped:
    """Elements that the EHR does not keep: left out in silence, or refused."""

    paths: tuple[str, ...]
    how: Literal["ignored", "refused", "unknown"]
    basis: Basis


@dataclass(frozen=True, slots=True)
class Note:
    """What it is known to do to an element in words that no transform says; a type, or below it."""

    path: str
    words: str
    basis: Basis


@dataclass(frozen=True, slots=True)
class Profile:
    """One document; a fact that it does not name is unknown."""

    name: str
    description: str
    version: int = 1

    fhir_version: Fact[str] = _UNKNOWN
    base_url: Fact[str] = _UNKNOWN
    """Template with `{tenant}` where the site's part stands."""
    software: Fact[str] = _UNKNOWN

    auth_methods: Fact[tuple[str, ...]] = _UNKNOWN
    auth_algorithms: Fact[tuple[str, ...]] = _UNKNOWN
    jwks_hosting: Fact[str] = _UNKNOWN
    token_ttl_s: Fact[int] = _UNKNOWN
    token_calls_per_minute: Fact[int] = _UNKNOWN
    token_calls_per_minute_preview: Fact[int] = _UNKNOWN

    precondition: Fact[Precondition] = _UNKNOWN
    stale_status: Fact[int] = _UNKNOWN
    missing_status: Fact[int] = _UNKNOWN
    conditional_create: Fact[bool] = _UNKNOWN
    create_response: Fact[str] = _UNKNOWN
    persisted_state: Fact[str] = _UNKNOWN

    unsupported_elements: Fact[str] = _UNKNOWN

    keeps_security: Fact[bool] = _UNKNOWN
    keeps_tag: Fact[bool] = _UNKNOWN
    keeps_identifier: Fact[bool] = _UNKNOWN
    keeps_contained_provenance: Fact[bool] = _UNKNOWN

    limiter: Fact[str] = _UNKNOWN
    counts_token_calls: Fact[bool] = _UNKNOWN
    retry_after: Fact[bool] = _UNKNOWN
    error_dialect: Fact[str] = _UNKNOWN

    correction: Fact[tuple[str, ...]] = _UNKNOWN
    correctable: Fact[bool] = _UNKNOWN
    redacted_reads: Fact[bool] = _UNKNOWN
    merged_patient: Fact[str] = _UNKNOWN
    correlation_header: Fact[str] = _UNKNOWN
    settles_s: Fact[int] = _UNKNOWN
    telephone_region: Fact[str] = _UNKNOWN
    """Country (ISO 3166) where national telephone numbers are at home."""

    claims: tuple[Claim, ...] = ()
    field_limits: tuple[FieldLimit, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    notes: tuple[Note, ...] = ()
    stated: tuple[Transform, ...] = ()
    """The transforms that the document names itself."""

    limits: Limits = _NO_LIMITS
    limits_basis: Basis | None = None
    """Where `limits` comes from; None when the document has no such table."""
    failures: Dialect = PLAIN
    failure_bases: tuple[tuple[str, Basis], ...] = ()
    """Of each row of `failures` what it says, and its basis."""
    sources: Mapping[str, Basis] = field(default_factory=dict)

    def facts(self) -> Mapping[str, Fact[object]]:
        """Return every scalar fact by name, unknown ones included."""
        found = {one.name: getattr(self, one.name) for one in fields(self)}
        return {name: value for name, value in found.items() if isinstance(value, Fact)}

    @property
    def transforms(self) -> tuple[Transform, ...]:
        """What it does to what it stores: stated, or following from limits and dropped elements.

        In the order in which they are to be applied.
        """
        dropped = tuple(
            Transform("drop", path, basis=one.basis)
            for one in self.dropped
            if one.how == "ignored"
            for path in one.paths
        )
        cut = tuple(
            Transform("truncate", one.path, chars=one.chars, basis=one.basis)
            for one in self.field_limits
            if one.over == "truncate"
        )
        return dropped + cut + self.stated
