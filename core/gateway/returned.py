"""The guard's word that what the approvers saw no longer holds."""

from __future__ import annotations

from core.delta import Difference
from core.review.content import Content


class Returned(Exception):
    """What the approvers saw no longer holds: the change goes back to review as a new revision.

    `why` is a static code, `content` what the next revision holds, `moved` how the base moved.
    """

    def __init__(self, why: str, content: Content, moved: tuple[Difference, ...] = ()):
        self.why = why
        self.content = content
        self.moved = moved
        super().__init__(why)
