"""What EHRs are known to do to a resource that they store: a closed vocabulary of pure functions.

The sandbox's personalities apply them to what arrives, the prediction before approval to what is
intended. Each is JSON → JSON; the resource that it is given is left as it was.
Source: design §10, issue of EHR profiles; `reference` vendor facts behind the profiles.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import cast

from core.canonical import Json, JsonObject
from core.profile.facts import ASSUMED, Basis
from core.profile.places import ANY, copy, is_of
from core.profile.transforms_values import (
    absolute,
    coarsen,
    cut_fractions,
    number_text,
    one_user_selected,
    phone,
    reorder,
    space,
    to_utc,
    truncate,
)
from core.profile.transforms_whole import (
    add_default,
    add_extension,
    add_identifier,
    bookkeeping,
    drop,
    drop_unknown,
    narrative,
    put,
)
from core.profile.work import SOMEWHERE, Around, Work

INTERACTIONS = ("create", "update", "patch")


@dataclass(frozen=True, slots=True)
class Kind:
    """One word of the vocabulary: what it does, what it needs to be told, what else it takes."""

    does: Callable[[Work], None]
    words: str
    needs: frozenset[str] = frozenset()
    takes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Transform:
    """One thing that an EHR does, and how that is known.

    `path` names the element (`Patient.name.family`), or only the type (`Patient`, `Resource`) for
    a kind that looks at the whole resource.
    """

    do: str
    path: str = ANY
    chars: int | None = None
    precision: str | None = None
    value: Json = None
    system: str | None = None
    url: str | None = None
    interactions: frozenset[str] = frozenset(INTERACTIONS)
    basis: Basis = ASSUMED

    @property
    def words(self) -> str:
        """In a reviewer's words: `Patient.name.family: cut to 30 characters`."""
        said = KINDS[self.do].words.format(chars=self.chars, precision=self.precision)
        return f"{self.path}: {said}"


def _of(names: str) -> frozenset[str]:
    return frozenset(names.split())


KINDS: Mapping[str, Kind] = {
    "truncate": Kind(truncate, "cut to {chars} characters", _of("path chars")),
    "drop": Kind(drop, "left out", _of("path")),
    "drop-unknown": Kind(drop_unknown, "what FHIR does not define is left out"),
    "set": Kind(put, "set to a value of the EHR's own", _of("path value")),
    "default": Kind(add_default, "filled in where it is missing", _of("path value")),
    "coarsen-date": Kind(coarsen, "cut to the {precision}", _of("path precision")),
    "cut-fractions": Kind(cut_fractions, "fractions of seconds are cut", takes=_of("path")),
    "to-utc": Kind(to_utc, "times are written in UTC", takes=_of("path")),
    "reorder": Kind(reorder, "the order of the list is another", _of("path")),
    "one-user-selected": Kind(
        one_user_selected, "one coding that a user selected and one other are kept", _of("path")
    ),
    "absolute-references": Kind(absolute, "references are written with the server's address"),
    "normalise-phone": Kind(phone, "telephone numbers keep their digits only", takes=_of("path")),
    "normalise-space": Kind(space, "white space is tidied", takes=_of("path")),
    "narrative": Kind(narrative, "the narrative is written anew"),
    "bookkeeping": Kind(bookkeeping, "version and time are the server's", takes=_of("value")),
    "add-identifier": Kind(add_identifier, "an identifier of the EHR's is added", _of("system")),
    "add-extension": Kind(add_extension, "an extension of the EHR's is added", _of("url value")),
    "number-text": Kind(number_text, "numbers are written shortest", takes=_of("path")),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outcome:
    """What comes out, and the transforms that changed something, in the order they were applied."""

    resource: JsonObject
    applied: tuple[Transform, ...] = ()


def apply(transform: Transform, resource: JsonObject, around: Around = SOMEWHERE) -> JsonObject:
    """Return what one transform makes of a resource; the same content where it finds nothing."""
    made = cast("JsonObject", copy(resource))
    if is_of(transform.path, made):
        KINDS[transform.do].does(
            Work(
                made,
                transform.path,
                around,
                chars=transform.chars,
                precision=transform.precision,
                value=copy(transform.value),
                system=transform.system,
                url=transform.url,
            )
        )
    return made


def apply_all(
    transforms: Iterable[Transform],
    resource: JsonObject,
    interaction: str,
    around: Around = SOMEWHERE,
) -> Outcome:
    """Apply every transform that this interaction meets, in order.

    `interaction` is one of INTERACTIONS. What each needs of the server's own stands in `around`.
    """
    applied: list[Transform] = []
    for transform in transforms:
        if interaction not in transform.interactions:
            continue
        made = apply(transform, resource, around)
        if made != resource:
            applied.append(transform)
        resource = made
    return Outcome(resource, tuple(applied))
