"""Telling people through a program of this machine.

It is started without a shell and gets the message as one JSON line on standard input. Arguments are
as the configuration has them, so that no id stands in a list of processes. Its output is discarded,
and it is ended, with all it started, when it takes too long. Source: design §9, §14.7.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence

from core.canonical import JsonObject, encode
from core.notify.deliver import NotDelivered

LIMIT_S = 10.0
OURS = "COUNTERSIGN_"


class CommandNotifier:
    """Implements `core.notify.deliver.Notifier`."""

    def __init__(
        self, command: Sequence[str], env: Mapping[str, str], limit_s: float = LIMIT_S
    ) -> None:
        self._command = list(command)
        # A program that pages people need not know where this workspace keeps its secrets.
        self._env = {name: value for name, value in env.items() if not name.startswith(OURS)}
        self._limit_s = limit_s

    async def send(self, message: JsonObject) -> None:
        """Run the program once; NotDelivered unless it ends with 0 in time."""
        await asyncio.to_thread(self._run, encode(message) + b"\n")

    def _run(self, line: bytes) -> None:
        try:
            process = subprocess.Popen(  # noqa: S603 - the admin's own words, and no shell
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=self._env,
                start_new_session=True,
            )
        except (OSError, ValueError):
            raise NotDelivered("command-not-started") from None
        with process:
            try:
                process.communicate(line, timeout=self._limit_s)
            except subprocess.TimeoutExpired:
                _end(process)
                raise NotDelivered("command-too-slow") from None
        if process.returncode != 0:
            raise NotDelivered("command-failed")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the program and what it started."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.communicate()
