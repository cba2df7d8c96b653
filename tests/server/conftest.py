"""The server under test: the one that is named, else the embedded sandbox over loopback."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.sandbox import Sandbox, serving
from tests.server.contract import Server

BASE = "COUNTERSIGN_TEST_SERVER"
TOKEN_FILE = "COUNTERSIGN_TEST_SERVER_TOKEN_FILE"


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    base = os.environ.get(BASE)
    if base:
        named = os.environ.get(TOKEN_FILE)
        token = Path(named).read_text(encoding="utf-8").strip() if named else None
        with Server(base, own=False, token=token) as foreign:
            yield foreign
            _clean(foreign)
        return
    with (
        Sandbox(no_auth=True) as sandbox,
        serving(sandbox.app) as found,
        Server(found.base_url, own=True) as own,
    ):
        yield own


def _clean(server: Server) -> None:
    """Delete what these tests made, last first, as far as the server allows it."""
    for path in reversed(dict.fromkeys(server.made)):
        if "delete" in server.claims.interactions(path.partition("/")[0]):
            server.delete(path)
