"""Verifying the whole store of an opened workspace, for a command or for a thread."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from core.audit.verify import Tell, Verified
from core.errors import Unreachable

if TYPE_CHECKING:
    from console.bootstrap.opening import Opened

COMPARED = "compared with the EHR's copy of the head"
NONE_KEPT = "no head on the EHR"
OFFLINE = "not compared with the EHR's copy of the head"
UNREACHABLE = "the EHR could not be reached to compare its copy of the head"


def verify_whole(opened: Opened, tell: Tell, *, offline: bool = False) -> Verified:
    """Verify everything on the connection of `opened`, against every head kept outside the store.

    Raises what reading the EHR's copy raises, except that it cannot be reached; and what `tell`
    raises, which ends it.
    """
    head, compared = (None, OFFLINE) if offline else _published(opened, tell)
    report = opened.verify(head, tell)
    return Verified(report, min(opened.anchored_size(head), report.events), compared)


def _published(opened: Opened, tell: Tell) -> tuple[str | None, str]:
    tell("head", 0, 0)
    try:
        head = asyncio.run(opened.published_head())
    except Unreachable:
        return None, UNREACHABLE
    return head, COMPARED if head else NONE_KEPT
