"""The newest signed checkpoint, kept beside the store so that a cut or restored store shows.

Source: design §4, hub-protocol §9.
"""

from __future__ import annotations

from pathlib import Path

from sync.keys import private_file

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


def _size(note: str) -> int:
    lines = note.split("\n", 2)
    known = len(lines) == 3 and lines[1].isascii() and lines[1].isdigit() and len(lines[1]) < 19
    return int(lines[1]) if known else -1
