"""One text written in two ways: white space that means nothing, Unicode composition, base64 lines.

Equality, never similarity: letters that look alike are other letters, and a line break is no
space, because lines may be items. Source: FHIR R4 data types (https://hl7.org/fhir/R4/datatypes.html):
string, markdown, base64Binary; UAX #15 for NFC.
"""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from xml.etree import ElementTree

from core.discrepancy.case import Case, Finding
from core.discrepancy.place import element_paths

_RUN = re.compile(r"(?<=\S)[ \t\u00a0]+(?=\S)")
# Comments say nothing to a reader; a DTD or CDATA is no part of a narrative.
_DECLARED = re.compile(r"<!(?!--)")
_ANY_RUN = re.compile(r"[ \t\r\n\u00a0]+")
# Marks of a narrative in which white space is kept.
_SPACED = ("<pre", "white-space", "xml:space")
# Strings that name or key something: of these only the outer white space means nothing.
_KEYS = element_paths("Identifier.value ContactPoint.value")
# Strings that point: with white space in them they point nowhere.
_POINTERS = element_paths("Element.id Reference.reference")


def composed(text: str) -> str:
    """Return a text in NFC, with plain line breaks and single spaces within a line."""
    text = unicodedata.normalize("NFC", text).replace("\r\n", "\n").strip(" \t\n\u00a0")
    return _RUN.sub(" ", text)


def folded(text: str) -> str:
    """Return `composed` in lower case and on one line, for names and addresses.

    Lower case, not case folding: Weiß and Weiss are two names.
    """
    return _ANY_RUN.sub(" ", composed(text)).lower()


def content(text: object) -> bytes | None:
    """Return what base64 stands for, whatever its line breaks; None for anything else."""
    if not isinstance(text, str):
        return None
    try:
        return base64.b64decode(_ANY_RUN.sub("", text), validate=True)
    except (binascii.Error, ValueError):
        return None


def text_form(case: Case) -> Finding | None:
    """Know one text that is spaced or composed in another way."""
    if case.texts is None or case.place.type not in ("string", "markdown"):
        return None
    if case.defined_as in _POINTERS:
        return None
    ours, theirs = (_normal(text, case.defined_as) for text in case.texts)
    if ours and ours == theirs:
        return Finding("equivalent", "The same text is spaced or composed in another way.")
    return None


def narrative_form(case: Case) -> Finding | None:
    """Know one narrative whose XHTML is written in another way; what spaces it keeps counts."""
    if case.texts is None or case.defined_as != "Narrative.div":
        return None
    spaced = any(mark in text for text in case.texts for mark in _SPACED)
    ours, theirs = (_markup(text, is_spaced=spaced) for text in case.texts)
    if ours is not None and ours == theirs:
        return Finding("equivalent", "The same narrative is spaced or encoded in another way.")
    return None


def base64_form(case: Case) -> Finding | None:
    """Know the same bytes in base64 with other line breaks."""
    if case.texts is None or case.place.type != "base64Binary":
        return None
    ours, theirs = (content(text) for text in case.texts)
    if ours is not None and ours == theirs:
        return Finding("equivalent", "The same bytes are written with other line breaks.")
    return None


def _markup(text: str, *, is_spaced: bool) -> str | None:
    """Return XHTML in canonical form; None for what is no plain XHTML.

    Unless white space is kept, runs of it are single spaces.
    """
    if _DECLARED.search(text):
        return None
    try:
        canonical = ElementTree.canonicalize(text)
    except ElementTree.ParseError:
        return None
    plain = unicodedata.normalize("NFC", canonical)
    return plain if is_spaced else _ANY_RUN.sub(" ", plain).strip()


def _normal(text: str, path: str) -> str:
    if path in _KEYS:
        return unicodedata.normalize("NFC", text).strip(" \t\r\n")
    return composed(text)
