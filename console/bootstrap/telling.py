"""What a gateway does around a round: deadlines before it, telling people outside after it.

Neither needs the EHR: a change whose EHR is down still escalates, and somebody is told.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.bootstrap.opening import Opened
    from core.gateway.run import Round
    from core.notify.deliver import Told


@asynccontextmanager
async def tended(opened: Opened) -> AsyncIterator[Round]:
    """Take every deadline's due steps, and at the end deliver the notices, whatever was raised."""
    from core.gateway.deadlines import sweep
    from core.gateway.run import Round

    swept = Round()
    sweep(opened.offline(), swept)
    try:
        yield swept
    finally:
        await tell(opened)


async def tell(opened: Opened) -> Told | None:
    """Deliver what is due; None where nobody is told outside."""
    from core.notify.deliver import deliver
    from sync.notify.make import notifier_of

    notifier = notifier_of(opened.folder.config.notify, os.environ)
    return None if notifier is None else await deliver(opened.offline(), notifier)
