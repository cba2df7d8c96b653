"""Breaking the glass, from the review screen: what is bypassed, the purpose, why, a second key.

Source: design §8; `core.review.glass` has the rules.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from console.deciding import Choice, Shown
from console.presenters.texts import foreign, joined, lines, own
from console.screens.confirm import Confirmed, ConfirmModal
from core.errors import CountersignError
from core.review.glass import PURPOSES, Glass, bypasses_of

if TYPE_CHECKING:
    from console.app import ConsoleApp
    from core.records import ChangeRow

_MEANINGS = {"ETREAT": "emergency treatment", "BTG": "break the glass"}
_BYPASSED = {
    "quorum": "the quorum of this route",
    "role": "the roles of this route",
    "consent": "a Consent that denies it",
}
BY_COMMAND = "its route wants attestations: use approve --break-glass --attest CODE"


def ask_to_break(
    app: ConsoleApp, row: ChangeRow, shown: Shown, answered: Callable[[Choice | None], None]
) -> None:
    """Say what is bypassed, and ask for the purpose, the reason and the second key."""
    session = app.session
    try:
        bypassed = bypasses_of(session.offline(), session.ledger, row)
    except CountersignError as error:
        app.say(f"Not opened: {error}", error=True)
        return
    named = ", ".join(_BYPASSED.get(one, one) for one in bypassed)
    about = lines(
        [
            joined(
                own(" BREAK THE GLASS ", "bold reverse $error"), " ", foreign(shown.what, "bold")
            ),
            foreign(shown.patient, "bold"),
            own(f"⚠ Bypassed: {named}", "bold $warning"),
            *(own(f"⚠ {words}", "bold $warning") for words in shown.warnings),
            own("It is approved in your name, opens an incident, and on-call hears of it."),
            joined("hash ", own(shown.digest[:12], "bold")),
            own("For what purpose?", "bold"),
        ]
    )
    choices = [own(f"{code}: {_MEANINGS[code]}") for code in PURPOSES]
    modal = ConfirmModal(about, reason=True, choices=choices)
    app.push_screen(modal, partial(_confirmed, answered))


def _confirmed(answered: Callable[[Choice | None], None], said: Confirmed | None) -> None:
    if said is None or said.choice is None:
        answered(None)
        return
    answered(Choice("approve", glass=Glass(said.reason, PURPOSES[said.choice])))
