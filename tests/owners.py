"""A second policy owner for tests."""

from __future__ import annotations

from dataclasses import replace

from core.adoption import adopt
from core.workspace import Workspace, document
from sync.keys.ring import KeyRing, generate

SECOND = "dr-kim"


def with_owner(roster: str, person: str, ring: KeyRing) -> str:
    """Return the roster with one more person, who is an admin and has no other role."""
    own = f'kid = "{ring.signer("reviewer").kid}"\nx = "{ring.public("reviewer")}"\n'
    listed = f'\n[[people]]\nid = "{person}"\nroles = []\n[[people.keys]]\n{own}'
    return f"{roster}{listed}\n[[admins]]\n{own}"


def join(workspace: Workspace) -> Workspace:
    """Adopt a roster with a second owner; return the workspace as that person has it."""
    ring = generate()
    adopt(
        workspace, "roster", with_owner(document(workspace.ledger, "roster").document, SECOND, ring)
    )
    return replace(workspace, keys=ring, reviewer=SECOND)
