"""The rows about failed writes, kept as those in `core.records`. Source: design §9."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FailureRow:
    """The newest failure of one operation, and when something is done about it."""

    operation: str
    proposal: str
    idx: int
    failure: str
    """Its class (`core.failure.classes`)."""
    code: str | None
    """The EHR's own number, where its profile knows it."""
    since: str
    """When the first of this class in a row happened."""
    tries: int
    """How many of this class there were in a row."""
    due: str | None = None
    """Before this it is neither sent nor read nor looked for again."""
    deadline: str | None = None
    """When a person is told that it is still not in the chart."""
    last_attempt: int | None = None
    """The number of the last attempt that may be made without a person; None: as ever."""
    ended: str | None = None
    """When the write got into the chart, or a person closed it."""


ACCESS = ("authorization", "authentication")
"""Classes of an EHR that does not let this client write; it is the first, or the second in a row:
a token that ran out is refused once."""


def refuses_access(failure: str, tries: int) -> bool:
    """Tell whether a failure says that the EHR refuses this client, and not one token."""
    return failure == ACCESS[0] or (failure == ACCESS[1] and tries > 1)


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """An EHR that refuses access to writes that are still not in the chart."""

    ehr: str
    failure: str
    """Its class: one of ACCESS."""
    since: str
    writes: int
