"""Draw the README's picture: a change of the embedded clinic under review.

Run `python -m tests.tools.make_picture` after the review screen changed.
"""

from __future__ import annotations

import asyncio
from datetime import UTC
from pathlib import Path

from console.app import ConsoleApp
from console.bootstrap.demo import open_clinic
from console.session import Session
from tests.fakes import FakeClock

PICTURE = Path(__file__).resolve().parents[2] / "docs" / "images" / "review.svg"
SIZE = (120, 36)


async def draw(session: Session) -> str:
    """Return the first change of the queue under review, as SVG."""
    app = ConsoleApp(session, banner="DEMO: synthetic", zone=UTC, timers=False)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("enter")
        await pilot.pause()
        return app.export_screenshot(title="Countersign")


def main() -> None:
    """Write the picture."""
    clock = FakeClock()
    with open_clinic(clock=clock, monotonic=lambda: 0.0) as script:
        PICTURE.write_text(asyncio.run(draw(script.opened)), "utf-8")


if __name__ == "__main__":
    main()
