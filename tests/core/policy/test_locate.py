"""The line of a field in a policy document."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from importlib import resources
from typing import Any

import pytest

from core.errors import BadInput
from core.policy import parse_policy, sample_policy
from core.policy.inspection import located
from core.policy.locate import line_of
from tests.core.policy.builders import allow, document

TEXT = '''# a remark with [[allow]] in it
version = 1
"odd key" = "x = 1 # no"
long = """
[[allow]]
id = "inside"
"""
raw = \'\'\'
tail = 1
\'\'\'
inline = {a = "]", b = {c = 2}}

[[allow]]
id = "first" # [[allow]]
paths = [
  "A.b", # ]
  "A.c",
]
where.status = ["draft"]

  [[ allow ]]
  id = \'second "\'
  [allow.where]
  code = ["x"]

[[allow.deep]]
x = 1
[[allow.deep]]
x = 2

[auto]
enabled = false
'''


@pytest.mark.parametrize(
    ("field", "start"),
    [
        ("version", "version"),
        ("odd key", '"odd key"'),
        ("raw", "raw"),
        ("inline.a", "inline"),
        ("allow[0]", "[[allow]]"),
        ("allow[0].id", 'id = "first"'),
        ("allow[0].paths[1]", "paths"),
        ("allow[0].where.status", "where.status"),
        ("allow[0].route", "[[allow]]"),
        ("allow[1].id", "id = 'second"),
        ("allow[1].where.code", "code"),
        ("allow[1].deep[1].x", "x = 2"),
        ("auto.enabled", "enabled"),
        ("auto.paths", "[auto]"),
    ],
)
def test_a_field_stands_where_it_is_written(field: str, start: str) -> None:
    tomllib.loads(TEXT)
    line = line_of(TEXT, field)
    assert line is not None
    assert TEXT.splitlines()[line - 1].strip().startswith(start)


def test_what_is_not_there_has_no_line() -> None:
    assert line_of(TEXT, "consent.default") is None
    assert line_of("", "allow[0]") is None
    assert line_of("= nonsense", "allow[0]") is None


def _fields(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            field = f"{path}.{key}".removeprefix(".")
            if not (isinstance(inner, list) and inner and isinstance(inner[0], dict)):
                yield field, key
            yield from _fields(inner, field)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _fields(inner, f"{path}[{index}]")


@pytest.mark.parametrize("source", ["sample", "clinic"])
def test_every_key_of_a_real_policy_is_found(source: str) -> None:
    text = sample_policy("x")
    if source == "clinic":
        text = resources.files("sync.clinic").joinpath("policy.toml").read_text("utf-8")
    lines = text.splitlines()
    found = list(_fields(tomllib.loads(text)))
    assert len(found) > 80
    for field, key in found:
        line = line_of(text, field)
        assert line is not None, field
        assert re.search(rf"(^|\[|[{{ ,]){key}( =|\])", lines[line - 1]), field


@pytest.mark.parametrize(
    ("before", "after", "field", "mark"),
    [
        ('agents = ["desk-1"]', 'agent = ["desk-1"]', "allow[0].agent", 'agent = ["desk-1"]'),
        ("Patient.telecom", "Patient..x", "allow[0].paths[0]", "paths ="),
        ('tier = "low"', 'tier = "utmost"', "allow[0].tier", 'tier = "utmost"'),
        ('id = "clinic"', 'id = "desk"', "route[1].id", 'id = "desk"'),
        ("quorum = 2", "quorum = = 2", "policy", "quorum = = 2"),
    ],
)
def test_what_is_refused_names_file_and_line(
    before: str, after: str, field: str, mark: str
) -> None:
    text = document(allow()).replace(before, after)
    with pytest.raises(BadInput) as caught:
        parse_policy(text)
    error = located(caught.value, text, "policy.toml")
    lines = [number for number, line in enumerate(text.splitlines(), 1) if line.startswith(mark)]
    assert error.field == f"policy.toml:{lines[-1]}: {field}"
    assert (error.problem, error.remedy) == (caught.value.problem, caught.value.remedy)


def test_an_error_about_the_whole_document_names_the_file() -> None:
    error = located(BadInput("too long", field="policy"), "", "policy.toml")
    assert error.field == "policy.toml: policy"
