"""Reading the command line and turning errors into one clear line and an exit code."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from console.commands.registry import COMMANDS, CONSOLE, Command, find
from core.errors import BadInput, CountersignError

FAILED, INTERRUPTED = 1, 130


class _Parser(argparse.ArgumentParser):
    """argparse that raises instead of exiting, so that errors end in one place."""

    def error(self, message: str) -> None:  # type: ignore[override]
        raise BadInput(message, remedy=f"See `{self.prog} --help`")


def run_line(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code; no traceback reaches a person."""
    code = _delivered(_guarded(arguments))
    _log_end(arguments, code)
    return code


def _guarded(arguments: Sequence[str]) -> int:
    try:
        return _run(arguments)
    except CountersignError as error:
        narrate(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        narrate("interrupted")
        return INTERRUPTED
    except BrokenPipeError as error:
        return _undelivered(error)
    except Exception as error:  # noqa: BLE001 - its words and frames may hold chart content
        return crashed(error)


def _delivered(code: int) -> int:
    """Return the exit code of a command, `FAILED` where what it printed could not be written."""
    try:
        sys.stdout.flush()
    except OSError as error:
        return _undelivered(error, code)
    return code


def _undelivered(error: OSError, code: int = 0) -> int:
    """Say that output was lost, as with a reader that went away, and return the exit code.

    What was to be stored is stored; but whoever reads the exit code must not take a part of the
    output for all of it.
    """
    # What is still to be written has no reader, and Python would write it at the end.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    narrate(f"the output could not all be written: {error.strerror}")
    return code or FAILED


def crashed(error: BaseException) -> int:
    """Say in one line that something unforeseen happened, log where, and return 1."""
    from console.bootstrap.logs import note
    from console.crash import crash_line, kind_and_place

    kind, place = kind_and_place(error)
    note("error", error=kind, place=place or None)
    sys.stderr.write(crash_line(error, "the command") + "\n")
    return FAILED


def _log_end(arguments: Sequence[str], code: int) -> None:
    """Log how a command ended, where it failed or logged anything before.

    The library is slow to load, and a command that only reads the store is not to wait for it.
    """
    if code or "structlog" in sys.modules:
        from console.bootstrap.logs import note

        command = _named(arguments)
        note("command.ended", command=command.name if command else "console", exit_code=code)


def narrate(text: str) -> None:
    """Say something on stderr."""
    from core.inert import inert

    sys.stderr.write(f"countersign: {inert(text)}\n")


def _run(arguments: Sequence[str]) -> int:
    command = _named(arguments)
    parser = _parser(command)
    args = parser.parse_args(list(arguments))
    if command is None:
        return CONSOLE.run(args)
    return command.run(args)


def _named(arguments: Sequence[str]) -> Command | None:
    """Return the command that the line names; --workspace and its value may stand before it."""
    words = iter(arguments)
    for word in words:
        if word == "--workspace":
            next(words, None)
        elif not word.startswith("-"):
            return find(word)
    return None


def _parser(command: Command | None) -> argparse.ArgumentParser:
    """Build the whole help, but only the called command's own arguments."""
    parser = _Parser(
        prog="countersign",
        description="Countersign what AI agents want to write into patient charts. "
        "Without a command it opens the console.",
    )
    common = _Parser(add_help=False)
    common.add_argument(
        "--workspace",
        type=Path,
        default=argparse.SUPPRESS,
        metavar="DIR",
        help="the workspace; else COUNTERSIGN_WORKSPACE, else the current folder",
    )
    common.add_argument("--json", action="store_true", help="print data as JSON")
    parser.add_argument("--workspace", type=Path, metavar="DIR")
    if command is None:
        parser.add_argument("--read-only", action="store_true", help="decide nothing")
    listed = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Parser)
    for known in COMMANDS:
        sub = listed.add_parser(known.name, help=known.help, parents=[common])
        if known is command:
            known.configure(sub)
    return parser
