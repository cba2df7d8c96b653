"""What the person here may do, asked of core's one table; the console has no rules of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import CountersignError

if TYPE_CHECKING:
    from console.session import Session
    from core.records import ChangeRow


def refusal(session: Session, act: str, change: ChangeRow | None = None) -> str | None:
    """Return why the person here may not do an act of the table now, or None when they may.

    `change` is the row that is shown; None for acts about no change. What cannot be read is a no.
    """
    from core.review.asking import why_not

    try:
        why = why_not(session.offline(), act, change)
    except CountersignError as error:
        return str(error)
    return None if why is None else why.words
