"""Reading one transform of a profile document."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from core.canonical import Json, Number, exact
from core.profile.basis import Where, bad, basis_of
from core.profile.document import Transformed
from core.profile.transforms import INTERACTIONS, KINDS, Transform
from core.profile.transforms_values import PRECISIONS

_PARAMETERS = ("chars", "precision", "value", "system", "url")


def transform_of(where: Where, field: str, entry: Transformed) -> Transform:
    """Return the transform; BadInput for an unknown one, or parameters that do not belong to it."""
    kind = KINDS.get(entry.do)
    if kind is None:
        raise bad(f"{field}.do", f"is no transform; there are {', '.join(sorted(KINDS))}")
    if "path" in kind.needs and "." not in entry.path:
        raise bad(f"{field}.path", "names no element")
    if "path" not in kind.needs | kind.takes and "." in entry.path:
        raise bad(f"{field}.path", "names an element, and this transform looks at the whole")
    for name in _PARAMETERS:
        given = getattr(entry, name) is not None
        if given and name not in kind.needs | kind.takes:
            raise bad(f"{field}.{name}", f"does not belong to {entry.do}")
        if not given and name in kind.needs:
            raise bad(f"{field}.{name}", f"is missing; {entry.do} needs it")
    if entry.precision is not None and entry.precision not in PRECISIONS:
        raise bad(f"{field}.precision", f"is none of {', '.join(PRECISIONS)}")
    return Transform(
        do=entry.do,
        path=entry.path,
        chars=entry.chars,
        precision=entry.precision,
        value=_json(f"{field}.value", entry.value),
        system=entry.system,
        url=entry.url,
        interactions=frozenset(entry.interactions or INTERACTIONS),
        basis=basis_of(where, field, entry),
    )


def _json(field: str, value: Any) -> Json:
    if isinstance(value, dict):
        return {str(key): _json(field, item) for key, item in value.items()}
    if isinstance(value, list):
        return [_json(field, item) for item in value]
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return exact(value)
    if isinstance(value, float | Decimal):
        return Number(str(value))
    raise bad(field, "holds what JSON has no value for; write dates as text")
