"""What an EHR refuses, and limits of which it is not known what happens beyond them."""

from __future__ import annotations

from collections.abc import Iterator

from core.discrepancy import Class, Discrepancy
from core.prediction.about import About
from core.prediction.predicted import Predicted
from core.prediction.words import element
from core.profile.facts import Basis
from core.profile.places import places
from core.profile.profile import FieldLimit
from core.profile.transforms import Transform, apply


def doubts(about: About) -> Iterator[Predicted]:
    """Yield them in the profile's order."""
    for limit in about.profile.field_limits:
        if limit.over == "truncate":
            continue
        longest = _longest(about, limit)
        if longest > limit.chars:
            yield _too_long(about, limit, longest)
    for entry in about.profile.dropped:
        if entry.how == "ignored":
            continue
        for path in entry.paths:
            if next(places(about.resource, path), None) is not None:
                yield _unwanted(about, path, entry.basis, refuses=entry.how == "refused")


def _longest(about: About, limit: FieldLimit) -> int:
    found = (place.value for place in places(about.resource, limit.path))
    return max((len(value) for value in found if isinstance(value, str)), default=0)


def _too_long(about: About, limit: FieldLimit, longest: int) -> Predicted:
    what = f"this EHR takes {limit.chars} characters of {element(limit.path)}, here are {longest}"
    fact = f"limit {limit.path}"
    if limit.over == "reject":
        return Predicted(fact, f"will be refused: {what}", limit.basis, refuses=True)
    cut = Transform("truncate", limit.path, chars=limit.chars)
    class_, differences = _made(about, cut)
    words = f"{what}; whether it cuts or refuses more is not known"
    return Predicted(fact, words, limit.basis, class_, differences, sure=False)


def _unwanted(about: About, path: str, basis: Basis, *, refuses: bool) -> Predicted:
    fact = f"drop {path}"
    if refuses:
        words = f"will be refused: this EHR does not take {element(path)}"
        return Predicted(fact, words, basis, refuses=True)
    class_, differences = _made(about, Transform("drop", path))
    words = f"this EHR may leave out or refuse {element(path)}; which is not known"
    return Predicted(fact, words, basis, class_, differences, sure=False)


def _made(about: About, one: Transform) -> tuple[Class, tuple[Discrepancy, ...]]:
    found = about.compared(about.resource, apply(one, about.resource, about.around))
    return found.class_, found.differences
