"""A stand-in for an opened workspace: the true store and rules, a gateway that tests drive."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC
from pathlib import Path
from typing import Any
from unittest.mock import patch

from textual.screen import Screen

from console.app import ConsoleApp
from console.screens.review import ReviewScreen
from console.watch import Watch
from console.widgets.key_bar import KeyBar
from core.gateway import guards, send
from core.intake.stage import stage
from core.records import ChangeRow
from core.workspace import Workspace
from sync.store.attention import StoreAttention
from sync.store.ledger import StoreLedger
from tests.builders import Bench, document, exact_object, proposal
from tests.fakes import FakeClock
from tests.scale import scaled

HELD = scaled(20, 50)
"""How often a key that is held down repeats."""
SECOND = {
    "resourceType": "Patient",
    "id": "second",
    "active": False,
    "deceasedDateTime": "2026-11-01",
    "identifier": [
        {
            "type": {"coding": [{"code": "MR"}]},
            "system": "urn:example:records",
            "value": "MRN-0042",
        }
    ],
    "name": [{"use": "official", "family": "Example", "given": ["Ben"]}],
    "telecom": [
        {"system": "phone", "value": "555 0200"},
        {"system": "phone", "value": "555 0201"},
    ],
    "gender": "male",
    "birthDate": "1948-03-02",
}


@dataclass
class FakeRound:
    unreachable: bool = False


@dataclass
class Monotonic:
    """A clock for dialogs; far enough ahead of itself that a dialog is settled on the next look."""

    step: float = 1.0
    time: float = 0.0

    def __call__(self) -> float:
        self.time += self.step
        return self.time


@dataclass
class Desk:
    """Implements `console.session.Session`."""

    folder: Path
    reviewer: str = "dr-lee"
    team: str = "solo"
    ehr_names: tuple[str, ...] = ("sandbox",)
    rounds: list[str] = field(default_factory=list)
    outcome: Callable[[], FakeRound | None] = FakeRound
    monotonic: Monotonic = field(default_factory=Monotonic)
    counter: int = 0
    alarm: Callable[[], str] = str

    def __post_init__(self) -> None:
        self.bench = Bench(self.folder)

    @property
    def clock(self) -> FakeClock:
        return self.bench.clock

    @property
    def ledger(self) -> StoreLedger:
        return self.bench.ledger

    @property
    def attention(self) -> StoreAttention:
        return StoreAttention(self.bench.connection)

    def offline(self) -> Workspace:
        return self.bench.workspace

    def anchored_size(self, published: str | None) -> int:
        return self.ledger.size - 3

    def gateway_round(self, watch: Watch) -> FakeRound | None:
        self.rounds.append("round")
        return self.outcome()

    def change_counter(self) -> int:
        return self.counter

    def app(self, **options: Any) -> ConsoleApp:
        options = {"zone": UTC, "timers": False, "monotonic": self.monotonic, **options}
        return ConsoleApp(self, **options)

    async def propose(self, *changes: dict[str, Any], **overrides: Any) -> str:
        """Stage a proposal and return its id."""
        number = self.bench.ids.count
        staged = await stage(
            self.bench.workspace,
            document(proposal(*changes, **{"correlation_id": f"c-{number}", **overrides})),
        )
        return staged.proposal.id

    def propose_now(self, *changes: dict[str, Any], **overrides: Any) -> str:
        return asyncio.run(self.propose(*changes, **overrides))

    def note(self, id_: str, text: str, patient: str = "Patient/example") -> None:
        """Put a note into the chart."""
        self.bench.ehr.put(
            exact_object(
                {
                    "resourceType": "DocumentReference",
                    "id": id_,
                    "status": "current",
                    "docStatus": "final",
                    "type": {"text": "Progress note"},
                    "subject": {"reference": patient},
                    "author": [{"reference": "Practitioner/p1", "display": "Dr Example"}],
                    "date": "2026-11-20T10:00:00Z",
                    "content": [
                        {
                            "attachment": {
                                "contentType": "text/plain",
                                "data": base64.b64encode(text.encode()).decode(),
                            }
                        }
                    ],
                }
            )
        )

    def second_patient(self) -> None:
        self.bench.ehr.put(exact_object(SECOND))

    def change(self, proposal_id: str, index: int = 0) -> ChangeRow:
        found = self.ledger.change(proposal_id, index)
        assert found is not None
        return found

    def states(self, proposal_id: str) -> list[str]:
        return [change.state for change in self.ledger.changes(proposal_id)]


def second_phone(value: str = "555 0299") -> dict[str, Any]:
    return {
        "op": "update",
        "target": "Patient/second",
        "base_version": "1",
        "patch": [{"op": "replace", "path": "/telecom/0/value", "value": value}],
    }


def review(app: ConsoleApp) -> ReviewScreen:
    found = next((one for one in app.screen_stack if isinstance(one, ReviewScreen)), None)
    assert found is not None, app.screen_stack
    return found


def assert_room(screen: Screen[Any], least: int) -> None:
    """Assert that every key that the bar should show has room, and that there are so many."""
    wanted = {one.binding.action for one in screen.active_bindings.values() if one.binding.show}
    shown = screen.query_one(KeyBar).shown
    assert len(shown) == len(wanted) >= least
    assert max(one.end for one in shown) <= screen.size.width


def text_of(app: ConsoleApp) -> str:
    """Return what stands on the screen, line by line."""
    width, height = app.size
    lines = app.screen._compositor.render_strips(app.size)
    assert width and height
    return "\n".join(strip.text for strip in lines)


@contextmanager
def unpaused() -> Iterator[None]:
    """Let a write leave although another of its patient went wrong, as if it had left before."""
    with patch.object(guards, "check_paused"), patch.object(send, "check_paused"):
        yield
