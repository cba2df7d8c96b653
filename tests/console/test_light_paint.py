"""The first paint loads no heavy library."""

import subprocess
import sys
from pathlib import Path

from tests.console.desk import Desk

ROOT = Path(__file__).resolve().parents[2]
HEAVY = (
    "fhir",
    "httpx",
    "sqlmodel",
    "sqlalchemy",
    "deepdiff",
    "starlette",
    "jsonpatch",
    "pydantic",
)

PROGRAM = """
import sys
from datetime import datetime, UTC
from console.app import ConsoleApp
from core.clock import bounds
from core.ledger.event import Interval
from sync.store.attention import StoreAttention
from sync.store.connection import connect
from sync.store.reads import StoreReads

class Store(StoreReads):
    size = 1_000_000
    def interval(self):
        return Interval(Clock().now(), Clock().now())

class Clock:
    def now(self):
        return datetime(2026, 11, 23, 9, tzinfo=UTC)
    def bounds(self):
        return bounds(self.now(), {})

class Session:
    ehr_names = ("sandbox",)
    reviewer = "dr-lee"
    alarm = str
    clock = Clock()
    connection = connect(sys.argv[1], None)
    ledger = Store(connection)
    attention = StoreAttention(connection)
    def anchored_size(self, published): return 0
    def change_counter(self): return 0

found = []

async def look(pilot):
    await pilot.pause()
    lines = [strip.text for strip in app.screen._compositor.render_strips(app.size)]
    assert any("update Patient.telecom" in line for line in lines), lines
    found.extend(sorted({name.partition(".")[0] for name in sys.modules} & set(sys.argv[2:])))
    app.exit()

app = ConsoleApp(Session(), zone=UTC, timers=False)
app.run(headless=True, size=(80, 24), auto_pilot=look)
print("loaded:", found)
sys.exit(app.return_code)
"""


def test_queue_paints_without_the_heavy_libraries(desk: Desk) -> None:
    desk.propose_now()
    assert painted(desk, HEAVY) == "loaded: []"


def test_control_a_library_that_is_loaded_is_found(desk: Desk) -> None:
    desk.propose_now()
    assert painted(desk, ("textual",)) == "loaded: ['textual']"


def test_opening_a_workspace_loads_no_client_and_no_models() -> None:
    program = "import sys, console.app, console.commands.console; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    assert "sync.workspace.folder" in loaded and "core.fhir" in loaded
    assert not loaded & {"core.fhir.validation", "fhir", "httpx", "sqlmodel", "deepdiff"}


def painted(desk: Desk, names: tuple[str, ...]) -> str:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(desk.bench.path), *names],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
