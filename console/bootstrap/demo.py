"""The demo: an embedded clinic on loopback, a keyless store, keys that live in memory only."""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from console.bootstrap.opening import Opened
from console.bootstrap.system import SystemClock, SystemIds
from core.errors import BadInput
from core.intake.documents import documents
from core.intake.stage import stage
from sync import clinic
from sync.keys.ring import generate
from sync.sandbox import Sandbox, serving
from sync.workspace.create import starting_config
from sync.workspace.documents import ROLES, starting_documents
from sync.workspace.folder import open_memory

PROFILE = "sandbox"
REVIEWER = "demo-reviewer"


@contextmanager
def open_demo(role: str | None = None) -> Iterator[Opened]:
    """Open the demo's workspace with proposals waiting; nothing of it outlives the context.

    `role` leaves the reviewer with that one role; by default they hold every role.
    """
    if role is not None and role not in ROLES:
        raise BadInput("is not a role", field="--as", remedy=f"Use one of: {', '.join(ROLES)}")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="countersign-demo-")))
        sandbox = stack.enter_context(Sandbox())
        sandbox.seed(clinic.chart())
        place = stack.enter_context(serving(sandbox.app))
        clients = sandbox.issue_clients()
        ring = generate({(PROFILE, client.plane): client.private_jwk for client in clients})
        config = starting_config(
            ehr_url=place.base_url,
            token_url=place.token_url,
            profile=PROFILE,
            clients={client.plane: client.client_id for client in clients},
            reviewer=REVIEWER,
            team="demo",
        )
        papers = starting_documents(PROFILE, REVIEWER, ring)
        if role is not None:
            papers = replace(papers, roster=_only(papers.roster, role))
        clock, ids = SystemClock(), SystemIds()
        opened = Opened(
            stack.enter_context(
                open_memory(
                    folder / "workspace", ring, config=config, documents=papers, clock=clock,
                    ids=ids,
                )
            ),
            clock,
            ids,
        )  # fmt: skip
        asyncio.run(_propose(opened))
        yield opened


async def _propose(opened: Opened) -> None:
    async with opened.connected() as workspace:
        for data in clinic.proposals():
            for document in documents(data):
                await stage(workspace, document)


def _only(roster: str, role: str) -> str:
    return re.sub(r"roles = \[[^\]]*\]", f'roles = ["{role}"]', roster, count=1)
