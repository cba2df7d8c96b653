"""What is asked of a patient's Consents: whether this agent may make this change now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from core.canonical import JsonObject


@dataclass(frozen=True, slots=True)
class Asked:
    """One change as consent sees it.

    `patient` is `Patient/id`; `purpose` a v3 ActReason code; `labels` the codes of the resource's
    security labels. `actors` are references by which Consents name who this workspace acts for;
    where there are none, a provision about any organisation or person may be about it.
    """

    patient: str
    agent: str
    purpose: str
    type: str
    operation: Literal["create", "update"]
    at: datetime
    labels: frozenset[str] = frozenset()
    actors: frozenset[str] = frozenset()


def labels_of(*resources: JsonObject | None) -> frozenset[str]:
    """Return the codes of the security labels of what is there and what is to be."""
    found: set[str] = set()
    for resource in resources:
        meta = (resource or {}).get("meta")
        labels = meta.get("security") if isinstance(meta, dict) else None
        for label in labels if isinstance(labels, list) else ():
            if isinstance(label, dict) and isinstance(label.get("code"), str):
                found.add(label["code"])
    return frozenset(found)
