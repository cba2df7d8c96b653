"""A client for one EHR of the workspace, with a token source for each plane it uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import BadInput
from sync.fhir import FhirClient, NoAuth, Tokens, TokenSource

if TYPE_CHECKING:
    from console.bootstrap.opening import Opened


def connect_ehr(opened: Opened, name: str) -> FhirClient:
    """Return the client of one configured EHR; the write plane's tokens stay in its memory."""
    config = opened.folder.config.ehr[name]

    def tokens(plane: str) -> Tokens:
        client_id = getattr(config.clients, plane)
        jwk = opened.folder.keys.client_jwk(plane, name)
        if client_id is None or jwk is None:
            return NoAuth()
        if config.token_url is None:
            raise BadInput(
                "is missing", field=f"ehr.{name}.token_url", remedy="Add it to countersign.toml"
            )
        return TokenSource(
            client_id, jwk, config.token_url, clock=opened.clock, new_id=opened.ids.uuid
        )

    return FhirClient(name, config.base_url, tokens("read"), tokens("write"))
