"""Putting an EHR's limits in force by the command line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from console.__main__ import main
from console.bootstrap.opening import Opened
from console.bootstrap.system import SystemClock, SystemIds
from console.bootstrap.traffic import gate_of
from sync.profiles import load_profile
from tests.builders import phone_change, proposal
from tests.console.commands.test_road import QUOTES, propose
from tests.scale import in_ci
from tests.scene import Scene, call, open_scene

pytestmark = in_ci

LIMITS = '\n[limits]\nconcurrency = 4\n[[limits.window]]\nper = "minute"\ncalls = 250\n'


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    with open_scene(tmp_path, monkeypatch) as found:
        yield found


def test_limits_are_adopted_and_hold_for_the_next_gate(
    scene: Scene, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "profile.toml"
    file.write_text(load_profile("sandbox") + LIMITS)
    code, (said,), _ = call(capsys, "profile", "adopt", "sandbox", str(file))
    assert code == 0 and said["ehr"] == "sandbox"
    assert call(capsys, "profile", "show", "sandbox")[1][0]["document"].endswith(LIMITS)
    with scene.opened() as folder:
        opened = Opened(folder, SystemClock(), SystemIds())
        gate = gate_of(opened, "sandbox", gateway=True)
        assert (gate.limits.concurrency, gate.limits.windows[0].calls) == (4, 250)
        assert gate_of(opened, "sandbox", gateway=True).pace is gate.pace
        assert gate_of(opened, "sandbox").pace is not gate.pace
    assert call(capsys, "run", "--once")[0] == 0


def test_wrong_limits_are_refused_by_name_and_nothing_is_adopted(
    scene: Scene, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    before = call(capsys, "profile", "show", "sandbox")[1][0]["digest"]
    file = tmp_path / "profile.toml"
    file.write_text(load_profile("sandbox") + "\n[limits]\nconcurency = 4\n")
    code, _, err = call(capsys, "profile", "adopt", "sandbox", str(file))
    assert code == 2 and "limits.concurency" in err
    assert call(capsys, "profile", "show", "sandbox")[1][0]["digest"] == before
    assert call(capsys, "profile", "show", "nowhere")[0] == 4


def test_show_tells_which_labels_were_measured_to_survive(
    scene: Scene, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    id_ = propose(capsys, tmp_path, proposal(phone_change(), evidence=QUOTES[:1]))
    _, (shown,), _ = call(capsys, "show", id_)
    assert call(capsys, "approve", id_, "--hash", shown["hash"])[0] == 0
    assert call(capsys, "run", "--once")[0] == 0
    assert main(["profile", "show", "sandbox", "--facts"]) == 0
    said = capsys.readouterr().out
    assert "label security of Patient: kept 1 of 1" in said and "none measured" not in said


def test_show_tells_facts_answers_and_what_was_observed(
    scene: Scene, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "profile.toml"
    file.write_text(load_profile("epic"))
    assert call(capsys, "profile", "adopt", "sandbox", str(file))[0] == 0
    code, (found,), _ = call(capsys, "profile", "show", "sandbox")
    assert (code, found["profile"]) == (0, "epic")
    created = found["facts"]["conditional_create"]
    assert (created["value"], created["grade"], created["captured_on"]) == (
        False, "documented", "2026-08-14",
    )  # fmt: skip
    assert found["facts"]["token_ttl_s"]["value"] == "unknown"
    writes = {(one["type"], one["op"]): one for one in found["writes"]}
    assert writes["Condition", "create"]["may_write"] == "yes"
    assert writes["Patient", "update"]["refused_by"] == "advertised"
    assert found["observed"] == [] and "[facts.fhir_version]" in found["document"]
    assert main(["profile", "show", "sandbox", "--facts"]) == 0
    said = capsys.readouterr().out
    assert "fhir.epic.com/Specifications" in said and "advertised: fhir.epic.com" in said
    assert "labels of ours: none measured here yet" in said
    assert main(["profile", "show", "sandbox"]) == 0
    assert capsys.readouterr().out.rstrip("\n") == load_profile("epic").rstrip("\n")


def test_what_was_written_is_shown_beside_the_claims(
    scene: Scene, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    id_ = propose(capsys, tmp_path, proposal(phone_change(), evidence=QUOTES[:1]))
    [shown] = call(capsys, "show", id_)[1]
    assert call(capsys, "approve", id_, "--hash", shown["hash"])[0] == 0
    assert call(capsys, "run", "--once")[0] == 0
    [found] = call(capsys, "profile", "show", "sandbox")[1]
    [seen] = found["observed"]
    assert (seen["type"], seen["op"], seen["taken"]) == ("Patient", "update", 1)
    assert seen["rungs"] == {"if-match": 1} and sum(seen["reconciled"].values()) == 1
    writes = {(one["type"], one["op"]): one for one in found["writes"]}
    told = {one["axis"]: one["says"] for one in writes["Patient", "update"]["axes"]}
    assert told["observed"] == "yes"
    assert call(capsys, "doctor")[1][0]["ehrs"][0]["observed"] == [seen]
    assert main(["doctor"]) == 0
    assert "observed, in writes of this workspace" in capsys.readouterr().out
