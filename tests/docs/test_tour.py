"""The tour: its keys are pressed on the real clinic, and what it says one sees is seen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.app import ConsoleApp
from console.bootstrap import Opened
from console.bootstrap.demo import open_demo
from tests.console.desk import Monotonic, text_of

TOUR = Path(__file__).resolve().parents[2] / "docs" / "guides" / "tour.md"


def steps() -> list[tuple[str, list[str]]]:
    """Return the blocks of the guide in order: what they are, and their lines."""
    found = re.findall(r"^```(keys|screen)\n(.*?)^```", TOUR.read_text("utf-8"), re.M | re.S)
    return [(kind, text.splitlines()) for kind, text in found]


@pytest.fixture
def clinic() -> Iterator[Opened]:
    with open_demo(calm=True) as opened:
        yield opened


async def test_the_tour_is_as_it_is_told(clinic: Opened) -> None:
    assert len(steps()) >= 20
    app = ConsoleApp(clinic, timers=False, monotonic=Monotonic())
    async with app.run_test(size=(140, 50)) as pilot:
        for number, (kind, lines) in enumerate(steps()):
            if kind == "keys":
                for key in lines:
                    await pilot.press(key)
                    await pilot.pause()
                continue
            shown = text_of(app)
            for words in lines:
                assert words in shown, f"step {number}: {words}\n{shown}"
        await app.workers.wait_for_complete()
