"""The log of a workspace, from the environment: COUNTERSIGN_LOG is info, error, debug or off."""

from __future__ import annotations

import os
from pathlib import Path

from core.errors import BadInput
from sync import logs

VARIABLE = "COUNTERSIGN_LOG"


def begin(folder: Path) -> None:
    """Log from now on into this workspace; BadInput for a level that there is not."""
    level = os.environ.get(VARIABLE, "info") or "info"
    if level != logs.OFF and level not in logs.LEVELS:
        raise BadInput(
            "is not a log level",
            field=VARIABLE,
            remedy=f"Use one of: {', '.join([*logs.LEVELS, logs.OFF])}",
        )
    logs.configure(folder, level)


def note(event: str, **fields: object) -> None:
    """Log one event; see `sync.logs`."""
    logs.log(event, **fields)
