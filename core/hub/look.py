"""Reading a Task with all its versions, so that their order decides and not the newest one.

Source: hub-protocol §6 step 5. Whole-number versions are read one by one; others as the instance
history lists them, where it tells their order: two with one time of the server may be listed either
way, but outputs only grow where every writer read what it replaced. A gap, a history that lags or
an order that nothing tells leaves it open: it is asked again, never guessed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from core.hub.task import outputs
from core.hub.trail import Trail
from core.ports_hub import Held, Hub


@dataclass(frozen=True, slots=True)
class Look:
    """What was read; `conclusive` when `trail` reaches the version that is current."""

    held: Held | None
    trail: Trail
    conclusive: bool

    @property
    def view(self) -> Trail:
        """The trail, and what is current even where versions between are not known."""
        if self.held is None or self.trail.last == self.held.version:
            return self.trail
        return self.trail.then(self.held)


async def look(hub: Hub, reference: str, trail: Trail) -> Look:
    """Read the Task and the versions after `trail`. Raises Unreachable or Refused."""
    held = await hub.read(reference)
    if held is None:
        return Look(None, trail, conclusive=False)
    grown = await follow(hub, held, trail)
    return Look(held, grown, conclusive=grown.last == held.version)


async def follow(hub: Hub, held: Held, trail: Trail) -> Trail:
    """Return the trail followed towards `held`, as far as there is no gap."""
    if trail.last == held.version:
        return trail
    if _whole(held.version) and _whole(trail.last or "0"):
        for number in range(int(trail.last or "0") + 1, int(held.version) + 1):
            found = (
                held
                if str(number) == held.version
                else await hub.version(held.reference, str(number))
            )
            if found is None or found.version != str(number):
                return _listed(await hub.history(held.reference), held, trail)
            trail = trail.then(found)
        return trail
    return _listed(await hub.history(held.reference), held, trail)


def _listed(history: Sequence[Held], held: Held, trail: Trail) -> Trail:
    """Return the trail as a history continues it, if that is whole up to `held`."""
    history = history if _whole(held.version) else _ordered(history)
    names = [one.version for one in history]
    known = [one.version for one in trail.versions]
    if held.version not in names or names[: len(known)] != known or len(set(names)) != len(names):
        return trail
    upto = names.index(held.version) + 1
    if _whole(held.version) and names[:upto] != [str(n) for n in range(1, upto + 1)]:
        return trail
    for one in history[len(known) : upto]:
        trail = trail.then(one)
    return trail


def _ordered(listed: Sequence[Held]) -> Sequence[Held]:
    """Return versions without numbers in an order that is proved; none where nothing proves one."""
    if all(_later(*pair) or _grows(*pair) for pair in pairwise(listed)):
        return listed
    grown = sorted(listed, key=lambda one: len(outputs(one.resource)))
    return grown if all(_grows(*pair) for pair in pairwise(grown)) else []


def _later(one: Held, next_: Held) -> bool:
    """Tell whether the server's times say that a version was stored after another."""
    before, after = _stamp(one), _stamp(next_)
    return before is not None and after is not None and before < after


def _stamp(held: Held) -> datetime | None:
    meta = held.resource.get("meta")
    try:
        found = datetime.fromisoformat(str(meta["lastUpdated"] if isinstance(meta, dict) else ""))
    except (KeyError, ValueError):
        return None
    return found if found.tzinfo is not None else None


def _grows(one: Held, next_: Held) -> bool:
    """Tell whether a version bears all that another bears: it may have followed it."""
    return set(outputs(one.resource)) <= set(outputs(next_.resource))


def _whole(version: str) -> bool:
    return version.isascii() and version.isdecimal() and str(int(version)) == version
