"""Reading policy documents for the `policy` actions, and the errors that name their lines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.adoption import MAX_DOCUMENT
from core.errors import BadInput, NotFound
from core.policy.inspection import located

IN_FORCE = "in-force"


def read_file(path: Path) -> str:
    """Return the text of a document, cut just beyond the limit that adoption refuses at."""
    try:
        with path.open(encoding="utf-8") as stream:
            return stream.read(MAX_DOCUMENT + 1)
    except FileNotFoundError:
        raise NotFound("there is no such file", field="FILE") from None
    except (OSError, UnicodeDecodeError):
        raise BadInput("cannot be read as UTF-8 text", field="FILE") from None


@contextmanager
def lines_named(text: str, name: str) -> Iterator[None]:
    """Add `FILE:LINE` to what is wrong with the document."""
    try:
        yield
    except BadInput as error:
        raise located(error, text, name) from None
