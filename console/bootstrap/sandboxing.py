"""Serving the embedded EHR from the command line."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from core.errors import BadInput
from sync.sandbox import Sandbox, serve
from sync.sandbox.faults.faulty import Faulty
from sync.sandbox.faults.file import load_plan
from sync.sandbox.faults.plan import Plan
from sync.sandbox.faults.text import parse_plan
from sync.sandbox.manner import PLAIN, Manner
from sync.sandbox.personality import NAMES, play
from sync.sandbox.personality.hostile import HOSTILE
from sync.sandbox.sandbox import utc_now


def serve_sandbox(
    port: int,
    load: Sequence[Path],
    *,
    no_auth: bool,
    faults: str | None = None,
    seed: int | None = None,
    personality: str | None = None,
    on_ready: Callable[[dict[str, object]], None],
    tell: Callable[[str], None],
) -> None:
    """Serve until stopped; the throw-away client keys lie in a private folder until then.

    `faults` is a plan in one line or the name of a TOML file, `seed` wins over the plan's and
    deals the tricks of the hostile `personality`; `tell` hears what is committed on purpose,
    before and after.
    """
    plan = fault_plan(faults, seed if personality != HOSTILE or faults is not None else None)
    manner = manner_of(personality, seed)
    if manner is not PLAIN:
        tell(f"PERSONALITY {manner.name}: {manner.description}")
    with (
        tempfile.TemporaryDirectory(prefix="countersign-sandbox-") as folder,
        Sandbox(no_auth=no_auth, manner=manner) as sandbox,
    ):
        sandbox.load(load)
        clients = {} if no_auth else _issue(sandbox, Path(folder))

        def ready(base_url: str, token_url: str) -> None:
            on_ready({"base_url": base_url, "token_url": token_url, "clients": clients})

        if plan is None:
            serve(sandbox.app, port, ready)
            return
        faulty = Faulty(sandbox.app, plan)
        tell(f"FAULTS ON PURPOSE: {plan.told()}")
        serve(faulty, port, ready)
        counts = ", ".join(f"{count} {kind}" for kind, count in sorted(faulty.struck.items()))
        tell(f"faults committed: {counts or 'none'}")


def personalities() -> tuple[str, ...]:
    """Return the names of the EHRs that the sandbox can play."""
    return NAMES


def manner_of(personality: str | None, seed: int | None = None) -> Manner:
    """Return the ways of a server by name; BadInput for an unknown name."""
    return PLAIN if personality is None else play(personality, utc_now, seed=seed or 1)


def fault_plan(faults: str | None, seed: int | None) -> Plan | None:
    """Return the plan that the arguments ask for; BadInput names what is wrong with it."""
    if faults is None:
        if seed is not None:
            raise BadInput("is for --faults", field="--seed", remedy="Add a plan, or leave it out")
        return None
    if faults.endswith(".toml"):
        return load_plan(Path(faults), seed)
    return parse_plan(faults, seed)


def _issue(sandbox: Sandbox, folder: Path) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for client in sandbox.issue_clients():
        path = folder / f"{client.plane}.jwk"
        path.touch(mode=0o600)
        path.write_text(json.dumps(client.private_jwk), "utf-8")
        found[client.plane] = {"client_id": client.client_id, "key_file": str(path)}
    return found
