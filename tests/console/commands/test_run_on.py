"""A gateway that runs on outlives a server that is away; one round says that it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from console.__main__ import main
from console.commands import run as command
from core.errors import Conflict, CountersignError, Unreachable
from core.gateway.run import Round
from tests.scene import Scene, open_scene


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    with open_scene(tmp_path, monkeypatch) as found:
        yield found


AWAY = Unreachable("the EHR is away")
HELD = Conflict("another process holds the store")


@pytest.mark.parametrize(
    ("error", "arguments", "wanted", "rounds"),
    [(AWAY, [], 130, 3), (AWAY, ["--once"], 6, 1), (HELD, [], 130, 3), (HELD, ["--once"], 5, 1)],
)
def test_what_is_away_or_held_for_a_moment_ends_a_round_and_not_the_gateway(
    scene: Scene,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: CountersignError,
    arguments: list[str],
    wanted: int,
    rounds: int,
) -> None:
    done: list[int] = []

    async def one_round(_opened: object, _epoch: int) -> tuple[Round, None]:
        done.append(len(done))
        if len(done) == 1:
            raise error
        if len(done) == 3:
            raise KeyboardInterrupt
        return Round(), None

    monkeypatch.setattr(command, "one_round", one_round)
    monkeypatch.setattr(command, "PAUSE_S", 0)
    assert main(["run", *arguments]) == wanted
    assert len(done) == rounds
    assert str(error) in capsys.readouterr().err


def test_python_collects_between_the_rounds_and_never_within_one(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []

    class Told:
        def rest(self) -> None:
            order.append("rest")

    async def one_round(_opened: object, _epoch: int) -> tuple[Round, None]:
        order.append("round")
        if order.count("round") == 3:
            raise KeyboardInterrupt
        return Round(), None

    monkeypatch.setattr(command, "Heap", Told)
    monkeypatch.setattr(command, "one_round", one_round)
    monkeypatch.setattr(command, "PAUSE_S", 0)
    assert main(["run"]) == 130
    assert order == ["round", "rest", "round", "rest", "round"]
