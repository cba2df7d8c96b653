"""What tests of the audit screen do and look at."""

from __future__ import annotations

from typing import Any

from textual.pilot import Pilot
from textual.widgets import Input

from console.screens.audit import AuditScreen
from core.review.decide import Answer, decide
from tests.console.audit_desk import AuditDesk, audit, seen, settled


async def decided(desk: AuditDesk) -> str:
    """Let a proposal be decided, and return its id."""
    id_ = await desk.propose()
    decide(desk.offline(), id_, 0, Answer("approve", seen=desk.change(id_).change_digest))
    return id_


async def typed(pilot: Pilot[Any], text: str) -> AuditScreen:
    screen = audit(pilot.app)
    await pilot.press("slash")
    screen.query_one("#filter", Input).value = text
    await pilot.press("enter")
    await settled(pilot)
    return screen


def title(pilot: Pilot[Any]) -> str:
    return seen(pilot).splitlines()[0]


def asked(pilot: Pilot[Any]) -> str:
    return seen(pilot).splitlines()[1]


def shown(screen: AuditScreen) -> list[int]:
    rows = [screen.list.source.row(number) for number in range(len(screen.list.source))]
    return [row.key for row in rows if row is not None]


def focus(screen: AuditScreen) -> str | None:
    return None if screen.focused is None else screen.focused.id


def at_cursor(pilot: Pilot[Any]) -> str:
    return next(line for line in seen(pilot).splitlines() if line.startswith("▸"))
