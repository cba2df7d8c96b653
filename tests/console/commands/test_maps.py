"""Maps by the command line: in force once adopted, or given to one comparison."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from console.__main__ import main
from tests.core.concept_map_samples import ICD, SAMPLE, SNOMED, concept_map, target, text
from tests.scene import Scene, call, open_scene


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    with open_scene(tmp_path, monkeypatch) as found:
        yield found


def condition(system: str, code: str) -> dict[str, Any]:
    coding = [{"system": system, "code": code}]
    return {"resourceType": "Condition", "code": {"coding": coding}}


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    held = {
        "maps": text(SAMPLE),
        "draft": text(concept_map({"1": [target("A", "equal")]}, status="draft")),
        "snomed": json.dumps(condition(SNOMED, "44054006")),
        "icd": json.dumps(condition(ICD, "E11")),
        "wider": json.dumps(condition(ICD, "E14")),
    }
    for name, content in held.items():
        (tmp_path / name).write_text(content)
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    return {name: str(tmp_path / name) for name in (*held, "bytes")}


def test_maps_are_shown_once_they_are_adopted(
    scene: Scene, capsys: pytest.CaptureFixture[str], files: dict[str, str]
) -> None:
    assert call(capsys, "maps", "show")[0] == 4
    code, (said,), _ = call(capsys, "maps", "adopt", files["maps"])
    assert (code, said["number"]) == (0, 1)
    code, (shown,), _ = call(capsys, "maps", "show")
    assert (code, shown["document"], shown["digest"]) == (0, text(SAMPLE), said["digest"])
    assert main(["maps", "show"]) == 0
    assert text(SAMPLE) in capsys.readouterr().out


def test_what_is_no_active_map_is_refused_and_the_one_before_holds(
    scene: Scene, capsys: pytest.CaptureFixture[str], files: dict[str, str]
) -> None:
    digest = call(capsys, "maps", "adopt", files["maps"])[1][0]["digest"]
    for name, field in (("draft", "ConceptMap.status"), ("snomed", "ConceptMap")):
        code, _, err = call(capsys, "maps", "adopt", files[name])
        assert code == 2
        assert field in err
    assert call(capsys, "maps", "show")[1][0]["digest"] == digest


def test_a_comparison_knows_the_maps_that_it_is_given(
    capsys: pytest.CaptureFixture[str], files: dict[str, str]
) -> None:
    pair = files["snomed"], files["icd"]
    assert call(capsys, "diff", *pair)[1][0]["class"] == "changed"
    assert call(capsys, "diff", *pair, "--maps", files["maps"])[1][0]["class"] == "equivalent"
    told = call(capsys, "diff", files["snomed"], files["wider"], "--maps", files["maps"])[1][0]
    assert told["class"] == "changed"
    assert call(capsys, "diff", *pair, "--maps", files["draft"])[0] == 2
    assert call(capsys, "diff", *pair, "--maps", files["bytes"])[0] == 2
    assert call(capsys, "diff", *pair, "--maps", "nowhere")[0] == 4


def test_pairs_know_the_maps_too(
    capsys: pytest.CaptureFixture[str], files: dict[str, str], tmp_path: Path
) -> None:
    line = {
        "id": "1",
        "intended": condition(SNOMED, "44054006"),
        "persisted": condition(ICD, "E11"),
    }
    pairs = tmp_path / "pairs"
    pairs.write_text(json.dumps(line))
    found = [
        call(capsys, "diff", "--pairs", str(pairs), *more)[1][0]["class"]
        for more in ((), ("--maps", files["maps"]))
    ]
    assert found == ["changed", "equivalent"]
