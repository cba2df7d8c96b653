"""The real program in a real terminal: it paints the waiting rows, and leaves nothing behind."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.scale import sampled

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 60
CTRL_Q = b"\x11"


class Terminal:
    """A program on a terminal of 120 columns and 40 lines."""

    def __init__(self, tmp: Path):
        self.leader, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "console", "demo"],
            cwd=ROOT, stdin=follower, stdout=follower, stderr=follower, start_new_session=True,
            env={**os.environ, "TERM": "xterm-256color", "TMPDIR": str(tmp)},
        )  # fmt: skip
        os.close(follower)
        self.seen = b""

    def until(self, *words: bytes) -> None:
        """Read what the program draws until all words have appeared."""
        while not all(word in self._plain() for word in words):
            ready, _, _ = select.select([self.leader], [], [], PATIENCE_S)
            assert ready, f"the screen never showed {words}: {self._plain()[-400:]!r}"
            self.seen += os.read(self.leader, 65536)

    def end(self) -> int:
        """Read what is left, so that the program is not held up, and return its exit code."""
        while True:
            try:
                if not os.read(self.leader, 65536):
                    break
            except OSError:
                break
        return self.process.wait(PATIENCE_S)

    def _plain(self) -> bytes:
        return re.sub(rb"\x1b\[[0-9;?>]*[a-zA-Z]", b"", self.seen)


@contextmanager
def terminal(tmp: Path) -> Iterator[Terminal]:
    found = Terminal(tmp)
    try:
        yield found
    finally:
        if found.process.poll() is None:
            found.process.kill()
            found.process.wait()
        os.close(found.leader)


ROWS = (b"update Patient.telecom", b"update Coverage.payor", b"Synthetic-Birch", b"create")


def test_demo_paints_its_rows_and_quits(tmp_path: Path) -> None:
    with terminal(tmp_path) as screen:
        screen.until(*ROWS, b"synthetic", b"gateway")
        os.write(screen.leader, CTRL_Q)
        assert screen.end() == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", sampled([signal.SIGHUP, signal.SIGTERM], 1))
def test_closed_terminal_leaves_nothing_on_the_disk(tmp_path: Path, number: signal.Signals) -> None:
    with terminal(tmp_path) as screen:
        screen.until(*ROWS)
        screen.process.send_signal(number)
        assert screen.end() == 128 + number
    assert list(tmp_path.iterdir()) == []
