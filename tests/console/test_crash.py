"""A crash prints one line and no chart content."""

import subprocess
import sys
from pathlib import Path

import pytest

from console.crash import crash_line

ROOT = Path(__file__).resolve().parents[2]
CANARY = "CANARY-555-0199-Ada"

PROGRAM = """
import sys, tempfile
from pathlib import Path
from tests.console.desk import Desk
from console.app import ConsoleApp
from console.screens.queue import QueueScreen

class Rich(Exception):
    def __rich__(self):
        return str(self)

def boom(self, *_):
    secret = "CANARY-555-0199-Ada"
    raise {error}(f"failed on {{secret}}")

QueueScreen.action_toggle_open = boom
{guard}
desk = Desk(Path(tempfile.mkdtemp()))
app = desk.app()

async def press(pilot):
    await pilot.press("o")
    await pilot.pause()

app.run(headless=True, size=(80, 24), auto_pilot=press)
sys.exit(app.return_code)
"""


def run(error: str, guard: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM.format(error=error, guard=guard)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("error", ["ValueError", "Rich"])
def test_a_crash_says_kind_place_and_advice_and_nothing_else(error: str) -> None:
    done = run(error)
    assert done.returncode == 1
    assert CANARY not in done.stdout + done.stderr
    assert f"the console stopped ({error} at" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stdout + done.stderr


def test_control_without_the_override_the_canary_is_printed() -> None:
    done = run("ValueError", "del ConsoleApp._fatal_error")
    assert CANARY in done.stdout + done.stderr


def test_the_line_names_our_place_and_no_value() -> None:
    try:
        int(CANARY)
    except ValueError as error:
        line = crash_line(error)
    assert "ValueError at test_crash:" in line and CANARY not in line
    assert "\n" not in crash_line(None)
