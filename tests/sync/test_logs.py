"""The log holds what is listed, in its form, and nothing else."""

from __future__ import annotations

import json
import logging
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.errors import Unreachable
from sync import logs
from sync.fhir import FhirClient, NoAuth

CANARY = "CANARY-555-0199"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    logs.configure(tmp_path)
    yield tmp_path
    logs.configure(tmp_path, logs.OFF)


def lines(folder: Path) -> list[dict[str, Any]]:
    text = (folder / "log" / "countersign.log").read_text()
    return [json.loads(line) for line in text.splitlines()]


def test_a_line_bears_its_listed_fields(folder: Path) -> None:
    logs.log("http.answered", server="sandbox", method="GET", type="Patient", status=200, ms=3)
    (line,) = lines(folder)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "http.answered", "server": "sandbox", "method": "GET", "type": "Patient",
        "status": 200, "ms": 3,
    }  # fmt: skip


def test_what_is_not_listed_is_dropped_and_counted(folder: Path) -> None:
    logs.log("error", error="ValueError", url=f"http://x/{CANARY}", patient=CANARY, exc_info=CANARY)
    (line,) = lines(folder)
    assert line["dropped"] == 3 and CANARY not in str(line)


@pytest.mark.parametrize("field", sorted(logs.FIELDS))
@pytest.mark.parametrize("value", [CANARY, [CANARY], {"a": CANARY}, 10**13, -(10**6), 1.5, b"x"])
def test_a_value_without_its_form_is_not_shown(folder: Path, field: str, value: object) -> None:
    logs.log("error", **{field: value})
    (line,) = lines(folder)
    if not logs.FIELDS[field](value):
        assert line[field] == "?"
    assert CANARY not in str(line) or field == "server"


def test_an_unknown_event_has_no_name(folder: Path) -> None:
    logs.log(CANARY)
    assert lines(folder)[0]["event"] == "?"


def test_the_control_without_the_list_the_canary_is_there(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "allowed", lambda _logger, _method, line: line)
    logs.log("error", url=CANARY)
    assert CANARY in str(lines(folder))


def test_folder_and_file_are_the_owner_s(folder: Path) -> None:
    logs.log("error", error="ValueError")
    assert stat.S_IMODE((folder / "log").stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "log" / "countersign.log").stat().st_mode) == 0o600


def test_old_files_are_turned_over(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (handler,) = logging.getLogger("countersign").handlers
    monkeypatch.setattr(handler, "maxBytes", 400)
    for _ in range(50):
        logs.log("error", error="ValueError")
    found = sorted(path.name for path in (folder / "log").iterdir())
    assert found == ["countersign.log", *(f"countersign.log.{n}" for n in (1, 2, 3))]
    assert all(stat.S_IMODE(p.stat().st_mode) == 0o600 for p in (folder / "log").iterdir())


def test_off_and_unconfigured_write_nothing(tmp_path: Path) -> None:
    logs.configure(tmp_path, logs.OFF)
    logs.log("error", error="ValueError")
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_takes_no_log_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("in the way")
    logs.configure(tmp_path)
    logs.log("error", error="ValueError")
    logs.configure(tmp_path, logs.OFF)


async def test_requests_are_logged_without_what_was_asked(folder: Path) -> None:
    def answers(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("down"):
            raise httpx.ConnectError(CANARY)
        return httpx.Response(500, text=CANARY)

    async with FhirClient(
        "sandbox", "http://127.0.0.1:1/fhir", NoAuth(), None, transport=httpx.MockTransport(answers)
    ) as ehr:
        for reference in (f"Patient/{CANARY}", "Patient/down"):
            with pytest.raises(Unreachable):
                await ehr.read(reference)
        with pytest.raises(Unreachable):
            await ehr.search("Patient", {"name": CANARY})
    found = lines(folder)
    assert [(line["event"], line["type"]) for line in found] == [
        ("http.answered", "Patient"), ("http.failed", "Patient"), ("http.answered", "Patient"),
    ]  # fmt: skip
    assert found[1]["error"] == "ConnectError" and CANARY not in str(found)


def test_other_libraries_reach_no_handler(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    for name in "httpx httpcore aiohttp.client uvicorn.error asyncio keyring textual".split():
        logging.getLogger(name).error("GET http://x/?name=%s", CANARY)
    assert capsys.readouterr() == ("", "")
    assert CANARY not in (folder / "log" / "countersign.log").read_text()
