"""HAPI FHIR JPA as .ci/hapi started it, behind a token check, and workspaces that write to it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.hapi.front import TIMEOUT_S, Front, fronting
from tests.hapi.scene import Hapi

BASE = "COUNTERSIGN_HAPI"


@pytest.fixture(scope="session")
def upstream() -> str:
    """Return the FHIR base of the running HAPI server; skips, with the reason, without one."""
    base = os.environ.get(BASE)
    if not base:
        pytest.skip(f"skipped: no HAPI server; .ci/hapi makes and starts one, or set {BASE}")
    found = httpx.get(f"{base}/metadata", timeout=TIMEOUT_S, trust_env=False).raise_for_status()
    assert found.json()["software"]["name"] == "HAPI FHIR Server"
    return base


@pytest.fixture
def front(upstream: str) -> Iterator[Front]:
    """Return a token check in front of the server."""
    with fronting(Front(upstream)) as found:
        yield found


@pytest.fixture
def hapi(front: Front, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hapi:
    """Return a workspace on the server, with a patient and a note of its own."""
    return Hapi.made(front, tmp_path, monkeypatch)
