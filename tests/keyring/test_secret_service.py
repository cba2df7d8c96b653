"""Tokens and workspace key in a real Secret Service: stored, shown, gone, and back again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sync.sandbox import Sandbox, serving
from tests.builders import NOTE, PATIENT, proposal

ROOT = Path(__file__).resolve().parents[2]
REAL = os.environ.get("COUNTERSIGN_SECRET_SERVICE") == "1"
real = pytest.mark.skipif(
    not REAL, reason="skipped: no Secret Service that belongs to this test; CI starts one"
)


def items() -> dict[str, str]:
    """Return what this product keeps in the Secret Service, read past our own code."""
    import secretstorage

    with closing(secretstorage.dbus_init()) as bus:
        collection = secretstorage.get_default_collection(bus)
        found = collection.search_items({"service": "countersign"})
        return {item.get_attributes()["username"]: item.get_secret().decode() for item in found}


class Shell:
    """The command line as a person has it: separate processes, no passphrase in the environment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = {**os.environ, "COUNTERSIGN_WORKSPACE": str(folder / "clinic")}
        self.env.pop("COUNTERSIGN_PASSPHRASE_FILE", None)

    def run(self, *arguments: str, **env: str) -> tuple[int, list[Any], str]:
        done = subprocess.run(
            [sys.executable, "-m", "console", *arguments, "--json"],
            cwd=ROOT, env={**self.env, **env}, text=True, capture_output=True, timeout=120,
            check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    with Sandbox() as sandbox, serving(sandbox.app) as place:
        sandbox.seed([PATIENT, NOTE])
        clients: dict[str, Any] = {}
        for issued in sandbox.issue_clients():
            key = tmp_path / f"{issued.plane}.jwk"
            key.write_text(json.dumps(issued.private_jwk))
            clients[issued.plane] = {"client_id": issued.client_id, "key_file": str(key)}
        line = {"base_url": place.base_url, "token_url": place.token_url, "clients": clients}
        (tmp_path / "sandbox.json").write_text(json.dumps(line))
        made = Shell(tmp_path)
        made.init = (  # type: ignore[attr-defined]
            "init", str(tmp_path / "clinic"), "--ehr", place.base_url, "--profile", "sandbox",
            "--clients", str(tmp_path / "sandbox.json"),
        )  # fmt: skip
        yield made


def test_the_real_service_is_there_in_ci() -> None:
    assert REAL or os.environ.get("COUNTERSIGN_REQUIRE_SECRET_SERVICE") != "1"


@real
def test_stored_shown_gone_and_back(shell: Any) -> None:
    code, _, err = shell.run(*shell.init)
    assert code == 0, err
    assert not (shell.folder / "clinic" / "keys.json").exists()
    (entry,) = items()
    assert entry.endswith(":workspace-key")
    code, planes, err = shell.run("login")
    assert code == 0, err
    assert {one["plane"] for one in planes} == {"read", "propose", "approve", "write"}
    kept = items()
    assert len(kept) == 4, "the write plane's token is kept nowhere"
    values = [json.loads(value)["value"] for name, value in kept.items() if ":token:" in name]
    code, (status,), _ = shell.run("status")
    assert status["credentials"]["keys"] == {
        "place": "keyring", "backend": "keyring.backends.SecretService.Keyring",
    }  # fmt: skip
    tokens = {one["plane"]: one["tokens"] for one in status["credentials"]["planes"]}
    assert {plane for plane, found in tokens.items() if found} == {"read", "propose", "approve"}
    assert tokens["read"][0]["held"] == "keyring" and 0 < tokens["read"][0]["seconds"] <= 300
    assert not any(value in json.dumps(status) for value in [*values, *kept.values()])
    given = shell.folder / "proposal.json"
    given.write_text(json.dumps(proposal()))
    code, (staged,), err = shell.run("propose", str(given))
    assert code == 0, err
    assert {
        name: json.loads(value)["value"] for name, value in items().items() if ":token:read" in name
    } == {
        name: json.loads(value)["value"] for name, value in kept.items() if ":token:read" in name
    }, "the cached token was used, not another one"
    _log_out(shell)
    assert items() == {}
    assert shell.run("queue")[0] == 1 and "login" in shell.run("queue")[2]
    secret = shell.folder / "passphrase"
    code, _, err = shell.run("login", COUNTERSIGN_PASSPHRASE_FILE=str(secret))
    assert code == 0, err
    assert len(items()) == 4 and not (shell.folder / "clinic" / "keys.json").exists()
    assert shell.run("show", staged["id"])[0] == 0
    assert shell.run("logout", "--tokens-only")[0] == 0
    assert [name.rpartition(":")[2] for name in items()] == ["workspace-key"]
    _log_out(shell)


def _log_out(shell: Any) -> None:
    code, _, err = shell.run("logout")
    assert code == 2 and "--tokens-only" in err, "without a passphrase the key would be lost"
    secret = shell.folder / "passphrase"
    secret.write_text("only for this test")
    secret.chmod(0o600)
    code, _, err = shell.run("logout", COUNTERSIGN_PASSPHRASE_FILE=str(secret))
    assert code == 0, err


def test_without_a_keyring_the_refusal_names_the_choices(shell: Any) -> None:
    lost = {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent", "XDG_RUNTIME_DIR": "/nonexistent"}
    for more in ((), ("--keys", "keyring")):
        code, _, err = shell.run(*shell.init, *more, **lost)
        assert code == 1 and "--keys file" in err and "keyring" in err, err
    assert not (shell.folder / "clinic").exists()


@real
def test_a_plaintext_keyring_is_never_taken(shell: Any) -> None:
    lost = {
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent",
    }
    code, _, err = shell.run(*shell.init, **lost)
    assert code == 1 and "no usable OS keyring" in err, err
