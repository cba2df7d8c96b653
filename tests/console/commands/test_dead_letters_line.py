"""By command line: what failed in words with its remedy, and what becomes of a dead letter."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from console.commands import dead_letters, exceptions, line, show
from core.adoption import adopt
from core.ports import Response
from sync.profiles import load_profile
from tests.builders import Bench, phone_change, problem_change
from tests.core.gateway.scenario import approve, change, run, staged


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    made = Bench(tmp_path)
    opened = SimpleNamespace(
        ledger=made.ledger, clock=made.clock, ehr_names=["sandbox"], reviewer="dr-lee",
        offline=lambda: made.workspace, attention=SimpleNamespace(opened=lambda *_: None),
    )  # fmt: skip

    @contextmanager
    def open_here(_args: Any) -> Iterator[Any]:
        yield opened

    for module in (dead_letters, exceptions, show):
        monkeypatch.setattr(module, "open_here", open_here)
    monkeypatch.setattr(line, "_log_end", lambda *_: None)
    return made


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = line.run_line(list(arguments))
    return code, capsys.readouterr().out


async def dead(bench: Bench) -> str:
    id_ = await staged(bench, phone_change(), problem_change(depends_on=[0]))
    approve(bench, id_, 0)
    approve(bench, id_, 1)
    bench.ehr.faults = [401, 401]
    await run(bench)
    return id_


async def test_list_show_replay(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    id_ = await dead(bench)
    code, out = call(capsys, "dead-letters", "--json")
    (listed,) = [json.loads(text) for text in out.splitlines()]
    assert code == 0 and (listed["id"], listed["index"], listed["paused"]) == (id_, 0, [1])
    assert listed["failure"]["class"] == "authentication"
    assert listed["failure"]["action"] == "refresh-token-once-then-stop"
    assert "authentication" in call(capsys, "dead-letters")[1]
    _, out = call(capsys, "dead-letters", "show", id_[:8], "--change", "0")
    for words in ("not even a fresh one", "then replay it", "waits for it: change 1",
                  "answer 401, authentication"):  # fmt: skip
        assert words in out
    out = call(capsys, "dead-letters", "show", id_, "--change", "0", "--json")[1]
    assert [one["type"] for one in json.loads(out)["attempts"]].count("write.intended") == 2
    assert call(capsys, "dead-letters", "replay", id_)[0] == 2
    code, out = call(capsys, "dead-letters", "replay", id_, "--change", "0", "--json")
    assert (code, json.loads(out)["state"]) == (0, "ambiguous")
    assert call(capsys, "dead-letters", "replay", id_, "--change", "0")[0] == 5
    await run(bench)
    assert [change(bench, id_, one).state for one in (0, 1)] == ["verified", "verified"]
    assert call(capsys, "dead-letters", "--json") == (0, "")


async def test_review_and_close_need_a_reason(
    bench: Bench, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    id_ = await dead(bench)
    words = tmp_path / "words.txt"
    words.write_text("  ")
    whom = (id_, "--change", "0", "--reason-file", str(words))
    assert call(capsys, "dead-letters", "close", *whom)[0] == 2
    words.write_text("typed in by the desk")
    assert call(capsys, "dead-letters", "review", *whom)[0] == 0
    assert change(bench, id_).state == "pending-human-review"
    assert call(capsys, "dead-letters", "close", *whom)[0] == 5
    assert call(capsys, "dead-letters", "show", "ffffffff")[0] == 4


async def test_what_failed_is_told_with_the_vendors_words_and_the_remedy(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    adopt(bench.workspace, "profile.sandbox", load_profile("eclinicalworks"))
    id_ = await staged(bench, phone_change())
    approve(bench, id_)
    bench.ehr.faults = [Response(200, None, None, None, body_status="139")]
    await run(bench)
    told = ["A rule of the EHR forbids it", "The EHR's code 139: The encounter is locked",
            "send it back to review"]  # fmt: skip
    for command in (("exceptions",), ("show", id_)):
        out = call(capsys, *command)[1]
        assert all(words in out for words in told), command
    (item,) = [json.loads(text) for text in call(capsys, "exceptions", "--json")[1].splitlines()]
    assert (item["failure"]["class"], item["failure"]["code"]) == ("business-rule", "139")
    shown = json.loads(call(capsys, "show", id_, "--json")[1])
    assert shown["changes"][0]["failure"] == item["failure"]


async def test_what_waits_says_until_when(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    id_ = await staged(bench, phone_change())
    approve(bench, id_)
    bench.ehr.faults = [Response(429, None, None, None, retry_after=600.0)]
    await run(bench)
    out = call(capsys, "show", id_)[1]
    assert "The EHR asks for fewer requests" in out and "again at 2026-11-23T09:10:0" in out
