"""Rules for names, addresses and contact points: one of them written in two ways.

Case and white space mean nothing in a name or an address, formatting signs nothing in a telephone
number. Nothing is guessed: no abbreviation, no nickname, no country code. The order of given names
and of address lines counts, where one line ends does not.
Source: FHIR R4 HumanName, Address, ContactPoint (https://hl7.org/fhir/R4/datatypes.html).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeGuard

from core.canonical import Json
from core.discrepancy.case import Case, Finding
from core.discrepancy.phones import is_same_number
from core.discrepancy.place import element_paths
from core.discrepancy.spelling import folded

_SPELT = element_paths("""
    HumanName.family HumanName.given HumanName.prefix HumanName.suffix HumanName.text
    Address.line Address.city Address.district Address.state Address.country Address.text
""")
_SEQUENCES = element_paths("HumanName.given HumanName.prefix HumanName.suffix Address.line")
_DIALLED = frozenset({"phone", "fax", "pager", "sms"})
_NAME_PARTS = ("prefix", "given", "family", "suffix")
_ADDRESS_PARTS = ("line", "city", "district", "state", "postalCode", "country")
_ENVELOPES = tuple(
    tuple(part for part in _ADDRESS_PARTS if part not in left_out)
    for left_out in ((), ("country",), ("district",), ("district", "country"))
)
_BREAK = re.compile(r"[\s,]+")
_ZIP, _ZIP4 = re.compile(r"[0-9]{5}"), re.compile(r"[0-9]{5}-[0-9]{4}")

_SAME_NAME = Finding("equivalent", "The same name is written in another way.")
_SAME_ADDRESS = Finding("equivalent", "The same address is written in another way.")


def words(text: str) -> list[str]:
    """Return the words of a name or an address in lower case; commas only part them."""
    return [word for word in _BREAK.split(folded(text)) if word]


def same_sequence(case: Case) -> Finding | None:
    """Know given names or address lines, the whole list, of which only the items end elsewhere."""
    if case.defined_as not in _SEQUENCES:
        return None
    ours, theirs = case.intended, case.persisted
    if not _are_texts(ours) or not _are_texts(theirs) or len(ours) == len(theirs):
        return None
    if words(" ".join(ours)) == words(" ".join(theirs)):
        return _SAME_NAME if case.defined_as.startswith("HumanName") else _SAME_ADDRESS
    return None


def spelling(case: Case) -> Finding | None:
    """Know a part of a name or an address in other case or spacing."""
    if case.texts is None or case.defined_as not in _SPELT:
        return None
    if folded(case.texts[0]) == folded(case.texts[1]):
        return _SAME_NAME if case.defined_as.startswith("HumanName") else _SAME_ADDRESS
    return None


def name_text(case: Case) -> Finding | None:
    """Know a name's text with the family name first or last, and one made from the parts."""
    if case.defined_as != "HumanName.text":
        return None
    if case.texts is not None and _turned(case.texts[0]) == _turned(case.texts[1]):
        return _SAME_NAME
    if not case.is_added or not isinstance(case.persisted, str):
        return None
    written = words(_turned(case.persisted))
    if written in _either(case, _NAME_PARTS) or written in _either(case, ("given", "family")):
        return Finding("enriched", "The EHR wrote out the name from its parts.")
    return None


def address_text(case: Case) -> Finding | None:
    """Know an address's text whose lines end elsewhere, and one made from the parts."""
    if case.defined_as != "Address.text":
        return None
    if case.texts is not None and words(case.texts[0]) == words(case.texts[1]):
        return _SAME_ADDRESS
    if not case.is_added or not isinstance(case.persisted, str):
        return None
    written = words(case.persisted)
    # As it stands on an envelope: within a country its name is left out, often the district too.
    if any(written in _either(case, parts) for parts in _ENVELOPES):
        return Finding("enriched", "The EHR wrote out the address from its parts.")
    return None


def postal_code(case: Case) -> Finding | None:
    """Know a postal code with other spacing, and a US one to which its last four were added."""
    if case.texts is None or case.defined_as != "Address.postalCode":
        return None
    ours, theirs = case.texts
    if _bare_code(ours) == _bare_code(theirs):
        return _SAME_ADDRESS
    if _ZIP.fullmatch(ours) and _ZIP4.fullmatch(theirs) and theirs.startswith(ours):
        return Finding("enriched", "The EHR added the last four digits to the ZIP code.")
    return None


def contact_value(case: Case) -> Finding | None:
    """Know one telephone number or e-mail address in another form."""
    if case.texts is None or case.defined_as != "ContactPoint.value":
        return None
    systems = {str(holder.get("system")) for holder in case.holders if isinstance(holder, dict)}
    ours, theirs = case.texts
    if len(systems) == 1 and systems <= _DIALLED:
        if is_same_number(ours, theirs, case.scope.region):
            return Finding("equivalent", "The same number is written in another way.")
    elif systems == {"email"} and _mail(ours) == _mail(theirs):
        return Finding("equivalent", "The same e-mail address is written in another way.")
    return None


def _are_texts(value: object) -> TypeGuard[list[str]]:
    return isinstance(value, list) and bool(value) and all(isinstance(one, str) for one in value)


def _turned(text: str) -> str:
    """Return "Given Family" for "Family, Given"."""
    plain = folded(text)
    family, comma, given = plain.partition(",")
    if not comma or "," in given:
        return plain
    return f"{given.strip()} {family.strip()}"


def _either(case: Case, names: tuple[str, ...]) -> list[list[str]]:
    """Return the words of the parts on each side, which are themselves compared."""
    return [found for holder in case.holders if (found := list(_parts(holder, names)))]


def _parts(holder: Json, names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        held = holder.get(name) if isinstance(holder, dict) else None
        for item in held if isinstance(held, list) else [held]:
            if isinstance(item, str):
                yield from words(item)


def _bare_code(text: str) -> str:
    return re.sub(r"(?<=\w)[ \-](?=\w)", "", folded(text))


def _mail(text: str) -> str:
    return text.strip().lower().removeprefix("mailto:")
