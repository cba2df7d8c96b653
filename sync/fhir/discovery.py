"""Finding a server's token endpoint.

Source: SMART App Launch 2.x, "Conformance" (`/.well-known/smart-configuration`).
"""

from __future__ import annotations

from dataclasses import dataclass

from core.canonical import JsonObject
from core.errors import BadInput
from sync.fhir.answers import document, require_ok
from sync.fhir.channel import Bounds, Channel, Outgoing
from sync.fhir.errors import Unreadable
from sync.fhir.urls import Base, endpoint, is_loopback
from sync.wire import httpx

MAX_ANSWER = 256 * 1024
SERVER = "the server"


@dataclass(frozen=True, slots=True)
class SmartConfiguration:
    """What a server says of its authorization; empty where it says nothing."""

    token_endpoint: str
    auth_methods: tuple[str, ...]
    algorithms: tuple[str, ...]
    scopes: tuple[str, ...]
    capabilities: tuple[str, ...]


async def discover(
    base_url: str,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    bounds: Bounds | None = None,
) -> SmartConfiguration:
    """Return the SMART configuration of the FHIR server at `base_url`.

    Raises BadInput for an unfit base URL, Unreachable for an answer that cannot be used; the
    token endpoint must be https, or on loopback as the server itself.
    """
    base = Base(base_url)
    channel = Channel(SERVER, transport=transport, bounds=bounds or Bounds(max_bytes=MAX_ANSWER))
    try:
        url = base.at(".well-known", "smart-configuration")
        answer = await channel.fetch(Outgoing("GET", url, {"Accept": "application/json"}))
    finally:
        await channel.aclose()
    require_ok(SERVER, answer)
    found = document(SERVER, answer)
    prefix = "token_endpoint_auth"
    return SmartConfiguration(
        _token_endpoint(found, base),
        _texts(found, f"{prefix}_methods_supported"),
        _texts(found, f"{prefix}_signing_alg_values_supported"),
        _texts(found, "scopes_supported"),
        _texts(found, "capabilities"),
    )


def _token_endpoint(found: JsonObject, base: Base) -> str:
    text = found.get("token_endpoint")
    try:
        if isinstance(text, str) and (
            not is_loopback(endpoint(text, "token_endpoint")) or base.loopback
        ):
            return text
    except BadInput:
        pass
    raise Unreadable(f"{SERVER} names no token endpoint that can be used")


def _texts(found: JsonObject, name: str) -> tuple[str, ...]:
    value = found.get(name)
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()
