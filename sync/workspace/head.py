"""The newest signed checkpoint, kept beside the store so that a cut or restored store shows.

Source: design §4, hub-protocol §9.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from core.ledger.checkpoint import InvalidCheckpoint
from core.ledger.recovery_events import given_up
from sync.keys import private_file

if TYPE_CHECKING:
    from sync.store.ledger import StoreLedger

FILE = "head"


class HeadFile:
    """The file `head` of one workspace folder; called with each note right after its commit."""

    def __init__(self, folder: Path):
        self.path = folder / FILE
        self.problem: str | None = None
        """Why the newest note is not in the file; None when it is."""

    def __call__(self, note: str) -> None:
        """Put `note` in the file, unless that holds a larger head.

        Never raises for the file: the commit stands, and must not be reported as failed.
        """
        try:
            # Another process may have committed and written in between; and a larger head than
            # the store's own is the evidence that the store was rolled back.
            if _size(note) >= _size(self.read() or ""):
                private_file.replace(self.path, note.encode("utf-8"))
            self.problem = None
        except OSError as error:
            self.problem = f"the newest checkpoint is not in the file {FILE}: {error.strerror}"

    def give_up(self, note: str) -> None:
        """Put `note` in the file although that holds a larger head: an admin gave that one up.

        Raises OSError.
        """
        private_file.replace(self.path, note.encode("utf-8"))
        self.problem = None

    def read(self) -> str | None:
        """Return the note in the file, unverified; None when there is no file."""
        try:
            return self.path.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return None


def is_ahead(note: str, ledger: StoreLedger) -> bool:
    """Tell whether this ledger signed a head over more events than the store has.

    Not where an admin gave that head up in a recovery.
    """
    if _size(note) <= ledger.size or note in given_up(ledger):
        return False
    # Loaded here: a store as it should be need not wait for it.
    from sync.store.anchor import signed_head

    try:
        signed_head(ledger, note)
    except InvalidCheckpoint:
        # Whatever that file is, it says nothing of this store; `audit verify` names it.
        return False
    return True


def _size(note: str) -> int:
    lines = note.split("\n", 2)
    known = len(lines) == 3 and lines[1].isascii() and lines[1].isdigit() and len(lines[1]) < 19
    return int(lines[1]) if known else -1
