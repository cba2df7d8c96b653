"""Entering a change by hand, from the review screen: the exact values, then a second key."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from console.presenters.texts import lines, own
from console.presenters.urgent import KNOWN_FREEZE, sheet_parts
from console.screens.confirm import Confirmed, ConfirmModal
from core.errors import CountersignError
from core.review.byhand import Entry, enter, sheet

if TYPE_CHECKING:
    from console.app import ConsoleApp
    from core.records import ChangeRow


def ask_by_hand(app: ConsoleApp, row: ChangeRow, patient: str) -> None:
    """Show what to type for one change as it was shown, and ask whether it was typed."""
    try:
        found = sheet(app.session.ledger, row.proposal, row.idx)
    except CountersignError as error:
        app.say(f"Not by hand: {error}", error=True)
        return
    choices = [own(KNOWN_FREEZE)] if found.frozen is not None else []
    modal = ConfirmModal(lines(list(sheet_parts(found, patient))), choices=choices)
    app.push_screen(modal, partial(_entered, app, row))


def _entered(app: ConsoleApp, row: ChangeRow, confirmed: Confirmed | None) -> None:
    if confirmed is None:
        app.say("Nothing was entered by hand.")
        return
    said = Entry(row.change_digest, despite_freeze=confirmed.choice == 0)
    try:
        enter(app.session.offline(), row.proposal, row.idx, said)
    except CountersignError as error:
        app.say(f"Not recorded: {error}", error=True)
        return
    app.say("Entered by hand, and never sent from here; the chart is read to find it.")
    app.store_changed()
    app.start_round()
