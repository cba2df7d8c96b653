"""One FHIR request and its answer, apart from any web framework.

The rules work on these, so that a request can come from a socket, from the same process or from
inside a Bundle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from starlette.datastructures import Headers

from sync.sandbox.outcome import refusal
from sync.sandbox.scopes import Scopes

if TYPE_CHECKING:
    from sync.sandbox.store import Stored

FHIR_JSON = "application/fhir+json"
MAX_PARAMETERS = 64

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Call:
    """A FHIR request; `base` is the FHIR base URL without trailing slash.

    `path` holds the parts of the URL (`type`, `id`, `version`), `query` the undecoded query
    string; `scopes` is None where the sandbox runs without authorization.
    """

    base: str
    path: Mapping[str, str]
    headers: Headers
    query: str = ""
    body: bytes = b""
    scopes: Scopes | None = None

    def allows(self, kind: str, interaction: str) -> bool:
        """Return whether the caller may use `interaction` (c, r, u, d or s) on type `kind`."""
        return self.scopes is None or self.scopes.allows(kind, interaction)

    def require(self, kind: str, interaction: str) -> None:
        """Raise 403 unless `allows`."""
        if not self.allows(kind, interaction):
            raise refusal(
                403,
                "forbidden",
                f"the token's scopes do not include system/{kind}.{interaction}",
                headers={"WWW-Authenticate": 'Bearer error="insufficient_scope"'},
            )


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer: status, body bytes and headers; a body is FHIR JSON unless said."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str = FHIR_JSON
    stored: Stored | None = None
    """The version that it tells of, where it tells of one."""


def pairs(query: str) -> list[tuple[str, str]]:
    """Return the decoded name-value pairs of a query string or form; raises 400."""
    try:
        return parse_qsl(
            query,
            keep_blank_values=True,
            strict_parsing=bool(query),
            errors="strict",
            max_num_fields=MAX_PARAMETERS,
        )
    except ValueError:
        raise refusal(400, "invalid", "the parameters are not form-encoded UTF-8") from None
