"""By command line: looking at the chart again, the two queues, and the next steps."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from console.commands import exceptions, line, metrics, reconcile
from core.canonical import exact
from core.lifecycle import State
from tests.builders import Bench, phone_change, problem_change, proposal
from tests.console.commands.test_road import propose
from tests.core.gateway.scenario import approve, change, edit, run, staged
from tests.core.reconcile.again import verified_phone
from tests.core.reconcile.test_settle import discrepant
from tests.scene import Scene, call, open_scene

HOME = {"system": "phone", "value": "555 0100", "use": "home"}


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    made = Bench(tmp_path)

    class Opened(SimpleNamespace):
        def connected(self) -> Any:
            return Connected()

    class Connected:
        async def __aenter__(self) -> Any:
            return made.workspace

        async def __aexit__(self, *_: object) -> None:
            return None

    opened = Opened(
        ledger=made.ledger, clock=made.clock, ehr_names=["sandbox"], reviewer="dr-lee",
        offline=lambda: made.workspace,
    )  # fmt: skip

    @contextmanager
    def open_here(_args: Any) -> Iterator[Any]:
        yield opened

    for module in (exceptions, metrics, reconcile):
        monkeypatch.setattr(module, "open_here", open_here)
    monkeypatch.setattr(line, "_log_end", lambda *_: None)
    return made


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[Any]]:
    code = line.run_line([*arguments, "--json"])
    return code, [json.loads(text) for text in capsys.readouterr().out.splitlines()]


def line_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = line.run_line(list(arguments))
    return code, *capsys.readouterr()


def test_drift_is_found_over_the_wire(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_scene(tmp_path, monkeypatch) as scene:
        id_ = written(scene, capsys, tmp_path)
        code, found, _ = call(capsys, "reconcile", id_)
        assert code == 0 and found[0]["outcome"] == "same" and found[-1]["elements"] > 5
        stored = scene.versions("Patient")[-1]
        telecom = [{**one, "value": "555 0142"} for one in stored["telecom"]]
        scene.sandbox.store.put("Patient", "example", exact({**stored, "telecom": telecom}), "PUT")
        code, found, _ = call(capsys, "reconcile", "--agent", "scribe-1", "--type", "Patient")
        assert code == 0
        assert (found[0]["outcome"], found[0]["class"]) == ("drift", "changed")
        assert found[0]["differences"][0]["path"] == "Patient.telecom[1].value"
        assert (found[-1]["writes"], found[-1]["drift"]) == (1, 1)
        code, listed, _ = call(capsys, "exceptions", "--queue", "review")
        assert [one["kind"] for one in listed] == ["drift"] and listed[0]["due"]
        assert call(capsys, "exceptions", "--queue", "reconciliation")[1] == []
        scene.sandbox.store.delete("Patient", "example")
        code, found, _ = call(capsys, "reconcile", f"{id_}/0")
        assert (found[0]["kind"], found[0]["class"]) == ("missing", "critical")
        assert call(capsys, "status")[1][0]["queues"]["review open"] == 1


def written(scene: Scene, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> str:
    del scene
    quote = [{"source": "DocumentReference/n1", "quote": "555 0199", "supports": [0]}]
    id_ = propose(capsys, tmp_path, proposal(phone_change(), evidence=quote))
    _, (shown,), _ = call(capsys, "show", id_)
    assert call(capsys, "approve", id_, "--hash", shown["hash"])[0] == 0
    assert call(capsys, "run", "--once")[0] == 0
    return id_


async def test_nothing_examined_is_a_failure(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = line_of_sync(capsys, "reconcile")
    assert code == 1 and "nothing was examined" in err and "examined 0 of 0 writes" in out


def line_of_sync(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Run a command that has a loop of its own, beside the test's."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        code = pool.submit(line.run_line, list(arguments)).result()
    return code, *capsys.readouterr()


async def test_what_it_did_is_said_in_words(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    await verified_phone(bench)
    edit(bench, telecom=[HOME])
    code, out, _ = line_of_sync(capsys, "reconcile", "--ehr", "sandbox")
    assert code == 0 and "drift  changed" in out
    assert "examined 1 of 1 writes" in out and "0 as verified, 1 not" in out


async def test_an_ehr_that_does_not_answer_is_exit_1_and_nothing_is_called_drift(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    id_ = await verified_phone(bench)
    bench.ehr.down = True
    code, out, _ = line_of_sync(capsys, "reconcile", id_)
    assert code == 1 and "1 could not be examined" in out
    assert change(bench, id_).state == State.VERIFIED


async def test_some_unread_is_exit_6(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    from core.errors import Unreachable
    from tests.core.reconcile.again import condition

    await verified_phone(bench)
    id_ = await staged(bench, problem_change(), correlation_id="c-2", evidence=[])
    approve(bench, id_)
    await run(bench)
    where, read = condition(bench), bench.ehr.read

    async def half(reference: str, version: str | None = None) -> Any:
        if reference == where:
            raise Unreachable("no")
        return await read(reference, version)

    bench.ehr.read = half  # type: ignore[method-assign]
    assert line_of_sync(capsys, "reconcile")[0] == 6


@pytest.mark.parametrize(
    "arguments",
    [
        ("reconcile", "--since", "yesterday"),
        ("reconcile", "--since", "2026-11-23T09:00:00"),
        ("reconcile", "--limit", "0"),
        ("reconcile", "abcd", "--agent", "x"),
        ("reconcile", "abcd/x"),
        ("reconcile", "nonsense!"),
        ("exceptions", "--correct", "abcd"),
        ("exceptions", "--correct", "abcd", "--reason", "x"),
        ("exceptions", "--accept", "abcd", "--reason", "x", "--to", "role:x"),
        ("exceptions", "--queue", "both"),
    ],
)
def test_bad_input_is_named(
    bench: Bench, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    code, _, err = line_of(capsys, *arguments)
    assert code == 2 and err.startswith("countersign: ")


async def test_the_next_steps(
    bench: Bench, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    id_ = await discrepant(bench)
    code, (row,) = told(capsys, "exceptions")
    assert (row["queue"], row["overdue"]) == ("review", False) and row["due"] is not None
    (tmp_path / "why.txt").write_text("because", "utf-8")
    reason = ("--reason-file", str(tmp_path / "why.txt"))
    assert told(capsys, "exceptions", "--remap", id_, *reason)[1][0]["paths"] == [
        "Patient.telecom.value"
    ]
    assert told(capsys, "exceptions", "--escalate", id_, *reason, "--to", "role:on-call") == (
        0, [{"id": id_, "index": 0, "to": ["person:dr-lee"]}],
    )  # fmt: skip
    code, (done,) = told(capsys, "exceptions", "--correct", id_, *reason)
    assert code == 0 and done["correction"] > 0
    assert line_of(capsys, "exceptions", "--correct", id_, *reason)[0] == 5
    bench.clock.advance(hours=5)
    _, out, err = line_of(capsys, "exceptions")
    assert "OVERDUE" in out and "review: " in err and "1 OVERDUE" in err
    assert told(capsys, "exceptions")[1][0]["overdue"] is True
    (counted,) = told(capsys, "metrics", "--exceptions")[1]
    assert (counted["class"], counted["open"], counted["overdue"]) == ("changed", 1, 1)
    assert counted["in_time"]["count"] == 0
    assert told(capsys, "exceptions", "--accept", id_, *reason)[0] == 0
