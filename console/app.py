"""The console: one application over one opened workspace.

It paints from the store, polls a change counter, and lets a thread be the gateway. Nothing here
waits for a network. Source: design §8, §11, §14.9.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import tzinfo
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import events, work
from textual.content import Content
from textual.theme import Theme
from textual.widgets import Button, Input
from textual.worker import Worker, WorkerState

from console import actions
from console.crash import crash_line
from console.gateway import Gateway, is_due, left_alone
from console.modes import MODES
from console.outbox import Outbox
from console.places import Places
from console.presence import IDLE_S, Presence
from console.presenters.patient import Identity
from console.presenters.queue import Key
from console.presenters.texts import own
from console.screens.base import ConsoleScreen
from console.session import RoundDone, Session
from console.stylesheet import KeptStylesheet
from console.theming import DEFAULT, load_themes
from console.watch import Watch
from console.widgets.status_line import Facts, Notice, NoticeLine, StatusLine
from console.worklist import Seen
from core.clock import clock_problem
from core.lifecycle import State

if TYPE_CHECKING:
    from textual.command import Provider

POLL_S = 0.5
ROUND_S = 3.0
TICK_S = 15.0


def _palette() -> type[Provider]:
    """Load the command palette when it is asked for."""
    from console.palette import ActionProvider

    return ActionProvider


def nothing() -> None:
    """Do nothing."""


class ConsoleApp(Places, inherit_bindings=False):
    """Screens over the local store; see `console.actions` for what can be done."""

    TITLE = "Countersign"
    CSS_PATH = "styles/console.tcss"
    BINDINGS = actions.bindings("app")
    COMMANDS: ClassVar = {_palette}
    MODES: ClassVar = MODES
    DEFAULT_MODE = "queue"
    ALLOW_SELECT = False

    def __init__(
        self,
        session: Session,
        *,
        read_only: bool = False,
        banner: str | None = None,
        zone: tzinfo | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        timers: bool = True,
        idle_s: float = IDLE_S,
        rest: Callable[[], None] = nothing,
    ) -> None:
        """Make the console; `zone` None is this terminal's; without `timers` nothing polls.

        `rest` is called now and then when nothing is painted.

        After `idle_s` seconds without a key or a mouse patients are hidden; 0 never hides.
        """
        super().__init__()
        self.session = session
        self.read_only = read_only
        self.zone = zone
        self.monotonic = monotonic
        self.seen: Seen = set()
        self.last_patient: Identity | None = None
        self.gateway = Gateway(mode="off" if read_only else "idle")
        self._presence = Presence(monotonic(), idle_s)
        self.outbox = Outbox()
        self._banner = banner
        self._rest = rest
        self._timers_on = timers
        self._notice = Notice()
        self._counter = 0
        self._again = False
        self._alarm = ""
        self._facts = Facts(tuple(session.ehr_names), "", read_only=read_only)
        themes = load_themes()
        for theme in themes:
            self.register_theme(theme)
        self._theme_names = [theme.name for theme in themes]
        self.theme = DEFAULT
        self.stylesheet = KeptStylesheet(variables=self.get_css_variables())

    def get_theme(self, theme_name: str) -> Theme | None:
        """Return a registered theme by name; Textual copies them all to look, a line it paints."""
        return self._registered_themes.get(theme_name) or super().get_theme(theme_name)

    def on_mount(self) -> None:
        """Read what the first paint does not need only after it."""
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        self._counter = self.session.change_counter()
        self.refresh_facts()
        if self._timers_on:
            self.set_interval(POLL_S, self.check_store)
            self.set_interval(ROUND_S, self.check_gateway)
            self.set_interval(TICK_S, self.tick)

    async def on_event(self, event: events.Event) -> None:
        """Let no key be silent: the old message goes, and a key that does nothing says so."""
        if isinstance(event, events.Key | events.MouseEvent | events.Paste):
            self._presence.noticed(self.monotonic())
        if isinstance(event, events.Key) and not event.is_forwarded and self._refused(event):
            return
        await super().on_event(event)

    def _refused(self, event: events.Key) -> bool:
        screen = self.screen
        if not isinstance(screen, ConsoleScreen):
            return False
        if self._presence.is_held(self.monotonic()) or not getattr(screen, "settled", True):
            return True
        self.say("")
        action = actions.by_key(screen.SCOPE, event.key)
        if isinstance(screen.focused, Input) and _is_typed(screen.focused, event, action):
            return False
        if action is None:
            if event.key == "enter" and isinstance(screen.focused, Button):
                return False
            self.say(f"{actions.key_name(event.key)} does nothing here; ? lists the keys.")
            return False
        why = screen.why_not(action)
        if why is None:
            return False
        self.say(f"{action.label}: {why}", error=True)
        return True

    def say(self, text: str, *, error: bool = False) -> None:
        """Show a message until the next key."""
        self._notice = Notice(text, error)
        self.show_status()

    @property
    def timers(self) -> bool:
        """Whether anything happens by time alone."""
        return self._timers_on

    @property
    def notice(self) -> Notice:
        """The message that is shown."""
        return self._notice

    @property
    def facts(self) -> Facts:
        """What the status line says."""
        return self._facts

    def titled(self, name: str, text: str) -> Content:
        """Return a screen's first line: our name, the screen's, where it stands, the banner."""
        parts = [own("Countersign", "bold")]
        if self._banner:
            parts.append(own(f" {self._banner} ", "bold reverse"))
        parts += [own(name), own(text, "bold")]
        return Content("  ").join(parts)

    def decided(self, outcome: str, key: Key, state: str) -> None:
        """Take up a decision that was recorded; an approval is sent at once, or held."""
        if outcome == "approve" and state == State.READY:
            self.outbox.approved(key)
        self.store_changed()
        if outcome == "approve":
            self.start_round()

    def hold_words(self) -> str:
        """Return what can still be taken back, as the end of a message."""
        return self.outbox.words(self.session)

    def blocked(self, action: actions.Action) -> str | None:
        """Say why an action of the whole console cannot be done now."""
        if action.id == "recall":
            return self.outbox.why_not(self.session, getattr(self.screen, "shown", None))
        return None

    def action_recall(self) -> None:
        """Take back the approval that is shown, or the last one made here."""
        told, error = self.outbox.recall(self.session, getattr(self.screen, "shown", None))
        self.store_changed()
        self.say(told, error=error)

    def check_store(self) -> None:
        """Take up what another connection wrote, where one did; hide when nobody is here."""
        if self._presence.is_away(self.monotonic()):
            self._cover("Hidden, because nobody was here for a while.")
        alarm = self.session.alarm()
        if alarm and alarm != self._alarm:
            self._alarm = alarm
            self.say(alarm, error=True)
        counter = self.session.change_counter()
        if counter != self._counter:
            self._counter = counter
            self.store_changed()
        elif self.gateway.running or self._facts.hold:
            self.refresh_facts()

    def store_changed(self) -> None:
        """Show the store as it is now."""
        self.refresh_facts()
        for screen in self.screen_stack:
            if isinstance(screen, ConsoleScreen):
                screen.store_changed()

    def tick(self) -> None:
        """Move countdowns on."""
        self.call_after_refresh(self._rest)
        for screen in self.screen_stack:
            if isinstance(screen, ConsoleScreen):
                screen.tick()

    def refresh_facts(self) -> None:
        """Read the counts of the status line."""
        ledger = self.session.ledger
        states = ledger.state_counts()
        broken = left_alone(self.session, self.zone)
        self._facts = Facts(
            ehrs=tuple(self.session.ehr_names),
            gateway=broken or self.gateway.words(self.zone),
            trouble=bool(broken) or self.gateway.trouble,
            read_only=self.read_only,
            waiting=states.get(State.PENDING, 0),
            unsent=states.get(State.READY, 0),
            hold=self.hold_words().rstrip("."),
            exceptions=len(ledger.open_exceptions()) + len(ledger.open_findings()),
            freezes=len(ledger.freezes()),
            clock=clock_problem(ledger.interval(), self.session.clock.bounds()) or "",
            unanchored=max(0, ledger.size - self.session.anchored_size(None)),
        )
        self.show_status()

    def show_status(self) -> None:
        """Show facts and message wherever they are shown."""
        for screen in self.screen_stack:
            for line in screen.query(StatusLine):
                line.show(self._facts, self._notice)
            for notice in screen.query(NoticeLine):
                notice.show(self._notice)

    def check_gateway(self) -> None:
        """Start a round where one is due."""
        if self.gateway.running:
            return
        if self.monotonic() >= self.gateway.next_sync or is_due(self.session):
            self.start_round()

    def start_round(self) -> None:
        """Be the gateway for one round, in a thread; a read-only console never is."""
        if self.read_only:
            return
        if self.gateway.running:
            self._again = True
            return
        watch = self.gateway.begin(self.monotonic())
        self.refresh_facts()
        self._round(watch)

    @work(thread=True, exclusive=True, group="gateway", exit_on_error=False)
    def _round(self, watch: Watch) -> RoundDone | None:
        return self.session.gateway_round(watch)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Take up how a round ended; the thread itself touches nothing of the screen."""
        if event.worker.group != "gateway":
            return
        now = self.session.clock.now()
        if event.state == WorkerState.SUCCESS:
            self.gateway.ended(event.worker.result, now)
        elif event.state in (WorkerState.ERROR, WorkerState.CANCELLED):
            self.gateway.failed(event.worker.error, now)
        else:
            return
        if self.gateway.problem and not self._notice.text:
            self.say(f"The gateway stopped: {self.gateway.problem}", error=True)
        self.check_store()
        self.refresh_facts()
        if self._again:
            self._again = False
            self.start_round()

    def action_stop_sync(self) -> None:
        """Ask the round that runs to end after its present step."""
        if not self.gateway.running:
            self.say("Nothing is being synced just now.")
            return
        self.gateway.watch.stop()
        self.say("The sync ends after its present step; the next one goes on where it stops.")

    async def action_quit(self) -> None:
        """Leave; a round that runs ends after its present step."""
        self.gateway.watch.stop()
        self.exit()

    def action_sync(self) -> None:
        """Ask the hub now."""
        if self.read_only:
            self.say("This console is read-only.", error=True)
            return
        self.start_round()

    def action_next_theme(self) -> None:
        """Change the theme and say its name."""
        place = self._theme_names.index(self.theme) if self.theme in self._theme_names else -1
        self.theme = self._theme_names[(place + 1) % len(self._theme_names)]
        self.say(f"Theme: {self.theme}.")

    def action_how_to_quit(self) -> None:
        """Say how to leave; this key is pressed by reflex."""
        self.say("ctrl+q leaves the console.")

    def panic(self, *_renderables: object) -> None:
        """Stop as `_fatal_error` does: what was to be printed may hold chart content."""
        self._fatal_error()

    def _fatal_error(self) -> None:
        """Stop with one line; a traceback with its locals would print chart content."""
        error = self._exception or sys.exc_info()[1]
        self._exit_renderables.append(Text(crash_line(error)))
        self._close_messages_no_wait()


def _is_typed(words: Input, event: events.Key, action: actions.Action | None) -> bool:
    """Tell whether a key belongs to the line that is typed in."""
    own = words._bindings.key_to_bindings
    return action is None or event.is_printable or event.key in own


def run_app(
    session: Session, *, read_only: bool, banner: str | None, rest: Callable[[], None]
) -> int:
    """Run the console until it is left; return the exit code."""
    app = ConsoleApp(session, read_only=read_only, banner=banner, rest=rest)
    app.run()
    return app.return_code or 0
