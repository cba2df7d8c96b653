"""Serving the embedded EHR from the command line."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from sync.sandbox import Sandbox, serve


def serve_sandbox(
    port: int,
    load: Sequence[Path],
    *,
    no_auth: bool,
    on_ready: Callable[[dict[str, object]], None],
) -> None:
    """Serve until stopped; the throw-away client keys lie in a private folder until then."""
    with (
        tempfile.TemporaryDirectory(prefix="countersign-sandbox-") as folder,
        Sandbox(no_auth=no_auth) as sandbox,
    ):
        sandbox.load(load)
        clients = {} if no_auth else _issue(sandbox, Path(folder))

        def ready(base_url: str, token_url: str) -> None:
            on_ready({"base_url": base_url, "token_url": token_url, "clients": clients})

        serve(sandbox.app, port, ready)


def _issue(sandbox: Sandbox, folder: Path) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for client in sandbox.issue_clients():
        path = folder / f"{client.plane}.jwk"
        path.touch(mode=0o600)
        path.write_text(json.dumps(client.private_jwk), "utf-8")
        found[client.plane] = {"client_id": client.client_id, "key_file": str(path)}
    return found
