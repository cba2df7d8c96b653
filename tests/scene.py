"""A workspace on a real sandbox over loopback, opened by the real command line."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from starlette.types import ASGIApp

from console.__main__ import main
from console.bootstrap.system import SystemClock, SystemIds
from core.canonical import JsonObject, exact, parse_object
from sync.keys.passphrase import Cost
from sync.sandbox import Sandbox, serving
from sync.sandbox.clients import IssuedClient
from sync.sandbox.interactions import Transform, unchanged
from sync.sandbox.manner import PLAIN, Manner
from sync.workspace.create import create
from sync.workspace.folder import OpenWorkspace, open_workspace
from tests.builders import NOTE, PATIENT
from tests.scale import scaled

PASSPHRASE = "only for this test"
CHEAP = Cost(n=1024, r=8, p=1)
ALGORITHMS = scaled(("ES384",), ())
"""In CI as the sandbox has it: a key of RSA takes longer to make and load than most tests."""


@dataclass
class Scene:
    folder: Path
    sandbox: Sandbox
    env: dict[str, str]
    clients: tuple[IssuedClient, ...] = ()

    def opened(self) -> OpenWorkspace:
        return open_workspace(self.folder, lambda: PASSPHRASE, SystemClock())

    def versions(self, kind: str) -> list[JsonObject]:
        """Return every version of every resource of a type that the sandbox holds."""
        store = self.sandbox.store
        with store._lock:
            rows = store._connection.execute(
                "SELECT body FROM version WHERE type = ? ORDER BY id, version", (kind,)
            ).fetchall()
        return [parse_object(row[0]) for row in rows]


@contextmanager
def open_scene(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    chart: Sequence[dict[str, Any]] = (),
    wrap: Callable[[ASGIApp], ASGIApp] = lambda app: app,
    transform: Transform = unchanged,
    profile: str = "sandbox",
    manner: Manner = PLAIN,
) -> Iterator[Scene]:
    secret = tmp_path / "passphrase"
    secret.write_text(PASSPHRASE)
    secret.chmod(0o600)
    made = Sandbox(transform=transform, manner=manner)
    with made as sandbox, serving(wrap(sandbox.app)) as place:
        sandbox.seed(exact(list(chart) or [PATIENT, NOTE]))
        issued = sandbox.issue_clients(ALGORITHMS)
        folder = tmp_path / "workspace"
        create(
            folder,
            ehr_url=place.base_url,
            token_url=place.token_url,
            profile=profile,
            clients={item.plane: (item.client_id, item.private_jwk) for item in issued},
            passphrase=PASSPHRASE,
            reviewer="dr-lee",
            clock=SystemClock(),
            ids=SystemIds(),
            cost=CHEAP,
        )
        named = {"COUNTERSIGN_WORKSPACE": str(folder), "COUNTERSIGN_PASSPHRASE_FILE": str(secret)}
        for key, value in named.items():
            monkeypatch.setenv(key, value)
        yield Scene(folder, sandbox, {**os.environ, **named}, tuple(issued))


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[Any], str]:
    """Run one command line with --json; return exit code, the JSON lines and stderr."""
    code = main([*arguments, "--json"])
    out, err = capsys.readouterr()
    return code, [json.loads(line) for line in out.splitlines()], err
