"""Where nobody who can decide is on duty now."""

from __future__ import annotations

from collections.abc import Iterable

from core.duty.resolve import resolve
from core.ledger.event import Interval
from core.policy.route import Route
from core.roster import Roster


def gaps(routes: Iterable[Route], roster: Roster, at: Interval) -> list[str]:
    """Return the ids of the routes for which neither holder of a role nor deputy is there."""
    return [
        route.id
        for route in routes
        if resolve(roster, route.as_json(), at).how not in ("on-duty", "deputies")
    ]
