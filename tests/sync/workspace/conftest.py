from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey

from sync.keys.passphrase import Cost
from sync.workspace.create import create
from sync.workspace.folder import OpenWorkspace, open_workspace
from tests.fakes import LoneClock

PASSPHRASE = "correct horse battery"


class Ticking(LoneClock):
    """A clock that moves one second at each look."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

    def now(self) -> datetime:
        self.time += timedelta(seconds=1)
        return self.time


class Counted:
    """Ids that can be told apart."""

    def __init__(self) -> None:
        self.count = 0

    def uuid(self) -> str:
        self.count += 1
        return str(uuid.UUID(int=self.count))

    def nonce(self) -> str:
        return self.uuid().replace("-", "")


@pytest.fixture
def clock() -> Ticking:
    return Ticking()


@pytest.fixture
def ids() -> Counted:
    return Counted()


@pytest.fixture(scope="session")
def clients() -> dict[str, tuple[str, dict[str, Any]]]:
    return {
        plane: (f"client-{plane}", dict(ECKey.generate_key("P-384").as_dict(private=True)))
        for plane in ("read", "propose", "approve", "write")
    }


@pytest.fixture(scope="session")
def values() -> Callable[..., dict[str, Any]]:
    """Return what `create` needs, quick to derive keys with; keyword arguments override."""

    def make(**changed: Any) -> dict[str, Any]:
        return {
            "ehr_url": "http://127.0.0.1:8080/fhir/",
            "token_url": "http://127.0.0.1:8080/token",
            "profile": "sandbox",
            "passphrase": PASSPHRASE,
            "reviewer": "dr-lee",
            "clock": Ticking(),
            "ids": Counted(),
            "cost": Cost(n=16, r=1, p=1),
        } | changed

    return make


@pytest.fixture(scope="session")
def made(
    tmp_path_factory: pytest.TempPathFactory, values: Callable[..., dict[str, Any]], clients: Any
) -> Path:
    """A workspace that is only copied."""
    path = tmp_path_factory.mktemp("made") / "workspace"
    create(path, **values(clients=clients))
    return path


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "workspace"))


@pytest.fixture
def workspace(folder: Path, clock: Ticking) -> Iterator[OpenWorkspace]:
    with open_workspace(folder, lambda: PASSPHRASE, clock) as opened:
        yield opened
