"""Markers that must not be found where they do not belong, and where to look for them."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.canonical import parse_object
from sync.keys.passphrase import read_key_file
from tests.builders import CONDITION, NOTE, PATIENT
from tests.builders import proposal as plain_proposal
from tests.scene import PASSPHRASE, Scene

FAMILY, PHONE, RECORD = "Canaryfamily", "555 0199 77 canary", "canary-record-0042"
PROBLEM, QUOTE, RATIONALE = "canary problem text", "canary quote of a note", "canary rationale"
NEW_PHONE = "555 0188 66 canary"
PHI = (FAMILY, PHONE, RECORD, PROBLEM, QUOTE, RATIONALE, NEW_PHONE)

CHART: list[dict[str, Any]] = [
    {
        **PATIENT,
        "identifier": [{"system": "urn:example:records", "value": RECORD}],
        "name": [{"use": "official", "family": FAMILY, "given": ["Ada"]}],
        "telecom": [
            {"system": "phone", "value": "555 0100", "use": "home"},
            {"system": "phone", "value": PHONE, "use": "mobile"},
        ],
    },
    {
        **NOTE,
        "content": [
            {
                "attachment": {
                    "contentType": "text/plain",
                    "data": base64.b64encode(f"{QUOTE}. {PROBLEM}.".encode()).decode(),
                }
            }
        ],
    },
]


def proposal(correlation: str, **overrides: Any) -> dict[str, Any]:
    patch = [{"op": "replace", "path": "/telecom/1/value", "value": NEW_PHONE}]
    coding = {"system": "http://snomed.info/sct", "code": "59621000"}
    condition = {**CONDITION, "code": {"coding": [coding], "text": PROBLEM}}
    given: dict[str, Any] = {
        "rationale": RATIONALE,
        "correlation_id": correlation,
        "changes": [
            {"op": "update", "target": "Patient/example", "base_version": "1", "patch": patch},
            {"op": "create", "resource": condition},
        ],
        "evidence": [{"source": "DocumentReference/n1", "quote": QUOTE, "supports": [0]}],
    }
    return plain_proposal(**{**given, **overrides})


@dataclass
class Recorder:
    """An ASGI application that notes every URL asked for and every token given out.

    `answers` may replace an answer: (status, body) for the next requests below /fhir.
    """

    app: ASGIApp
    urls: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    answers: list[tuple[int, bytes]] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        self.urls.append(f"{scope['path']}?{scope['query_string'].decode('latin-1')}")
        if self.answers and scope["path"].startswith("/fhir/"):
            await _answer(send, *self.answers[0])
            return

        async def noting(message: Message) -> None:
            if scope["path"] == "/token" and message.get("body"):
                found = parse_object(message["body"]).get("access_token")
                self.tokens += [found] if isinstance(found, str) else []
            await send(message)

        await self.app(scope, receive, noting)


async def _answer(send: Send, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"application/fhir+json")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def secrets(scene: Scene, recorder: Recorder) -> list[str]:
    """Return what must be nowhere in clear: key members, passphrase, tokens, workspace key."""
    members = ("d", "p", "q", "dp", "dq", "qi")
    found = [
        item.private_jwk[name]
        for item in scene.clients
        for name in members
        if name in item.private_jwk
    ]
    key = read_key_file(scene.folder / "keys.json", PASSPHRASE)
    with scene.opened() as opened:
        pepper = opened.keys.pepper
    for raw in (key, pepper):
        found += [raw.hex(), base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()]
    return [*found, PASSPHRASE, *recorder.tokens]


def forms(markers: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """Yield each marker as it may stand in a file: plain and percent-encoded."""
    for marker in markers:
        yield marker, marker.encode()
        yield marker, marker.replace(" ", "%20").encode()
        yield marker, marker.replace(" ", "+").encode()


def in_files(folder: Path, markers: Iterable[str], *, but: Iterable[Path] = ()) -> list[str]:
    """Return `file: marker` for everything found below a folder."""
    wanted = list(forms(markers))
    spared = set(but)
    found: list[str] = []
    for path in folder.rglob("*"):
        if not path.is_file() or path in spared:
            continue
        data = path.read_bytes()
        found += [f"{path.name}: {marker}" for marker, form in wanted if form in data]
    return sorted(set(found))


def in_texts(texts: Iterable[str], markers: Iterable[str]) -> list[str]:
    """Return the markers found in any of the texts."""
    wanted = list(forms(markers))
    whole = "\n".join(texts).encode()
    return sorted({marker for marker, form in wanted if form in whole})


def of_process(pid: int) -> str:
    """Return a process's argv and environment, and those of its children."""
    found = ""
    for place in Path("/proc").iterdir():
        if not place.name.isdigit():
            continue
        try:
            parent = int(place.joinpath("stat").read_text().rpartition(")")[2].split()[1])
            if int(place.name) == pid or parent == pid:
                found += place.joinpath("cmdline").read_text(errors="replace")
                found += place.joinpath("environ").read_text(errors="replace")
        except (OSError, ValueError):
            continue
    return found
