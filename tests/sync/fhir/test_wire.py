"""The HTTP client's loggers: a URL must not reach a log."""

from __future__ import annotations

import importlib
import logging

import pytest

import sync.wire
from tests.sync.fhir.servers import Tracing, answer


async def _lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    caplog.clear()
    caplog.set_level(logging.DEBUG)
    transport = Tracing(lambda request: answer({}))
    async with sync.wire.httpx.AsyncClient(transport=transport) as http:
        await http.get("http://127.0.0.1/Patient?family=Doe")
    return [record.getMessage() for record in caplog.records if record.name.startswith("http")]


async def test_no_url_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    importlib.reload(sync.wire)
    assert await _lines(caplog) == []


async def test_control_without_the_guard_the_url_is_logged(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("httpx"), "level", logging.NOTSET)
    logging.getLogger("httpx").manager._clear_cache()  # type: ignore[attr-defined]
    try:
        assert any("family=Doe" in line for line in await _lines(caplog))
    finally:
        monkeypatch.undo()
        logging.getLogger("httpx").manager._clear_cache()  # type: ignore[attr-defined]


def test_both_loggers_are_quiet() -> None:
    for name in ("httpx", "httpcore"):
        assert logging.getLogger(name).getEffectiveLevel() >= logging.WARNING
