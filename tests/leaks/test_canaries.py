"""Markers for chart content and secrets, through every command, fault and crash.

They are found in no file of the workspace in clear, no log, no traceback, no temporary file, no
URL, no argument and no environment. What a command prints on stdout is what it was asked for.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from console.__main__ import main
from console.commands import decide as deciding
from console.commands import line as lining
from console.commands.registry import COMMANDS
from core.errors import Failed
from sync import logs
from tests.leaks import canaries
from tests.leaks.canaries import CHART, FAMILY, PHI, PHONE, Recorder, in_files, in_texts, proposal
from tests.scale import in_ci, sampled
from tests.scene import Scene, open_scene

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Watched:
    """A scene whose every trace is kept."""

    scene: Scene
    recorder: Recorder
    temp: Path
    tmp_path: Path
    capsys: pytest.CaptureFixture[str]
    said: list[str] = field(default_factory=list)

    def run(self, *arguments: str) -> tuple[int, str]:
        """Run a command; keep its stderr, return its exit code and stdout."""
        code = main(list(arguments))
        out, err = self.capsys.readouterr()
        self.said.append(err)
        return code, out

    def file(self, name: str, content: object) -> str:
        path = self.tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return str(path)

    def propose(self, correlation: str) -> dict[str, Any]:
        given = self.file(f"{correlation}.json", proposal(correlation))
        code, out = self.run("propose", given, "--json")
        assert code == 0, self.said[-1]
        return dict(json.loads(self.run("show", json.loads(out)["id"], "--json")[1]))

    def leaks(self) -> list[str]:
        """Look everywhere."""
        secret = canaries.secrets(self.scene, self.recorder)
        assert len(self.recorder.tokens) > 0 or not self.recorder.urls
        everything = [*PHI, *secret]
        return [
            *in_files(self.scene.folder, everything),
            *in_files(self.temp, everything),
            *(f"stderr: {marker}" for marker in in_texts(self.said, everything)),
            *(f"url: {marker}" for marker in in_texts(self.recorder.urls, everything)),
        ]


@pytest.fixture
def watched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Watched]:
    temp = tmp_path / "temp"
    temp.mkdir()
    monkeypatch.setenv("TMPDIR", str(temp))
    monkeypatch.setattr(tempfile, "tempdir", str(temp))
    recorders: list[Recorder] = []

    def wrap(app: Any) -> Recorder:
        recorders.append(Recorder(app))
        return recorders[0]

    with open_scene(tmp_path, monkeypatch, CHART, wrap) as scene:
        scene.env["TMPDIR"] = str(temp)
        yield Watched(scene, recorders[0], temp, tmp_path, capsys)
    logs.configure(tmp_path, logs.OFF)


def every_command(watched: Watched) -> dict[str, list[list[str]]]:
    """Return invocations of every command; what serves until stopped is tried elsewhere."""
    both, second = watched.propose("one"), watched.propose("two")
    third = watched.propose("three")
    intended = watched.file("intended.json", CHART[0])
    stored = watched.file("stored.json", {**CHART[0], "active": False})
    folder = watched.scene.folder
    policy, roster = str(folder / "policy.toml"), str(folder / "roster.toml")
    public = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
    agent_key = watched.file("agent.jwk", public)
    later = "2030-01-01T00:00:00Z"
    note = watched.file("note.txt", "canary rationale")
    return {
        "status": [["status"], ["status", "--json"]],
        "propose": [["propose", watched.file("bad.json", {"patient": FAMILY, "name": PHONE})],
                    ["propose", watched.file("broken.json", f'{{"rationale": "{FAMILY}')],
                    ["propose", watched.file("again.json", proposal("one", rationale=FAMILY))]],
        "queue": [["queue"], ["queue", "--all", "--json"], ["queue", "--filter", "risk:high"],
                  ["queue", "--since", "0"]],
        "metrics": [["metrics"], ["metrics", "--by", "element", "--json"],
                    ["metrics", "--exceptions", "--week"]],
        "show": [["show", both["id"]], ["show", "nonsense"]],
        "approve": [["approve", both["id"], "--change", "0", "--hash", both["changes"][0]["hash"]],
                    ["approve", both["id"], "--hash", "0" * 64]],
        "reject": [["reject", second["id"], "--change", "1", "--reason", "other",
                    "--note-file", note]],
        "defer": [["defer", third["id"], "--change", "1", "--until", later]],
        "edit": [["edit", third["id"], "--change", "0", "--hash", third["changes"][0]["hash"],
                  "--file", intended],
                 ["edit", third["id"], "--change", "0", "--hash", "0" * 64, "--file", note]],
        "claim": [["claim", third["id"], "--change", "1"]],
        "consult": [["consult", third["id"], "--change", "1", "--to", "x", "--note-file", note],
                    ["consult", third["id"], "--change", "1", "--answer", "--note-file", note]],
        "downtime": [["downtime"], ["downtime", "list", "--json"],
                     ["downtime", "entered", third["id"], "--change", "1", "--hash", "0" * 64,
                      "--note-file", note]],
        "withdraw": [["withdraw", third["id"], "--change", "1", "--reason-file", note],
                     ["withdraw", "nonsense", "--reason-file", note]],
        "recall": [["recall", both["id"], "--change", "0"], ["recall", second["id"]]],
        "reassign": [["reassign"], ["reassign", "--expired"],
                     ["reassign", second["id"], "--change", "0", "--role", "nurse",
                      "--reason", "late"]],
        "sync": [["sync"], ["sync", "--full", "--json"]],
        "run": [["run", "--once"], ["run", "--once", "--json"]],
        "dead-letters": [["dead-letters"], ["dead-letters", "show", second["id"], "--change", "0"],
                         ["dead-letters", "close", second["id"], "--change", "0",
                          "--reason-file", note]],
        "maps": [["maps", "show"], ["maps", "adopt", intended]],
        "profile": [["profile", "show", "sandbox"], ["profile", "adopt", "sandbox", intended]],
        "exceptions": [["exceptions"], ["exceptions", "--json"],
                       *(["exceptions", f"--{act}", second["id"], "--change", "0",
                          "--reason-file", note]
                         for act in ("accept", "correct", "remap", "escalate"))],
        "reconcile": [["reconcile"], ["reconcile", "--json"], ["reconcile", second["id"]],
                      ["reconcile", f"{second['id']}/0", "--json"],
                      ["reconcile", "--agent", "scribe-1", "--since", "2026-01-01T00:00:00Z"]],
        "incident": [["incident", "declare", "--category", "break-glass", "--reason-file", note],
                     ["incident", "list"], ["incident", "freeze", "--agent", "scribe-1"],
                     ["incident", "summary"], ["incident", "timeline", "--json"]],
        "recover": [["recover"], ["recover", "--json"],
                    ["recover", "--lost", "9", "--reason-file", note]],
        "audit": [["audit", "verify"], ["audit", "trail", both["id"]]],
        "policy": [["policy", "check", policy], ["policy", "check", intended],
                   ["policy", "adopt", policy]],
        "roster": [["roster", "show"], ["roster", "check", roster],
                   ["roster", "enrol-agent", "intake-9", "--key", agent_key],
                   ["roster", "enrol-agent", "intake-9", "--key", intended]],
        "diff": [["diff", intended, stored], ["diff", intended, note]],
        "schema": [["schema", "proposal"]],
        "init": [["init", str(watched.tmp_path / "other"), "--ehr", "http://127.0.0.1:9/fhir",
                  "--profile", "sandbox", "--keys", "file"]],
        "login": [["login"], ["login", "--json"]],
        "logout": [["logout"]],
        "doctor": [["doctor"], ["doctor", "--probe", "--yes", "--rounds", "1", "--json"],
                   ["doctor", "--probe", "--ehr", "nonsense", "--yes"]],
    }  # fmt: skip


SERVES = {"demo", "sandbox"}
"""These run until they are stopped; see below."""


def test_no_command_leaves_a_marker(watched: Watched) -> None:
    found = every_command(watched)
    names = {command.name for command in COMMANDS}
    assert names <= set(found) | SERVES, "a command without an entry here"
    for name, invocations in found.items():
        if name not in names:
            continue
        for arguments in invocations:
            watched.run(*arguments)
    assert watched.leaks() == []
    log = watched.scene.folder / "log" / "countersign.log"
    assert "http.answered" in log.read_text()


FAULTS: dict[str, list[tuple[int, bytes]]] = {
    str(status): [(status, json.dumps(CHART[0]).encode())] for status in (401, 403, 404, 429, 500)
} | {
    "cut": [(200, json.dumps(CHART[0]).encode()[:-20])],
    "other": [(200, json.dumps({**CHART[0], "id": "other"}).encode())],
}


@pytest.mark.parametrize("fault", sampled(FAULTS, 3))
def test_no_fault_of_the_server_leaves_a_marker(watched: Watched, fault: str) -> None:
    shown = watched.propose("one")
    digest = shown["changes"][0]["hash"]
    watched.run("approve", shown["id"], "--change", "0", "--hash", digest)
    watched.recorder.answers = FAULTS[fault]
    given = watched.file("two.json", proposal("two"))
    for arguments in (["propose", given], ["run", "--once"], ["sync"]):
        code, _ = watched.run(*arguments)
        assert code != 0
    watched.run("audit", "verify")
    watched.recorder.answers = []
    assert watched.leaks() == []


def test_a_wrong_passphrase_and_a_damaged_store_leave_no_marker(watched: Watched) -> None:
    watched.propose("one")
    secret = Path(watched.scene.env["COUNTERSIGN_PASSPHRASE_FILE"])
    right = secret.read_text()
    secret.write_text("canary wrong passphrase")
    assert watched.run("queue")[0] != 0
    assert in_texts(watched.said, ["canary wrong passphrase"]) == []
    secret.write_text(right)
    assert watched.leaks() == []
    store = next(watched.scene.folder.glob("*.db"))
    data = bytearray(store.read_bytes())
    data[8192:12288] = bytes(4096)
    store.write_bytes(bytes(data))
    for arguments in (["queue"], ["audit", "verify"], ["run", "--once"]):
        watched.run(*arguments)
    assert in_texts(watched.said, PHI) == []


def explode(*_given: object, **_more: object) -> None:
    secret = FAMILY
    raise ValueError(f"{secret} {PHONE}")


def test_an_unforeseen_error_is_one_line(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = watched.propose("one")
    monkeypatch.setattr(deciding, "decide", explode)
    digest = shown["changes"][0]["hash"]
    code, _ = watched.run("approve", shown["id"], "--change", "0", "--hash", digest)
    assert code == 1
    assert watched.said[-1].startswith("countersign: the command stopped (ValueError at ")
    assert watched.said[-1].count("\n") == 1
    assert watched.leaks() == []
    log = (watched.scene.folder / "log" / "countersign.log").read_text()
    assert '"error": "ValueError"' in log


def test_a_full_disk_leaves_no_marker(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    from sync.store.ledger import StoreLedger

    def full(*_given: object) -> None:
        raise OSError(28, f"No space left for {FAMILY}")

    given = watched.file("one.json", proposal("one"))
    monkeypatch.setattr(StoreLedger, "transaction", full)
    assert watched.run("propose", given)[0] == 1
    assert watched.leaks() == []


RUN = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "from console.__main__ import main; raise SystemExit(main())"
)
"""A run that can be interrupted, also where this test runs in the background of a shell."""


@in_ci
@pytest.mark.parametrize("number", sampled([signal.SIGTERM, signal.SIGINT, signal.SIGKILL], 1))
def test_ended_in_the_middle_nothing_is_left(watched: Watched, number: signal.Signals) -> None:
    shown = watched.propose("one")
    digest = shown["changes"][0]["hash"]
    watched.run("approve", shown["id"], "--change", "0", "--hash", digest)
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, "run"],
        cwd=ROOT, env=watched.scene.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    process.stdout.readline()
    if sys.platform == "linux":
        process_facts = canaries.of_process(process.pid)
        secret = canaries.secrets(watched.scene, watched.recorder)
        assert in_texts([process_facts], [*PHI, *secret]) == []
    process.send_signal(number)
    try:
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
        process.communicate()
    watched.said.append(err)
    assert "Traceback" not in err
    assert in_texts([out], PHI) == []
    assert watched.leaks() == []


def test_what_serves_leaves_nothing(watched: Watched) -> None:
    """The sandbox keeps throw-away keys in clear while it serves, and only then, 0600."""
    seed = watched.file("seed.json", CHART[0])
    process = subprocess.Popen(
        [sys.executable, "-m", "console", "sandbox", "--port", "0", "--load", seed, "--json"],
        cwd=ROOT, env=watched.scene.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    described = json.loads(process.stdout.readline())
    files = [Path(client["key_file"]) for client in described["clients"].values()]
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in files)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert not any(path.exists() for path in files)
    assert in_files(watched.temp, PHI) == [] and in_texts([err], PHI) == []


def test_the_controls_find_the_marker(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each guard switched off, the search finds what it then leaves behind."""
    watched.propose("one")
    with monkeypatch.context() as patch:
        patch.setattr(logs, "allowed", lambda _logger, _method, line: line)
        logs.log("error", patient=FAMILY)
    assert watched.leaks() == [f"countersign.log: {FAMILY}"]
    (watched.scene.folder / "log" / "countersign.log").unlink()
    logs.configure(watched.scene.folder)
    handler = logging.getLogger("countersign").handlers[0]
    with monkeypatch.context() as patch:
        patch.setattr(logging.getLogger("httpx"), "handlers", [handler])
        logging.getLogger("httpx").error("GET /Patient?name=%s", FAMILY)
    assert watched.leaks() == [f"countersign.log: {FAMILY}"]
    (watched.scene.folder / "log" / "countersign.log").unlink()
    (watched.temp / "page").write_text(PHONE)
    assert watched.leaks() == [f"page: {PHONE}"]
    (watched.temp / "page").unlink()
    with monkeypatch.context() as patch:
        patch.setattr(lining, "crashed", lambda error: lining.narrate(str(error)) or 1)
        patch.setattr(deciding, "decide", explode)
        shown = watched.run("queue", "--json")[1].splitlines()
        change = json.loads(shown[0])
        watched.run("approve", change["id"], "--change", "0", "--hash", change["hash"])
    assert f"stderr: {FAMILY}" in watched.leaks()
    watched.said.clear()
    watched.recorder.urls.append(f"/fhir/Patient?name={FAMILY}")
    assert watched.leaks() == [f"url: {FAMILY}"]


def test_an_expected_error_that_quotes_the_chart_would_be_found(watched: Watched) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(deciding, "decide", _quoting)
        shown = watched.propose("one")
        digest = shown["changes"][0]["hash"]
        watched.run("approve", shown["id"], "--change", "0", "--hash", digest)
    assert f"stderr: {FAMILY}" in watched.leaks()
    assert os.environ["TMPDIR"] == str(watched.temp)


def _quoting(*_given: object, **_more: object) -> None:
    raise Failed(f"{FAMILY} cannot be decided")
