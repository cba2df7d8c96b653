"""`roster`: what an admin does with it at the terminal."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.__main__ import main
from core.roster import Roster, parse_roster
from sync.keys.ring import Ed25519Signer, generate
from tests.scale import in_ci
from tests.scene import Scene, call, open_scene

pytestmark = in_ci


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    with open_scene(tmp_path, monkeypatch) as found:
        yield found


@pytest.fixture
def signer() -> Ed25519Signer:
    return generate().signers["checkpoint"]


@pytest.fixture
def key(tmp_path: Path, signer: Ed25519Signer) -> str:
    path = tmp_path / "public.json"
    path.write_text(json.dumps({"kty": "OKP", "crv": "Ed25519", "x": signer.x}))
    return str(path)


def in_force(scene: Scene) -> Roster:
    with scene.opened() as opened:
        row = opened.ledger.config("roster")
        assert row is not None
        return parse_roster(row.document)


def test_an_agent_is_enrolled_and_its_key_revoked(
    scene: Scene, capsys, key: str, signer: Ed25519Signer
) -> None:
    before = (scene.folder / "roster.toml").read_text()
    code, (made,), err = call(capsys, "roster", "enrol-agent", "intake-2", "--key", key)
    assert (code, made, err) == (0, {"agent": "intake-2", "kid": signer.kid}, "")
    assert in_force(scene).agent_keys("intake-2") == {signer.kid: signer.x}
    assert (scene.folder / "roster.toml").read_text().startswith(before)
    assert (scene.folder / "roster.toml").stat().st_mode & 0o077 == 0

    _, (shown,), _ = call(capsys, "roster", "show")
    assert shown["number"] == 2
    assert shown["agents"][0]["keys"] == [{"kid": signer.kid, "x": signer.x, "revoked": False}]
    assert call(capsys, "roster", "diff")[1] == [{"same": True, "lines": []}]

    assert main(["roster", "--json", "revoke", "--", signer.kid]) == 0
    assert json.loads(capsys.readouterr().out) == {"kid": signer.kid, "revoked": True, "number": 3}
    assert in_force(scene).agent_keys("intake-2") == {}
    assert call(capsys, "audit", "verify")[1][0]["ok"] is True


def test_enrolling_again_changes_nothing(scene: Scene, capsys, key: str) -> None:
    for _ in range(2):
        assert call(capsys, "roster", "enrol-agent", "intake-2", "--key", key)[0] == 0
    assert call(capsys, "roster", "show")[1][0]["number"] == 2


def test_a_key_comes_by_standard_input(
    scene: Scene, capsys, monkeypatch: pytest.MonkeyPatch, signer: Ed25519Signer
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(signer.x.encode())))
    code, (made,), _ = call(capsys, "roster", "enrol-agent", "intake-2", "--key", "-")
    assert code == 0 and made["kid"] == signer.kid


def test_a_private_key_is_refused_with_a_warning(
    scene: Scene, capsys, tmp_path: Path, signer: Ed25519Signer
) -> None:
    path = tmp_path / "private.json"
    secret = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlYzE"
    path.write_text(json.dumps({"kty": "OKP", "crv": "Ed25519", "x": signer.x, "d": secret}))
    code, out, err = call(capsys, "roster", "enrol-agent", "intake-2", "--key", str(path))
    assert (code, out) == (2, [])
    assert "PRIVATE" in err and "exposed" in err and secret not in err
    assert not in_force(scene).agents


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("enrol-agent", "a.b", "--key", "KEY"), 2),
        (("enrol-agent", "scribe_1", "--key", "KEY"), 2),
        (("enrol-agent", "intake-2", "--key", "no-such-file"), 4),
        (("enrol-agent", "intake-2"), 2),
        (("revoke", "no-such-kid"), 4),
        (("check", "no-such-file"), 4),
        ((), 2),
    ],
)
def test_wrong_input_ends_with_its_code(
    scene: Scene, capsys, key: str, arguments: tuple[str, ...], code: int
) -> None:
    given = [key if item == "KEY" else item for item in arguments]
    found, out, err = call(capsys, "roster", *given)
    assert (found, out) == (code, []) and err
    assert not in_force(scene).agents


def test_the_last_admin_stays(scene: Scene, capsys) -> None:
    kid = in_force(scene).admins[0].kid
    assert main(["roster", "revoke", "--", kid]) == 3
    assert in_force(scene).admins[0].revoked is False


def test_an_edited_file_stops_it_until_it_is_adopted(scene: Scene, capsys, key: str) -> None:
    path = scene.folder / "roster.toml"
    path.write_text(path.read_text() + "# a word of the admin\n")
    code, _, err = call(capsys, "roster", "enrol-agent", "intake-2", "--key", key)
    assert code == 5 and "roster diff" in err and "roster adopt" in err
    _, (diff,), _ = call(capsys, "roster", "diff")
    assert diff["same"] is False and "+# a word of the admin" in diff["lines"]

    assert call(capsys, "roster", "adopt")[1][0]["number"] == 2
    assert call(capsys, "roster", "enrol-agent", "intake-2", "--key", key)[0] == 0
    assert "# a word of the admin\n\n[[agents]]" in path.read_text()


def test_a_lost_file_comes_back(scene: Scene, capsys, key: str) -> None:
    path = scene.folder / "roster.toml"
    held = path.read_text()
    path.unlink()
    assert call(capsys, "roster", "enrol-agent", "intake-2", "--key", key)[0] == 5
    assert main(["roster", "show", "--toml"]) == 0
    assert capsys.readouterr().out == held


def test_who_is_no_admin_is_refused(scene: Scene, capsys, key: str, tmp_path: Path) -> None:
    head, _, _ = (scene.folder / "roster.toml").read_text().partition("[[admins]]")
    other = generate().signers["reviewer"]
    (scene.folder / "roster.toml").write_text(
        f'{head}[[admins]]\nkid = "{other.kid}"\nx = "{other.x}"\n'
    )
    assert call(capsys, "roster", "adopt")[0] == 0
    kid = in_force(scene).gateways[0].kid
    assert call(capsys, "roster", "enrol-agent", "intake-2", "--key", key)[0] == 3
    assert main(["roster", "revoke", "--", kid]) == 3
    assert call(capsys, "roster", "adopt", _valid(scene, tmp_path))[0] == 3
    assert in_force(scene).gateways[0].revoked is False


def test_a_document_is_checked_and_nothing_adopted(scene: Scene, capsys, tmp_path: Path) -> None:
    good = _valid(scene, tmp_path)
    assert call(capsys, "roster", "check", good)[1] == [{"ok": True, "people": 1, "agents": 0}]
    Path(good).write_text("version = 1\n")
    assert call(capsys, "roster", "check", good)[0] == 2
    assert call(capsys, "roster", "show")[1][0]["number"] == 1


def test_people_read_it_as_a_table(scene: Scene, capsys, key: str) -> None:
    assert main(["roster", "enrol-agent", "intake-2", "--key", key]) == 0
    assert main(["roster", "show"]) == 0
    told = capsys.readouterr().out
    assert "agent" in told and "intake-2" in told and "in force" in told


def _valid(scene: Scene, tmp_path: Path) -> str:
    path = tmp_path / "roster.toml"
    path.write_text((scene.folder / "roster.toml").read_text() + "# another\n")
    return str(path)
