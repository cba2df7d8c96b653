"""What is said of a crash: one line without values, because values may be chart content."""

from __future__ import annotations

import traceback
from pathlib import Path


def crash_line(error: BaseException | None) -> str:
    """Return the kind of error, the place in our code, and what to do."""
    kind = type(error).__name__ if error is not None else "unknown error"
    house = str(Path(__file__).resolve().parent.parent)
    frames = traceback.extract_tb(error.__traceback__) if error is not None else []
    ours = [frame for frame in frames if frame.filename.startswith(house)]
    place = f" at {Path(ours[-1].filename).stem}:{ours[-1].lineno}" if ours else ""
    return (
        f"countersign: the console stopped ({kind}{place}). Only what it confirmed is decided; "
        "start it again, and report this line."
    )
