"""The shape of a profile document of version 2, as it is written in TOML."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from core.profile.facts import Grade
from core.profile.places import PATH
from core.profile.profile import Axis, Says
from core.profile.reading import choice, choices, country, integer, text, yes_no

__all__ = ["FACTS", "Based", "Document", "SourceEntry", "Transformed", "Write"]

Path = Annotated[str, Field(pattern=f"^{PATH.pattern}$", max_length=400)]
Deep = Annotated[str, Field(pattern=r"^[A-Z][A-Za-z]{1,63}(\.[A-Za-z]{1,64}){1,20}$")]
Type = Annotated[str, Field(pattern=r"^(\*|[A-Z][A-Za-z]{1,63})$")]
Interaction = Literal["create", "update", "patch"]
Words = Annotated[str, Field(max_length=2_000)]
Source = Annotated[str, Field(min_length=1, max_length=2_000)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Based(_Table):
    """Where it comes from: a key of [sources], or words with a day and a grade."""

    source: Source
    captured_on: date | None = None
    grade: Grade | None = None
    words: Words = ""


class SourceEntry(_Table):
    """One source; `second_hand` where it tells of somebody else's product."""

    source: Source
    captured_on: date
    grade: Grade = "documented"
    second_hand: bool = False


class FactEntry(Based):
    """The basis of a fact, with its value unless that stands at the top."""

    value: Any = None


class Write(Based):
    """What one axis says of writing some types."""

    types: Annotated[list[Type], Field(min_length=1)]
    interactions: Annotated[list[Interaction], Field(min_length=1)]
    axis: Axis
    says: Says


class FieldEntry(Based):
    """A limit in characters."""

    path: Deep
    chars: Annotated[int, Field(ge=1, le=1_000_000)]
    over: Literal["truncate", "reject", "unknown"]


class DroppedEntry(Based):
    """Elements that are not kept."""

    paths: Annotated[list[Deep], Field(min_length=1)]
    how: Literal["ignored", "refused", "unknown"]


class NoteEntry(Based):
    """Something that no other table says; `words` are required."""

    path: Path
    words: Annotated[str, Field(min_length=1, max_length=2_000)]


class Transformed(Based):
    """A transform and its parameters."""

    do: str
    path: Path = "Resource"
    chars: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    precision: str | None = None
    value: Any = None
    system: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    url: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    interactions: Annotated[list[Interaction], Field(min_length=1)] | None = None


class Document(_Table):
    """The whole document; `limits` and `failures` are read by their own rooms."""

    version: Literal[2]
    name: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,60}$")]
    description: Annotated[str, Field(min_length=1, max_length=2_000)]
    correctable: Any = None
    settles_s: Any = None
    sources: dict[str, SourceEntry] = {}
    facts: dict[str, FactEntry] = {}
    writes: list[Write] = []
    fields: list[FieldEntry] = []
    dropped: list[DroppedEntry] = []
    notes: list[NoteEntry] = []
    transforms: list[Transformed] = []
    limits: dict[str, Any] | None = None
    failures: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Named:
    """One fact there can be: how its value is read, and what it says."""

    read: Callable[[str, Any], Any]
    words: str


def _fact(read: Callable[[str, Any], Any], words: str) -> Named:
    return Named(read, words)


FACTS: Mapping[str, Named] = {
    "fhir_version": _fact(text, "Version of FHIR that is written to"),
    "base_url": _fact(text, "Base URL, `{tenant}` where the site's part stands"),
    "software": _fact(text, "What the server calls itself"),
    "auth_methods": _fact(
        choices("private_key_jwt", "client_secret_basic", "client_secret_post",
                "client_secret_jwt", "tls_client_auth", "client_credentials", "none"),
        "How a back-end service authenticates",
    ),
    "auth_algorithms": _fact(choices("RS384", "ES384"), "How its assertion is signed"),
    "jwks_hosting": _fact(
        choice("url", "url-allow-listed", "static"), "Where its public keys stand"
    ),
    "token_ttl_s": _fact(integer(1, 10**9), "Life of an access token, in seconds"),
    "token_calls_per_minute": _fact(integer(1, 10**6), "Calls to the token endpoint in a minute"),
    "token_calls_per_minute_preview": _fact(
        integer(1, 10**6), "The same where the vendor lets one try it out"
    ),
    "precondition": _fact(
        choice("if-match", "if-unmodified-since", "none"), "How a write names the version it is of"
    ),
    "stale_status": _fact(integer(400, 599), "Answer to an outdated version"),
    "missing_status": _fact(integer(400, 599), "Answer to a write that names no version"),
    "conditional_create": _fact(yes_no, "Creates with If-None-Exist"),
    "create_response": _fact(
        choice("body", "location-only", "empty"), "What the answer to a create holds"
    ),
    "persisted_state": _fact(
        choice("as-sent", "unsigned", "final-only", "mediated"), "In which state a write is filed"
    ),
    "unsupported_elements": _fact(
        choice("ignored", "refused", "kept"), "What happens to elements that it does not support"
    ),
    "keeps_security": _fact(yes_no, "Keeps meta.security"),
    "keeps_tag": _fact(yes_no, "Keeps meta.tag"),
    "keeps_identifier": _fact(yes_no, "Keeps an identifier that is not its own"),
    "keeps_contained_provenance": _fact(yes_no, "Keeps a contained Provenance"),
    "limiter": _fact(
        choice("minute-window", "quota-header", "budget", "discretionary", "none"),
        "How it limits calls",
    ),
    "counts_token_calls": _fact(yes_no, "The limit counts token calls"),
    "retry_after": _fact(yes_no, "Says Retry-After when it limits"),
    "error_dialect": _fact(
        choice("operation-outcome", "numeric-detail", "numeric-status"), "How errors are told"
    ),
    "correction": _fact(
        choices("update", "entered-in-error", "replaces", "manual", "none"),
        "How a wrong write is corrected",
    ),
    "correctable": _fact(yes_no, "A write can be undone through the API"),
    "redacted_reads": _fact(yes_no, "What may not be read is answered marked as redacted"),
    "merged_patient": _fact(
        choice("redirect", "link", "not-found"), "What a merged patient's record answers"
    ),
    "correlation_header": _fact(text, "Header that names a call"),
    "settles_s": _fact(integer(0, 86_400), "Seconds for which an unanswered write may yet land"),
    "telephone_region": _fact(
        country, "Country whose national telephone numbers stand in its charts, like US"
    ),
}  # fmt: skip
