"""On a real server that drops meta.security: measured and shown per EHR, no change of meaning."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from console.__main__ import main
from core.canonical import JsonObject, encode, exact
from tests.builders import problem_of, proposal
from tests.core.prediction.scenes import unlabelled
from tests.scale import in_ci
from tests.scene import Scene, call, open_scene

pytestmark = in_ci


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    def forgetful(item: JsonObject) -> JsonObject:
        return unlabelled(item) if "security" in item.get("meta", {}) else item

    with open_scene(tmp_path, monkeypatch, transform=forgetful) as found:
        yield found


def write(capsys: Any, tmp_path: Path, number: int) -> tuple[JsonObject, JsonObject]:
    """Write one problem; return what was shown before it was approved, and after it was sent."""
    path = tmp_path / "proposal.json"
    change = problem_of(f"7000{number}")
    value = proposal(change, correlation_id=f"w-{number}", evidence=[], confidence=1)
    path.write_bytes(encode(exact(value)))
    id_ = call(capsys, "propose", str(path))[1][0]["id"]
    (before,) = call(capsys, "show", id_)[1]
    assert call(capsys, "approve", id_, "--hash", before["hash"])[0] == 0
    assert call(capsys, "run", "--once")[0] == 0
    return before, call(capsys, "show", id_)[1][0]


def facts(shown: JsonObject) -> dict[str, Any]:
    return {one["fact"]: one for one in shown["changes"][0]["prediction"]["facts"]}


def test_survival_is_measured_shown_and_never_a_change_of_meaning(
    scene: Scene, capsys: Any, tmp_path: Path
) -> None:
    before, first = write(capsys, tmp_path, 1)
    assert facts(before) == {} and first["state"] == "exception"
    assert [item["class"] for item in first["changes"][0]["differences"]].count("lossy") == 1
    assert not {"changed", "critical"} & {
        item["class"] for item in first["changes"][0]["differences"]
    }
    before, second = write(capsys, tmp_path, 2)
    label = facts(before)["keeps_security"]
    assert (label["words"], label["class"], label["grade"]) == (
        "the AI label will be dropped", "lossy", "measured",
    )  # fmt: skip
    assert not before["changes"][0]["prediction"]["warns"]
    assert second["state"] == "verified"
    assert ["keeps_security", "lossy", "as-expected"] in (
        second["changes"][0]["prediction"]["scored"]["facts"]
    )

    code, found, _ = call(capsys, "metrics", "--by", "label")
    told = {one["name"]: one["outcomes"] for one in found}
    assert code == 0 and {one["ehr"] for one in found} == {"sandbox"}
    assert told == {
        "security": {"dropped": 2}, "identifier": {"kept": 2}, "provenance": {"kept": 2},
    }  # fmt: skip
    (doctor,) = call(capsys, "doctor")[1]
    assert {one["name"]: one["outcomes"] for one in doctor["ehrs"][0]["labels"]} == told
    assert [one["outcomes"] for one in call(capsys, "metrics", "--by", "prediction")[1]] == [
        {"as-expected": 1},
        # The first time nothing foretold it.
        {"lossy": 1},
    ]


def test_people_read_it_too(scene: Scene, capsys: Any, tmp_path: Path) -> None:
    write(capsys, tmp_path, 1)
    assert main(["doctor"]) == 0
    assert "label security of Condition: kept 0 of 1" in capsys.readouterr().out
    assert main(["metrics", "--by", "label"]) == 0
    assert "dropped 1" in capsys.readouterr().out
