"""`doctor [--probe]` at the terminal, against the sandbox and against one that races."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.__main__ import main
from console.commands import doctor
from sync.profiles import load_profile
from tests.builders import phone_change, proposal
from tests.scale import in_ci
from tests.scene import Scene, call, open_scene
from tests.server.broken import Broken, Call, Exchange

pytestmark = in_ci


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    with open_scene(tmp_path, monkeypatch) as found:
        yield found


def test_it_says_how_each_write_that_policy_allows_would_be_done(scene: Scene, capsys) -> None:
    code, [found], said = call(capsys, "doctor")
    assert (code, found["ok"], found["scratch"]) == (0, True, None), said
    [ehr] = found["ehrs"]
    assert (ehr["name"], ehr["reachable"], ehr["probed"]) == ("sandbox", True, None)
    assert ehr["rungs"] == [] and ehr["problems"] == []
    writes = {(one["type"], one["op"]): (one["rung"], one["granted"]) for one in ehr["writes"]}
    assert writes["Condition", "create"] == ("if-none-match", True)
    assert writes["Patient", "update"] == ("if-match", True)
    assert ("Patient", "create") not in writes
    assert scene.versions("Basic") == [], "looking writes nothing"


def test_a_probe_of_the_sandbox_finds_every_rung_safe(scene: Scene, capsys) -> None:
    code, [found], said = call(capsys, "doctor", "--probe", "--yes", "--rounds", "3")
    assert (code, found["ok"]) == (0, True), said
    [ehr] = found["ehrs"]
    told = {one["rung"]: (one["claimed"], one["result"], one["rounds"]) for one in ehr["rungs"]}
    assert set(told) == {"if-match", "if-none-match", "if-none-exist", "transaction"}
    assert set(told.values()) == {(True, "safe", 3)}
    # The sandbox's write client may not delete.
    made = {body["id"] for body in scene.versions("Basic")}
    assert found["scratch"] == {"deleted": 0, "kept": len(made)} and len(made) == 12


class Racing:
    """Compares with the version that it last answered with, then writes without a condition.

    tests.server.broken has the like of it; this one asks with no token of the caller's.
    """

    def __init__(self) -> None:
        self.newest: dict[str, str] = {}

    async def __call__(self, exchange: Exchange, sound: Call) -> None:
        wanted = exchange.headers.get("if-match")
        if wanted and self.newest.get(exchange.path) == wanted:
            del exchange.headers["if-match"]
        await sound(exchange)
        if exchange.status in (200, 201) and "etag" in exchange.answered:
            self.newest[exchange.path] = exchange.answered["etag"]


def test_a_racy_server_is_found_out_and_nothing_is_written_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    with open_scene(tmp_path, monkeypatch, wrap=lambda app: Broken(app, Racing())):
        code, [found], said = call(capsys, "doctor", "--probe", "--yes", "--rounds", "20")
        assert (code, found["ok"]) == (1, False), said
        [ehr] = found["ehrs"]
        told = {one["rung"]: (one["result"], one["why"]) for one in ehr["rungs"]}
        assert told["if-match"] == ("unsafe", "several-won")
        assert told["if-none-match"] == ("safe", None), "its races are another rung's"
        assert any("claims if-match, and a probe saw it fail" in one for one in ehr["problems"])
        file = tmp_path / "proposal.json"
        file.write_text(json.dumps(proposal(phone_change())))
        code, [staged], _ = call(capsys, "propose", str(file))
        assert staged["verdict"]["outcome"] == "review"
        assert [one["code"] for one in staged["verdict"]["reasons"]] == ["no-api-write"]
        code, [later], _ = call(capsys, "doctor")
        assert code == 1 and later["ehrs"][0]["rungs"] == ehr["rungs"]


def test_it_writes_only_where_somebody_said_so(
    scene: Scene, capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, _, said = call(capsys, "doctor", "--probe")
    assert code == 2 and "--yes" in said
    monkeypatch.setattr(doctor, "is_playground", lambda *_: False)
    code, _, said = call(capsys, "doctor", "--probe")
    assert code == 3 and "real patients" in said
    assert scene.versions("Basic") == []


@pytest.mark.parametrize(("typed", "wanted"), [("sandbox\n", 0), ("yes\n", 3), ("", 3)])
def test_a_person_types_the_name(
    scene: Scene, capsys, monkeypatch: pytest.MonkeyPatch, typed: str, wanted: int
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal(typed))
    assert call(capsys, "doctor", "--probe", "--rounds", "1")[0] == wanted
    assert (scene.versions("Basic") == []) == (wanted != 0)


@pytest.mark.parametrize(
    ("arguments", "field"), [(["--rounds", "0"], "--rounds"), (["--ehr", "other"], "--ehr")]
)
def test_bad_arguments_are_named(scene: Scene, capsys, arguments: list[str], field: str) -> None:
    code, _, said = call(capsys, "doctor", "--probe", "--yes", *arguments)
    assert code == 2 and field in said and scene.versions("Basic") == []


def test_an_ehr_that_is_away_is_exit_6(scene: Scene, capsys) -> None:
    config = scene.folder / "countersign.toml"
    text = config.read_text()
    port = text.partition("127.0.0.1:")[2].partition("/")[0]
    config.write_text(text.replace(f"127.0.0.1:{port}", "127.0.0.1:9"))
    code, [found], _ = call(capsys, "doctor")
    assert code == 6 and found["ehrs"][0]["reachable"] is False


def test_people_read_tables(scene: Scene, capsys) -> None:
    from console.__main__ import main

    assert main(["doctor", "--probe", "--yes", "--rounds", "1"]) == 0
    out, _ = capsys.readouterr()
    assert "if-none-exist  yes      safe      1" in out
    assert "Patient            update" in out and "could not be deleted" in out


def test_it_says_which_axis_refuses_a_write_and_who_says_so(
    scene: Scene, capsys, tmp_path: Path
) -> None:
    file = tmp_path / "profile.toml"
    file.write_text(load_profile("veradigm"))
    assert call(capsys, "profile", "adopt", "sandbox", str(file))[0] == 0
    code, [found], said = call(capsys, "doctor")
    assert (code, found["ehrs"][0]["problems"]) == (0, []), said
    writes = {(one["type"], one["op"]): one for one in found["ehrs"][0]["writes"]}
    problem = writes["Condition", "create"]
    assert (problem["may_write"], problem["refused_by"]) == ("no", "documented")
    assert (problem["rung"], problem["granted"]) == ("by-hand", None)
    axes = {one["axis"]: one for one in problem["axes"]}
    assert axes["advertised"]["says"] == "yes" and axes["advertised"]["grade"] == "measured"
    assert "developer.veradigm.com" in axes["documented"]["source"]
    assert axes["documented"]["captured_on"] == "2026-08-14"
    assert main(["doctor"]) == 0
    assert "documented: developer.veradigm.com" in capsys.readouterr().out


def test_the_token_that_is_granted_is_the_axis_scope(scene: Scene, capsys) -> None:
    code, [found], _ = call(capsys, "doctor")
    writes = {(one["type"], one["op"]): one for one in found["ehrs"][0]["writes"]}
    told = {one["axis"]: one["says"] for one in writes["Patient", "update"]["axes"]}
    assert (code, told["scope"], told["advertised"], told["documented"]) == (
        0, "yes", "yes", "unknown",
    )  # fmt: skip
