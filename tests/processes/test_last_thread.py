"""A process that was told to end ends, whatever thread is left behind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HELD = """
import sys, threading
import console.__main__ as main
main.LAST_S = 0.2
threading.Thread(target=threading.Event().wait).start()
def line(_words):
    raise SystemExit(143)
import console.commands.line
console.commands.line.run_line = line
sys.argv = ["countersign"]
main.main()
"""


def test_a_thread_that_was_left_behind_keeps_no_process_alive() -> None:
    done = subprocess.run([sys.executable, "-c", HELD], cwd=ROOT, timeout=120, check=False)
    assert done.returncode == 143


def test_control_without_it_the_process_stays() -> None:
    held = HELD.replace("main.LAST_S = 0.2", "main._let_nothing_hold = lambda _code: None")
    process = subprocess.Popen([sys.executable, "-c", held], cwd=ROOT)
    try:
        process.wait(4)
    except subprocess.TimeoutExpired:
        return
    finally:
        process.kill()
        process.wait()
    raise AssertionError("it ended by itself")
