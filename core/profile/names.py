"""Whether a profile names types and elements that FHIR R4 has; a misspelt one would say nothing."""

from __future__ import annotations

from core.fhir import element, is_resource_type
from core.profile.basis import bad
from core.profile.document import Document
from core.profile.places import ANY
from core.profile.profile import EVERY

_OF_ANY = ("DomainResource", ANY)


def check_names(document: Document) -> None:
    """Raise BadInput for the first type or element that R4 does not have."""
    for place, claim in enumerate(document.writes):
        for type_ in claim.types:
            if type_ != EVERY and not is_resource_type(type_):
                raise bad(f"writes.{place}.types", f"holds {type_}, which is no resource type")
    for place, limit in enumerate(document.fields):
        _check(f"fields.{place}.path", limit.path)
    for place, entry in enumerate(document.dropped):
        for path in entry.paths:
            _check(f"dropped.{place}.paths", path)
    for place, note in enumerate(document.notes):
        _check(f"notes.{place}.path", note.path)
    for place, one in enumerate(document.transforms):
        _check(f"transforms.{place}.path", one.path)


def _check(field: str, path: str) -> None:
    type_, _, below = path.partition(".")
    if type_ != ANY and not is_resource_type(type_):
        raise bad(field, f"begins with {type_}, which is no resource type")
    kinds = _OF_ANY if type_ == ANY else (type_,)
    if below and all(element(f"{kind}.{below}") is None for kind in kinds):
        raise bad(field, f"names {path}, which R4 does not have")
