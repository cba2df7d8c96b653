"""A granted scope must not be more than the asked one."""

from __future__ import annotations

import pytest

from core.errors import BadInput
from sync.fhir.scopes import check_scope, is_exactly, is_within

READ = "system/*.rs"


@pytest.mark.parametrize(
    "granted",
    [READ, "system/Patient.rs", "system/Patient.r system/Task.s", "system/*.read",
     "system/Observation.rs?category=vital-signs"],
)  # fmt: skip
def test_a_narrower_read_scope_is_within(granted: str) -> None:
    assert is_within(granted, READ)


@pytest.mark.parametrize(
    "granted",
    ["", "system/*.crus", "system/Patient.c", "system/*.rs system/Task.u", "system/*.*",
     "system/Patient.write", "openid", "user/*.rs", "patient/*.rs", "system/Patient.", "*"],
)  # fmt: skip
def test_a_wider_scope_is_not_within(granted: str) -> None:
    assert not is_within(granted, READ)


def test_a_filter_that_was_asked_for_must_be_granted() -> None:
    assert not is_within("system/Task.rs", "system/Task.rs?code=x")


@pytest.mark.parametrize(
    ("granted", "exact"),
    [("system/Condition.c", True), ("system/Condition.cu", False), ("system/*.c", False),
     ("", False), ("system/Condition.c system/Condition.u", False)],
)  # fmt: skip
def test_exactly(granted: str, exact: bool) -> None:
    assert is_exactly(granted, "system/Condition.c") is exact


@pytest.mark.parametrize("scope", ["", " ", "a  b", "a\nb", 'a"b', "ä", "a\\b"])
def test_what_is_no_scope(scope: str) -> None:
    with pytest.raises(BadInput):
        check_scope(scope)
