"""Which personalities there are, and making one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from core.errors import BadInput
from core.profile.parse import parse_profile
from core.traffic.limits import Window
from sync.profiles import load_profile
from sync.sandbox.manner import Manner
from sync.sandbox.personality.advancedmd import AdvancedMD
from sync.sandbox.personality.athenahealth import Athenahealth, AthenahealthPreview
from sync.sandbox.personality.eclinicalworks import EClinicalWorks
from sync.sandbox.personality.epic import Epic
from sync.sandbox.personality.hostile import HOSTILE, Hostile
from sync.sandbox.personality.oracle_health import OracleHealth
from sync.sandbox.personality.product import Product
from sync.sandbox.personality.veradigm import Veradigm

PRODUCTS: Mapping[str, type[Product]] = {
    "epic": Epic,
    "athenahealth": Athenahealth,
    "eclinicalworks": EClinicalWorks,
    "advancedmd": AdvancedMD,
    "veradigm": Veradigm,
    "oracle-health": OracleHealth,
}
OTHERS: Mapping[str, tuple[str, type[Product]]] = {
    "athenahealth-preview": ("athenahealth", AthenahealthPreview),
}
"""Other installations of a product: whose profile, and how it is played."""
NAMES = (*PRODUCTS, *OTHERS, HOSTILE)


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
    profile, made = OTHERS.get(name, (name, PRODUCTS.get(name)))
    if made is None:
        raise BadInput(
            "there is no such personality", field="--personality",
            remedy=f"Use one of {', '.join(NAMES)}",
        )  # fmt: skip
    played = made(parse_profile(load_profile(profile)), clock, windows)
    played.name = name
    return played
