"""Serving on a real loopback socket."""

from __future__ import annotations

import os
import signal
import socket
import threading
from typing import Any

import httpx
import pytest

from core.errors import BadInput, Conflict
from sync.sandbox import Sandbox, serve, serving

TASK = {"resourceType": "Task", "status": "requested", "intent": "proposal"}


def test_a_socket_answers_as_the_process_does(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with serving(sandbox.app) as place, httpx.Client() as http:
        assert place.base_url.startswith("http://127.0.0.1:")
        assert place.base_url.endswith("/fhir")
        assert place.token_url == place.base_url.removesuffix("/fhir") + "/token"
        made = http.post(f"{place.base_url}/Task", json=TASK)
        assert made.headers["Location"] == f"{place.base_url}/Task/made-1/_history/1"
        stale = http.put(
            f"{place.base_url}/Task/made-1",
            json={**TASK, "id": "made-1"},
            headers={"If-Match": 'W/"7"'},
        )
        assert stale.status_code == 412
        assert http.head(f"{place.base_url}/Task/made-1").content == b""
        found = http.get(f"{place.base_url}/Task?identifier=urn:secret|77")
        assert found.json()["link"][0]["url"].startswith(f"{place.base_url}/Task?")
        configuration = http.get(f"{place.base_url}/.well-known/smart-configuration").json()
        assert configuration["token_endpoint"] == place.token_url
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{place.base_url}/metadata")
    assert caplog.text == ""
    assert capfd.readouterr() == ("", "")


def test_too_large_a_body_is_answered_over_a_socket(sandbox: Sandbox) -> None:
    with serving(sandbox.app) as place:
        answer = httpx.post(
            f"{place.base_url}/Task",
            content=b" " * (17 * 1024 * 1024),
            headers={"Content-Type": "application/fhir+json"},
        )
    assert answer.status_code == 413


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serving_ends_cleanly_on_a_signal(sandbox: Sandbox, number: int) -> None:
    before = signal.getsignal(number)
    seen: list[Any] = []

    def on_ready(base_url: str, token_url: str) -> None:
        def visit() -> None:
            seen.append((httpx.get(f"{base_url}/metadata").status_code, token_url))
            os.kill(os.getpid(), number)

        threading.Thread(target=visit).start()

    serve(sandbox.app, 0, on_ready)
    assert seen[0][0] == 200
    assert seen[0][1].endswith("/token")
    assert signal.getsignal(number) is before


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org", ""])  # noqa: S104
def test_only_loopback_is_served(sandbox: Sandbox, host: str) -> None:
    with pytest.raises(BadInput, match="host"), serving(sandbox.app, host=host):
        pytest.fail("served")
    with pytest.raises(BadInput, match="host"):
        serve(sandbox.app, 0, lambda *_: pytest.fail("served"), host=host)


def test_a_port_in_use_is_said(sandbox: Sandbox) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(Conflict, match=str(port)), serving(sandbox.app, port):
            pytest.fail("served")


def test_a_port_out_of_range_is_said(sandbox: Sandbox) -> None:
    with pytest.raises(BadInput, match="port"), serving(sandbox.app, 65536):
        pytest.fail("served")
