"""Asking a colleague from a review: whom and in what words, then one signed note."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from console.presenters.queue import what
from console.presenters.texts import foreign, joined, lines, own
from console.screens.confirm import Confirmed, ConfirmModal
from core.errors import CountersignError
from core.review.consult import consult
from core.view import ChangeView

if TYPE_CHECKING:
    from console.screens.review import ReviewScreen

MOST = 9
"""How many people have a number to be chosen by; others are asked by the command line."""


def ask_colleague(screen: ReviewScreen, change: ChangeView, people: Sequence[str]) -> None:
    """Show the dialog; nothing is recorded before it is confirmed."""
    row = change.row
    about = lines(
        [
            joined(own(" CONSULT ", "bold reverse"), " ", foreign(what(row), "bold")),
            foreign(row.patient_label or "(erased)", "bold"),
            own("Whom, and what do you ask or answer? It decides nothing."),
        ]
    )
    choices = [foreign(name) for name in people[:MOST]]
    modal = ConfirmModal(about, reason=True, choices=choices)
    key = (row.proposal, row.idx)
    screen.console_app.push_screen(modal, partial(_answered, screen, key, people))


def _answered(
    screen: ReviewScreen,
    key: tuple[str, int],
    people: Sequence[str],
    confirmed: Confirmed | None,
) -> None:
    app = screen.console_app
    if confirmed is None or confirmed.choice is None:
        app.say("Nobody was asked.")
        return
    try:
        said = consult(app.session.offline(), *key, people[confirmed.choice], confirmed.reason)
    except CountersignError as error:
        app.say(f"Not sent: {error}", error=True)
        return
    app.say(f"{'Answered' if said.answers else 'Asked'}: {said.to} is told.")
