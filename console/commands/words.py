"""Words of a person, from a file or standard input, so that none stand on a command line."""

from __future__ import annotations

import sys
from pathlib import Path

from core.errors import BadInput

MAX_WORDS = 4_000


def read_words(name: str, field: str) -> str:
    """Return the text of a file, or of standard input for `-`; BadInput names the argument."""
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput("cannot be read as UTF-8 text", field=field) from error
    if len(text) > MAX_WORDS:
        raise BadInput(f"is longer than {MAX_WORDS} characters", field=field)
    return text.strip()
