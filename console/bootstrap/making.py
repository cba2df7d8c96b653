"""Making a workspace from what the command line names."""

from __future__ import annotations

import getpass
import os
import re
import sys
from pathlib import Path
from typing import Any

from console.bootstrap.passphrase import VARIABLE, new_passphrase
from console.bootstrap.system import SystemClock, SystemIds
from core.canonical import parse_object, plain
from core.errors import BadInput, NotFound
from core.prediction.words import of_basis
from core.profile.access import is_here, remarks
from core.profile.parse import parse_profile
from sync.keys import os_keyring
from sync.profiles import load_profile
from sync.workspace.create import create


def make_workspace(
    path: Path, *, ehr_url: str, profile: str, clients: str | None, keys: str | None
) -> dict[str, object]:
    """Make a workspace and return `{path, reviewer, ehr}`."""
    if keys is None:
        keys = "file" if os.environ.get(VARIABLE) else "keyring"
    keyring = os_keyring.find() if keys == "keyring" else None
    described = {} if clients is None else _read_clients(clients)
    reviewer = _reviewer()
    create(
        path,
        ehr_url=ehr_url,
        token_url=described.get("token_url"),
        profile=profile,
        clients=_client_keys(described) if described else None,
        passphrase=None if keyring is not None else new_passphrase(),
        keyring=keyring,
        reviewer=reviewer,
        clock=SystemClock(),
        ids=SystemIds(),
    )
    return {"path": str(path), "reviewer": reviewer, "ehr": profile}


def address_doubt(ehr_url: str, profile: str) -> str | None:
    """Return what is odd about an address for that profile; None for one on this machine."""
    found = remarks(parse_profile(load_profile(profile)), ehr_url)
    odd = (one for one in found if one.fact == "base_url" and one.fits is False)
    first = None if is_here(ehr_url) else next(odd, None)
    return None if first is None else f"this EHR {first.words} ({of_basis(first.basis)})"


def _reviewer() -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "-", getpass.getuser())[:64] or "reviewer"


def _read_clients(name: str) -> dict[str, Any]:
    data = sys.stdin.buffer.readline() if name == "-" else _bytes(Path(name), "--clients")
    found = plain(parse_object(data))
    if not isinstance(found.get("clients"), dict):
        raise BadInput(
            "holds no clients", field="--clients", remedy="Pass the line of `sandbox --json`"
        )
    return dict(found)


def _client_keys(described: dict[str, Any]) -> dict[str, tuple[str, dict[str, str]]]:
    return {
        str(plane): (str(client["client_id"]), _jwk(Path(str(client["key_file"]))))
        for plane, client in described["clients"].items()
    }


def _jwk(path: Path) -> dict[str, str]:
    found = plain(parse_object(_bytes(path, "--clients key_file")))
    return {str(key): str(value) for key, value in found.items()}


def _bytes(path: Path, field: str) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise NotFound("there is no such file", field=field) from None
    except OSError as error:
        raise BadInput(f"cannot be read: {error.strerror}", field=field) from None
