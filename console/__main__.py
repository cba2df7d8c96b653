"""`countersign`: the console without arguments, its plain twin with a command."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import threading
import warnings
from collections.abc import Sequence

LAST_S = 5.0
"""How long a thread may take to end once the process was told to."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the console or one command; return the exit code of design §13."""
    from console.commands.line import run_line

    if argv is not None:
        return run_line(list(argv))
    _leave_cleanly()
    _leave_nothing_behind()
    try:
        return run_line(sys.argv[1:])
    except SystemExit as ended:
        _let_nothing_hold(ended.code)
        raise


def _let_nothing_hold(code: object) -> None:
    """End at once where a thread would keep the process alive after it was told to end.

    A signal may come while the screen is being put up or taken down, and leave the threads that
    read and draw behind; every `finally` has been passed here.
    """
    others = [one for one in threading.enumerate() if one is not threading.main_thread()]
    for one in (one for one in others if not one.daemon):
        one.join(LAST_S)
        if one.is_alive():
            os._exit(code if isinstance(code, int) else 1)


def _leave_cleanly() -> None:
    """Let a closed terminal or a polite end pass every `finally`: nothing temporary stays."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None:
            signal.signal(number, _ended)


def _leave_nothing_behind() -> None:
    """Let no crash, warning or core dump tell what was in memory: it may be chart content."""
    from console.commands.line import crashed

    def uncaught(_kind: object, error: BaseException, _trace: object) -> None:
        crashed(error)

    def in_a_thread(told: threading.ExceptHookArgs) -> None:
        if told.exc_value is not None:
            crashed(told.exc_value)

    def unraisable(_told: object) -> None:
        return None

    def warned(*_told: object, **_more: object) -> None:
        return None

    logging.lastResort = None
    sys.excepthook = uncaught
    threading.excepthook = in_a_thread
    sys.unraisablehook = unraisable
    warnings.showwarning = warned
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _ended(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
