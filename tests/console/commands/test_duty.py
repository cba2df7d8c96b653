"""Who is on duty, and telling people outside, at the terminal and in a round of the gateway."""

from __future__ import annotations

import asyncio
import json
import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from console.__main__ import main
from console.bootstrap.opening import Opened
from console.bootstrap.system import SystemIds
from console.bootstrap.telling import tended
from console.watch import Watch
from core.errors import Unreachable
from sync.keys.ring import generate
from tests.builders import phone_change, proposal
from tests.fakes import FakeClock
from tests.scene import Scene, call, open_scene


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    with open_scene(tmp_path, monkeypatch) as found:
        yield found


def notifier(scene: Scene, tmp_path: Path) -> Path:
    """Let the workspace tell by a program that writes down what it gets; return where."""
    out, program = tmp_path / "told.ndjson", tmp_path / "page"
    program.write_text(f"#!/bin/sh\nexec cat >> '{out}'\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    config = scene.folder / "countersign.toml"
    config.write_text(config.read_text() + f'\n[notify]\ncommand = ["{program}"]\n')
    return out


def proposed(scene: Scene, capsys, tmp_path: Path) -> str:
    path = tmp_path / "proposal.json"
    path.write_text(json.dumps(proposal(phone_change())))
    code, (made,), err = call(capsys, "propose", str(path))
    assert code == 0, err
    return made["id"]


def opened_later(scene: Scene, hours: float) -> Opened:
    folder = scene.opened()
    clock = FakeClock(datetime.now(UTC) + timedelta(hours=hours))
    folder.ledger._clock = clock
    return Opened(folder, clock, SystemIds())


def test_a_round_tells_outside_even_when_the_ehr_is_away(
    scene: Scene, capsys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = proposed(scene, capsys, tmp_path)
    out = notifier(scene, tmp_path)

    async def away(*_: object) -> None:
        raise Unreachable("the EHR is down")

    monkeypatch.setattr("console.bootstrap.connecting.connect_ehr", away)
    opened = opened_later(scene, 6.5)
    try:
        with pytest.raises(Unreachable):
            opened.gateway_round(Watch())
    finally:
        opened.close()
    (told,) = [json.loads(line) for line in out.read_text().splitlines()]
    assert (told["kind"], told["proposal"], told["to"]) == ("expiring", id_, ["person:dr-lee"])
    _, (status,), _ = call(capsys, "status")
    assert (status["notify"], status["undelivered"]) == ("command", 0)


def test_a_console_that_is_not_the_gateway_sweeps_nothing(
    scene: Scene, capsys, tmp_path: Path
) -> None:
    proposed(scene, capsys, tmp_path)
    opened = opened_later(scene, 30)
    size = opened.ledger.size
    try:
        with opened.lease(0):
            other = opened_later(scene, 30)
            try:
                assert other.gateway_round(Watch()) is None
            finally:
                other.close()
        assert opened.ledger.size == size
        asyncio.run(_tend(opened))
        assert opened.ledger.size > size
    finally:
        opened.close()


async def _tend(opened: Opened) -> None:
    async with tended(replace(opened)):
        pass


def test_status_says_that_nobody_is_told_and_nobody_is_there(scene: Scene, capsys) -> None:
    _, (status,), _ = call(capsys, "status")
    assert (status["notify"], status["nobody_on_duty"], status["clock"]) == (None, [], None)
    roster = scene.folder / "roster.toml"
    away = "absent = [{ from = 2020-01-01T00:00:00Z, to = 2099-01-01T00:00:00Z }]"
    roster.write_text(roster.read_text().replace('id = "dr-lee"', f'id = "dr-lee"\n{away}'))
    assert main(["roster", "adopt"]) == 0
    capsys.readouterr()
    assert main(["status"]) == 0
    text = capsys.readouterr().out
    assert "nobody is told outside the console" in text
    assert "NOBODY ON DUTY for coordinator, clinician, two-clinicians" in text
    _, lines, _ = call(capsys, "roster", "duty")
    assert {line["how"] for line in lines} == {"nobody"}
    assert main(["roster", "duty"]) == 0
    assert "NOBODY ON DUTY" in capsys.readouterr().out
    _, (shown,), _ = call(capsys, "roster", "show")
    assert shown["people"][0]["absent"] == [
        {"from": "2020-01-01T00:00:00Z", "to": "2099-01-01T00:00:00Z"}
    ]


def test_status_warns_of_a_clock_behind_the_ledger(scene: Scene, capsys) -> None:
    with scene.opened() as opened:
        opened.connection.execute("UPDATE tree SET hi = '2099-01-01T00:00:00.000Z'")
    _, (status,), _ = call(capsys, "status")
    assert "behind the ledger" in status["clock"]
    assert main(["status"]) == 0
    assert "CLOCK: the clock is" in capsys.readouterr().out


def test_a_person_is_enrolled(scene: Scene, capsys, tmp_path: Path) -> None:
    key = tmp_path / "kim.json"
    signer = generate().signers["checkpoint"]
    key.write_text(json.dumps({"kty": "OKP", "crv": "Ed25519", "x": signer.x}))
    arguments = ("roster", "enrol-person", "kim", "--key", str(key), "--role", "nurse")
    code, (made,), _ = call(capsys, *arguments)
    assert (code, made) == (0, {"person": "kim", "kid": signer.kid})
    _, lines, _ = call(capsys, "roster", "duty")
    people = {line["route"]: line["people"] for line in lines}
    assert people["clinician"] == ["dr-lee", "kim"] and people["coordinator"] == ["dr-lee"]
    assert call(capsys, *arguments)[0] == 2


def test_who_could_get_an_expired_change_is_listed_with_who_is_there(
    scene: Scene, capsys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    proposed(scene, capsys, tmp_path)
    later = datetime.now(UTC) + timedelta(hours=30)
    monkeypatch.setattr("console.bootstrap.system.SystemClock.now", lambda _clock: later)
    _, (late,), _ = call(capsys, "reassign", "--expired")
    assert late["on_duty"] == ["dr-lee"]
    assert main(["reassign", "--expired"]) == 0
    assert "ON DUTY" in capsys.readouterr().out
