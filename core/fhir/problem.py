"""What is wrong with a resource, in words that hold no chart content."""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_SHOWN = 40
_SAFE_NAME = re.compile(r"_?[A-Za-z][A-Za-z0-9]{0,63}")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a resource.

    `path` says where ("Patient.telecom[0].system"); `code` is an OperationOutcome issue code:
    structure, required, value, code-invalid or invariant; `message` holds no value of the
    resource, except a code that a required binding does not know (≤ 40 characters, escaped).
    """

    path: str
    code: str
    message: str


def shown(text: str) -> str:
    """Return a foreign code as ASCII, quoted, escaped and cut to 40 characters."""
    return ascii(text[:MAX_SHOWN])


def safe_name(name: str) -> str:
    """Return a foreign element name for use in a path; a strange one becomes "?"."""
    return name if _SAFE_NAME.fullmatch(name) else "?"
