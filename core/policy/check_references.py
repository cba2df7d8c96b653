"""What the keys of one condition say of one another, and whether the rule is about its element.

Source: design §7. Each raises BadInput with the field and the remedy.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.errors import BadInput
from core.policy.document import CheckTable


def check_checks(types: Sequence[str], checks: Sequence[CheckTable], field: str) -> None:
    """Raise BadInput for the first condition that can never hold or that says nothing."""
    for index, check in enumerate(checks):
        at = f"{field}[{index}]"
        if list(types) != ["*"] and check.path.type not in types:
            raise BadInput(
                f"{check.path.text} belongs to none of the rule's types",
                field=f"{at}.path",
                remedy=f"Add {check.path.type} to types or check another element",
            )
        _check_said(check, at)
        _check_bounds(check, at)


def _check_said(check: CheckTable, at: str) -> None:
    kinds = (
        check.min is not None or check.max is not None or check.max_factor is not None,
        check.one_of is not None or check.none_of is not None,
        check.max_age is not None or check.not_future,
    )
    if not any(kinds):
        raise BadInput(
            "this check asks nothing",
            field=at,
            remedy="Add min, max, one_of, none_of, max_factor, max_age or not_future",
        )
    if sum(kinds) > 1:
        raise BadInput(
            "one value cannot be a number, a code and a date at once",
            field=at,
            remedy="Keep either numbers, or one_of and none_of, or max_age and not_future",
        )
    if check.unit is not None and not kinds[0]:
        raise BadInput(
            "a unit without a number", field=f"{at}.unit", remedy="Add min, max or max_factor"
        )


def _check_bounds(check: CheckTable, at: str) -> None:
    if check.min is not None and check.max is not None and check.min > check.max:
        raise BadInput("min is above max", field=f"{at}.min", remedy="Lower min or raise max")
    if check.first_value and check.max_factor is None:
        raise BadInput(
            "there is no earlier value to do without",
            field=f"{at}.first_value",
            remedy="Add max_factor or remove the key",
        )
    both = set(check.one_of or ()) & set(check.none_of or ())
    if both:
        raise BadInput(
            f"{min(both)!r} is both among one_of and none_of",
            field=f"{at}.none_of",
            remedy="Keep it in one of them",
        )
    for name, words in (("one_of", check.one_of), ("none_of", check.none_of)):
        if words == ["*"]:
            raise BadInput(
                "'*' is no value", field=f"{at}.{name}", remedy="Name the values or remove the key"
            )
