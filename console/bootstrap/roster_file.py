"""The roster file of a workspace, which an admin edits; it decides nothing until it is adopted."""

from __future__ import annotations

from pathlib import Path

from core.errors import Failed
from sync.keys import private_file

FILE = "roster.toml"


def write_roster_file(folder: Path, text: str) -> None:
    """Put the adopted text in the place of the workspace's file; Failed when that is not possible.

    The roster is in force already: only the file would be behind it.
    """
    try:
        private_file.replace(folder / FILE, text.encode("utf-8"))
    except OSError as error:
        raise Failed(
            f"the roster is in force, but {FILE} cannot be written: {error.strerror}",
            remedy="Bring it back with `countersign roster show --toml`",
        ) from None
