"""Declaring an incident and closing one, from the panel: what exactly, then a second key.

Source: design §12; who may do it is asked of core.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from textual.content import Content

from console.presenters.queue import what
from console.presenters.texts import foreign, joined, lines, own, since
from console.screens.confirm import Confirmed, ConfirmModal
from core.errors import CountersignError
from core.ledger.event import moment

if TYPE_CHECKING:
    from console.app import ConsoleApp
    from core.records import ChangeRow
    from core.records_incident import IncidentRow


def ask_declare(app: ConsoleApp, change: ChangeRow | None) -> None:
    """Ask what went wrong with a change, or with none in particular, and in words how."""
    from core.incident.incidents import CATEGORIES, usual_severity

    about = lines([joined(own(" INCIDENT ", "bold reverse $error"), " ", _subject(change)),
                   own("On-call staff and supervisors are told. It stops nothing: f freezes.")],
                  )  # fmt: skip
    choices = [joined(own(name, "bold"), own(f"  {usual_severity(name)}")) for name in CATEGORIES]
    modal = ConfirmModal(about, reason=True, choices=choices)
    app.push_screen(modal, partial(_declared, app, change))


def ask_close(app: ConsoleApp, incidents: Sequence[IncidentRow]) -> None:
    """Ask which of these open incidents to close, and what was found."""
    about = lines([own(" CLOSE AN INCIDENT ", "bold reverse"),
                   own("Signed, with your words for what was found and done.")])  # fmt: skip
    now = app.session.clock.now()
    choices = [
        joined(
            foreign(row.category, "bold"),
            own(f"  {row.severity}, {since(moment(row.at), now)} old, "),
            _subject(_change_of(app, row)),
        )
        for row in incidents
    ]
    modal = ConfirmModal(about, reason=True, choices=choices)
    app.push_screen(modal, partial(_closed, app, [row.id for row in incidents]))


def _declared(app: ConsoleApp, change: ChangeRow | None, confirmed: Confirmed | None) -> None:
    from core.incident.incidents import CATEGORIES, Declaration, declare_incident

    if confirmed is None or confirmed.choice is None:
        app.say("No incident was declared.")
        return
    category = CATEGORIES[confirmed.choice]
    of = None if change is None else (change.proposal, change.idx)
    try:
        said = Declaration(category, confirmed.reason, change=of)
        id_, new = declare_incident(app.session.offline(), said)
    except CountersignError as error:
        app.say(f"Not declared: {error}", error=True)
        return
    app.say(f"Declared: {category}, {id_[:8]}." if new else f"Open already: {category}, {id_[:8]}.")
    app.store_changed()


def _closed(app: ConsoleApp, incidents: Sequence[str], confirmed: Confirmed | None) -> None:
    from core.incident.incidents import close_incident

    if confirmed is None or confirmed.choice is None:
        app.say("No incident was closed.")
        return
    id_ = incidents[confirmed.choice]
    try:
        close_incident(app.session.offline(), id_, confirmed.reason)
    except CountersignError as error:
        app.say(f"Not closed: {error}", error=True)
        return
    app.say(f"Closed: {id_[:8]}.")
    app.store_changed()


def _change_of(app: ConsoleApp, row: IncidentRow) -> ChangeRow | None:
    if row.proposal is None or row.idx is None:
        return None
    return app.session.ledger.change(row.proposal, row.idx)


def _subject(change: ChangeRow | None) -> Content:
    if change is None:
        return own("about no change in particular")
    label = change.patient_label or "(erased)"
    return joined(own("about "), foreign(f"{what(change)}, {label}", "bold"),
                  own(f", {change.proposal[:8]}/{change.idx}"))  # fmt: skip
