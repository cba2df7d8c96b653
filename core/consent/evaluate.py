"""All Consents of a patient asked about one change; a denial overrides, doubt never allows.

A Consent has a base, permit or deny, and provisions that are exceptions to it. The base is the
policy rule's (OPTIN, OPTOUT); without one that is known, the type of the root provision, as many
systems write it. The root provision without a type sets the context in which the base holds, and
exceptions begin below it; but where it narrows an opt-in by more than a period the published
examples mean an exception too, so that such a Consent is read as contradictory where it applies.
What was permitted and then ended or was revoked is a denial until a newer Consent permits.
Source: FHIR R4 §6.2.4 to §6.2.7 and its examples; design §7.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from core.canonical import Json, JsonObject
from core.consent.asked import Asked
from core.consent.matching import Match, applies, codes, narrows
from core.consent.period import Unreadable, holds, is_after

Effect = Literal["permit", "deny"]
_RULES: dict[str, Effect] = {
    "OPTIN": "permit", "OPTINR": "permit", "OPTOUT": "deny", "OPTOUTE": "deny",
}  # fmt: skip
_EFFECTS = frozenset({"permit", "deny"})
_ENDED = frozenset({"inactive", "rejected"})
_PASSED_OVER = frozenset({"draft", "proposed", "entered-in-error"})
_SCOPES = frozenset({"patient-privacy"})
_OTHER_SCOPES = frozenset({"adr", "treatment", "research"})
_DEPTH = 8


@dataclass(frozen=True, slots=True)
class _Said:
    """What one Consent says, where, and when it was given."""

    word: Literal["permit", "deny", "ended", "unreadable", "nothing"]
    source: str
    given: str


def evaluate(consents: Sequence[JsonObject], asked: Asked, default: Effect) -> str:
    """Return the answer (see `core.consent.answer`) of these Consents, each in exact JSON.

    Consents of other patients say nothing. Never raises for what stands in a Consent.
    """
    said = [_said(consent, asked) for consent in consents]
    for word in ("deny", "unreadable"):
        found = [one for one in said if one.word == word]
        if found:
            return f"{word} {found[0].source}"
    ended = [one for one in said if one.word == "ended"]
    permits = [one for one in said if one.word == "permit"]
    standing = [one for one in permits if all(is_after(one.given, other.given) for other in ended)]
    if standing:
        return f"permit {_newest(standing).source}"
    return f"deny {_newest(ended).source}" if ended else f"default:{default}"


def _newest(said: Sequence[_Said]) -> _Said:
    return max(said, key=lambda one: (one.given, one.source))


def _said(consent: JsonObject, asked: Asked) -> _Said:
    source, given = _name(consent), str(consent.get("dateTime") or "")
    try:
        if not _is_about(consent, asked):
            return _Said("nothing", source, given)
        word, where = _judged(consent, asked)
    except (Unreadable, RecursionError) as error:
        where = error.where if isinstance(error, Unreadable) else "provision"
        return _Said("unreadable", f"{source} {where}", given)
    return _Said(word, f"{source} {where}".strip(), given)


def _name(consent: JsonObject) -> str:
    """Return `Consent/c1 version 3`; what has not the narrow form of an id is left out."""
    meta = consent.get("meta")
    version = meta.get("versionId") if isinstance(meta, dict) else None
    id_ = consent.get("id")
    parts = ["Consent" if not _is_id(id_) else f"Consent/{id_}"]
    return " ".join([*parts, f"version {version}"] if _is_id(version) else parts)


def _is_id(value: Json) -> bool:
    return (
        isinstance(value, str)
        and 0 < len(value) <= 64
        and all(char.isascii() and (char.isalnum() or char in "-.") for char in value)
    )


def _is_about(consent: JsonObject, asked: Asked) -> bool:
    patient = consent.get("patient")
    reference = patient.get("reference") if isinstance(patient, dict) else None
    if not isinstance(reference, str):
        raise Unreadable("patient")
    if reference != asked.patient and not reference.endswith(f"/{asked.patient}"):
        return False
    status = consent.get("status")
    if status in _PASSED_OVER:
        return False
    if status not in _ENDED and status != "active":
        raise Unreadable("status")
    scopes = set(codes(consent.get("scope"), "scope"))
    return bool(scopes & _SCOPES) or not scopes <= _OTHER_SCOPES


@dataclass(frozen=True, slots=True)
class _Read:
    """One Consent with its rule and the type of its root provision, each looked at once."""

    consent: JsonObject
    root: JsonObject
    rule: Effect | None
    typed: Effect | None

    @property
    def excepts(self) -> bool:
        """Whether the root provision is an exception to the rule, as in HL7's example notOrg."""
        return self.rule is not None and self.typed is not None and self.rule != self.typed


def _judged(
    consent: JsonObject, asked: Asked
) -> tuple[Literal["permit", "deny", "ended", "nothing"], str]:
    root = consent.get("provision")
    if root is not None and not isinstance(root, dict):
        raise Unreadable("provision")
    read = _Read(consent, root or {}, _rule(consent), _type(root or {}))
    effect, where = _effect(read, asked)
    if effect is None:
        return "nothing", ""
    revoked = consent["status"] in _ENDED
    if not revoked and (read.excepts or _in_period(read.root, asked)):
        return effect, where
    if effect == "deny":
        return "nothing", ""
    return "ended", "was revoked" if revoked else "is over"


def _effect(read: _Read, asked: Asked) -> tuple[Effect | None, str]:
    """Return what base and exceptions come to, the root's period apart; None where not about it."""
    rule, typed, root = read.rule, read.typed, read.root
    base = rule or typed
    if base is None:
        raise Unreadable("policyRule")
    context = {name: value for name, value in root.items() if name != "period"}
    match = applies(context, asked)
    if rule is not None and typed is not None and read.excepts:
        if match is Match.NO or not _in_period(root, asked):
            return rule, "policyRule"
        return _settled(typed, match, root, asked, "provision")
    if base == "deny" and rule is not None:
        found = _nested(root, base, asked, "provision") if match is Match.YES else None
        return found or ("deny", "policyRule")
    if match is Match.NO:
        return None, ""
    if rule == "permit" and typed is None and narrows(context):
        raise Unreadable("provision")
    return _settled(base, match, root, asked, "provision" if rule is None else "policyRule")


def _settled(
    effect: Effect, match: Match, provision: JsonObject, asked: Asked, where: str
) -> tuple[Effect, str]:
    if match is Match.MAYBE:
        raise Unreadable(where)
    return _nested(provision, effect, asked, "provision") or (effect, where)


def _nested(
    provision: JsonObject, outer: Effect, asked: Asked, where: str, depth: int = 0
) -> tuple[Effect, str] | None:
    """Return what the exceptions below a provision come to, a denial first; None where none is."""
    if depth > _DEPTH:
        raise Unreadable(where)
    found: list[tuple[Effect, str]] = []
    children = provision.get("provision", [])
    if not isinstance(children, list):
        raise Unreadable(where)
    for number, child in enumerate(children):
        place = f"{where} {number + 1}" if depth == 0 else f"{where}.{number + 1}"
        if not isinstance(child, dict):
            raise Unreadable(place)
        match = applies(child, asked)
        if match is Match.NO:
            continue
        effect = _type(child)
        if effect is None:
            raise Unreadable(place)
        if match is Match.MAYBE:
            if outer == "permit" and (effect == "deny" or "provision" in child):
                raise Unreadable(place)
            continue
        found.append(_nested(child, effect, asked, place, depth + 1) or (effect, place))
    denied = [one for one in found if one[0] == "deny"]
    return denied[0] if denied else found[0] if found else None


def _in_period(root: JsonObject, asked: Asked) -> bool:
    return "period" not in root or holds(root["period"], asked.at)


def _rule(consent: JsonObject) -> Effect | None:
    rule = consent.get("policyRule")
    if not isinstance(rule, dict) or "coding" not in rule:
        return None
    known = {_RULES[code] for code in codes(rule, "policyRule") if code in _RULES}
    if len(known) > 1:
        raise Unreadable("policyRule")
    return next(iter(known), None)


def _type(provision: JsonObject) -> Effect | None:
    value = provision.get("type")
    if value is None:
        return None
    if value not in _EFFECTS:
        raise Unreadable("provision.type")
    return "permit" if value == "permit" else "deny"
