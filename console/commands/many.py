"""Naming many changes to a command: NDJSON lines `{id, change, hash}`, as `queue --json` has them.

`queue` calls the change's number `index`; both names are read.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence

from console.commands.output import print_json, say
from console.commands.words import add_words, read_text
from core.errors import BadInput
from core.review.bulk import Answered, Marked

FIELD = "--ids-file"
_REMEDY = 'One object a line, such as {"id": "…", "change": 0, "hash": "…"}'


def add_ids_file(parser: argparse.ArgumentParser) -> None:
    """Add the argument; it takes the place of ID and --change."""
    add_words(parser, FIELD, "many changes, one JSON object {id, change, hash} a line")


def check_one_way(args: argparse.Namespace) -> None:
    """Raise BadInput unless either an ID or a list is given."""
    if (args.id is None) == (args.ids_file is None):
        raise BadInput(f"give either an ID or {FIELD}", field="ID")
    if args.ids_file is not None and args.change:
        raise BadInput("the list names the changes", field="--change", remedy="Leave it out")


def read_items(name: str) -> list[Marked]:
    """Return the changes that a file names; BadInput naming the line and member."""
    lines = read_text(name, FIELD, most=1_000_000).splitlines()
    return [_item(number, line) for number, line in enumerate(lines, 1) if line.strip()]


def _item(number: int, line: str) -> Marked:
    where = f"{FIELD}[{number}]"
    try:
        found = json.loads(line)
    except ValueError:
        raise BadInput("is not JSON", field=where, remedy=_REMEDY) from None
    if not isinstance(found, dict):
        raise BadInput("is not an object", field=where, remedy=_REMEDY)
    index = found.get("change", found.get("index"))
    for name, value, kind in (("id", found.get("id"), str), ("hash", found.get("hash"), str),
                              ("change", index, int)):  # fmt: skip
        if not isinstance(value, kind) or isinstance(value, bool):
            raise BadInput("is missing or of another type", field=f"{where}.{name}", remedy=_REMEDY)
    return Marked(found["id"], int(str(index)), found["hash"])


def print_answered(done: Sequence[Answered], outcome: str, *, as_json: bool) -> int:
    """Print one line a change, and return 5 when one of them was left, else 0."""
    for one in done:
        if as_json:
            print_json(
                {
                    "id": one.item.proposal,
                    "index": one.item.index,
                    "outcome": outcome if one.why_not is None else None,
                    "state": one.state,
                    "why_not": one.why_not,
                }
            )
        else:
            words = f"{outcome}  {one.state}" if one.why_not is None else f"left: {one.why_not}"
            say(f"{one.item.proposal}  change {one.item.index}  {words}")
    return 5 if any(one.why_not is not None for one in done) else 0
