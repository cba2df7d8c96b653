"""The row of what a console keeps of a chart."""

from __future__ import annotations

from dataclasses import dataclass

from core.canonical import JsonObject


@dataclass(frozen=True, slots=True)
class Kept:
    """One resource as it was read last; a cache, on which nothing decides."""

    reference: str
    version: str
    fetched: str
    gone: bool
    resource: JsonObject | None
