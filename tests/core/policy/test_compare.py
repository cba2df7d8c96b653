"""Two policies compared by what they mean."""

from __future__ import annotations

import pytest

from core.policy import parse_policy
from core.policy.compare import compare_policies
from tests.core.policy.builders import allow, document, forbid


def lines(old: str, new: str) -> list[str]:
    return [one.line for one in compare_policies(parse_policy(old), parse_policy(new))]


BASE = document(allow(agents='["desk-1", "desk-2"]'), forbid())


def test_comments_order_and_layout_say_nothing() -> None:
    again = document(forbid(), allow(agents='["desk-2", "desk-1"]')) + "\n# a remark\n"
    again = again.replace('roles = ["physician", "nurse"]', 'roles = ["nurse", "physician"]')
    assert lines(BASE, again) == []


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        ('"desk-2"]', '"desk-3"]', "~ allow contact: agents +desk-3 -desk-2"),
        (
            'agents = ["desk-1", "desk-2"]',
            'agents = ["*"]',
            "~ allow contact: agents desk-1, desk-2 → *",
        ),
        (
            '"Patient.telecom"',
            '"Patient.name"',
            "~ allow contact: paths +Patient.name -Patient.telecom",
        ),
        ('tier = "low"', 'tier = "medium"', "~ allow contact: tier low → medium"),
        (
            'route = "desk"',
            'route = "desk"\nmin_confidence = 0.8',
            "~ allow contact: min_confidence none → 0.8",
        ),
        (
            'route = "desk"',
            'route = "desk"\nwhere = {status = ["a"]}',
            "~ allow contact: where.status * → a",
        ),
        ('id = "stop"', 'id = "halt"', "- forbid stop|+ forbid halt"),
        ('hold = "5m"', 'hold = "6m"', "~ route clinic: hold 300 → 360"),
        ('id = "contact"', 'id = "other"', "- allow contact|+ allow other"),
        ('"medium", "high"', '"middle", "high"', "~ tiers: low, medium, high → low, middle, high"),
        ('default = "permit"', 'default = "deny"', "~ consent.default: permit → deny"),
        (
            'not_found = "deny"',
            'not_found = "highest-tier"',
            "~ evidence.not_found: deny → highest-tier",
        ),
        ('"Test policy"', '"Other"', "~ name: Test policy → Other"),
        (
            '"Not here; ask the desk."',
            '"No."',
            "~ forbid stop: reason Not here; ask the desk. → No.",
        ),
    ],
)
def test_each_difference_is_one_line(before: str, after: str, line: str) -> None:
    assert before in BASE
    assert lines(BASE, BASE.replace(before, after, 1)) == line.split("|")
