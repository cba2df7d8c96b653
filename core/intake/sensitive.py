"""Security labels that mark content as sensitive, in groups that policy rules name.

A code counts wherever it stands, whatever system it is given with: the safe reading.
Source: FHIR R4 §6.1.1 (security labels); v3 Confidentiality; v3 ActCode, value set
InformationSensitivityPolicy (FHIR R4 value set security-labels); 42 CFR Part 2.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from core.canonical import JsonObject
from core.consent.asked import labels_of

PREFIX = "label:"

GROUPS: dict[str, frozenset[str]] = {
    "restricted": frozenset({"R"}),
    "very-restricted": frozenset({"V"}),
    "part2": frozenset({"42CFRPart2"}),
    "behavioural": frozenset({"BH", "MH", "PSY", "PSYTHPN", "COGN", "DVD", "EMOTDIS"}),
    "substance-use": frozenset({"SUD", "ETH", "ETHUD", "OPIOIDUD"}),
    "hiv": frozenset({"HIV"}),
    "reproductive": frozenset({"SEX", "STD"}),
    "violence": frozenset({"SDV", "VIO", "MST"}),
    "genetic": frozenset({"GDIS", "SCA", "SICKLE"}),
    "taboo": frozenset({"TBOO"}),
}
"""Group → codes. `SEX` is sexuality and reproductive health; `SDV` abuse and domestic violence."""


_WORDS = {"hiv": "HIV", "part2": "42 CFR Part 2"}


def label_words(groups: Iterable[str]) -> str:
    """Return the groups as people read them."""
    return ", ".join(_WORDS.get(group, group) for group in sorted(groups))


def groups(codes: frozenset[str]) -> frozenset[str]:
    """Return the groups that any of these label codes belongs to."""
    return frozenset(name for name, members in GROUPS.items() if members & codes)


def groups_of(*resources: JsonObject | None) -> frozenset[str]:
    """Return the groups of the labels that these resources bear."""
    return groups(labels_of(*resources))


def label_flags(
    base: JsonObject | None, resource: JsonObject, evidence: Sequence[JsonObject]
) -> frozenset[str]:
    """Return `label:<group>` for what a change is about, becomes, or rests on."""
    found = groups_of(base, resource)
    for item in evidence:
        found |= frozenset(str(name) for name in item.get("labels") or ())
    return frozenset(f"{PREFIX}{name}" for name in found)
