from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from core.adoption import Adopter, adopt_in
from core.errors import BadInput, Conflict, Failed, NotFound
from core.ledger import checkpoint
from core.statement import b64url
from core.workspace import policy_in_force, roster_in_force
from sync.keys.passphrase import WrongPassphrase, read_key_file
from sync.keys.ring import generate
from sync.keys.seal import store_key
from sync.store.connection import WrongKey
from sync.workspace.create import create, starting_config
from sync.workspace.documents import starting_documents
from sync.workspace.folder import OpenWorkspace, beside, find, open_memory, open_workspace

PASSPHRASE = "correct horse battery"
ROOT = Path(__file__).parents[3]


def _adopt_phase(opened: OpenWorkspace, ids: Any, phase: str) -> int:
    adopter = Adopter(opened.config.team, "dr-lee", opened.keys.signer("reviewer"), ids)
    with opened.ledger.transaction() as transaction:
        return adopt_in(transaction, adopter, "phase", phase).number


def test_what_was_made_opens_whole(workspace: OpenWorkspace, clients: Any) -> None:
    assert workspace.config.reviewer == "dr-lee"
    assert workspace.config.ehr["sandbox"].base_url == "http://127.0.0.1:8080/fhir"
    assert workspace.config.ehr["sandbox"].clients.write == "client-write"
    assert workspace.keys.client_jwk("write") == clients["write"][1]
    assert workspace.ledger.id == workspace.keys.signer("checkpoint").kid
    assert roster_in_force(workspace.ledger).owner(workspace.keys.signer("reviewer").kid)
    assert policy_in_force(workspace.ledger).allows
    for kind, file in (
        ("policy", "policy.toml"), ("roster", "roster.toml"), ("profile.sandbox", "profile.toml"),
    ):  # fmt: skip
        adopted = workspace.ledger.config(kind)
        assert adopted is not None
        assert adopted.document == (workspace.path / file).read_text()
        assert adopted.number == 1
    phase = workspace.ledger.config("phase")
    assert phase is not None
    assert phase.document == "3"


def test_every_commit_is_followed_by_its_head(workspace: OpenWorkspace, ids: Any) -> None:
    x = workspace.keys.public("checkpoint")
    for phase in ("2", "1"):
        _adopt_phase(workspace, ids, phase)
        note = workspace.head.read()
        assert note is not None
        assert note == workspace.ledger.head()
        assert checkpoint.verify(note, workspace.ledger.id, x).size == workspace.ledger.size


def test_a_failed_transaction_writes_no_head(workspace: OpenWorkspace, ids: Any) -> None:
    before = workspace.head.read()
    adopter = Adopter("solo", "dr-lee", workspace.keys.signer("reviewer"), ids)
    with pytest.raises(BadInput), workspace.ledger.transaction() as transaction:
        adopt_in(transaction, adopter, "phase", "1")
        adopt_in(transaction, adopter, "phase", "9")
    assert workspace.head.read() == before == workspace.ledger.head()


def test_the_wrong_passphrase_opens_nothing(folder: Path, clock: Any) -> None:
    with pytest.raises(WrongPassphrase):
        open_workspace(folder, lambda: PASSPHRASE + "!", clock)


def test_the_key_file_of_another_workspace_opens_nothing(
    folder: Path, tmp_path: Path, clock: Any, values: Any
) -> None:
    create(tmp_path / "other", **values())
    shutil.copy(tmp_path / "other" / "keys.json", folder / "keys.json")
    with pytest.raises(WrongKey):
        open_workspace(folder, lambda: PASSPHRASE, clock)


@pytest.mark.parametrize("name", ["store.db", "keys.json"])
def test_a_missing_file_is_named_and_not_made_anew(folder: Path, clock: Any, name: str) -> None:
    (folder / name).unlink()
    asked: list[str] = []
    with pytest.raises(NotFound, match=name):
        open_workspace(folder, lambda: asked.append("?") or PASSPHRASE, clock)  # type: ignore[func-returns-value]
    assert not (folder / name).exists()
    assert asked == []


def test_a_store_whose_keys_are_damaged_is_closed_again(folder: Path, clock: Any) -> None:
    with open_workspace(folder, lambda: PASSPHRASE, clock) as opened:
        opened.connection.execute("DELETE FROM sealed WHERE name = 'gateway'")
    with pytest.raises(Failed, match="gateway"):
        open_workspace(folder, lambda: PASSPHRASE, clock)
    # Only the last connection to close takes the side files away.
    assert not (folder / "store.db-wal").exists()


def test_closing_closes_the_store(folder: Path, clock: Any) -> None:
    with open_workspace(folder, lambda: PASSPHRASE, clock) as opened:
        pass
    with pytest.raises(Exception, match="closed"):
        opened.connection.execute("SELECT 1")


def test_a_second_connection_shares_the_store_and_outlives_the_first(
    folder: Path, clock: Any, ids: Any
) -> None:
    first = open_workspace(folder, lambda: PASSPHRASE, clock)
    with beside(first, clock) as second:
        assert _adopt_phase(second, ids, "2") == 2
        assert _adopt_phase(first, ids, "1") == 3
        first.close()
        phase = second.ledger.config("phase")
        assert phase is not None
        assert phase.document == "1"
        assert second.head.read() == second.ledger.head()


def test_no_key_is_in_the_repr_of_an_open_workspace(workspace: OpenWorkspace) -> None:
    key = read_key_file(workspace.path / "keys.json", PASSPHRASE)
    for secret in (key, store_key(key), workspace.keys.pepper):
        assert repr(secret)[2:-1] not in repr(workspace)
        assert secret.hex() not in repr(workspace)


OTHER = """
import sys, uuid
from datetime import UTC, datetime
from pathlib import Path
from console.bootstrap.system import SystemClock
from core.adoption import Adopter, adopt_in
from sync.workspace.folder import open_workspace

class Fixed(SystemClock):
    def now(self): return datetime(2026, 11, 23, 10, tzinfo=UTC)
    def uuid(self): return str(uuid.uuid4())

with open_workspace(Path(sys.argv[1]), lambda: sys.argv[2], Fixed()) as opened:
    adopter = Adopter("solo", "dr-lee", opened.keys.signer("reviewer"), Fixed())
    with opened.ledger.transaction() as transaction:
        print(adopt_in(transaction, adopter, "phase", "2").number)
"""


def test_two_processes_share_a_workspace(workspace: OpenWorkspace, ids: Any) -> None:
    done = subprocess.run(
        [sys.executable, "-c", OTHER, str(workspace.path), PASSPHRASE],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "2\n", "")
    assert _adopt_phase(workspace, ids, "1") == 3
    assert workspace.head.read() == workspace.ledger.head()


def test_find_takes_the_named_folder_before_the_variable_before_the_current(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named, variable, current = (tmp_path / name for name in ("named", "variable", "current"))
    for folder in (named, variable, current):
        folder.mkdir()
        (folder / "countersign.toml").touch()
    monkeypatch.chdir(current)
    env = {"COUNTERSIGN_WORKSPACE": str(variable)}
    assert find(named, env) == named
    assert find(None, env) == variable
    assert find(None, {}) == current
    assert find(None, {"COUNTERSIGN_WORKSPACE": ""}) == current
    assert find(Path("../named"), {}).samefile(named)


def test_a_named_folder_that_is_no_workspace_is_never_replaced_by_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "countersign.toml").touch()
    monkeypatch.chdir(tmp_path)
    empty = tmp_path / "empty"
    empty.mkdir()
    for path, env, named in (
        (empty, {}, "--workspace"),
        (None, {"COUNTERSIGN_WORKSPACE": str(empty)}, "COUNTERSIGN_WORKSPACE"),
    ):
        with pytest.raises(NotFound, match=named) as caught:
            find(path, env)
        assert caught.value.remedy is not None
        assert "init" in caught.value.remedy
    monkeypatch.chdir(empty)
    with pytest.raises(NotFound, match="current folder"):
        find(None, {})


def _memory(path: Path, clock: Any, ids: Any) -> OpenWorkspace:
    ring = generate()
    config = starting_config(
        ehr_url="http://127.0.0.1:1",
        token_url=None,
        profile="sandbox",
        clients={},
        reviewer="dr-lee",
        team="solo",
    )
    documents = starting_documents("sandbox", "dr-lee", ring)
    return open_memory(path, ring, config=config, documents=documents, clock=clock, ids=ids)


def test_a_demo_workspace_keeps_its_keys_in_memory(tmp_path: Path, clock: Any, ids: Any) -> None:
    with _memory(tmp_path / "demo", clock, ids) as opened:
        assert policy_in_force(opened.ledger).allows
        assert opened.head.read() == opened.ledger.head()
        ring = opened.keys
        content = b"".join(path.read_bytes() for path in opened.path.iterdir())
        assert {path.stat().st_mode & 0o777 for path in opened.path.iterdir()} == {0o600}
    # The control: this store is in clear, so what it held would be found.
    assert b"SQLite format 3" in content
    assert ring.public("reviewer").encode() in content
    for secret in (*(signer.secret() for signer in ring.signers.values()), ring.pepper):
        for form in (secret, secret.hex().encode(), b64url(secret).encode()):
            assert form not in content


def test_a_demo_never_takes_a_store_that_is_there(folder: Path, clock: Any, ids: Any) -> None:
    before = (folder / "store.db").read_bytes()
    with pytest.raises(Conflict):
        _memory(folder, clock, ids)
    assert (folder / "store.db").read_bytes() == before
