"""Our side of `cold`: the console over an encrypted workspace, closed as soon as it was painted."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.ports import Ehr
    from core.workspace import Workspace
    from sync.workspace.folder import OpenWorkspace

PASSPHRASE = "only for this measurement"


@dataclass
class Opened:
    """A workspace to fill before the measurement."""

    folder: OpenWorkspace

    def with_ehr(self, ehr: Ehr) -> Workspace:
        """Return the use cases' workspace with a fake EHR."""
        from core.workspace import Workspace
        from tests.fakes import FakeClock, FakeConsents, FakeIds

        return Workspace(
            "solo", "dr-lee", self.folder.ledger, self.folder.keys, FakeClock(), FakeIds(),
            {"sandbox": ehr}, FakeConsents(),
        )  # fmt: skip


def make(path: Path, ehr_url: str = "http://127.0.0.1:1/fhir") -> dict[str, str]:
    """Make a workspace as `init` does and return the environment that opens it."""
    from console.bootstrap.system import SystemClock, SystemIds
    from sync.workspace.create import create

    create(
        path, ehr_url=ehr_url, profile="sandbox", passphrase=PASSPHRASE,
        reviewer="dr-lee", clock=SystemClock(), ids=SystemIds(),
    )  # fmt: skip
    secret = path.parent / "passphrase"
    secret.write_text(PASSPHRASE)
    secret.chmod(0o600)
    return {"COUNTERSIGN_PASSPHRASE_FILE": str(secret)}


@contextmanager
def opened(path: Path) -> Iterator[Opened]:
    """Open the workspace to fill it."""
    from console.bootstrap.system import SystemClock
    from sync.workspace.folder import open_workspace

    with open_workspace(path, lambda: PASSPHRASE, SystemClock()) as folder:
        yield Opened(folder)


def show(path: str) -> None:
    """Open the console as a user does and leave when the queue was painted."""
    import argparse

    from console.bootstrap import open_here
    from console.commands.console import warm
    from console.heap import Heap

    Heap()
    warmed = warm()
    with open_here(argparse.Namespace(workspace=Path(path))) as found:
        warmed.join()
        paint(found)


def paint(found: Any) -> None:
    """Run the console until the queue was painted; exit 9 when no rows were."""
    import console.app
    from console.widgets.row_list import RowList

    class Closing(console.app.ConsoleApp):
        # Textual looks for a relative path beside the class that is run.
        CSS_PATH = str(Path(console.app.__file__).with_name("styles") / "console.tcss")

        def on_mount(self) -> None:
            super().on_mount()
            self.call_after_refresh(self.leave)

        def leave(self) -> None:
            self.exit(return_code=0 if self.screen.query_one(RowList).cursor else 9)

    app = Closing(found, timers=False)
    app.run(headless=True, size=(120, 40))
    if app.return_code:
        sys.exit(app.return_code)


if __name__ == "__main__":
    show(sys.argv[1])
