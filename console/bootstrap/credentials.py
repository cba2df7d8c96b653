"""Logging in and out: tokens by plane, and the workspace key in the OS keyring."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from console.bootstrap.connecting import plane_tokens, token_cache
from console.bootstrap.passphrase import new_passphrase, passphrase
from core.errors import BadInput, CountersignError
from sync.fhir.assertion import ALGORITHMS
from sync.fhir.client import READ_SCOPE
from sync.fhir.tokens import elapsed
from sync.hub.client import SCOPE as HUB_SCOPE
from sync.keys import os_keyring, workspace_key
from sync.workspace.config import Config, read_config
from sync.workspace.folder import find

if TYPE_CHECKING:
    import argparse

    from console.bootstrap.opening import Opened

SCOPES = {
    "read": READ_SCOPE,
    "propose": "system/Task.cr",
    "approve": HUB_SCOPE,
    "write": "system/Provenance.c",
}
"""What each plane asks for when it logs in; for writing only as a trial."""


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """What became of one plane: its scope and the seconds left, or what is wrong."""

    ehr: str
    plane: str
    client_id: str
    scope: str | None
    seconds: int | None
    error: CountersignError | None


async def log_in(opened: Opened, planes: Sequence[str]) -> list[LoggedIn]:
    """Get a token for each configured client of these planes; the write plane's is thrown away."""
    found: list[LoggedIn] = []
    for ehr in opened.ehr_names:
        clients = opened.folder.config.ehr[ehr].clients
        for plane in planes:
            client_id = getattr(clients, plane)
            if client_id is not None:
                found.append(await _log_in(opened, ehr, plane, client_id))
    return found


async def _log_in(opened: Opened, ehr: str, plane: str, client_id: str) -> LoggedIn:
    try:
        tokens = await plane_tokens(opened, ehr, plane)
        try:
            token = await tokens.token(SCOPES[plane])
        finally:
            await tokens.aclose()
    except CountersignError as error:
        return LoggedIn(ehr, plane, client_id, None, None, error)
    return LoggedIn(ehr, plane, client_id, token.scope, int(token.expires - elapsed()), None)


def enter_keyring(args: argparse.Namespace) -> bool:
    """Bring the workspace key back into the keyring, if it was logged out of it."""
    folder, config = _here(args)
    if config.keys != "keyring":
        return False
    keyring = os_keyring.find(config.keyring_backend)
    return workspace_key.enter(keyring, str(config.id), folder, passphrase)


def log_out(opened: Opened, *, tokens_only: bool) -> tuple[int, bool]:
    """Forget every token; move the workspace key from the keyring into a passphrase's file.

    Returns how many tokens there were, and whether the key was moved.
    """
    folder = opened.folder
    chosen = None
    if folder.keyring is not None and not tokens_only:
        try:
            chosen = new_passphrase()
        except BadInput as error:
            raise BadInput(
                "the workspace key would be lost without a file to move it to",
                remedy=f"{error.remedy}, or keep it with --tokens-only",
            ) from None
    cache = token_cache(opened)
    count = 0 if cache is None else cache.clear()
    if chosen is not None and folder.keyring is not None:
        workspace_key.leave(folder.keyring, str(folder.config.id), folder.path, chosen)
        return count, True
    return count, False


def credentials(opened: Opened) -> dict[str, object]:
    """Return where keys and tokens lie, and how long tokens live; no value of any."""
    folder = opened.folder
    cache = token_cache(opened)
    now = opened.clock.now()
    kept = [] if cache is None else cache.kept()
    planes = [
        {
            "ehr": ehr,
            "plane": plane,
            "client_id": client_id,
            "algorithm": None if jwk is None else ALGORITHMS[jwk["kty"]],
            "tokens": [
                {
                    "scope": one.scope,
                    "seconds": max(0, int((one.expires - now).total_seconds())),
                    "held": one.place,
                }
                for one in kept
                if one.plane == plane
            ],
        }
        for ehr in opened.ehr_names
        for plane, client_id in folder.config.ehr[ehr].clients.model_dump(exclude_none=True).items()
        for jwk in [folder.keys.client_jwk(plane, ehr)]
    ]
    held = any(item["plane"] == "write" for item in planes)
    place = folder.config.keys if folder.sealer is not None else "memory"
    return {
        "keys": {"place": place, "backend": folder.config.keyring_backend},
        "planes": planes,
        "write_key": "here" if held else "elsewhere",
    }


def _here(args: argparse.Namespace) -> tuple[Path, Config]:
    folder = find(args.workspace, os.environ)
    return folder, read_config(folder)
