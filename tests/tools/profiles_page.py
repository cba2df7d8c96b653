"""The reference page of what is known of each EHR product, from the profiles themselves."""

from __future__ import annotations

from collections.abc import Iterable

from core.profile.document import FACTS
from core.profile.facts import Basis
from core.profile.parse import parse_profile
from core.profile.profile import AXES, Profile
from sync.profiles import NAMES, load_profile

_INTRO = """\
# What is known of each EHR

This page is written from the profiles (`sync/profiles/`). Every line says where it comes from, the
day that was taken down, and its grade: *measured* (by us), *documented* (the vendor's own words or
statement), *assumed* (somebody else's words, or a cautious guess), *unknown* (looked for, not
found). What a profile does not name is unknown too. It decays: adopt a copy with what your site
knows (`countersign profile adopt EHR FILE`).

## May we write?

Five axes answer, and any *no* refuses: what the server **advertises** (asked anew each time; the
profile's word counts only where it cannot be), what is **documented**, which **scope** a token is
granted, what the site's **contract** adds, and what was **observed**. Without a *no*, a write is
open where it is advertised or observed. Where it is refused, the change takes the
[manual-entry route](../guides/by-hand.md). `countersign doctor` and `countersign profile show EHR`
print it with the axis that refuses. See [ADR 0027](../adr/0027-may-we-write.md).
"""


def profiles_page() -> str:
    """Return the page as Markdown."""
    parts = [_INTRO]
    for name in NAMES:
        found = parse_profile(load_profile(name))
        parts += [f"## {name}", found.description, _facts(found)]
        parts += [part for part in (_claims(found), _rest(found)) if part]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _facts(found: Profile) -> str:
    lines = ["| fact | value | source | date | grade |", "|---|---|---|---|---|"]
    for name, fact in found.facts().items():
        if fact.basis.captured_on is not None:
            value = "unknown" if fact.value is None else _value(fact.value)
            lines.append(f"| {FACTS[name].words} | {value} | {_based(fact.basis)}")
    return "\n".join(lines)


def _claims(found: Profile) -> str:
    rows: dict[tuple[str, str, str, Basis], list[str]] = {}
    for one in found.claims:
        rows.setdefault((one.axis, one.interaction, one.says, one.basis), []).append(one.type)
    merged: dict[tuple[str, tuple[str, ...], str, Basis], list[str]] = {}
    for (axis, interaction, says, basis), types in rows.items():
        merged.setdefault((axis, tuple(types), says, basis), []).append(interaction)
    if not merged:
        return ""
    lines = [
        "| axis | types | writes | says | source | date | grade |",
        "|---|---|---|---|---|---|---|",
    ]
    for (axis, types, says, basis), interactions in sorted(merged.items(), key=_order):
        listed = ", ".join("every other" if one == "*" else one for one in types)
        done = ", ".join(interactions)
        lines.append(f"| {axis} | {listed} | {done} | {says} | {_based(basis)}")
    return "\n".join(lines)


def _order(row: tuple[tuple[str, tuple[str, ...], str, Basis], list[str]]) -> tuple[int, bool]:
    (axis, types, _, _), _ = row
    return [str(one) for one in AXES].index(axis), types == ("*",)


def _rest(found: Profile) -> str:
    rows: list[tuple[str, Basis]] = [
        (f"{one.path}: {one.chars} characters at most; more: {one.over}", one.basis)
        for one in found.field_limits
    ]
    rows += [(f"{', '.join(one.paths)}: {one.how}", one.basis) for one in found.dropped]
    rows += [(f"transform `{one.do}`: {one.words}", one.basis) for one in found.stated]
    rows += [(f"{one.path}: {one.words}", _silent(one.basis)) for one in found.notes]
    for window in found.limits.windows:
        if found.limits_basis is not None:
            rows.append((f"{window.calls} calls a {window.per}", found.limits_basis))
    if not rows:
        return ""
    lines = ["| what it does | source | date | grade |", "|---|---|---|---|"]
    return "\n".join([*lines, *(f"| {words} | {_based(basis)}" for words, basis in rows)])


def _silent(basis: Basis) -> Basis:
    return Basis(basis.source, basis.captured_on, basis.grade, "", basis.second_hand)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    words: Iterable[object] = value if isinstance(value, tuple) else (value,)
    return ", ".join(f"`{one}`" for one in words)


def _based(basis: Basis) -> str:
    words = f"; {basis.words}" if basis.words else ""
    second = " (second hand)" if basis.second_hand else ""
    return f"{basis.source}{second}{words} | {basis.captured_on} | {basis.grade} |"
