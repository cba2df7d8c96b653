"""What a strict model finds wrong, as an error that names the field and quotes nothing.

Source: design §5 (clear errors), hub-protocol §8: input may be chart content, or anything.
"""

from __future__ import annotations

import re

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from core.errors import BadInput

SEE = "See `countersign schema proposal`"

_PROBLEMS = {
    "missing": ("is missing", "Add it"),
    "extra_forbidden": ("is not a known key", "Remove it, or check its spelling"),
    "string_type": ("is not a string", "Send a JSON string"),
    "string_too_long": ("is too long", "Shorten it"),
    "string_too_short": ("is empty", "Fill it in or leave it out"),
    "too_long": ("has too many items", "Split the proposal"),
    "too_short": ("has no items", "Add at least one"),
    "tuple_type": ("is not a list", "Send a JSON array"),
    "list_type": ("is not a list", "Send a JSON array"),
    "dict_type": ("is not an object", "Send a JSON object"),
    "model_type": ("is not an object", "Send a JSON object"),
    "model_attributes_type": ("is not an object", "Send a JSON object"),
    "int_type": ("is not an integer", "Send a JSON integer"),
    "union_tag_invalid": ("has an op that is neither create nor update", "Use one of the two"),
    "union_tag_not_found": ("has no op", 'Add "op": "create" or "op": "update"'),
    "is_instance_of": ("has the wrong JSON type", SEE),
    "decimal_type": ("is not a number", "Send a JSON number"),
    "greater_than_equal": ("is too small", SEE),
    "less_than_equal": ("is too large", SEE),
    "less_than": ("is too large", SEE),
}


def bad_input(error: ValidationError, *, under: str = "", see: str = SEE) -> BadInput:
    """Return the first thing wrong as BadInput; `under` is where the model stands in the input.

    `see` is the remedy where there is no better one.
    """
    first = error.errors(include_input=False, include_url=False)[0]
    problem, remedy = _explain(first)
    path = _path(first["loc"])
    place = f"{under}.{path}" if under and path else under or path
    return BadInput(problem, field=place or None, remedy=see if remedy == SEE else remedy)


def _explain(detail: ErrorDetails) -> tuple[str, str]:
    kind = detail["type"]
    if kind == "value_error":
        return str(detail["ctx"]["error"]), SEE
    if kind == "string_pattern_mismatch":
        return f"does not match {detail['ctx']['pattern']}", "Use only the characters it allows"
    if kind == "literal_error":
        return f"is none of {detail['ctx']['expected']}", "Use one of them"
    return _PROBLEMS.get(kind, (kind.replace("_", " "), SEE))


def _path(loc: tuple[int | str, ...]) -> str:
    text = ""
    for part in loc:
        if isinstance(part, int):
            text += f"[{part}]"
        elif part not in ("create", "update"):
            text += f".{part}" if text else re.sub(r"[^A-Za-z0-9_]", "?", part)[:64]
    return re.sub(r"[^A-Za-z0-9_.\[\]]", "?", text)[:200]
