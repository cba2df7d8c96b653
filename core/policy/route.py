"""An approval path: who may decide, how many of them, for how long, and what happens meanwhile.

Source: design §2 (route), §7, §8; hub-protocol §2 (`verdict`).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

_SIGNED = ("id", "roles", "quorum", "expiry_s", "hold_s", "rebase", "reach_by_s")
_SIGNED_WHERE_SET = ("attestation", "unfenced")


@dataclass(frozen=True, slots=True)
class Route:
    """One route of a policy; times are seconds, roles and codes are sorted.

    `quorum` counts distinct people. `rebase` allows recomputed bytes where only untouched elements
    moved. `warn_s` is how long before expiry whoever should decide is warned, and `escalate_to`
    the roles that are then asked as well. `attestation` are the codes that an approval must
    attest. `reassign_by` are the roles that may give an expired change to others. `unfenced`
    allows a write that only a search before and after protects from doubling.
    """

    id: str
    roles: tuple[str, ...]
    quorum: int
    expiry_s: int
    hold_s: int
    rebase: bool
    reach_by_s: int | None
    warn_s: int | None = None
    escalate_to: tuple[str, ...] = ()
    attestation: tuple[str, ...] = ()
    reassign_by: tuple[str, ...] = ("supervisor",)
    unfenced: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return every member, as it is kept with a change."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
        }

    def signed(self) -> dict[str, Any]:
        """Return the members that an approval rests on, as the verdict's digest covers them.

        Attestations and unfenced writes are covered where the route has them, so that a verdict
        without them keeps the digest of hub-protocol §2.
        """
        found = self.as_json()
        return {
            name: found[name]
            for name in (*_SIGNED, *_SIGNED_WHERE_SET)
            if name in _SIGNED or found[name]
        }
