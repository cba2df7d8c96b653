"""Design §14.10: what may only tighten never allows more."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.policy import Policy, Request, Touched, Verdict, engine, parse_policy
from core.policy.conditions import Check
from core.policy.paths import element_path
from tests.core.policy.builders import allow, document, evaluate, forbid, request
from tests.scale import examples

EXAMPLES = settings(derandomize=True, deadline=None, max_examples=examples(200))
PATHS = ("Patient.telecom", "Patient.telecom.value", "Patient.name", "Patient.*")
TOUCHED = ("Patient.telecom.value", "Patient.telecom.rank", "Patient.name.family", "Patient.active")
AGENTS = ("a-1", "a-2")
ROUTES = (
    ("low", "desk"),
    ("low", "clinic"),
    ("medium", "desk"),
    ("medium", "clinic"),
    ("high", "pair"),
)


def _quoted(words: list[str]) -> str:
    return "[" + ", ".join(f'"{word}"' for word in words) + "]"


def _some(words: tuple[str, ...]) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(words), min_size=1, max_size=2, unique=True).map(_quoted)


EFFECTS = _some(("added", "changed", "removed"))


@st.composite
def allows(draw: st.DrawFn, index: int) -> str:
    tier, route = draw(st.sampled_from(ROUTES))
    minimum = draw(st.sampled_from([None, "0.3", "0.9"]))
    return allow(
        id=f'"allow-{index}"',
        agents=draw(st.sampled_from(['["*"]', '["a-1"]'])),
        paths=draw(_some(PATHS)),
        effects=draw(st.just('["added", "changed"]') | EFFECTS),
        tier=f'"{tier}"',
        route=f'"{route}"',
        min_confidence=minimum,
    )


@st.composite
def forbids(draw: st.DrawFn, index: int) -> str:
    return forbid(
        id=f'"forbid-{index}"',
        agents=draw(st.none() | _some(AGENTS)),
        paths=draw(st.none() | _some(PATHS)),
        effects=draw(st.none() | EFFECTS),
    )


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    rules = [draw(allows(index)) for index in range(draw(st.integers(1, 4)))]
    rules += [draw(forbids(index)) for index in range(draw(st.sampled_from([0, 0, 0, 1])))]
    not_found = draw(st.sampled_from(["deny", "highest-tier"]))
    return parse_policy(document(*rules, not_found=not_found))


CONFIDENCES = st.sampled_from([Decimal(text) for text in ("0", "0.2", "0.3", "0.5", "0.9", "1")])
REQUESTS = st.builds(
    lambda agent, touched, confidence, badges, kept: request(
        agent=agent,
        touched=tuple(touched),
        confidence=confidence,
        groundings=tuple(badges),
        flags=frozenset({"narrative-kept"}) if kept else frozenset(),
    ),
    st.sampled_from(AGENTS),
    st.lists(
        st.builds(Touched, st.sampled_from(TOUCHED), st.sampled_from(["added", "changed"])),
        min_size=1,
        max_size=2,
    ),
    CONFIDENCES,
    st.lists(st.sampled_from(["verified", "weak", "not-found", "unavailable"]), max_size=1),
    st.booleans(),
)
STAFF = {name: frozenset({"coordinator", "physician"}) for name in ("ann", "ben", "eve")}
PEOPLE = st.just(STAFF) | st.dictionaries(
    st.sampled_from(["ann", "ben", "eve"]),
    st.frozensets(st.sampled_from(["coordinator", "physician", "nurse"]), min_size=1),
)


def _strictness(policy: Policy, verdict: Verdict) -> tuple[int, int]:
    """Return a pair that is componentwise larger the less a verdict allows."""
    if verdict.outcome == "denied":
        return (99, 99)
    quorum = 0 if verdict.route is None else verdict.route.quorum
    return (policy.tiers.index(verdict.tier), quorum)


def _never_looser(policy: Policy, before: Verdict, after: Verdict) -> bool:
    pairs = zip(_strictness(policy, before), _strictness(policy, after), strict=True)
    return all(old <= new for old, new in pairs)


@EXAMPLES
@given(policies(), REQUESTS, PEOPLE, st.data())
def test_adding_a_forbid_never_allows_more(
    policy: Policy, asked: Request, people: dict[str, frozenset[str]], data: st.DataObject
) -> None:
    extra = parse_policy(document(data.draw(forbids(9)))).forbids
    more = replace(policy, forbids=(*policy.forbids, *extra))

    assert _never_looser(policy, evaluate(policy, asked, people), evaluate(more, asked, people))


def _without(policy: Policy, name: str) -> Policy:
    return replace(policy, allows=tuple(rule for rule in policy.allows if rule.id != name))


@EXAMPLES
@given(policies(), REQUESTS, PEOPLE, st.data())
def test_removing_an_allow_never_allows_what_no_remaining_rule_allows_by_itself(
    policy: Policy, asked: Request, people: dict[str, frozenset[str]], data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from([rule.id for rule in policy.allows]))
    before, after = evaluate(policy, asked, people), evaluate(_without(policy, name), asked, people)

    if name not in before.rules:
        assert after.digest() == before.digest()
        return
    alone = replace(policy, allows=tuple(r for r in policy.allows if r.id in after.rules))
    if after.outcome != "denied":
        assert evaluate(alone, asked, people).digest() == after.digest()
    # Only a rule that itself matched and held the change back can let it go by leaving.
    if before.outcome == "denied" and after.outcome != "denied":
        assert before.reasons[0].code == "route-disabled"


@EXAMPLES
@given(policies(), REQUESTS, PEOPLE, CONFIDENCES)
def test_no_confidence_allows_more_than_a_policy_that_ignores_confidence(
    policy: Policy, asked: Request, people: dict[str, frozenset[str]], confidence: Decimal
) -> None:
    asked = replace(asked, confidence=confidence)
    blind = replace(
        policy, allows=tuple(replace(rule, min_confidence=None) for rule in policy.allows)
    )

    assert _never_looser(policy, evaluate(blind, asked, people), evaluate(policy, asked, people))


@EXAMPLES
@given(policies(), REQUESTS, PEOPLE, CONFIDENCES)
def test_raising_confidence_never_allows_what_a_rule_or_forbid_denied(
    policy: Policy, asked: Request, people: dict[str, frozenset[str]], confidence: Decimal
) -> None:
    before = evaluate(policy, asked, people)
    after = evaluate(policy, replace(asked, confidence=max(asked.confidence, confidence)), people)

    # A shortage of people on the strictest route is the one denial that doubt itself can cause.
    if before.outcome == "denied" and before.reasons[0].code != "route-disabled":
        assert after.outcome == "denied"
    if not any(rule.min_confidence is not None for rule in policy.allows):
        assert after.digest() == before.digest()


@EXAMPLES
@given(policies(), REQUESTS, PEOPLE, st.sampled_from(["", "1", "2", "3"]))
def test_lowering_the_phase_never_allows_more(
    policy: Policy, asked: Request, people: dict[str, frozenset[str]], phase: str
) -> None:
    verdicts = [evaluate(policy, asked, people, name) for name in ("3", "2", "1", "")]

    for higher, lower in pairwise(verdicts):
        assert _never_looser(policy, higher, lower)
        assert lower.outcome == "denied" or lower.digest() == higher.digest()
    assert evaluate(policy, asked, people, phase) in verdicts


def _with_check(policy: Policy, name: str, otherwise: str) -> Policy:
    # The requests of this module hold no resource, so that no check on a value is ever met.
    path = element_path("Patient.telecom.rank")
    assert path is not None
    check = Check(path, otherwise, minimum=Decimal(0))  # type: ignore[arg-type]
    rules = (replace(rule, demands=(check,)) if rule.id == name else rule for rule in policy.allows)
    return replace(policy, allows=tuple(rules))


@EXAMPLES
@given(policies(), REQUESTS, PEOPLE, st.data())
def test_adding_a_check_never_allows_more(
    policy: Policy, asked: Request, people: dict[str, frozenset[str]], data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from([rule.id for rule in policy.allows]))
    before = evaluate(policy, asked, people)

    denying = evaluate(_with_check(policy, name, "deny"), asked, people)
    assert _never_looser(policy, before, denying)
    unmatched = evaluate(_with_check(policy, name, "no-match"), asked, people)
    assert unmatched.digest() == evaluate(_without(policy, name), asked, people).digest()
    doubted = evaluate(_with_check(policy, name, "highest-tier"), asked, people)
    # A route that lacks people denied before may be replaced by the highest that has them.
    assert _never_looser(policy, before, doubted) or before.reasons[0].code == "route-disabled"


@EXAMPLES
@given(policies(), REQUESTS)
def test_allow_and_deny_agree_with_the_rules_read_naively(policy: Policy, asked: Request) -> None:
    crowd = {f"p{n}": frozenset({"coordinator", "physician", "nurse"}) for n in range(5)}
    found = evaluate(policy, replace(asked, groundings=("verified",)), crowd)

    def under(path: str, written: str) -> bool:
        if written == "Patient.*":
            return path != "Patient.active"
        return f"{path}.".startswith(f"{written}.")

    def covers(written: list[str], effects: frozenset[str], one: Touched) -> bool:
        return one.effect in effects and any(under(one.path, path) for path in written)

    def agents(words: tuple[tuple[str, frozenset[str]], ...]) -> frozenset[str]:
        return dict(words).get("agent", frozenset({*AGENTS, "desk-1"}))

    stopped = any(
        asked.agent in agents(rule.match.words)
        and any(
            one.effect in rule.match.effects
            and (
                not rule.match.paths
                or any(p.text == "Patient.*" or under(one.path, p.text) for p in rule.match.paths)
            )
            for one in asked.touched
        )
        for rule in policy.forbids
    )
    covered = any(
        asked.agent in agents(rule.match.words)
        and all(
            covers([p.text for p in rule.match.paths], rule.match.effects, one)
            for one in asked.touched
        )
        for rule in policy.allows
    )
    assert (found.outcome != "denied") is (covered and not stopped)


def _doubted() -> tuple[Policy, Request]:
    policy = parse_policy(document(allow(tier='"medium"', route='"clinic"', min_confidence="0.9")))
    return policy, request(confidence=Decimal("0.5"))


def test_control_with_the_forbids_ignored_the_property_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    forbidding = parse_policy(document(allow(), forbid()))
    assert evaluate(forbidding, request(), CROWD).outcome == "denied"

    monkeypatch.setattr(engine, "concerns", lambda rule, asked: False)

    assert evaluate(forbidding, request(), CROWD).outcome == "review"
    with pytest.raises(AssertionError):
        test_allow_and_deny_agree_with_the_rules_read_naively.hypothesis.inner_test(
            forbidding, request()
        )


def test_control_with_confidence_that_loosens_the_property_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def loosen(policy: Policy, grant: engine._Grant, code: str) -> engine._Grant:
        return replace(grant, tier=policy.tiers[0], codes=(code,))

    policy, asked = _doubted()
    crowd = {name: frozenset({"physician"}) for name in ("ann", "ben")}
    property_holds = (
        test_no_confidence_allows_more_than_a_policy_that_ignores_confidence.hypothesis.inner_test
    )
    property_holds(policy, asked, crowd, asked.confidence)

    monkeypatch.setattr(engine, "_highest", loosen)

    with pytest.raises(AssertionError):
        property_holds(policy, asked, crowd, asked.confidence)


def test_control_with_a_disabled_route_let_through_a_test_of_this_folder_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = document(allow(route='"pair"'))
    assert evaluate(parse_policy(text), request(), {}).outcome == "denied"

    monkeypatch.setattr(engine, "_is_staffed", lambda route, people: True)

    assert evaluate(parse_policy(text), request(), {}).outcome == "review"


def test_control_with_the_completeness_check_off_an_unreadable_request_passes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    policy = parse_policy(document(allow(workflows='["*"]')))
    blank = request(workflow="")
    assert evaluate(policy, blank, CROWD).outcome == "denied"

    monkeypatch.setattr(engine, "is_complete", lambda request: True)

    assert evaluate(policy, blank, CROWD).outcome == "review"


CROWD = {"ann": frozenset({"coordinator"})}
