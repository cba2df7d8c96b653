"""`countersign`: the console without arguments, its plain twin with a command."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run the console or one command; return the exit code of design §13."""
    from console.commands.line import run_line

    if argv is None:
        _leave_cleanly()
    return run_line(list(sys.argv[1:] if argv is None else argv))


def _leave_cleanly() -> None:
    """Let a closed terminal or a polite end pass every `finally`: nothing temporary stays."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None:
            signal.signal(number, _ended)


def _ended(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
