"""Content negotiation: JSON only, and what `Prefer: return=` asks for.

Source: FHIR R4 http.html §3.1.0.1.9 (content types) and §3.1.0.1.8 (Prefer).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from email.message import Message

from starlette.datastructures import Headers

from sync.sandbox.outcome import refusal

_JSON = frozenset({"application/fhir+json", "application/json"})
_ANY = frozenset({"*/*", "application/*"})
_FORMATS = _JSON | {"json"}
_PREFERENCES = frozenset({"minimal", "representation", "OperationOutcome"})


def check_accept(headers: Headers, formats: Iterable[str] = ()) -> None:
    """Raise 406 unless JSON is acceptable; `formats` are `_format` values, which win."""
    for wanted in formats:
        if wanted not in _FORMATS:
            raise _not_acceptable()
        return
    accepted = ",".join(headers.getlist("accept"))
    if accepted.strip() and not any(_acceptable(item) for item in accepted.split(",")):
        raise _not_acceptable()


def check_content_type(headers: Headers, allowed: Collection[str] = _JSON) -> None:
    """Raise 415 unless the body is declared as one of `allowed`, by default FHIR R4 JSON."""
    media, parameters = _media_type(headers.get("content-type", ""))
    if media not in allowed or not _is_r4(parameters) or not _is_utf8(parameters):
        wanted = "application/fhir+json" if allowed is _JSON else ", ".join(allowed)
        raise refusal(415, "not-supported", f"send {wanted} in UTF-8")


def preference(headers: Headers) -> str:
    """Return `minimal`, `representation` (the default) or `OperationOutcome`."""
    for item in ",".join(headers.getlist("prefer")).replace(";", ",").split(","):
        name, _, value = item.strip().partition("=")
        if name.lower() == "return" and value.strip('"') in _PREFERENCES:
            return value.strip('"')
    return "representation"


def _acceptable(item: str) -> bool:
    media, parameters = _media_type(item)
    if media not in _JSON | _ANY or not _is_r4(parameters):
        return False
    try:
        return float(parameters.get("q", "1")) > 0
    except ValueError:
        return False


def _media_type(text: str) -> tuple[str, dict[str, str]]:
    message = Message()
    message["content-type"] = text.strip()
    found = message.get_params(failobj=[])
    if not found:
        return "", {}
    return found[0][0].lower(), {name.lower(): value for name, value in found[1:]}


def _is_r4(parameters: dict[str, str]) -> bool:
    return parameters.get("fhirversion", "4.0") in ("4.0", "4.0.1")


def _is_utf8(parameters: dict[str, str]) -> bool:
    return parameters.get("charset", "utf-8").lower() in ("utf-8", "utf8")


def _not_acceptable() -> Exception:
    return refusal(406, "not-supported", "only application/fhir+json is served")
