"""From a `[[case]]` table to the request that it asks: every field of `Request` has its key.

Each value is converted by the type of the field it becomes, so that a fact that policies learn to
look at can be stated in a case as soon as `Request` has it. What is left out is absent: no
evidence, no encounter, nothing special in the content. Source: design §7.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, Union, cast, get_args, get_origin, get_type_hints

from core.errors import BadInput
from core.policy.request import Request, is_complete

_KEYS = {"has_encounter": "encounter"}
"""Where a case says it in another word than the request's field."""

_USUAL: dict[str, object] = {
    "model": "any-model",
    "prompt": "any-prompt",
    "operation": "update",
    "purpose": "TREAT",
    "workflow": "any-workflow",
    "confidence": 1,
    "encounter": False,
    "groundings": [],
    "flags": [],
    "values": {},
}
_EFFECT = {"create": "added", "update": "changed"}


def request_keys() -> tuple[str, ...]:
    """Return the keys of a case that say what is asked."""
    return tuple(_KEYS.get(field.name, field.name) for field in fields(Request))


def only_ehr(data: Mapping[str, Any]) -> str | None:
    """Return the EHR that a case is about if it names none: the only one that the rules name."""
    rules = [*data.get("allow", []), *data.get("forbid", [])]
    named = {ehr for rule in rules for ehr in rule.get("ehrs", []) if ehr != "*"}
    return next(iter(named)) if len(named) == 1 else None


def case_request(table: Mapping[str, object], field: str, ehr: str | None) -> Request:
    """Return the request of a case; BadInput names the key that is missing or wrong."""
    usual = {**_USUAL, **({} if ehr is None else {"ehr": ehr})}
    given = {**usual, **table}
    if "touched" in table:
        effect = _EFFECT.get(str(given["operation"]), "changed")
        given["touched"] = _touched(table["touched"], effect, f"{field}.touched")
    request = cast("Request", _instance(Request, given, field))
    if not is_complete(request):
        raise BadInput(
            "the case says something that no proposal could",
            field=field,
            remedy=f"Write touched paths that begin with {request.type}., "
            "a confidence from 0 to 1, and no empty word",
        )
    return request


def _touched(value: object, effect: str, field: str) -> list[dict[str, str]]:
    """Return what `["Patient.telecom.value", "Patient.name removed"]` says."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise BadInput("not a list of texts", field=field, remedy='Write ["Patient.telecom"]')
    found = []
    for index, item in enumerate(value):
        words = item.split()
        if len(words) not in (1, 2):
            raise BadInput(
                f"{item!r} is not an element path with an effect",
                field=f"{field}[{index}]",
                remedy='Write "Patient.telecom" or "Patient.telecom removed"',
            )
        found.append({"path": words[0], "effect": [*words, effect][1]})
    return found


def _instance(kind: type[Any], table: object, field: str) -> object:
    if not isinstance(table, Mapping):
        raise _wrong("a table", field)
    hints = get_type_hints(kind)
    made: dict[str, object] = {}
    keys = {_key(kind, item): item for item in fields(kind)}
    for key in table:
        if key not in keys:
            raise BadInput("unknown key", field=f"{field}.{key}",
                           remedy=f"The keys are {', '.join(keys)}")  # fmt: skip
    for key, item in keys.items():
        if key in table:
            made[item.name] = _converted(hints[item.name], table[key], f"{field}.{key}")
        elif item.default is MISSING and item.default_factory is MISSING:
            raise BadInput("missing", field=f"{field}.{key}", remedy="Add it")
    return kind(**made)


def _key(kind: type[Any], item: Field[Any]) -> str:
    return _KEYS.get(item.name, item.name) if kind is Request else item.name


def _converted(hint: Any, value: object, field: str) -> object:
    """Return the value as the type `hint`; BadInput where it cannot be one."""
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        return _either(get_args(hint), value, field)
    if origin is Literal:
        if value not in get_args(hint):
            raise _wrong(f"one of {', '.join(map(str, get_args(hint)))}", field)
        return value
    if origin in (tuple, frozenset, list):
        if not isinstance(value, list):
            raise _wrong("a list in [ ]", field)
        inner = get_args(hint)[0]
        items = [_converted(inner, one, f"{field}[{at}]") for at, one in enumerate(value)]
        return frozenset(items) if origin is frozenset else tuple(items)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _mapping(get_args(hint)[1], value, field)
    if is_dataclass(hint):
        return _instance(cast("type[Any]", hint), value, field)
    return _scalar(hint, value, field)


def _either(kinds: tuple[Any, ...], value: object, field: str) -> object:
    problem: BadInput | None = None
    for kind in kinds:
        if kind is type(None):
            continue
        try:
            return _converted(kind, value, field)
        except BadInput as error:
            problem = problem or error
    raise problem or _wrong("something else", field)


def _mapping(inner: Any, value: object, field: str) -> object:
    if not isinstance(value, dict):
        raise _wrong('a table, such as {status = "draft"}', field)
    found = {}
    for name, one in value.items():
        listed = [one] if get_origin(inner) is tuple and not isinstance(one, list) else one
        found[name] = _converted(inner, listed, f"{field}.{name}")
    return found


def _is_number(value: object) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


_SCALARS: dict[Any, tuple[Callable[[object], bool], Callable[[Any], object], str]] = {
    str: (lambda value: isinstance(value, str), str, "text in quotes"),
    bool: (lambda value: isinstance(value, bool), bool, "true or false"),
    int: (lambda value: type(value) is int, int, "a whole number"),
    Decimal: (_is_number, Decimal, "a number"),
    datetime: (lambda value: isinstance(value, datetime), lambda value: value, "a date and time"),
    date: (lambda value: type(value) is date, lambda value: value, "a date"),
}


def _scalar(hint: Any, value: object, field: str) -> object:
    known = _SCALARS.get(hint)
    if known is None:
        raise BadInput("a case cannot state this", field=field, remedy="Remove it")
    fits, made, told = known
    if not fits(value):
        raise _wrong(told, field)
    return made(value)


def _wrong(wanted: str, field: str) -> BadInput:
    return BadInput(f"it should be {wanted}", field=field, remedy="Correct the value")
