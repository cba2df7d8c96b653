"""Telling people through a webhook: one POST, no redirect, no retry of its own, all of it bounded.

A bearer token comes from a file that COUNTERSIGN_NOTIFY_TOKEN_FILE names, read anew each time, so
that it can be exchanged; it stands neither in the configuration nor in the environment.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from core.canonical import JsonObject, encode
from core.errors import CountersignError
from core.notify.deliver import NotDelivered
from sync.fhir.channel import Bounds, Channel, Outgoing
from sync.wire import httpx

TOKEN_FILE = "COUNTERSIGN_NOTIFY_TOKEN_FILE"  # noqa: S105 - the name of a variable
MAX_TOKEN = 4096
BOUNDS = Bounds(connect=5, read=5, write=5, pool=5, deadline=10, max_bytes=64 * 1024, connections=1)


class WebhookNotifier:
    """Implements `core.notify.deliver.Notifier`; one is used in one event loop."""

    def __init__(
        self,
        url: str,
        env: Mapping[str, str],
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        bounds: Bounds = BOUNDS,
    ) -> None:
        self._url = httpx.URL(url)
        self._token_file = env.get(TOKEN_FILE) or None
        self._transport = transport
        self._bounds = bounds

    async def send(self, message: JsonObject) -> None:
        """Post it; NotDelivered unless the answer is one of success (2xx)."""
        headers = {"Content-Type": "application/json", **self._authorization()}
        channel = Channel("notifier", transport=self._transport, bounds=self._bounds)
        try:
            answer = await channel.fetch(Outgoing("POST", self._url, headers, encode(message)))
        except CountersignError:
            raise NotDelivered("webhook-unreachable") from None
        finally:
            await channel.aclose()
        if not httpx.codes.is_success(answer.status):
            raise NotDelivered(f"webhook-answered-{answer.status}")

    def _authorization(self) -> dict[str, str]:
        if self._token_file is None:
            return {}
        try:
            with Path(self._token_file).open("rb") as file:
                token = file.read(MAX_TOKEN + 1).decode("ascii").strip()
        except (OSError, UnicodeDecodeError):
            raise NotDelivered("webhook-token-unreadable") from None
        if not token or len(token) > MAX_TOKEN or not token.isprintable() or " " in token:
            raise NotDelivered("webhook-token-unreadable")
        return {"Authorization": f"Bearer {token}"}
