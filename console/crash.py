"""What is said of a crash: one line without values, because values may be chart content."""

from __future__ import annotations

import traceback
from pathlib import Path


def crash_line(error: BaseException | None, what: str = "the console") -> str:
    """Return the kind of error, the place in our code, and what to do."""
    kind, place = kind_and_place(error)
    where = f" at {place}" if place else ""
    return (
        f"countersign: {what} stopped ({kind}{where}). Only what it confirmed is decided; "
        "start it again, and report this line."
    )


def kind_and_place(error: BaseException | None) -> tuple[str, str]:
    """Return the error's class and `module:line` in our code, empty where it never was there."""
    if error is None:
        return "unknown error", ""
    house = str(Path(__file__).resolve().parent.parent)
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if frame.filename.startswith(house)]
    place = f"{Path(ours[-1].filename).stem}:{ours[-1].lineno}" if ours else ""
    return type(error).__name__, place
