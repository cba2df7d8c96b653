"""Telling people by a program or a webhook: bounded, and with nothing but the message."""

from __future__ import annotations

import json
import os
import stat
import sys
import time
from pathlib import Path

import httpx
import pytest

from core.canonical import exact
from core.errors import BadInput
from core.notify.deliver import NotDelivered
from sync.notify.command import CommandNotifier
from sync.notify.make import notifier_of
from sync.notify.settings import NotifyConfig
from sync.notify.webhook import TOKEN_FILE, WebhookNotifier
from sync.workspace.config import parse_config, render_config

MESSAGE = {"id": "n-1", "kind": "expiring", "deadline": None, "to": ["role:nurse"]}
CONFIG = """version = 1
team = "north"
reviewer = "dr-lee"
keys = "file"
[ehr.north]
base_url = "https://ehr.example.org/fhir"
profile = "generic-r4"
"""


def script(folder: Path, body: str) -> str:
    """Return a program of its own that runs this; a path with a space fits into no `#!` line."""
    program, path = folder / "notify.py", folder / "notify"
    program.write_text(f"import json, os, subprocess, sys, time\n{body}\n")
    path.write_text(f"#!/bin/sh\nexec '{sys.executable}' '{program}' \"$@\"\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


async def test_a_command_gets_one_line_and_no_argument_of_ours(tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    body = (
        "json.dump({'argv': sys.argv[1:], 'line': sys.stdin.read(), 'env': sorted(os.environ)},"
        f" open({str(out)!r}, 'w'))\nprint('noise')"
    )
    command = [script(tmp_path, body), "--to", "; rm -rf $HOME"]
    env = {**os.environ, "COUNTERSIGN_PASSPHRASE_FILE": "secret"}
    await CommandNotifier(command, env).send(exact(MESSAGE))
    found = json.loads(out.read_text())
    assert found["argv"] == ["--to", "; rm -rf $HOME"]
    assert found["line"].endswith("\n") and json.loads(found["line"]) == MESSAGE
    assert not [name for name in found["env"] if name.startswith("COUNTERSIGN_")]


@pytest.mark.parametrize(
    ("body", "code"),
    [("sys.exit(3)", "command-failed"), ("os.kill(os.getpid(), 9)", "command-failed")],
)
async def test_a_command_that_fails_was_not_told(tmp_path: Path, body: str, code: str) -> None:
    with pytest.raises(NotDelivered) as caught:
        await CommandNotifier([script(tmp_path, body)], {}).send(exact(MESSAGE))
    assert caught.value.code == code


async def test_a_command_that_is_not_there_was_not_told(tmp_path: Path) -> None:
    with pytest.raises(NotDelivered, match="command-not-started"):
        await CommandNotifier([str(tmp_path / "none")], {}).send(exact(MESSAGE))


async def test_a_command_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    body = (
        "child = subprocess.Popen(['/bin/sleep', '600'])\n"
        f"open({str(pid)!r}, 'w').write(str(child.pid))\nchild.wait()"
    )
    with pytest.raises(NotDelivered, match="command-too-slow"):
        await CommandNotifier([script(tmp_path, body)], dict(os.environ), 3.0).send(exact(MESSAGE))
    assert ended(int(pid.read_text()))


def ended(pid: int) -> bool:
    """Tell whether a killed process ends, or waits for its parent to take notice."""
    limit = time.monotonic() + 10
    while time.monotonic() < limit:
        try:
            status = Path(f"/proc/{pid}/stat").read_text()
        except FileNotFoundError:
            return True
        if status.split()[2] == "Z":
            return True
    return False


def webhook(handler, env: dict[str, str] | None = None) -> WebhookNotifier:
    transport = httpx.MockTransport(handler)
    return WebhookNotifier("https://pager.example.org/hook", env or {}, transport=transport)


async def test_a_webhook_gets_the_message_and_the_token(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("only-for-this-test\n")
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(202)

    await webhook(answer, {TOKEN_FILE: str(token)}).send(exact(MESSAGE))
    (request,) = seen
    assert (request.method, str(request.url)) == ("POST", "https://pager.example.org/hook")
    assert json.loads(request.content) == MESSAGE
    assert request.headers["authorization"] == "Bearer only-for-this-test"


@pytest.mark.parametrize(
    ("status", "headers", "body", "code"),
    [
        (500, {}, b"", "webhook-answered-500"),
        (302, {"location": "https://elsewhere.example.org/"}, b"", "webhook-answered-302"),
        (200, {}, b"x" * 100_000, "webhook-unreachable"),
    ],
)
async def test_other_answers_are_not_delivered(
    status: int, headers: dict[str, str], body: bytes, code: str
) -> None:
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.host)
        return httpx.Response(status, headers=headers, content=body)

    with pytest.raises(NotDelivered) as caught:
        await webhook(answer).send(exact(MESSAGE))
    assert caught.value.code == code and seen == ["pager.example.org"]


async def test_a_webhook_that_is_not_there(tmp_path: Path) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no")

    with pytest.raises(NotDelivered, match="webhook-unreachable"):
        await webhook(answer).send(exact(MESSAGE))
    with pytest.raises(NotDelivered, match="webhook-token-unreadable"):
        await webhook(answer, {TOKEN_FILE: str(tmp_path / "none")}).send(exact(MESSAGE))


@pytest.mark.parametrize(
    "table",
    [
        'command = ["/usr/bin/page", "--now"]',
        'webhook = "https://pager.example.org/hook"',
        'webhook = "http://127.0.0.1:8080/hook"',
    ],
)
def test_the_configuration_is_read_and_written(table: str) -> None:
    config = parse_config(f"{CONFIG}[notify]\n{table}\n")
    assert config.notify is not None and config.notify.kind == table.split(" ")[0]
    assert parse_config(render_config(config)) == config
    assert notifier_of(config.notify, {}) is not None


def test_without_it_nobody_is_told() -> None:
    config = parse_config(CONFIG)
    assert notifier_of(config.notify, {}) is None
    assert "nobody is told outside" in render_config(config)
    assert parse_config(render_config(config)) == config


@pytest.mark.parametrize(
    "table",
    [
        "",
        'command = ["/usr/bin/page"]\nwebhook = "https://pager.example.org"',
        "command = []",
        'command = ["page"]',
        'command = "/usr/bin/page"',
        'webhook = "http://pager.example.org"',
        'webhook = "https://a:b@pager.example.org"',
        'webhook = "https://pager.example.org/?token=x"',
        'token = "x"',
    ],
)
def test_what_cannot_be_names_the_field_and_a_remedy(table: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_config(f"{CONFIG}[notify]\n{table}\n")
    assert str(caught.value.field).startswith("notify") and caught.value.remedy


def test_exactly_one_of_them() -> None:
    assert NotifyConfig(command=["/bin/true"]).kind == "command"
