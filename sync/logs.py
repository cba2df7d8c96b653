"""The log: events and fields from a list, and nothing else.

A log is read by more people than a chart, and kept elsewhere and longer. So what may stand in it is
listed here, field by field with the form it must have; all else is dropped and counted. No URL,
query, id, payload, message, traceback or local variable is on the list. Source: design §9, §14.7.
"""

from __future__ import annotations

import logging
import logging.handlers
import re
from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import Any

from core.fhir import is_resource_type

FOLDER = "log"
FILE = "countersign.log"
MAX_BYTES = 1024 * 1024
BACKUPS = 3
LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "error": logging.ERROR}
OFF = "off"
_NAME = "countersign"

Check = Callable[[object], bool]


def _matches(pattern: str) -> Check:
    form = re.compile(pattern)
    return lambda value: isinstance(value, str) and form.fullmatch(value) is not None


def _number(low: int, high: int) -> Check:
    return lambda value: (
        isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
    )


_COUNT = _number(0, 10**12)
FIELDS: dict[str, Check] = {
    "command": _matches(r"[a-z-]{1,32}"),
    "exit_code": _number(-64, 255),
    "server": _matches(r"[A-Za-z0-9._-]{1,64}|the token endpoint|the server"),
    "method": _matches(r"GET|HEAD|POST|PUT|PATCH|DELETE"),
    "type": lambda value: isinstance(value, str) and is_resource_type(value),
    "status": _number(100, 599),
    "ms": _COUNT,
    "attempt": _number(0, 10_000),
    "sent": _COUNT,
    "verified": _COUNT,
    "exceptions": _COUNT,
    "pulled": _COUNT,
    "admitted": _COUNT,
    "quarantined": _COUNT,
    "alarms": _COUNT,
    "pushed": _COUNT,
    "unreachable": lambda value: isinstance(value, bool),
    "error": _matches(r"[A-Za-z_][A-Za-z0-9_]{0,63}"),
    "place": _matches(r"[a-z_][a-z0-9_]{0,63}:[0-9]{1,6}"),
    "category": _matches(r"[A-Za-z_][A-Za-z0-9_]{0,63}Warning"),
}
"""What may stand in a log line, each with the form that it must have."""

EVENTS = frozenset(
    {"command.ended", "http.answered", "http.failed", "round.ended", "error", "warning"}
)
"""What may be logged."""


def configure(folder: Path, level: str = "info") -> None:
    """Log to `log/countersign.log` in a workspace folder; `level` is one of LEVELS, or `off`.

    The file is for its owner alone, turned over at 1 MiB, three old ones kept. Anything else that
    logs in this process reaches no file and no terminal.
    """
    silence()
    logger = logging.getLogger(_NAME)
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
        handler.close()
    logger.propagate = False
    logger.setLevel(LEVELS.get(level, logging.INFO))
    if level == OFF:
        return
    place = folder / FOLDER
    try:
        place.mkdir(mode=0o700, exist_ok=True)
        logger.addHandler(_File(place / FILE))
    except OSError:
        # A full or read-only disk must not stop the work; there is nothing to log to.
        logger.addHandler(logging.NullHandler())


def silence() -> None:
    """Keep other libraries' logs, which hold URLs and values, from any terminal or file."""
    logging.raiseExceptions = False
    logging.lastResort = None


def log(event: str, **fields: object) -> None:
    """Log one event where a log is configured; see EVENTS and FIELDS for what is kept of it."""
    logger = logging.getLogger(_NAME)
    if not logger.handlers or not logger.isEnabledFor(_level(event)):
        return
    line = _bound(logger)
    (line.error if event == "error" else line.info)(event, **fields)


def allowed(_logger: object, _method: str, line: MutableMapping[str, Any]) -> dict[str, Any]:
    """Keep what is listed and has its form; count what is not listed."""
    event = line.pop("event", None)
    kept: dict[str, Any] = {"event": event if event in EVENTS else "?"}
    dropped = 0
    for name, value in line.items():
        check = FIELDS.get(name)
        if check is None:
            dropped += 1
        elif value is not None:
            kept[name] = value if check(value) else "?"
    if dropped:
        kept["dropped"] = dropped
    return kept


def _level(event: str) -> int:
    return logging.ERROR if event == "error" else logging.INFO


def _bound(logger: logging.Logger) -> Any:
    # Loaded only where something is logged: opening a workspace must stay quick.
    import structlog

    return structlog.wrap_logger(
        logger,
        processors=[
            allowed,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.BoundLogger,
    ).bind()


class _File(logging.handlers.RotatingFileHandler):
    """A file for its owner alone."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, maxBytes=MAX_BYTES, backupCount=BACKUPS, encoding="utf-8")

    def _open(self) -> Any:
        path = Path(self.baseFilename)
        path.touch(mode=0o600)
        return super()._open()
