"""Where the passphrase comes from: the file that a variable names, or a prompt."""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path

from core.errors import BadInput
from sync.keys.passphrase import read_passphrase_file

VARIABLE = "COUNTERSIGN_PASSPHRASE_FILE"


def passphrase() -> str:
    """Return the passphrase of the workspace's key file."""
    return _from_file() or _asked("Passphrase: ")


def new_passphrase() -> str:
    """Return a passphrase for a new key file; asked for twice."""
    named = _from_file()
    if named is not None:
        return named
    first = _asked("New passphrase: ")
    if _asked("Again: ") != first:
        raise BadInput("the two passphrases differ", remedy="Try again")
    return first


def _from_file() -> str | None:
    named = os.environ.get(VARIABLE)
    if not named:
        return None
    found, warning = read_passphrase_file(Path(named))
    if warning:
        sys.stderr.write(f"countersign: {warning}\n")
    return found


def _asked(prompt: str) -> str:
    if not sys.stdin.isatty():
        raise BadInput(
            "there is no terminal to ask for the passphrase",
            remedy=f"Name a file that holds it in {VARIABLE}",
        )
    return getpass.getpass(prompt)
