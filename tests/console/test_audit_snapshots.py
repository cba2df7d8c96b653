"""The pictures of the audit at three sizes, and without colour; keys and salts stand still."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from textual.pilot import Pilot

from core.incident.freeze import declare
from core.review.decide import Answer, decide
from sync.keys.ring import NAMES, Ed25519Signer, KeyRing
from sync.store import ledger
from tests import begun, builders
from tests.builders import phone_change
from tests.console.audit_desk import AuditDesk, opened, settled
from tests.scale import in_ci

pytestmark = in_ci

SIZES = [(80, 24), (120, 40), (200, 60)]
IDS = ["80x24", "120x40", "200x60"]


def _ring() -> KeyRing:
    keys = {
        name: Ed25519Signer(Ed25519PrivateKey.from_private_bytes(bytes([number] * 32)))
        for number, name in enumerate(NAMES)
    }
    return KeyRing(keys, b"p" * 32)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AuditDesk:
    """Two proposals, a freeze, a decision with a note, and an event that was tampered with."""
    monkeypatch.setattr(begun, "generate", _ring)
    monkeypatch.setattr(builders, "begun", begun.begun.__wrapped__)
    monkeypatch.setattr(ledger, "secrets", SimpleNamespace(token_bytes=lambda size: b"s" * size))
    desk = AuditDesk(tmp_path)
    first = desk.propose_now()
    desk.propose_now(phone_change(), evidence=[])
    declare(desk.offline(), {"agent": "front-desk-1", "type": "Patient"}, "drill")
    approved = desk.change(first).change_digest
    decide(desk.offline(), first, 0, Answer("approve", seen=approved))
    decide(desk.offline(), first, 1, Answer("reject", reason="not-supported", note="not hers"))
    return desk


def _harm(desk: AuditDesk) -> None:
    leaf = desk.bench.connection.execute("SELECT leaf FROM leaf WHERE seq = 9").fetchone()[0]
    altered = json.dumps({**json.loads(leaf), "at": "2026-11-22T09:00:00.000Z"}).encode()
    desk.bench.connection.execute("UPDATE leaf SET leaf = ? WHERE seq = 9", (altered,))


def _pressing(*keys: str) -> Callable[[Pilot[Any]], Awaitable[None]]:
    async def press(pilot: Pilot[Any]) -> None:
        await opened(pilot)
        await pilot.press(*keys)
        await settled(pilot)

    return press


@pytest.mark.parametrize("size", SIZES, ids=IDS)
@pytest.mark.parametrize(
    "keys",
    [(), ("enter", "pagedown"), ("slash", *"type:decision", "enter")],
    ids=["every", "closely", "filtered"],
)
def test_screen(
    desk: AuditDesk,
    snap_compare: Callable[..., bool],
    size: tuple[int, int],
    keys: tuple[str, ...],
) -> None:
    assert snap_compare(desk.app(), run_before=_pressing(*keys), terminal_size=size)


@pytest.mark.parametrize("size", SIZES, ids=IDS)
@pytest.mark.parametrize("whole", [True, False], ids=["whole", "altered"])
def test_verified(
    desk: AuditDesk, snap_compare: Callable[..., bool], size: tuple[int, int], whole: bool
) -> None:
    if not whole:
        _harm(desk)
    assert snap_compare(desk.app(), run_before=_pressing("v"), terminal_size=size)


def test_nothing_found(desk: AuditDesk, snap_compare: Callable[..., bool]) -> None:
    keys = ("slash", *"type:none", "enter")
    assert snap_compare(desk.app(), run_before=_pressing(*keys), terminal_size=(80, 24))


def test_without_colour(
    desk: AuditDesk, snap_compare: Callable[..., bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    _harm(desk)
    assert snap_compare(desk.app(), run_before=_pressing("v"), terminal_size=(80, 24))
