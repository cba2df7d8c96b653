"""The demo: an embedded clinic on loopback, a keyless store, keys that live in memory only."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path

from console.bootstrap.demo_script import Script
from console.bootstrap.opening import Opened
from console.bootstrap.system import SystemClock, SystemIds
from console.watch import Watch
from core.canonical import JsonObject
from core.errors import BadInput
from core.ports import Clock
from sync import clinic
from sync.keys.ring import Ed25519Signer, KeyRing, generate
from sync.profiles import load_profile
from sync.sandbox import Sandbox, serving
from sync.workspace.create import starting_config
from sync.workspace.documents import PHASE, ROLES, Documents
from sync.workspace.folder import open_memory

PROFILE = "sandbox"
REVIEWER = "demo-reviewer"
TEAM = "demo"
CUT = 7
"""How much of a phone number this EHR keeps for one of the patients."""


@contextmanager
def open_demo(role: str | None = None, *, seed: int = 1, calm: bool = False) -> Iterator[Opened]:
    """Open the demo's workspace with proposals waiting; nothing of it outlives the context.

    With `role` the reviewer is the clinic's person of that role; by default they hold every
    role. The same `seed` proposes the same; with `calm` nothing comes after the first proposals.
    """
    with open_clinic(role) as script, nullcontext() if calm else script.running(seed):
        yield script.opened


@contextmanager
def open_clinic(
    role: str | None = None,
    *,
    clock: Clock | None = None,
    monotonic: Callable[[], float] = time.monotonic,
) -> Iterator[Script]:
    """Open the clinic with its first proposals waiting, and what will go on in it."""
    if role is not None and role not in ROLES:
        raise BadInput("is not a role", field="--as", remedy=f"Use one of: {', '.join(ROLES)}")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="countersign-demo-")))
        clock, ids = clock or SystemClock(), SystemIds()
        sandbox = stack.enter_context(
            Sandbox(clock=clock.now, transform=cut_numbers, monotonic=monotonic)
        )
        sandbox.seed(clinic.chart())
        place = stack.enter_context(serving(sandbox.app))
        clients = {client.plane: client for client in sandbox.issue_clients(["ES384"])}
        keys = {(PROFILE, name): client.private_jwk for name, client in clients.items()}
        ring = generate({key: jwk for key, jwk in keys.items() if key[1] != "propose"})
        reviewer = who(role)
        colleagues = {name: generate() for name in clinic.STAFF if name != reviewer}
        signers = {name: generate().signers["submitter"] for name in clinic.AGENTS}
        config = starting_config(
            ehr_url=place.base_url,
            token_url=place.token_url,
            profile=PROFILE,
            clients={name: one.client_id for name, one in clients.items() if name != "propose"},
            reviewer=reviewer,
            team=TEAM,
        )
        papers = _papers(reviewer, role, ring, colleagues, signers)
        folder_opened = stack.enter_context(
            open_memory(folder / "workspace", ring, config=config, documents=papers, clock=clock,
                        ids=ids)
        )  # fmt: skip
        opened = Opened(folder_opened, clock, ids, monotonic=monotonic)
        script = Script(opened, sandbox, place, clients["propose"], signers, colleagues)
        asyncio.run(script.propose_first())
        opened.gateway_round(Watch())
        yield script


def who(role: str | None) -> str:
    """Return who sits at the terminal: the clinic's person of that role, where it has one."""
    return next((name for name, roles in clinic.STAFF.items() if role in roles), REVIEWER)


def cut_numbers(resource: JsonObject) -> JsonObject:
    """Store the phone numbers of one patient cut short, as an EHR with a short field would."""
    if resource.get("resourceType") != "Patient" or resource.get("id") != "syn-0007":
        return resource
    cut = [{**item, "value": str(item.get("value", ""))[:CUT]} for item in resource["telecom"]]
    return {**resource, "telecom": cut}


def _papers(
    reviewer: str,
    role: str | None,
    ring: KeyRing,
    colleagues: dict[str, KeyRing],
    signers: dict[str, Ed25519Signer],
) -> Documents:
    roster = clinic.clinic_roster(
        reviewer,
        tuple(ROLES) if role is None else (role,),
        ring,
        {name: _public(one.signers["reviewer"]) for name, one in colleagues.items()},
        {name: _public(signer) for name, signer in signers.items()},
    )
    return Documents(PROFILE, clinic.clinic_policy(PROFILE), roster, load_profile(PROFILE), PHASE)


def _public(signer: Ed25519Signer) -> tuple[str, str]:
    return signer.kid, signer.x
