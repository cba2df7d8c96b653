"""`policy`: what its owners do with it at the terminal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.__main__ import main
from console.bootstrap.system import SystemClock, SystemIds
from core.adoption import adopt
from core.policy import sample_policy
from core.workspace import Workspace
from sync.keys.ring import generate
from tests.builders import phone_change, proposal
from tests.fakes import FakeConsents
from tests.owners import SECOND, join
from tests.scene import Scene, call, open_scene

NARROWER = ('"Patient.telecom", "Patient.address", "Patient.name"', '"Patient.telecom"')


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    with open_scene(tmp_path, monkeypatch) as found:
        yield found


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand where there is no workspace."""
    monkeypatch.delenv("COUNTERSIGN_WORKSPACE", raising=False)
    monkeypatch.chdir(tmp_path)


def written(tmp_path: Path, *changes: tuple[str, str], name: str = "new.toml") -> str:
    text = sample_policy("sandbox")
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    path = tmp_path / name
    path.write_text(text)
    return str(path)


def in_force(scene: Scene) -> tuple[int, str]:
    with scene.opened() as opened:
        row = opened.ledger.config("policy")
        assert row is not None
        return row.number, row.digest


def test_check_names_file_line_and_remedy(alone: None, tmp_path: Path, capsys) -> None:
    good = written(tmp_path)
    code, (told,), err = call(capsys, "policy", "check", good)
    assert (code, told["ok"], told["allow"]) == (0, True, 4)
    assert {one["grade"] for one in told["findings"]} == {"info"}
    lines = Path(good).read_text().splitlines()
    for one in told["findings"]:
        key = one["field"].partition(".")[2]
        assert lines[one["line"] - 1].startswith(f"{key} = ")
        assert f"new.toml:{one['line']}: info: {one['field']}: " in err and one["remedy"] in err

    bad = written(tmp_path, ("quorum = 2", "quorums = 2"), name="bad.toml")
    line = 1 + Path(bad).read_text().splitlines().index("quorums = 2")
    code, out, err = call(capsys, "policy", "check", bad)
    assert (code, out) == (2, [])
    assert f"bad.toml:{line}: route[2].quorums: unknown key" in err and "the keys are" in err


def test_check_compares_the_routes_with_a_roster(scene: Scene, tmp_path: Path, capsys) -> None:
    roster = str(scene.folder / "roster.toml")
    _, (told,), err = call(capsys, "policy", "check", written(tmp_path), "--roster", roster)
    fields = [one["field"] for one in told["findings"] if one["grade"] == "warning"]
    assert fields == ["route[2].quorum"]
    assert "the roster has 1: it is disabled" in err


def test_test_prints_failures_and_coverage(alone: None, tmp_path: Path, capsys) -> None:
    code, (told,), _ = call(capsys, "policy", "test", "--require-coverage", written(tmp_path))
    assert (code, told["ok"], told["cases"], told["failed"], told["uncovered"]) == (
        0, True, 4, [], [],
    )  # fmt: skip
    assert all(one["decided"] >= 1 for one in told["rules"])

    wrong = written(
        tmp_path, ('touched = ["Patient.telecom.value"]', 'touched = ["Patient.gender"]')
    )
    code, (told,), _ = call(capsys, "policy", "test", wrong)
    assert (code, told["ok"]) == (1, False)
    assert told["failed"][0]["failures"][0] == "outcome should be review, but is denied"
    assert told["uncovered"] == ["patient-contact"]
    assert main(["policy", "test", wrong]) == 1
    out = capsys.readouterr().out
    assert f"new.toml:{told['failed'][0]['line']}: failed: a new phone number" in out
    assert "4 cases, 1 failed; 4 rules, 1 that no case decides by" in out
    assert "never" in out


def test_an_uncovered_rule_fails_only_where_that_is_asked(
    alone: None, tmp_path: Path, capsys
) -> None:
    text = Path(written(tmp_path)).read_text()
    path = tmp_path / "no-cases.toml"
    path.write_text(text.partition("# --- Cases")[0])
    assert call(capsys, "policy", "test", str(path))[0] == 0
    code, (told,), _ = call(capsys, "policy", "test", str(path), "--require-coverage")
    assert (code, len(told["uncovered"])) == (1, 4)


def test_test_tries_the_policy_in_force(scene: Scene, capsys) -> None:
    code, (told,), _ = call(capsys, "policy", "test")
    assert (code, told["cases"]) == (0, 4)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("quorum = 2", "quorums = 2", "unknown key"),
        ('id = "condition-update"', 'id = "patient-contact"', "already stands at"),
        ('purpose = "TREAT"\nexpect', 'colour = "red"\nexpect', "colour"),
        ("version = 1", "version = = 1", "not TOML"),
    ],
)
def test_what_is_refused_leaves_the_policy_in_force(
    scene: Scene, tmp_path: Path, capsys, before: str, after: str, told: str
) -> None:
    held = in_force(scene)
    code, out, err = call(capsys, "policy", "adopt", written(tmp_path, (before, after)))
    assert (code, out) == (2, [])
    assert "new.toml:" in err and told in err
    assert in_force(scene) == held


def test_adopt_shows_doubts_and_differences_and_goes_on(
    scene: Scene, tmp_path: Path, capsys
) -> None:
    code, (told,), err = call(capsys, "policy", "adopt", written(tmp_path, NARROWER))
    assert (code, told["number"], told["pending"]) == (0, 2, False)
    line = "~ allow patient-contact: paths -Patient.address -Patient.name"
    assert told["differences"] == [line] and line in err
    assert "warning: route[2].quorum" in err
    assert in_force(scene) == (2, told["digest"])


def test_diff_without_a_workspace_compares_the_documents(
    alone: None, tmp_path: Path, capsys
) -> None:
    old, new = written(tmp_path, name="old.toml"), written(tmp_path, NARROWER)
    code, (told,), err = call(capsys, "policy", "diff", old, new)
    assert (code, told["replay"]) == (0, None)
    assert [one["part"] for one in told["differences"]] == ["allow patient-contact"]
    assert "no workspace" in err
    assert main(["policy", "diff", old, new, "--require-examined"]) == 1
    assert "no proposal was examined" in capsys.readouterr().out
    assert call(capsys, "policy", "diff", "in-force", new)[0] == 4
    assert call(capsys, "policy", "diff", old, old)[1][0]["differences"] == []


def test_diff_replays_past_proposals(scene: Scene, tmp_path: Path, capsys) -> None:
    denies = written(tmp_path, (NARROWER[0], '"Patient.name"'), ("telecom.value", "name.given"))
    code, (told,), _ = call(capsys, "policy", "diff", "in-force", denies, "--require-examined")
    assert (code, told["replay"]["examined"]) == (1, 0)

    path = tmp_path / "proposal.json"
    path.write_text(json.dumps(proposal(phone_change())))
    _, (staged,), _ = call(capsys, "propose", str(path))
    _, (shown,), _ = call(capsys, "show", staged["id"])
    assert call(capsys, "approve", staged["id"], "--hash", shown["hash"])[0] == 0

    code, (told,), _ = call(capsys, "policy", "diff", "in-force", denies, "--require-examined")
    replayed = told["replay"]
    assert code == 0
    assert [replayed[key] for key in ("examined", "unchanged", "changed", "erased")] == [1, 0, 1, 0]
    (one,) = replayed["changes"]
    assert (one["id"], one["index"], one["voids"]) == (staged["id"], 0, True)
    assert (one["before"]["route"], one["after"]["route"]) == ("coordinator", None)
    assert one["after"]["reasons"] == ["no-rule", "path-not-covered"]
    assert main(["policy", "diff", "in-force", denies]) == 0
    out = capsys.readouterr().out
    assert f"{staged['id']}  change 0  ready-for-write; its approval would be void" in out
    assert "review, low, coordinator by patient-contact [" in out
    assert "1 changes examined: 0 unchanged, 1 changed; 0 erased and not examined" in out


def test_two_owners_at_the_terminal(scene: Scene, tmp_path: Path, capsys) -> None:
    with scene.opened() as opened:
        mine = Workspace(
            "solo", "dr-lee", opened.ledger, opened.keys, SystemClock(), SystemIds(), {},
            FakeConsents(),
        )  # fmt: skip
        other = join(mine)
        held = opened.ledger.config("policy")
        text = Path(written(tmp_path, NARROWER)).read_text()
        assert adopt(other, "policy", text).by == SECOND
        assert opened.ledger.config("policy") == held
    _, (told,), _ = call(capsys, "policy", "pending")
    digest = told["pending"]["digest"]
    assert (told["pending"]["by"], told["pending"]["number"]) == (SECOND, 2)
    assert told["differences"] == ["~ allow patient-contact: paths -Patient.address -Patient.name"]
    assert call(capsys, "status")[1][0]["policy_pending"] == digest
    assert call(capsys, "policy", "confirm", "0" * 64)[0] == 5

    code, (done,), err = call(capsys, "policy", "confirm", digest)
    assert (code, done["pending"], done["digest"]) == (0, False, digest)
    assert "~ allow patient-contact" in err
    assert in_force(scene) == (2, digest)
    assert call(capsys, "policy", "pending")[1] == [{"pending": None}]
    assert call(capsys, "policy", "confirm", digest)[0] == 4
    assert call(capsys, "status")[1][0]["policy_pending"] is None

    mine_again = written(tmp_path)
    code, (first,), _ = call(capsys, "policy", "adopt", mine_again)
    assert (code, first["pending"], first["number"]) == (0, True, 3)
    assert in_force(scene) == (2, digest)
    assert call(capsys, "policy", "confirm", first["digest"])[0] == 3
    assert call(capsys, "audit", "verify")[1][0]["ok"] is True


def test_somebody_who_is_no_admin_adopts_nothing(scene: Scene, tmp_path: Path, capsys) -> None:
    with scene.opened() as opened:
        mine = Workspace(
            "solo", "dr-lee", opened.ledger, opened.keys, SystemClock(), SystemIds(), {},
            FakeConsents(),
        )  # fmt: skip
        roster = opened.ledger.config("roster")
        assert roster is not None
        other = generate()
        head = roster.document.partition("[[admins]]")[0]
        own = f'kid = "{other.signer("reviewer").kid}"\nx = "{other.public("reviewer")}"\n'
        adopt(mine, "roster", f"{head}[[admins]]\n{own}")
    held = in_force(scene)
    assert call(capsys, "policy", "adopt", written(tmp_path, NARROWER))[0] == 3
    assert in_force(scene) == held
