"""Which rules are about a request's words, found without asking each rule again.

A policy may hold hundreds of rules, of which few name the agent, EHR, type and workflow at hand.
Source: design §7 (every verdict is one rule's; a forbid wins whichever rule allows).
"""

from __future__ import annotations

from dataclasses import dataclass

from core.policy.request import Request
from core.policy.rules import Allow, Forbid, Match

_MOST_REMEMBERED = 4096


@dataclass(frozen=True, slots=True)
class Concerned:
    """The rules whose words a request meets, in document order."""

    allows: tuple[Allow, ...]
    forbids: tuple[Forbid, ...]


class Index:
    """The rules of one policy, looked up by a request's words.

    What was found is remembered by those words. Agents choose some of them, so the memory is
    emptied when it is full rather than left to grow.
    """

    def __init__(self, allows: tuple[Allow, ...], forbids: tuple[Forbid, ...]) -> None:
        self._allows = allows
        self._forbids = forbids
        self._known: dict[tuple[str, ...], Concerned] = {}

    def about(self, request: Request) -> Concerned:
        """Return the rules whose every word condition the request meets."""
        key = (
            request.agent,
            request.ehr,
            request.type,
            request.operation,
            request.purpose,
            request.workflow,
            request.model,
            request.prompt,
            request.urgency,
        )
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= _MOST_REMEMBERED:
                self._known.clear()
            found = self._known[key] = self._search(request)
        return found

    def _search(self, request: Request) -> Concerned:
        return Concerned(
            tuple(rule for rule in self._allows if meets_words(rule.match, request)),
            tuple(rule for rule in self._forbids if meets_words(rule.match, request)),
        )


def meets_words(match: Match, request: Request) -> bool:
    """Return whether each word of the request is among those that a rule takes."""
    return all(getattr(request, field) in accepted for field, accepted in match.words)
