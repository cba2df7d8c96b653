"""A program in a pseudo-terminal: a key goes in, and the last byte of its frame comes out."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Self

ROWS, COLUMNS = 40, 120
QUIET_S = 0.12
"""No byte for so long means that the frame is whole; several periods of Textual's repaint."""
_ANSWERS = {b"\x1b[?2026$p": b"\x1b[?2026;2$y", b"\x1b[?2048$p": b"\x1b[?2048;0$y"}
"""What Textual asks a terminal, and what a common one answers: synchronized output, yes."""


class Terminal:
    """One Python module as a process of its own, spoken to as a terminal does."""

    def __init__(self, module: str, argument: str, env: Mapping[str, str]) -> None:
        self._pid, self._file = pty.fork()
        if self._pid == 0:
            os.environ.update(env, TERM="xterm-256color", COLORTERM="truecolor")
            os.execv(sys.executable, [sys.executable, "-m", module, argument])  # noqa: S606  our own
        fcntl.ioctl(self._file, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        os.close(self._file)

    def until(self, words: bytes, seconds: float = 30.0) -> None:
        """Wait until some words were painted and nothing more comes."""
        end = time.monotonic() + seconds
        seen = b""
        while words not in seen:
            if time.monotonic() > end:
                raise TimeoutError(f"{words!r} was not painted: {seen[-2000:]!r}")
            seen += self._read(0.5)[0]
        while self._read(0.5)[0]:
            pass

    def press(self, key: bytes) -> float:
        """Return the seconds from a key to the last byte of what it painted."""
        begun = time.perf_counter()
        os.write(self._file, key)
        found, last = self._read(2.0)
        if not found:
            raise TimeoutError(f"the key {key!r} painted nothing")
        while found:
            found, at = self._read(QUIET_S)
            last = at if found else last
        return last - begun

    def _read(self, wait: float) -> tuple[bytes, float]:
        ready, _, _ = select.select([self._file], [], [], wait)
        if not ready:
            return b"", 0.0
        found = os.read(self._file, 65536)
        at = time.perf_counter()
        for asked, answer in _ANSWERS.items():
            if asked in found:
                os.write(self._file, answer)
        return found, at
