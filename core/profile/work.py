"""What a transform works on, and what it may know of the server that it stands for."""

from __future__ import annotations

from dataclasses import dataclass

from core.canonical import Json, JsonObject


@dataclass(frozen=True, slots=True)
class Around:
    """What the server brings in: its address, and the bookkeeping of the version it stores."""

    base_url: str = "https://ehr.example/fhir"
    id: str = "1"
    version: str = "1"
    last_updated: str = "2000-01-01T00:00:00.000Z"


SOMEWHERE = Around()


@dataclass(frozen=True, slots=True)
class Work:
    """A resource that may be changed in place, and the parameters of one transform."""

    resource: JsonObject
    path: str
    around: Around
    chars: int | None = None
    precision: str | None = None
    value: Json = None
    system: str | None = None
    url: str | None = None

    @property
    def whole(self) -> bool:
        """Whether no element is named but only the type."""
        return "." not in self.path
