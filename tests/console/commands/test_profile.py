"""Putting an EHR's limits in force by the command line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from console.bootstrap.opening import Opened
from console.bootstrap.system import SystemClock, SystemIds
from console.bootstrap.traffic import gate_of
from sync.profiles import load_profile
from tests.scene import Scene, call, open_scene

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
