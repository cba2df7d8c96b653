"""The human-readable text of a FHIR resource, cut into segments with their paths.

Text is told from identifiers, codes, addresses and dates by key names, not by content: a name is
fixed by the specification, while content that looks like an identifier may be what somebody
wrote. Unknown keys count as text. Losing a person's words would call an honest quote not found;
keeping a stray code only makes that code findable.
Source: hub-protocol §8 (grounding; never render XHTML, show its text).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass

from core.canonical import Json, JsonObject, Number
from core.grounding.markup import strip_tags

_SKIPPED_TREES = frozenset({"meta", "identifier", "masterIdentifier", "groupIdentifier"})
# Ids, references, uris, codes, hashes and dates: machine values, never prose.
_SKIPPED_LEAVES = frozenset(
    {
        "resourceType", "id", "reference", "system", "code", "url", "uri", "version", "language",
        "contentType", "data", "hash", "creation", "linkId", "definition", "questionnaire",
        "instantiatesUri", "instantiatesCanonical", "implicitRules", "profile", "fullUrl", "status",
        "docStatus", "intent", "use", "gender", "rank", "mode", "comparator", "criticality",
        "priority", "currency", "start", "end", "date", "issued", "recorded", "authoredOn",
        "created", "sent", "received", "dateAsserted", "lastUpdated", "authored", "time", "when",
        "valueCode", "valueUri", "valueUrl", "valueCanonical", "valueOid", "valueUuid", "valueId",
        "valueBase64Binary",
    }
)  # fmt: skip
_SKIPPED_SUFFIXES = ("Date", "DateTime", "Time", "Instant", "Uri", "Canonical")
_MARKUP_TYPES = frozenset({"text/html", "text/xml", "application/xml", "application/xhtml+xml"})
# Formats whose raw bytes are text and whose words are not: the reader would see something else.
_OPAQUE_TEXT = frozenset({"text/rtf", "text/richtext"})
# Named, so that a document cannot pick a codec with surprises (utf-7, punycode, escapes).
_CHARSETS = {
    "utf-8": "utf-8-sig", "utf8": "utf-8-sig", "us-ascii": "ascii", "ascii": "ascii",
    "iso-8859-1": "iso-8859-1", "latin1": "iso-8859-1", "iso-8859-15": "iso-8859-15",
    "windows-1252": "cp1252", "cp1252": "cp1252", "utf-16": "utf-16", "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
}  # fmt: skip
# Attachments are known by their type; where that is missing, by the names R4 gives them.
_ATTACHMENT = re.compile(r"(?:[aA]ttachment|\.presentedForm)(?:\[\d+\])?$")


@dataclass(frozen=True, slots=True)
class Segment:
    """One piece of human text and where it stands (`DocumentReference.content[0].attachment`)."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An attachment whose words could not be read, with a static reason.

    Reasons: `elsewhere` (only a url), `not-text`, `charset`, `not-base64`, `not-decodable`.
    """

    path: str
    reason: str


def segments(resource: JsonObject) -> list[Segment]:
    """Return every piece of human text in `resource`, in document order.

    Attachments (base64 `data` with a text or markup type), narrative and markup stripped of tags,
    string leaves that are human text, and each quantity as one piece (`7.2 %`). Names and
    addresses come part by part. Contained resources are included; attachments that cannot be read
    are left out and named by `unreadable`.
    """
    return [item for item in _walk(resource, _root(resource)) if isinstance(item, Segment)]


def unreadable(resource: JsonObject) -> list[Unreadable]:
    """Return the attachments of `resource` that `segments` had to leave out."""
    return [item for item in _walk(resource, _root(resource)) if isinstance(item, Unreadable)]


def plain_text(node: JsonObject) -> str | None:
    """Return the words of an Attachment of plain text; None for any other object.

    Nothing is stripped: markup would have to be, and is left out.
    """
    data, declared = node.get("data"), node.get("contentType")
    if not isinstance(data, str) or not isinstance(declared, str):
        return None
    found = _words(data, declared) if _media_type(declared)[0] == "text/plain" else None
    return found if isinstance(found, str) else None


def _root(resource: JsonObject) -> str:
    name = resource.get("resourceType")
    return name if isinstance(name, str) else "Resource"


def _walk(node: Json, path: str) -> Iterator[Segment | Unreadable]:
    if isinstance(node, list):
        for index, item in enumerate(node):
            yield from _walk(item, f"{path}[{index}]")
    elif isinstance(node, dict):
        yield from _composed(node, path)
        for key, value in node.items():
            yield from _member(key, value, f"{path}.{key}")
    elif isinstance(node, str) and node.strip():
        yield Segment(path, node)


def _member(key: str, value: Json, path: str) -> Iterator[Segment | Unreadable]:
    if key in _SKIPPED_TREES or (not isinstance(value, dict) and _is_machine_value(key, value)):
        return
    if key == "div" and isinstance(value, str):
        words = strip_tags(value)
        if words:
            yield Segment(path, words)
        return
    yield from _walk(value, path)


def _is_machine_value(key: str, value: Json) -> bool:
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        return False
    return key in _SKIPPED_LEAVES or key.endswith(_SKIPPED_SUFFIXES)


def _composed(node: JsonObject, path: str) -> Iterator[Segment | Unreadable]:
    value, unit = node.get("value"), node.get("unit", node.get("code"))
    if isinstance(value, Number) and isinstance(unit, str):
        comparator = node.get("comparator")
        yield Segment(path, f"{comparator if comparator else ''}{value.text} {unit}")
    if "contentType" in node or _ATTACHMENT.search(path):
        yield from _attachment(node, path)


def _attachment(node: JsonObject, path: str) -> Iterator[Segment | Unreadable]:
    data, declared = node.get("data"), node.get("contentType")
    if not isinstance(data, str):
        if "url" in node:
            yield Unreadable(path, "elsewhere")
        return
    outcome = _words(data, declared if isinstance(declared, str) else "")
    if isinstance(outcome, _Unread):
        yield Unreadable(path, outcome.reason)
    elif outcome.strip():
        yield Segment(path, outcome)


@dataclass(frozen=True, slots=True)
class _Unread:
    reason: str


def _words(data: str, declared: str) -> str | _Unread:
    media, charset = _media_type(declared)
    is_markup = media in _MARKUP_TYPES or (
        media.endswith("+xml") and media.startswith(("text/", "application/"))
    )
    if media in _OPAQUE_TEXT or not (is_markup or media.startswith("text/")):
        return _Unread("not-text")
    codec = _CHARSETS.get(charset)
    if codec is None:
        return _Unread("charset")
    try:
        text = base64.b64decode("".join(data.split()), validate=True).decode(codec)
    except binascii.Error:
        return _Unread("not-base64")
    except ValueError:
        return _Unread("not-decodable")
    return strip_tags(text) if is_markup else text


def _media_type(declared: str) -> tuple[str, str]:
    media, *parameters = (part.strip().lower() for part in declared.split(";"))
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "charset":
            return media, value.strip().strip("\"'")
    return media, "utf-8"
