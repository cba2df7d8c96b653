"""What is doubtful in a valid policy, and what of it stops an adoption."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BadInput
from core.policy import parse_policy
from core.policy.doubts import doubts
from core.policy.inspection import check_adoptable, inspect_policy
from tests.core.policy.builders import PEOPLE, allow, document, evaluate, forbid, request, touched
from tests.scale import examples

AUTO = '[auto]\nenabled = true\npaths = ["Patient.telecom"]'


def found(*rules: str, people: Any = None, **head: str) -> dict[str, tuple[str, str]]:
    policy = parse_policy(document(*rules, **head))
    return {one.field: (one.grade, one.problem) for one in doubts(policy, people)}


def never(*rules: str) -> list[str]:
    return [problem for _, problem in found(*rules).values() if "never decides" in problem]


def test_a_narrow_policy_raises_no_doubt() -> None:
    assert found(allow(), forbid(agents='["eve-1"]'), people=PEOPLE) == {}


@pytest.mark.parametrize(
    ("key", "grade"),
    [
        ("agents", "warning"), ("ehrs", "warning"), ("operations", "warning"),
        ("purposes", "warning"), ("types", "warning"),
        ("models", "info"), ("prompts", "info"), ("workflows", "info"),
    ],
)  # fmt: skip
def test_a_rule_that_allows_any_is_told_by_its_risk(key: str, grade: str) -> None:
    told = found(allow(**{key: '["*"]'}))
    assert [(field, one[0]) for field, one in told.items()] == [(f"allow[0].{key}", grade)]
    assert "allows any" in told[f"allow[0].{key}"][1]


@pytest.mark.parametrize(
    ("key", "refused"),
    [
        ("agents", True), ("ehrs", True), ("types", True), ("operations", False),
        ("models", False), ("prompts", False),
    ],
)  # fmt: skip
def test_automatic_approval_for_anybody_is_not_adopted(key: str, *, refused: bool) -> None:
    text = document(allow(route='"auto"', **{key: '["*"]'}), auto=AUTO)
    if not refused:
        assert [one.grade for one in inspect_policy(text, None)] == ["warning"]
        check_adoptable(text)
        return
    with pytest.raises(BadInput, match="without a person looking") as caught:
        check_adoptable(text)
    assert caught.value.field == f"allow[0].{key}"


def test_a_route_that_nobody_can_walk() -> None:
    told = found(allow(), people={"ann": frozenset({"physician"})})
    assert told["route[0].quorum"][0] == "warning"
    assert "wants 1 of coordinator, and the roster has 0" in told["route[0].quorum"][1]
    assert "wants 2 of nurse, physician, and the roster has 1" in told["route[2].quorum"][1]
    assert "route[1].quorum" not in told
    assert "nobody in the roster is supervisor" in told["route[0].reassign_by"][1]
    assert found(allow()) == {}


def test_roles_asked_late_that_nobody_holds() -> None:
    text = document(allow()).replace(
        'hold = "5m"', 'hold = "5m"\nwarn_before = "1h"\nescalate_to = ["chief"]'
    )
    (one,) = inspect_policy(text, PEOPLE)
    assert (one.grade, one.field) == ("warning", "route[1].escalate_to")
    assert one.text("policy.toml").startswith(f"policy.toml:{one.line}: warning: route[1]")
    assert text.splitlines()[(one.line or 0) - 1].startswith("escalate_to")


@pytest.mark.parametrize(
    ("rule", "stop", "dead"),
    [
        ({}, {}, True),
        ({}, {"paths": '["Patient.telecom"]'}, True),
        ({"paths": '["Patient.telecom.value"]'}, {"paths": '["Patient.telecom"]'}, True),
        ({}, {"paths": '["Patient.telecom.value"]'}, False),
        ({"paths": '["Patient.telecom", "Patient.name"]'}, {"paths": '["Patient.name"]'}, False),
        ({"paths": '["Patient.*"]'}, {"paths": '["Patient.*"]'}, True),
        ({"paths": '["Patient.*"]'}, {"paths": '["Patient.telecom"]'}, False),
        ({"paths": '["Patient.deceased[x]"]'}, {"paths": '["Patient.deceasedBoolean"]'}, False),
        ({"paths": '["Patient.deceasedBoolean"]'}, {"paths": '["Patient.deceased[x]"]'}, True),
        ({}, {"agents": '["desk-1", "desk-2"]'}, True),
        ({"agents": '["desk-1", "desk-2"]'}, {"agents": '["desk-1"]'}, False),
        ({"agents": '["*"]'}, {"agents": '["desk-1"]'}, False),
        ({}, {"effects": '["changed"]'}, False),
        ({"effects": '["changed"]'}, {"effects": '["changed"]'}, True),
    ],
)
def test_a_rule_that_a_forbid_covers(
    rule: dict[str, Any], stop: dict[str, Any], *, dead: bool
) -> None:
    told = never(allow(**rule), forbid(**stop))
    assert bool(told) is dead
    assert all("stop forbids all" in one for one in told)


@pytest.mark.parametrize(
    ("other", "rule", "dead"),
    [
        ({}, {}, True),
        ({"tier": '"low"', "route": '"desk"'}, {}, False),
        ({"agents": '["desk-2"]'}, {}, False),
        ({"agents": '["*"]'}, {}, True),
        ({"effects": '["added"]'}, {}, False),
        ({"paths": '["Patient.telecom.value"]'}, {}, False),
        ({"paths": '["Patient.*"]'}, {}, True),
        ({"paths": '["Patient.*"]'}, {"paths": '["Patient.identifier"]'}, False),
        ({"needs": '["encounter"]'}, {}, False),
        ({}, {"needs": '["encounter"]'}, True),
        ({"where": '{status = ["a"]}'}, {}, False),
        ({"where": '{status = ["a", "b"]}'}, {"where": '{status = ["a"]}'}, True),
        ({"where": '{status = ["a"]}'}, {"where": '{status = ["a", "b"]}'}, False),
        ({}, {"named": '["contained"]'}, False),
        ({"named": '["contained"]'}, {}, True),
        ({}, {"min_confidence": "0.8"}, False),
        ({"min_confidence": "0.8"}, {}, True),
    ],
)
def test_a_rule_that_a_stricter_one_always_beats(
    other: dict[str, Any], rule: dict[str, Any], *, dead: bool
) -> None:
    stricter = allow(**{"id": '"strict"', "tier": '"medium"', "route": '"clinic"', **other})
    told = never(allow(**rule), stricter)
    assert bool(told) is dead
    assert all("contact never decides: strict" in one for one in told)


words = st.sampled_from(['["desk-1"]', '["desk-2"]', '["desk-1", "desk-2"]', '["*"]'])
paths = st.lists(
    st.sampled_from(["Patient.telecom", "Patient.telecom.value", "Patient.*", "Patient.name"]),
    min_size=1, max_size=2, unique=True,
).map(lambda found: str(found).replace("'", '"'))  # fmt: skip
effects = st.sampled_from(['["added"]', '["changed"]', '["added", "changed"]'])
ranks = st.sampled_from(
    [('"low"', '"desk"'), ('"medium"', '"clinic"'), ('"medium"', '"pair"'), ('"high"', '"pair"')]
)
rules = st.tuples(words, paths, effects, ranks, st.sampled_from([None, "0.8"]))
asked = st.tuples(
    st.sampled_from(["desk-1", "desk-2", "desk-3"]),
    st.lists(
        st.sampled_from(
            ["Patient.telecom", "Patient.telecom.value", "Patient.name.family", "Patient.gender"]
        ),
        min_size=1, max_size=2, unique=True,
    ),
    st.sampled_from(["added", "changed"]),
    st.sampled_from(["0.5", "0.9"]),
)  # fmt: skip


@settings(max_examples=examples(300), deadline=None)
@given(st.lists(rules, min_size=2, max_size=3), words, paths, effects, st.lists(asked, max_size=12))
def test_what_is_said_never_to_decide_never_does(
    listed: list[Any], who: str, where: str, how: str, requests: list[Any]
) -> None:
    tables = [
        allow(id=f'"r-{at}"', agents=agents, paths=under, effects=effect, tier=rank[0],
              route=rank[1], min_confidence=least)
        for at, (agents, under, effect, rank, least) in enumerate(listed)
    ]  # fmt: skip
    policy = parse_policy(document(*tables, forbid(agents=who, paths=where, effects=how)))
    dead = {one.problem.split()[2] for one in doubts(policy, None) if "never" in one.problem}
    staff = {str(number): frozenset({"coordinator", "nurse"}) for number in range(2)}
    for agent, elements, effect, sure in requests:
        one = request(
            agent=agent, touched=touched(*elements, effect=effect), confidence=Decimal(sure)
        )
        verdict = evaluate(policy, one, staff)
        assert dead.isdisjoint(verdict.rules)
