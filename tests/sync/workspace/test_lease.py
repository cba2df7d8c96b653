from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.errors import Conflict, Failed
from sync.store.connection import connect, migrate
from sync.workspace import lease as leases
from sync.workspace.lease import GatewayLease

ROOT = Path(__file__).parents[3]
HOLDER = """
import sys
from pathlib import Path
from sync.store.connection import connect
from sync.workspace.lease import GatewayLease
folder = Path(sys.argv[1])
lease = GatewayLease(folder, connect(folder / "store.db", None))
print(lease.acquire(0), flush=True)
sys.stdin.read()
lease.release()
"""


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Any]:
    opened = connect(tmp_path / "store.db", None)
    migrate(opened)
    yield opened
    opened.close()


@pytest.fixture
def holder(tmp_path: Path, connection: Any) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "1\n"
        yield process
        process.kill()


def test_a_holder_in_another_process_keeps_it(
    tmp_path: Path, connection: Any, holder: subprocess.Popen[str]
) -> None:
    lease = GatewayLease(tmp_path, connection)
    with pytest.raises(Conflict) as caught:
        lease.acquire(0)
    assert caught.value.exit_code == 5
    assert lease.epoch is None
    assert connection.execute("SELECT epoch FROM lease").fetchall() == [(1,)]
    assert holder.poll() is None


def test_control_under_another_lock_it_would_be_taken(
    tmp_path: Path,
    connection: Any,
    holder: subprocess.Popen[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(leases, "FILE", "other.lock")
    with GatewayLease(tmp_path, connection) as lease:
        assert lease.epoch == 2
    assert holder.poll() is None


def test_a_killed_holder_frees_it(
    tmp_path: Path, connection: Any, holder: subprocess.Popen[str]
) -> None:
    holder.kill()
    holder.wait(timeout=30)
    with GatewayLease(tmp_path, connection) as lease:
        assert lease.epoch == 2


def test_a_released_lease_is_taken_by_one_who_waits(
    tmp_path: Path, connection: Any, holder: subprocess.Popen[str]
) -> None:
    assert holder.stdin is not None
    holder.stdin.close()
    assert GatewayLease(tmp_path, connection).acquire(30) == 2


def test_each_holder_has_a_higher_epoch(tmp_path: Path, connection: Any) -> None:
    lease = GatewayLease(tmp_path, connection)
    epochs = []
    for _ in range(3):
        epochs.append(lease.acquire(0))
        assert lease.acquire(0) == epochs[-1]
        lease.release()
        lease.release()
    assert epochs == [1, 2, 3]
    assert lease.epoch is None


def test_two_in_one_process_exclude_each_other(tmp_path: Path, connection: Any) -> None:
    with GatewayLease(tmp_path, connection), pytest.raises(Conflict):
        GatewayLease(tmp_path, connection).acquire(0)
    assert (tmp_path / "gateway.lock").stat().st_mode & 0o777 == 0o600


def test_a_store_that_fails_leaves_the_lock_free(tmp_path: Path, connection: Any) -> None:
    connection.execute("ALTER TABLE lease RENAME TO away")
    with pytest.raises(Exception, match="no such table"):
        GatewayLease(tmp_path, connection).acquire(0)
    connection.execute("ALTER TABLE away RENAME TO lease")
    assert GatewayLease(tmp_path, connection).acquire(0) == 1


def test_a_folder_without_room_for_the_lock_is_reported(tmp_path: Path, connection: Any) -> None:
    (tmp_path / "gateway.lock").mkdir()
    with pytest.raises(Failed, match="gateway lock"):
        GatewayLease(tmp_path, connection).acquire(0)
