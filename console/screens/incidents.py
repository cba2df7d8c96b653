"""Incidents: what is wrong now, for how many patients, is it contained, and one key to contain it.

Source: design §12.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from textual.app import ComposeResult
from textual.widgets import Static

from console import actions
from console.actions import Action
from console.audit_source import WholeLedger
from console.permitted import refusal
from console.presenters.audit import COLUMNS
from console.presenters.incidents import (
    FREEZE_COLUMNS,
    choice_text,
    freeze_row,
    now_text,
    scope_words,
    stops_words,
)
from console.presenters.texts import foreign, joined, lines, many, own
from console.screens.confirm import Confirmed, ConfirmModal
from console.screens.declaring import ask_close, ask_declare
from console.screens.listing import ListScreen
from console.widgets.key_bar import KeyBar
from console.widgets.row_list import RowList
from console.widgets.status_line import StatusLine
from core.audit.events import leaf_of
from core.canonical import JsonObject, Number
from core.errors import CountersignError
from core.incident.preview import preview
from core.incident.summary import Frozen, Summary, summarize
from core.records import ChangeRow, ProposalRow
from core.records_incident import IncidentRow


class IncidentsScreen(ListScreen[None], inherit_bindings=False):
    """The panel of on-call staff."""

    SCOPE = "incidents"
    BINDINGS = actions.bindings("incidents")
    AUTO_FOCUS = "#list"

    def __init__(self) -> None:
        super().__init__()
        self._ready = False
        self._summary: Summary | None = None
        self._seen = 0

    def compose(self) -> ComposeResult:
        """Make the parts."""
        yield Static(id="title", markup=False)
        yield Static(id="now", markup=False)
        freezes: RowList[str] = RowList(FREEZE_COLUMNS, id="freezes")
        freezes.border_title = "freezes in force"
        yield freezes
        timeline: RowList[int] = RowList(COLUMNS, id="list")
        timeline.border_title = "what happened, newest first"
        yield timeline
        yield StatusLine()
        yield KeyBar()

    def on_mount(self) -> None:
        """Fill the panel."""
        self._ready = True
        self._read(timeline=True)

    def on_screen_resume(self) -> None:
        """Take up what happened meanwhile."""
        super().on_screen_resume()
        self._read(timeline=False)

    @property
    def timeline(self) -> RowList[int]:
        """The list of events."""
        return self.query_one("#list", RowList)

    @property
    def frozen(self) -> Frozen | None:
        """The freeze under the cursor of the freezes."""
        id_ = self.query_one("#freezes", RowList).cursor
        every = () if self._summary is None else self._summary.freezes
        return next((item for item in every if item.row.id == id_), None)

    def blocked(self, action: Action) -> str | None:
        """Say why something cannot be done now."""
        if action.id in ("freeze", "thaw", "declare_incident", "close_incident"):
            why = refusal(self.console_app.session, action.id.replace("_", "-"))
            if why is not None:
                return why
        if action.id == "thaw" and self.frozen is None:
            return "no freeze is in force"
        if action.id == "close_incident" and not self._open_incidents:
            return "no incident is open"
        if action.id == "open" and self._proposal() is None:
            return "no proposal belongs to this line"
        return None

    def store_changed(self) -> None:
        """Take up what happened; the timeline only says how much is newer."""
        self._read(timeline=False)

    def tick(self) -> None:
        """Move the ages and the rates on."""
        self._read(timeline=False)

    def on_row_list_moved(self) -> None:
        """Say anew what can be done."""
        self.refresh_bindings()

    def on_row_list_opened(self) -> None:
        """Open by mouse as by key."""
        action = actions.named("incidents", "open")
        if action is not None:
            self.call_later(self.run_registered, action)

    def action_open(self) -> None:
        """Open the proposal in review."""
        row = self._proposal()
        if row is not None:
            self.console_app.open_review((row.id, 0), [])

    def action_newer(self) -> None:
        """Take up the events that came since."""
        count = self.console_app.session.ledger.size - self._seen
        self._read(timeline=True)
        self.timeline.move_to(0)
        self.console_app.say(
            f"{many(count, 'newer event')} taken up." if count else "Nothing newer."
        )

    def action_reload(self) -> None:
        """Read everything again and say so."""
        self._read(timeline=True)
        self.console_app.say("Read again.")

    def action_back(self) -> None:
        """Go back to the queue."""
        self.console_app.go_to_mode("queue")

    def action_freeze(self) -> None:
        """Ask what to stop, each choice with what it would stop."""
        scopes = self._scopes()
        ledger = self.console_app.session.ledger
        choices = [choice_text(scope, preview(ledger, scope)) for scope in scopes]
        about = lines(
            [
                own(" FREEZE ", "bold reverse"),
                own("No matching write begins after this; those in flight are awaited and listed."),
            ]
        )
        modal = ConfirmModal(about, reason=True, choices=choices)
        self.console_app.push_screen(modal, partial(self._declare, scopes))

    def action_thaw(self) -> None:
        """Ask to lift the freeze that is chosen."""
        item = self.frozen
        if item is None:
            return
        about = lines(
            [
                joined(
                    own(" THAW ", "bold reverse"), " ", foreign(scope_words(item.scope), "bold")
                ),
                own(f"Goes on: {stops_words(item.stops)}."),
            ]
        )
        modal = ConfirmModal(about, reason=True)
        self.console_app.push_screen(modal, partial(self._lift, item.row.id))

    def action_declare_incident(self) -> None:
        """Ask what went wrong with the change of the chosen event."""
        ask_declare(self.console_app, self._change())

    def action_close_incident(self) -> None:
        """Ask which incident to close."""
        ask_close(self.console_app, self._open_incidents)

    @property
    def _open_incidents(self) -> Sequence[IncidentRow]:
        return () if self._summary is None else self._summary.incidents

    def _declare(self, scopes: list[dict[str, str]], confirmed: Confirmed | None) -> None:
        from core.incident.freeze import declare

        app = self.console_app
        if confirmed is None or confirmed.choice is None:
            app.say("Nothing was frozen.")
            return
        scope = scopes[confirmed.choice]
        try:
            declare(app.session.offline(), scope, confirmed.reason)
        except CountersignError as error:
            app.say(f"Not frozen: {error}", error=True)
            return
        after = app.session.ledger.size - 1
        flying = preview(app.session.ledger, scope).in_flight
        waits = "nothing is in flight"
        if flying:
            listed = ", ".join(f"{row.proposal[:8]}/{row.idx}" for row in flying[:5])
            waits = f"still in flight: {listed}"
        app.say(f"Frozen: {scope_words(scope)}. No write begins after event {after}; {waits}.")
        app.store_changed()

    def _lift(self, freeze: str, confirmed: Confirmed | None) -> None:
        from core.incident.freeze import lift

        app = self.console_app
        if confirmed is None:
            app.say("Nothing was thawed.")
            return
        try:
            lift(app.session.offline(), freeze, confirmed.reason)
        except CountersignError as error:
            app.say(f"Not thawed: {error}", error=True)
            return
        app.say("Thawed; what was stopped goes on.")
        app.store_changed()
        app.start_round()

    def _scopes(self) -> list[dict[str, str]]:
        """Return what can be stopped: the facts of the chosen event, each EHR, or everything."""
        row = self._proposal()
        found: list[dict[str, str]] = []
        if row is not None:
            found += [{"agent": row.agent}, {"model": row.model}]
            types = sorted({one.type for one in self.console_app.session.ledger.changes(row.id)})
            found += [{"type": type_} for type_ in types[:3]]
        found += [{"ehr": name} for name in list(self.console_app.session.ehr_names)[:3]]
        return [*found, {}]

    def _proposal(self) -> ProposalRow | None:
        """Return the proposal of the event under the cursor, or None."""
        id_ = (self._leaf() or {}).get("proposal")
        return self.console_app.session.ledger.proposal(id_) if isinstance(id_, str) else None

    def _change(self) -> ChangeRow | None:
        """Return the change of the event under the cursor, or None where it is about no one."""
        leaf = self._leaf() or {}
        id_, index = leaf.get("proposal"), leaf.get("index")
        if not isinstance(id_, str) or not isinstance(index, Number):
            return None
        return self.console_app.session.ledger.change(id_, int(index.text))

    def _leaf(self) -> JsonObject | None:
        seq = self.timeline.cursor if self._ready else None
        ledger = self.console_app.session.ledger
        if seq is None:
            return None
        found = ledger.events_at([seq])
        return leaf_of(found[0].leaf) if found else None

    def _read(self, *, timeline: bool) -> None:
        if not self._ready:
            return
        app = self.console_app
        session, now = app.session, app.session.clock.now()
        self._summary = found = summarize(session.ledger, list(session.ehr_names), now)
        words = app.gateway.words(app.zone)
        text = now_text(found, words, app.gateway.trouble, now, app.zone)
        self.query_one("#now", Static).update(text)
        rows = [freeze_row(item, now) for item in found.freezes]
        freezes = self.query_one("#freezes", RowList)
        freezes.show_rows(rows)
        freezes.display = bool(rows)
        if timeline:
            self._seen = session.ledger.size
            self.timeline.show(WholeLedger(session.ledger, self._seen, app.zone))
        newer = session.ledger.size - self._seen
        title = f"{many(len(found.freezes), 'freeze')}, {len(found.troubles):,} to look at"
        title += f"  {newer:,} newer (. shows)" if newer else ""
        self.query_one("#title", Static).update(app.titled("Incidents", title))
        self.refresh_bindings()
