"""Allow and deny agree with Cedar, an engine that others wrote, on random proposals."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from decimal import Decimal
from functools import cache

import cedarpy
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from core.policy import Policy, Request, Touched, engine, evaluate, matching, parse_policy
from core.policy.conditions import Check, Quotes
from tests.core.policy import cedar, cedar_values
from tests.core.policy.builders import allow, document, forbid, request
from tests.core.policy.cedar_values import pick
from tests.scale import sampled, scaled, slowest

# A difference is shown with the whole policy, which is long.
pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")

PER_POLICY = 40
PROPOSALS = scaled(400, 10_000, 100_000)
TYPES = ("Patient", "Observation", "MedicationRequest")
PATHS = (
    "Patient.telecom", "Patient.telecom.value", "Patient.name", "Patient.*", "Patient.extension",
    "Patient.telecom.extension", "Patient.active", "Observation.*", "Observation.value[x]",
    "Observation.code", "MedicationRequest.*", "MedicationRequest.status",
)  # fmt: skip
BADGES = ("verified", "verified", "weak", "not-found", "unavailable", "unheard-of")
ROUTES = (("low", "desk"), ("low", "auto"), ("medium", "clinic"), ("low", "pair"), ("high", "pair"))
AUTO = '[auto]\nenabled = true\npaths = ["Patient.telecom"]'


def _quoted(words: list[str]) -> str:
    return "[" + ", ".join(f'"{word}"' for word in words) + "]"


def _mostly(usual: tuple[str, ...], *odd: str) -> st.SearchStrategy[str]:
    return pick(*usual * 12, *odd)


@cache
def _any_or(*words: str) -> st.SearchStrategy[str]:
    some = st.lists(st.sampled_from(words), min_size=1, max_size=2, unique=True).map(_quoted)
    return st.just('["*"]') | st.just('["*"]') | some


EFFECTS = pick(*['["added", "changed"]', '["added", "changed", "removed"]', '["added"]'])
NAMED = st.lists(
    st.sampled_from([flag if flag != "narrative" else "text" for flag in cedar.FLAGS]),
    max_size=5,
    unique=True,
).map(_quoted)


SOME_PATHS = st.lists(pick(*PATHS), min_size=1, max_size=4, unique=True)
MAYBE_NAMED = st.none() | NAMED
MAYBE_CHECKS = st.none() | st.none() | cedar_values.checks()
MAYBE_QUOTES = st.none() | st.none() | st.none() | cedar_values.quotes()
MAYBE_PATH = st.none() | pick(*PATHS).map(lambda path: _quoted([path]))
MAYBE_EFFECTS = st.none() | EFFECTS
MAYBE_UNLESS = st.none() | cedar_values.unless()
MAYBE_URGENCIES = st.none() | pick('["stat"]', '["routine", "urgent"]')


@cache
@st.composite
def allows(draw: st.DrawFn, number: int) -> str:
    tier, route = draw(pick(*ROUTES))
    paths = draw(SOME_PATHS)
    if route == "auto":
        paths = ["Patient.telecom"]
    elif draw(st.booleans()):
        paths = sorted({*paths, *(f"{name}.*" for name in TYPES)})
    types = sorted({path.split(".")[0] for path in paths})
    wheres = [None, '{status = ["draft", "final"]}', '{intent = ["proposal", "order"]}']
    return allow(
        id=f'"allow-{number}"',
        agents=draw(_any_or("a-1", "a-2")),
        ehrs=draw(_any_or("north", "south")),
        types=_quoted(types),
        operations=draw(_any_or("create", "update")),
        paths=_quoted(paths),
        effects=draw(EFFECTS),
        purposes=draw(_any_or("TREAT", "HOPERAT")),
        workflows=draw(_any_or("intake", "visit")),
        models='["*"]',
        prompts='["*"]',
        tier=f'"{tier}"',
        route=f'"{route}"',
        where=draw(pick(None, None, None, *wheres)),
        needs=draw(pick(None, None, None, None, '["encounter"]', '["evidence"]')),
        min_confidence=draw(pick(None, None, "0.5", "0.85")),
        named=draw(MAYBE_NAMED),
        medication_orders=draw(pick(None, "true")) if "MedicationRequest" in types else None,
        urgencies=draw(pick(None, None, None, None, '["routine"]', '["urgent"]')),
        check=draw(MAYBE_CHECKS) if "Observation" in types else None,
        quotes=draw(MAYBE_QUOTES),
    )


@cache
@st.composite
def forbids(draw: st.DrawFn, number: int) -> str:
    return forbid(
        id=f'"forbid-{number}"',
        agents=draw(_any_or("a-1", "a-2")),
        purposes=draw(_any_or("TREAT")),
        paths=draw(MAYBE_PATH),
        effects=draw(MAYBE_EFFECTS),
        urgencies=draw(MAYBE_URGENCIES),
        unless=draw(MAYBE_UNLESS),
    )


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    rules = [draw(allows(number)) for number in range(draw(st.integers(1, 6)))]
    rules += [draw(forbids(number)) for number in range(draw(pick(0, 0, 1, 2)))]
    not_found = draw(pick("deny", "highest-tier"))
    auto = AUTO + "\n" + draw(pick(*cedar_values.AGENTS))
    return parse_policy(document(*rules, auto=auto, not_found=not_found))


@cache
def _touches(kind: str) -> st.SearchStrategy[list[Touched]]:
    elements = [path for path in cedar.UNIVERSE if path.startswith(f"{kind}.")]
    effect = pick("added", "changed", "added", "changed", "removed")
    one = st.builds(Touched, pick(*elements), effect)
    return st.lists(one, min_size=1, max_size=2) | st.lists(one, max_size=1)


SOME_FLAGS = st.just(frozenset[str]()) | st.lists(
    pick(*cedar.FLAGS, "narrative-kept"), max_size=2
).map(frozenset)
SOME_BADGES = st.just(["verified"]) | st.lists(pick(*BADGES), max_size=2)


@st.composite
def requests(draw: st.DrawFn) -> Request:
    kind = draw(pick(*TYPES))
    return request(
        agent=draw(_mostly(("a-1", "a-2"), "")),
        ehr=draw(pick("north", "south")),
        type=draw(_mostly((kind,), "Condition")),
        operation=draw(_mostly(("create", "update"), "delete")),
        touched=tuple(draw(_touches(kind))),
        purpose=draw(pick("TREAT", "HOPERAT")),
        workflow=draw(pick("intake", "visit")),
        confidence=Decimal(draw(_mostly(("0", "0.3", "0.5", "0.9", "1"), "1.2", "NaN"))),
        has_encounter=draw(st.booleans()),
        groundings=tuple(draw(SOME_BADGES)),
        flags=draw(SOME_FLAGS),
        values={
            element: (value,)
            for element, value in (
                ("status", draw(pick("draft", "final", "active", None))),
                ("intent", draw(pick("proposal", "plan", "order", None))),
            )
            if value is not None
        },
        model=draw(_mostly(("m-1",), "m-2")),
        urgency=draw(_mostly(("routine", "urgent", "stat"), "soon")),
        **draw(cedar_values.CONTENTS),
    )


PEOPLE = st.dictionaries(
    st.sampled_from(["ann", "ben", "eve", "kim"]),
    st.frozensets(st.sampled_from(["coordinator", "physician", "nurse"]), min_size=1),
    min_size=2,
) | st.just({name: frozenset({"coordinator", "nurse"}) for name in ("ann", "ben")})


PHASES = pick("3", "3", "3", "3", "2", "1")


def _fuzz(
    proposals: int,
    some_policies: st.SearchStrategy[Policy] | None = None,
    some_requests: st.SearchStrategy[Request] | None = None,
) -> Counter[bool]:
    """Compare that many random proposals; return how many were allowed and how many denied."""
    seen: Counter[bool] = Counter()

    @settings(
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        deadline=None,
        report_multiple_bugs=False,
        max_examples=proposals // PER_POLICY,
        suppress_health_check=list(HealthCheck),
    )
    @given(
        policies() if some_policies is None else some_policies,
        PEOPLE,
        PHASES,
        st.lists(
            requests() if some_requests is None else some_requests,
            min_size=PER_POLICY,
            max_size=PER_POLICY,
        ),
    )
    def compare(
        policy: Policy, people: dict[str, frozenset[str]], phase: str, asked: list[Request]
    ) -> None:
        oracle = cedarpy.PolicySet.from_str(cedar.translate(policy, people, phase))
        for one, allowed in zip(asked, cedar.ask(oracle, asked, policy), strict=True):
            assert (evaluate(policy, one, people, phase).outcome != "denied") == allowed, one
            seen[allowed] += 1

    compare()
    return seen


@slowest
def test_allow_and_deny_agree_with_cedar_on_random_proposals() -> None:
    seen = _fuzz(PROPOSALS)

    assert seen.total() >= PROPOSALS
    assert seen[True] >= PROPOSALS // 50
    assert seen[False] >= PROPOSALS // 50


@pytest.mark.parametrize("guard", sampled(["concerns", "_is_staffed", "is_complete"], 1))
def test_control_with_a_guard_switched_off_the_engines_differ(
    guard: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    switched_off = guard != "concerns"
    monkeypatch.setattr(engine, guard, lambda *_: switched_off)

    with pytest.raises((AssertionError, ExceptionGroup)):
        _fuzz(5_000)


KINDS = ("check", "quotes", "evidence", "unless", "agent")


@st.composite
def focused(draw: st.DrawFn, kinds: tuple[str, ...] = KINDS) -> Policy:
    """Return one wide rule with one new condition of these kinds, so that little else can deny."""
    which = draw(pick(*kinds))
    wide = dict.fromkeys(
        ["agents", "ehrs", "operations", "purposes", "workflows", "models", "prompts"], '["*"]'
    )
    wide |= {"types": '["Observation"]', "paths": '["Observation.*"]'}
    tier, route = ("high", "pair") if which == "evidence" else ("low", "desk")
    rules = [
        allow(
            **wide,
            tier=f'"{tier}"',
            route=f'"{route}"',
            check=draw(cedar_values.checks()) if which == "check" else None,
            quotes=draw(cedar_values.quotes()) if which == "quotes" else None,
            needs='["evidence"]' if which == "evidence" else None,
            urgencies='["routine", "urgent"]' if which == "agent" else None,
        )
    ]
    if which == "unless":
        rules.append(forbid(unless=draw(cedar_values.unless())))
    agents = draw(pick(*cedar_values.AGENTS)) if which == "agent" else ""
    return parse_policy(document(*rules, auto=agents))


@st.composite
def plain_requests(draw: st.DrawFn) -> Request:
    """Return a request that the wide rule covers but for its values, quotes, agent and urgency."""
    found = draw(requests())
    return replace(
        found,
        agent=draw(pick("a-1", "a-2")),
        type="Observation",
        operation=draw(pick("create", "update")),
        touched=(Touched("Observation.status", "changed"),),
        confidence=Decimal("0.9"),
        groundings=("verified",),
        flags=frozenset(),
        urgency=draw(pick("routine", "urgent", "stat")),
    )


# Each new guard, switched off: what it is, what stands in its place, and the kind it judges.
OFF = {
    "values bounded": (Check, "_is_within", lambda *_: True, "check"),
    "values coded": (Check, "_is_coded", lambda *_: True, "check"),
    "values dated": (Check, "_is_dated", lambda *_: True, "check"),
    "values near the last": (Check, "_is_near", lambda *_: True, "check"),
    "quotes counted": (Quotes, "met", lambda *_: True, "quotes"),
    "quotes of others": (matching, "is_independent", lambda *_: True, "evidence"),
    "unless": (matching, "_is_lifted", lambda *_: True, "unless"),
    "unmet demands": (matching, "_unmet", lambda *_: iter(()), "check"),
    "agents registered": (engine, "unregistered", lambda *_: (), "agent"),
    "urgency capped": (engine, "capped", lambda agent, request: request, "agent"),
    "phase": (engine, "reached", lambda *_, **__: True, "agent"),
}


@pytest.mark.parametrize("guard", sampled(OFF, 3))
def test_control_with_a_new_guard_switched_off_the_engines_differ(
    guard: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, name, instead, kind = OFF[guard]
    monkeypatch.setattr(owner, name, instead)

    with pytest.raises((AssertionError, ExceptionGroup)):
        _fuzz(4_000, focused((kind,)), plain_requests())


@slowest
def test_what_the_controls_ask_agrees_while_every_guard_is_on() -> None:
    proposals = scaled(300, 2_000, 20_000)
    seen = _fuzz(proposals, focused(), plain_requests())

    assert min(seen[True], seen[False]) >= proposals // 50
