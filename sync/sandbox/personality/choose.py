"""Which personalities there are, and making one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from core.errors import BadInput
from core.profile.parse import parse_profile
from core.traffic.limits import Window
from sync.profiles import load_profile
from sync.sandbox.manner import Manner
from sync.sandbox.personality.athenahealth import Athenahealth
from sync.sandbox.personality.eclinicalworks import EClinicalWorks
from sync.sandbox.personality.epic import Epic
from sync.sandbox.personality.hostile import HOSTILE, Hostile
from sync.sandbox.personality.oracle_health import OracleHealth
from sync.sandbox.personality.product import Product

PRODUCTS: Mapping[str, type[Product]] = {
    "epic": Epic,
    "athenahealth": Athenahealth,
    "eclinicalworks": EClinicalWorks,
    "advancedmd": Product,
    "veradigm": Product,
    "oracle-health": OracleHealth,
}
NAMES = (*PRODUCTS, HOSTILE)


def play(
    name: str,
    clock: Callable[[], datetime],
    *,
    seed: int = 1,
    windows: Sequence[Window] | None = None,
) -> Manner:
    """Return a personality; BadInput listing those there are.

    `clock` turns the windows of its limits, `windows` replaces them (where a quota is not
    published), `seed` deals the tricks of the hostile one.
    """
    if name == HOSTILE:
        return Hostile(clock, seed=seed)
    made = PRODUCTS.get(name)
    if made is None:
        raise BadInput(
            "there is no such personality", field="--personality",
            remedy=f"Use one of {', '.join(NAMES)}",
        )  # fmt: skip
    return made(parse_profile(load_profile(name)), clock, windows)
