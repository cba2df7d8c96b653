"""Two policies by meaning: which rules, routes, tiers and defaults came, went or changed.

Comments, order and layout of the documents play no part. Source: design §7 (`policy diff`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Literal, TypeAlias

from core.policy.paths import ElementPath
from core.policy.policy import Policy
from core.policy.rules import Match

How: TypeAlias = Literal["added", "removed", "changed"]

_PARTS = {"route": "routes", "allow": "allows", "forbid": "forbids"}
_MARKS: dict[How, str] = {"added": "+", "removed": "-", "changed": "~"}


@dataclass(frozen=True, slots=True)
class Differs:
    """One difference; `part` is such as `allow patient-contact` or `tiers`."""

    part: str
    how: How
    words: str

    @property
    def line(self) -> str:
        """Return it on one line."""
        return f"{_MARKS[self.how]} {self.part}{f': {self.words}' if self.words else ''}"


def compare_policies(old: Policy, new: Policy) -> tuple[Differs, ...]:
    """Return every difference: defaults first, then routes, allow and forbid rules."""
    found = [
        Differs(_told(name), "changed", words)
        for name, words in _members(_defaults(old), _defaults(new))
    ]
    for part, member in _PARTS.items():
        found += _parts(part, getattr(old, member), getattr(new, member))
    return tuple(found)


def _defaults(policy: Policy) -> dict[str, object]:
    names = [item.name for item in fields(policy) if item.name not in _PARTS.values()]
    return {name: getattr(policy, name) for name in names} | {
        "highest_route": policy.highest_route.id
    }


def _parts(part: str, old: Sequence[Any], new: Sequence[Any]) -> Iterator[Differs]:
    before, after = ({one.id: one for one in side} for side in (old, new))
    for name in before:
        if name not in after:
            yield Differs(f"{part} {name}", "removed", "")
    for name, one in after.items():
        if name not in before:
            yield Differs(f"{part} {name}", "added", "")
            continue
        told = "; ".join(
            f"{_told(member)} {words}"
            for member, words in _members(_flat(before[name]), _flat(one))
        )
        if told:
            yield Differs(f"{part} {name}", "changed", told)


def _flat(one: Any) -> dict[str, object]:
    """Return the members of a rule or route; those of its match beside its own."""
    found: dict[str, object] = {}
    for item in fields(one):
        value = getattr(one, item.name)
        if isinstance(value, Match):
            found |= {f"{word}s": taken for word, taken in value.words}
            found |= {
                inner.name: _plain(getattr(value, inner.name))
                for inner in fields(value)
                if inner.name != "words"
            }
        elif item.name == "where":
            found |= {f"where.{element}": taken for element, taken in value}
        else:
            found[item.name] = value
    return found


def _plain(value: object) -> object:
    """Return paths as a set of texts: their order says nothing."""
    if isinstance(value, tuple) and all(isinstance(item, ElementPath) for item in value):
        return frozenset(item.text for item in value)
    return value


def _members(old: Mapping[str, object], new: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for name in [*old, *(name for name in new if name not in old)]:
        before, after = old.get(name, _ANY), new.get(name, _ANY)
        if before != after:
            yield name, _change(before, after)


def _change(before: object, after: object) -> str:
    if isinstance(before, frozenset) and isinstance(after, frozenset):
        gone = [f"-{item}" for item in sorted(map(_text, before - after))]
        come = [f"+{item}" for item in sorted(map(_text, after - before))]
        return " ".join([*come, *gone])
    return f"{_text(before)} → {_text(after)}"


class _Any:
    """What a match field that may have any value holds."""


_ANY = _Any()


def _text(value: object) -> str:
    if value is _ANY:
        return "*"
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple | frozenset):
        items = map(_text, value)
        return ", ".join(sorted(items) if isinstance(value, frozenset) else items) or "none"
    if is_dataclass(value) and hasattr(value, "id"):
        return str(value.id)
    return str(value)


def _told(member: str) -> str:
    """Return a member's name as documents write it."""
    seconds = {"expiry_s": "expires", "hold_s": "hold", "reach_by_s": "reach_by",
               "warn_s": "warn_before"}  # fmt: skip
    return seconds.get(
        member, member.replace("consent_", "consent.").replace("not_found", "evidence.not_found")
    )
