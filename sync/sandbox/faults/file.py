"""Reading a fault plan from a TOML file: `seed = 7` and one `[[fault]]` for each rule.

A rule has `kind`, and `share` or `nth`; it may have `method`, `type` and `seconds`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.errors import BadInput
from sync.sandbox.faults.plan import (
    DEFAULT_SEED,
    Plan,
    Rule,
    checked_fault,
    checked_plan,
    checked_rule,
)

MAX_BYTES = 256 * 1024
KEYS = ("kind", "share", "nth", "method", "type", "seconds")


def load_plan(path: Path, seed: int | None = None) -> Plan:
    """Return the plan in a file; `seed` wins over the file's. BadInput names key and remedy."""
    name = path.name
    document = _read(path)
    _known(document, ("seed", "fault"), name)
    tables = document.get("fault", [])
    if not isinstance(tables, list) or not all(isinstance(item, dict) for item in tables):
        raise BadInput("is no list of tables", field=f"{name} fault", remedy="Write [[fault]]")
    rules = tuple(_rule(item, f"{name} fault[{index}]") for index, item in enumerate(tables))
    given = document.get("seed", DEFAULT_SEED)
    if type(given) is not int:
        raise BadInput("is no whole number", field=f"{name} seed", remedy="Say seed = 7")
    return checked_plan(rules, given if seed is None else seed, name)


def _read(path: Path) -> dict[str, Any]:
    field, remedy = f"--faults {path.name}", "Name a TOML file, or write the plan in one line"
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BadInput(f"cannot be read: {error.strerror}", field=field, remedy=remedy) from None
    if len(raw) > MAX_BYTES:
        raise BadInput("is too large for a fault plan", field=field, remedy=remedy)
    try:
        return tomllib.loads(raw.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"is no TOML: {error}", field=field, remedy=remedy) from None


def _rule(table: Mapping[str, Any], field: str) -> Rule:
    _known(table, KEYS, field)
    kind = _of(str, table, "kind", field)
    if kind is None:
        raise BadInput("is missing", field=f"{field}.kind", remedy="Name the fault")
    seconds = _of(float, table, "seconds", field)
    share = _of(float, table, "share", field)
    method, type_ = _of(str, table, "method", field), _of(str, table, "type", field)
    fault = checked_fault(kind, seconds, f"{field}.kind")
    return checked_rule(Rule(fault, method, type_, share, _nth(table, field)), field)


def _nth(table: Mapping[str, Any], field: str) -> tuple[int, ...]:
    given = table.get("nth", [])
    numbers = given if isinstance(given, list) else [given]
    if not all(type(number) is int for number in numbers):
        raise BadInput("is no number of a request", field=f"{field}.nth", remedy="Say nth = [3, 5]")
    return tuple(numbers)


def _of(kind: type[Any], table: Mapping[str, Any], key: str, field: str) -> Any:
    value = table.get(key)
    if kind is float and type(value) is int:
        value = float(value)
    if value is not None and type(value) is not kind:
        expected = "a number" if kind is float else "a text"
        raise BadInput(f"is not {expected}", field=f"{field}.{key}", remedy=f"Give {expected}")
    return value


def _known(table: Mapping[str, Any], keys: tuple[str, ...], field: str) -> None:
    unknown = sorted(set(table) - set(keys))
    if unknown:
        raise BadInput(
            f"{unknown[0]} is not known", field=field, remedy=f"Use only: {', '.join(keys)}"
        )
