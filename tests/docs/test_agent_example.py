"""The agent of the docs against a real sandbox: it proposes, waits and prints the outcome."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.canonical import JsonObject, encode, exact, parse_object
from core.hub.inspect import Kind, inspect
from core.hub.task import inputs, with_outputs
from core.roster import parse_roster
from core.statement import Signer, peek, sign
from sync.fhir.assertion import ClientKey
from sync.keys.ring import Ed25519Signer, KeyRing, generate
from sync.sandbox import Sandbox, serving
from sync.sandbox.tokens import JWT_BEARER, _unauthorized
from sync.workspace.documents import roster_text
from tests.tools.make_examples import EXAMPLES

TIMEOUT_S = 60
TEAM = "north"


@dataclass
class Hub:
    """A sandbox, an agent's folder, and the approve plane's client for what a gateway does."""

    sandbox: Sandbox
    base: str
    token_url: str
    folder: Path
    ring: KeyRing
    clients: dict[str, Any]

    def agent(self, **changed: Any) -> subprocess.CompletedProcess[str]:
        config = {**json.loads((self.folder / "agent.json").read_text()), **changed}
        path = self.folder / "used.json"
        path.write_text(json.dumps(config))
        return subprocess.run(
            [sys.executable, EXAMPLES / "agent.py", path, "proposal.json"],
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
        )

    def call(self, method: str, path: str, **sent: Any) -> httpx.Response:
        """Send a request with the approve plane's credential."""
        client = self.clients["approve"]
        now = datetime.now(UTC)
        key = ClientKey(client.private_jwk)
        form = {
            "grant_type": "client_credentials",
            "scope": client.scopes,
            "client_assertion_type": JWT_BEARER,
            "client_assertion": key.assertion(
                client.client_id, self.token_url, now, str(uuid.uuid4())
            ),
        }
        token = httpx.post(self.token_url, data=form).raise_for_status().json()["access_token"]
        headers = {"Authorization": f"Bearer {token}", **sent.pop("headers", {})}
        found = httpx.request(method, f"{self.base}/{path}", headers=headers, **sent)
        return found.raise_for_status()

    def task(self) -> JsonObject:
        """Return the one Task on the hub."""
        bundle = self.call("GET", "Task").json()
        assert bundle["total"] == 1
        return parse_object(
            self.call("GET", f"Task/{bundle['entry'][0]['resource']['id']}").content
        )

    def answer(self, signer: Signer | None = None, **members: Any) -> JsonObject:
        """Put an outcome on the Task, as the gateway does; return its payload."""
        task = self.task()
        said = exact(
            {
                "v": 1, "team": TEAM, "id": str(uuid.uuid4()), "at": "2026-11-23T09:06:00Z",
                "task": f"Task/{task['id']}", "proposal": "a" * 64, "state": "denied",
                "final": True, "changes": [], **members,
            }
        )  # fmt: skip
        assert isinstance(said, dict)
        text = sign("outcome", said, signer or self.ring.signer("gateway")).text
        changed = with_outputs(task, [("outcome", text)], "rejected", "denied")
        headers = {
            "If-Match": f'W/"{task["meta"]["versionId"]}"',
            "Content-Type": "application/fhir+json",
        }
        self.call("PUT", f"Task/{task['id']}", content=encode(changed), headers=headers)
        return json.loads(encode(said))


def public_jwk(signer: Ed25519Signer) -> str:
    return json.dumps({"kty": "OKP", "crv": "Ed25519", "x": signer.x})


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    """Return what the example makes, for all to copy: the private key's file, what it prints."""
    private = tmp_path_factory.mktemp("pair") / "signing.json"
    made = subprocess.run(
        [sys.executable, EXAMPLES / "make_agent_key.py", "Ed25519", private],
        capture_output=True,
        check=True,
        timeout=TIMEOUT_S,
    )
    return private, made.stdout


@pytest.fixture
def hub(tmp_path: Path, pair: tuple[Path, bytes]) -> Iterator[Hub]:
    shutil.copy(pair[0], tmp_path)
    (tmp_path / "public.json").write_bytes(pair[1])
    (tmp_path / "proposal.json").write_bytes((EXAMPLES / "proposal.json").read_bytes())
    ring = generate()
    (tmp_path / "gateway.json").write_text(public_jwk(ring.signer("gateway")))
    with Sandbox() as sandbox, serving(sandbox.app) as place:
        clients = {item.plane: item for item in sandbox.issue_clients(["ES384"])}
        (tmp_path / "client.json").write_text(json.dumps(clients["propose"].private_jwk))
        config = {
            "fhir_base": place.base_url,
            "token_url": place.token_url,
            "client_id": clients["propose"].client_id,
            "team": TEAM,
            "keys": {
                "client": "client.json", "signing": "signing.json", "gateway": "gateway.json",
            },
            "poll_seconds": 0,
            "polls": 1,
        }  # fmt: skip
        (tmp_path / "agent.json").write_text(json.dumps(config))
        yield Hub(sandbox, place.base_url, place.token_url, tmp_path, ring, clients)


def test_the_agent_proposes_waits_and_prints_the_outcome(hub: Hub) -> None:
    done = hub.agent()
    assert (done.returncode, done.stdout) == (1, "")
    assert "no final outcome yet" in done.stderr

    task = hub.task()
    public = json.loads((hub.folder / "public.json").read_text())
    entry = (
        f'[[agents]]\nid = "scribe-1"\nkeys = [{{kid = "{public["kid"]}", x = "{public["x"]}"}}]'
    )
    roster = parse_roster(f"{roster_text('dr-lee', hub.ring, ())}\n{entry}\n")
    judged = inspect(task, 1000, roster, TEAM, ["sandbox"])
    assert (judged.kind, judged.code) == (Kind.FRESH, None)
    # Its own text was kept.
    assert judged.item is not None and b'"confidence":0.90' in judged.item.data

    said = hub.answer()
    done = hub.agent()
    assert (done.returncode, json.loads(done.stdout), done.stderr) == (0, said, "")
    assert hub.task()["meta"]["versionId"] == "2"


def test_it_waits_on_while_the_last_outcome_is_not_final(hub: Hub) -> None:
    hub.agent()
    hub.answer(final=False, state="exception")
    done = hub.agent(polls=3)
    assert (done.returncode, done.stdout) == (1, "")
    last = hub.answer(state="verified")
    assert json.loads(hub.agent().stdout) == last


@pytest.mark.parametrize("final", [True, False])
def test_an_outcome_that_the_gateway_did_not_sign_is_never_printed(hub: Hub, final: bool) -> None:
    hub.agent()
    hub.answer(generate().signer("gateway"), final=final)
    done = hub.agent()
    assert done.returncode == 1 and done.stdout == ""


def test_an_outcome_of_another_task_is_not_its_own(hub: Hub) -> None:
    hub.agent()
    hub.answer(task="Task/another")
    done = hub.agent()
    assert done.returncode == 1 and done.stdout == ""


def test_a_status_set_on_the_hub_is_not_believed(hub: Hub) -> None:
    hub.agent()
    task = hub.task()
    headers = {"If-Match": 'W/"1"', "Content-Type": "application/fhir+json"}
    body = encode({**task, "status": "completed"})
    hub.call("PUT", f"Task/{task['id']}", content=body, headers=headers)
    done = hub.agent()
    assert done.returncode == 1 and done.stdout == ""


def test_another_body_under_its_correlation_id_stops_it(hub: Hub) -> None:
    hub.agent()
    before = str(inputs(hub.task())[0].text)
    path = hub.folder / "proposal.json"
    path.write_text(path.read_text().replace("555-0199", "555-0198"))
    done = hub.agent()
    assert done.returncode == 1 and "another proposal" in done.stderr
    assert str(inputs(hub.task())[0].text) == before
    assert peek(before)["agent"]["id"] == "scribe-1"


def test_a_proposal_in_its_place_by_another_key_stops_it(hub: Hub) -> None:
    hub.agent()
    other = hub.folder / "other.json"
    subprocess.run(
        [sys.executable, EXAMPLES / "make_agent_key.py", "Ed25519", other],
        capture_output=True,
        check=True,
        timeout=TIMEOUT_S,
    )
    keys = json.loads((hub.folder / "agent.json").read_text())["keys"]
    done = hub.agent(keys={**keys, "signing": str(other)})
    assert done.returncode == 1 and "BadSignatureError" in done.stderr


def test_an_expired_token_is_replaced(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = hub.sandbox._authority
    grant, issue = authority.grant, authority.issue
    asked: list[str | None] = []
    issued: list[object] = []

    def once_expired(authorization: str | None) -> object:
        asked.append(authorization)
        if len(asked) == 3:
            raise _unauthorized("expired", "the token has expired", "")
        return grant(authorization)

    def counted(*given: Any) -> object:
        issued.append(given)
        return issue(*given)

    monkeypatch.setattr(authority, "grant", once_expired)
    monkeypatch.setattr(authority, "issue", counted)
    # Without a token, with the first, the third is told that it expired.
    done = hub.agent()
    assert "no final outcome yet" in done.stderr
    assert len(issued) == 2 and len({one for one in asked if one}) == 2


def test_a_made_key_is_its_owners_alone_and_never_replaced(hub: Hub) -> None:
    path = hub.folder / "signing.json"
    assert path.stat().st_mode & 0o077 == 0
    before = path.read_bytes()
    again = subprocess.run(
        [sys.executable, EXAMPLES / "make_agent_key.py", "Ed25519", path],
        capture_output=True,
        timeout=TIMEOUT_S,
    )
    assert again.returncode != 0 and path.read_bytes() == before
    assert "d" not in json.loads((hub.folder / "public.json").read_text())
