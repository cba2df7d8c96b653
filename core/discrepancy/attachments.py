"""Rules for attachments: their bytes, and what is said of their bytes.

The hash is what FHIR defines it to be, SHA-1 in base64; here it tells bytes apart that nobody has
a reason to forge against himself. Source: FHIR R4 Attachment (https://hl7.org/fhir/R4/datatypes.html#Attachment).
"""

from __future__ import annotations

import base64
import hashlib

from core.canonical import JsonObject, Number
from core.discrepancy.case import Case, Finding
from core.discrepancy.references import target
from core.discrepancy.spelling import content

_MEMBERS = ("Attachment.data", "Attachment.url", "Attachment.hash", "Attachment.size")


def attachment(case: Case) -> Finding | None:
    """Know bytes that moved behind a link, and a hash or size that was added to them."""
    ours, theirs = case.holders
    if case.defined_as not in _MEMBERS or case.is_altered:
        return None
    if not isinstance(ours, dict) or not isinstance(theirs, dict):
        return None
    data = content(ours.get("data"))
    if data is None:
        return None
    if case.name in ("hash", "size") and case.is_added:
        if _fits({case.name: case.persisted}, data):
            return Finding("enriched", "The EHR added the hash or size of the same bytes.")
        return Finding("changed", "The hash or size is not that of the intended bytes.")
    moved = "url" not in ours and isinstance(theirs.get("url"), str) and "data" not in theirs
    if moved and "hash" in theirs and _fits(theirs, data):
        return Finding("enriched", "The EHR keeps the same bytes, by their hash, behind a link.")
    return None


def link_form(case: Case) -> Finding | None:
    """Know a link to one resource of the EHR written relative or absolute.

    Source: FHIR R4 Attachment.url, which may be relative to the server's base.
    """
    if case.defined_as != "Attachment.url" or case.texts is None:
        return None
    ours, theirs = (target(text, case.scope.base_url) for text in case.texts)
    if ours is not None and ours == theirs:
        return Finding("equivalent", "The link names the same resource in another form.")
    return None


def _fits(attachment: JsonObject, data: bytes) -> bool:
    """Tell whether hash and size, where stated, are those of the bytes."""
    size, digest = attachment.get("size"), attachment.get("hash")
    if size is not None and (not isinstance(size, Number) or size.text != str(len(data))):
        return False
    made = hashlib.sha1(data, usedforsecurity=False).digest()
    return digest is None or digest == base64.b64encode(made).decode("ascii")
