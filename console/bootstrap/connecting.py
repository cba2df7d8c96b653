"""A client for one EHR of the workspace, with a token source for each plane it uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import BadInput
from sync.ehr import FhirClient, NoTokens, TokenSource
from sync.wire import httpx

if TYPE_CHECKING:
    from console.bootstrap.opening import Opened


def connect_ehr(
    opened: Opened, name: str, transport: httpx.AsyncBaseTransport | None = None
) -> FhirClient:
    """Return the client of one configured EHR; the write plane's tokens stay in its memory."""
    config = opened.folder.config.ehr[name]

    def plane(plane: str) -> TokenSource | NoTokens:
        client_id = getattr(config.clients, plane)
        jwk = opened.folder.keys.client_jwk(plane, name)
        if client_id is None or jwk is None:
            return NoTokens(config.base_url)
        if config.token_url is None:
            raise BadInput("is missing", field=f"ehr.{name}.token_url", remedy="Add it")
        return TokenSource(
            client_id,
            jwk,
            config.token_url,
            now=opened.clock.now,
            new_id=opened.ids.uuid,
            transport=transport,
        )

    return FhirClient(
        name, config.base_url, read=plane("read"), write=plane("write"), transport=transport
    )
