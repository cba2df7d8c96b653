"""Reading a fault plan from one line.

Clauses stand between semicolons: `seed=7`; faults and shares, `lost-request=0.1,slow=0.2@5s`; the
same for some requests only, `PUT Condition: 503=0.5@30s`; and scripts, `PUT Condition #3: 412` or
`#3,5` for several. What follows `@` is seconds.
"""

from __future__ import annotations

import re

from core.errors import BadInput
from sync.sandbox.faults.plan import (
    DEFAULT_SEED,
    METHODS,
    Plan,
    Rule,
    checked_fault,
    checked_plan,
    checked_rule,
)

FIELD = "--faults"
MAX_LENGTH = 4096
_FAULT = re.compile(r"([a-z0-9-]+)\s*(?:=\s*([0-9.]+))?\s*(?:@\s*([+-]?[0-9.]+)\s*s?)?")
_SELECTOR = re.compile(r"([A-Za-z]+)?\s*([A-Za-z]+)?\s*(?:#\s*([0-9]+(?:\s*,\s*[0-9]+)*))?")


def parse_plan(text: str, seed: int | None = None) -> Plan:
    """Return the plan; `seed` wins over the text's. BadInput quotes the clause that is wrong."""
    if len(text) > MAX_LENGTH:
        raise BadInput("is too long", field=FIELD, remedy="Write a TOML file and name that")
    rules: list[Rule] = []
    found: int | None = None
    for clause in (part.strip() for part in text.split(";")):
        if not clause:
            continue
        name, _, value = clause.partition("=")
        if name.strip() != "seed":
            rules += _rules(clause)
            continue
        if found is not None or not value.strip().isdecimal():
            raise _bad(clause, "a seed is one whole number", "Say for example seed=7")
        found = int(value)
    chosen = seed if seed is not None else found
    return checked_plan(tuple(rules), DEFAULT_SEED if chosen is None else chosen, FIELD)


def _rules(clause: str) -> list[Rule]:
    head, colon, tail = clause.rpartition(":")
    method, type_, nth = _selector(head.strip(), clause) if colon else (None, None, ())
    parts = [part.strip() for part in tail.split(",")]
    if nth and len(parts) > 1:
        raise _bad(clause, "one request meets one fault", "Write one clause for each")
    return [_rule(part, clause, method, type_, nth) for part in parts]


def _rule(
    part: str, clause: str, method: str | None, type_: str | None, nth: tuple[int, ...]
) -> Rule:
    field = f"{FIELD} {clause!r}"
    match = _FAULT.fullmatch(part)
    if match is None:
        raise _bad(clause, f"{part!r} cannot be read", "Say for example slow=0.2@5s")
    fault = checked_fault(match[1], _number(match[3], clause), field)
    share = _number(match[2], clause)
    if nth and share is not None:
        raise _bad(clause, "a numbered request has no share", f"Say {part.partition('=')[0]} alone")
    if not nth and share is None:
        raise _bad(clause, f"{match[1]} has no share", f"Say for example {match[1]}=0.1")
    return checked_rule(Rule(fault, method, type_, share, nth), field)


def _selector(head: str, clause: str) -> tuple[str | None, str | None, tuple[int, ...]]:
    match = _SELECTOR.fullmatch(head)
    if match is None or not head:
        raise _bad(clause, f"{head!r} names no requests", "Say for example PUT Condition #3: 412")
    first, second, numbers = match.groups()
    nth = tuple(int(number) for number in numbers.split(",")) if numbers else ()
    if second is None and first not in METHODS:
        return None, first, nth
    return first, second, nth


def _number(text: str | None, clause: str) -> float | None:
    if text is None:
        return None
    try:
        return float(text)
    except ValueError:
        raise _bad(clause, f"{text!r} is no number", "Say for example 0.1") from None


def _bad(clause: str, problem: str, remedy: str) -> BadInput:
    return BadInput(problem, field=f"{FIELD} {clause!r}", remedy=remedy)
