"""`diff --pairs`: a line in, a line out, whatever stands in the others."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from console.__main__ import main
from console.commands import diff_pairs

CALL = {"resourceType": "Patient", "telecom": [{"system": "phone", "value": "(201) 555-0123"}]}
WHOLE = {"resourceType": "Patient", "telecom": [{"system": "phone", "value": "+1 201 555 0123"}]}


def lines(*pairs: Any) -> bytes:
    return b"\n".join(
        one if isinstance(one, bytes) else json.dumps(one).encode("utf-8") for one in pairs
    )


def pair(id_: Any, intended: Any, persisted: Any, **more: Any) -> dict[str, Any]:
    return {"id": id_, "intended": intended, "persisted": persisted, **more}


def told(
    capsys: pytest.CaptureFixture[str], path: Path, data: bytes, *options: str
) -> tuple[int, list[dict[str, Any]]]:
    path.write_bytes(data)
    code = main(["diff", "--pairs", str(path), *options])
    return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_every_line_is_answered_with_its_id_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = lines(pair("a", CALL, CALL), b"", pair(7, CALL, {**CALL, "active": True}), b"  ")
    code, found = told(capsys, tmp_path / "pairs", data)
    assert code == 0
    assert found[0] == {"id": "a", "class": "identical", "differences": []}
    assert [next(iter(one)) for one in found] == ["id", "id"]
    assert (found[1]["id"], found[1]["class"]) == (7, "changed")
    assert found[1]["differences"][0]["path"] == "Patient.active"


@pytest.mark.parametrize(
    "broken",
    [
        b"{",
        b"[1]",
        b"\xff",
        b'{"id":"x","id":"y","intended":{},"persisted":{}}',
        b'{"id":"x","intended":{"resourceType":"Patient"}}',
        b'{"id":"x","intended":1,"persisted":{}}',
        b'{"id":"x","intended":{"a":1},"persisted":{"a":1},"base":3}',
        b'{"id":"x","intended":{"a":1},"persisted":{"a":1},"region":[]}',
        b'{"intended":{"a":1},"persisted":{"a":1}}',
        b'{"id":"x","intended":{"a":' + b"[" * 80 + b"]" * 80 + b'},"persisted":{}}',
    ],
)
def test_a_broken_line_is_told_and_the_others_are_answered(
    broken: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = lines(pair("a", CALL, CALL), broken, pair("b", CALL, CALL))
    code, found = told(capsys, tmp_path / "pairs", data)
    assert code == 2
    assert [one.get("class") for one in found] == ["identical", None, "identical"]
    assert found[1]["line"] == 2 and found[1]["error"]
    assert next(iter(found[1])) == "id"


def test_a_line_that_is_too_long_is_told_and_the_others_are_answered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    small = diff_pairs.Limits(max_bytes=400)
    monkeypatch.setattr(diff_pairs, "_LIMITS", small)
    data = lines(pair("a", {"x": "y" * 2_000}, {}), pair("b", CALL, CALL))
    code, found = told(capsys, tmp_path / "pairs", data)
    assert code == 2
    assert (found[0]["line"], found[1]["class"]) == (1, "identical")


def test_nothing_examined_is_a_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, tmp_path / "pairs", b"\n")[0] == 1
    assert told(capsys, tmp_path / "pairs", lines(pair("a", {}, {})))[0] == 1


def test_the_region_comes_from_the_line_or_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = lines(pair("a", CALL, WHOLE), pair("b", CALL, WHOLE, region="SE"))
    assert [one["class"] for one in told(capsys, tmp_path / "p", data)[1]] == ["changed", "changed"]
    found = told(capsys, tmp_path / "p", data, "--region", "US")[1]
    assert [one["class"] for one in found] == ["equivalent", "changed"]


def test_each_answer_is_written_before_the_next_line_is_read(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    class Slow(io.BytesIO):
        def readline(self, size: int | None = -1, /) -> bytes:
            seen.append(len(capsys.readouterr().out.splitlines()))
            return super().readline(size)

    stream = io.TextIOWrapper(Slow(lines(pair(1, CALL, CALL), pair(2, CALL, CALL))))
    monkeypatch.setattr("sys.stdin", stream)
    assert main(["diff", "--pairs", "-"]) == 0
    assert seen == [0, 1, 1]


def test_there_is_no_such_file(tmp_path: Path) -> None:
    assert main(["diff", "--pairs", str(tmp_path / "none")]) == 4


@pytest.mark.parametrize(
    "value", [b"NaN", b'"\\ud800"', b'{"a":1,"a":2}', b"1e999999", b"[" * 80 + b"]" * 80]
)
def test_a_line_that_is_refused_is_told_by_its_id_where_it_has_one(
    value: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refused = b'{"id":"x","intended":{"resourceType":"Patient","a":%s},"persisted":{}}' % value
    code, found = told(capsys, tmp_path / "pairs", lines(refused, pair("b", CALL, CALL)))
    assert code == 2
    assert (found[0]["id"], found[0]["line"]) == ("x", 1)
    assert "class" not in found[0] and found[1]["class"] == "identical"


@pytest.mark.parametrize("id_", [b'"\\udfff"', b"[1]", b'"\\u001b[31m"'])
def test_an_id_that_cannot_be_repeated_is_left_out(
    id_: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, found = told(capsys, tmp_path / "pairs", b'{"id":%s,"intended":NaN,"persisted":{}}' % id_)
    assert (code, found[0]["id"], found[0]["line"]) == (2, None, 1)


def test_two_files_and_pairs_exclude_each_other(tmp_path: Path) -> None:
    path = tmp_path / "pairs"
    path.write_bytes(lines(pair("a", CALL, CALL)))
    assert main(["diff", "--pairs", str(path), str(path), str(path)]) == 2


def test_every_difference_has_every_key_in_order(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    added = pair("a", CALL, {**CALL, "active": True})
    dropped = pair("b", {**CALL, "active": True}, CALL)
    _, found = told(capsys, tmp_path / "pairs", lines(added, dropped))
    (one,), (other,) = (answer["differences"] for answer in found)
    assert list(one) == list(other) == ["path", "class", "reason", "intended", "persisted"]
    assert (one["intended"], one["persisted"]) == (None, True)
    assert (other["intended"], other["persisted"]) == (True, None)
