"""Clients of the configured servers, each with the token source of its plane."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.bootstrap.traffic import bounds_of, gate_of, metered
from sync.fhir import Bounds, FhirClient, NoAuth, Tokens, TokenSource
from sync.fhir.discovery import discover
from sync.fhir.token_cache import CachedTokens, TokenCache
from sync.fhir.tokens import MAX_ANSWER
from sync.traffic import Gate

if TYPE_CHECKING:
    from console.bootstrap.opening import Opened


async def connect_ehr(
    opened: Opened, name: str, gate: Gate | None = None, *, connections: int = 0
) -> FhirClient:
    """Return the client of one configured EHR; the write plane's tokens stay in its memory.

    Every call of it, those for tokens too, is counted by `gate`. It has as many connections as the
    gate has slots, `connections` at least.
    """
    gate = gate or gate_of(opened, name)
    config = opened.folder.config.ehr[name]
    reading = await plane_tokens(opened, name, "read", gate)
    writing = await plane_tokens(opened, name, "write", gate)
    bounds = bounds_of(gate, connections)
    transport = metered(gate, bounds)
    return FhirClient(
        name, config.base_url, reading, writing,
        transport=transport, bounds=bounds, hear=opened.clock.hear,
    )  # fmt: skip


async def plane_tokens(opened: Opened, name: str, plane: str, gate: Gate | None = None) -> Tokens:
    """Return the token source of one plane (`read`, `propose`, `approve`, `write`) of an EHR.

    Where no token endpoint is configured the server's SMART configuration names it; where no
    client is, the server is asked without a token. Raises Unreachable.
    """
    config = opened.folder.config.ehr[name]
    client_id = getattr(config.clients, plane)
    jwk = opened.folder.keys.client_jwk(plane, name)
    if client_id is None or jwk is None:
        return NoAuth()
    url = config.token_url or (await discover(config.base_url)).token_endpoint
    bounds = Bounds(max_bytes=MAX_ANSWER)
    transport = metered(gate or gate_of(opened, name), bounds, token=True)
    source = TokenSource(
        client_id, jwk, url, clock=opened.clock, new_id=opened.ids.uuid,
        transport=transport, bounds=bounds,
    )  # fmt: skip
    cache = token_cache(opened)
    if cache is None or plane == "write":
        return source
    return CachedTokens(source, cache, plane, url, opened.clock, opened.ids.uuid())


def token_cache(opened: Opened) -> TokenCache | None:
    """Return the cache of this workspace's tokens; None in a demo, which keeps nothing."""
    folder = opened.folder
    if folder.sealer is None:
        return None
    return TokenCache(folder.connection, folder.sealer, str(folder.config.id), folder.keyring)
