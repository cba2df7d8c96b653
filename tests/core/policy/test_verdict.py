from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from core.policy import Reason, Route, RuleTrace, Verdict, parse_policy
from tests.core.policy.builders import PEOPLE, allow, document, evaluate, request

ROUTE = Route("desk", ("coordinator", "nurse"), 2, 28800, 300, True, None)
VERDICT = Verdict("review", "low", ("a", "b"), ROUTE, (), ())


def _hash(payload: str) -> str:
    return hashlib.sha256(b"countersign/v1/verdict\x00" + payload.encode()).hexdigest()


def test_the_digest_is_over_the_canonical_text_of_the_protocol() -> None:
    assert VERDICT.digest() == _hash(
        '{"outcome":"review","route":{"expiry_s":28800,"hold_s":300,"id":"desk","quorum":2,'
        '"reach_by_s":null,"rebase":true,"roles":["coordinator","nurse"]},"rules":["a","b"],'
        '"tier":"low"}'
    )


def test_without_a_route_the_digest_holds_null() -> None:
    assert replace(VERDICT, outcome="auto", route=None).digest() == _hash(
        '{"outcome":"auto","route":null,"rules":["a","b"],"tier":"low"}'
    )


@pytest.mark.parametrize(
    "other",
    [
        replace(VERDICT, outcome="denied"),
        replace(VERDICT, tier="high"),
        replace(VERDICT, rules=("a",)),
        replace(VERDICT, route=replace(ROUTE, quorum=1)),
        replace(VERDICT, route=replace(ROUTE, roles=("nurse",))),
        replace(VERDICT, route=replace(ROUTE, expiry_s=1)),
        replace(VERDICT, route=replace(ROUTE, hold_s=0)),
        replace(VERDICT, route=replace(ROUTE, rebase=False)),
        replace(VERDICT, route=replace(ROUTE, reach_by_s=60)),
        replace(VERDICT, route=replace(ROUTE, id="x")),
        replace(VERDICT, route=replace(ROUTE, attestation=("document-seen",))),
        replace(VERDICT, route=replace(ROUTE, unfenced=True)),
    ],
)
def test_whatever_an_approval_rests_on_alters_the_digest(other: Verdict) -> None:
    assert other.digest() != VERDICT.digest()


@pytest.mark.parametrize(
    "other",
    [
        replace(ROUTE, warn_s=60, escalate_to=("supervisor",)),
        replace(ROUTE, reassign_by=("coordinator",)),
    ],
)
def test_who_is_told_and_who_reassigns_leaves_approvals_as_they_are(other: Route) -> None:
    assert replace(VERDICT, route=other).digest() == VERDICT.digest()


def test_reasons_and_trace_do_not_alter_the_digest() -> None:
    told = replace(
        VERDICT,
        reasons=(Reason("narrative-kept", "x"),),
        explain=lambda: (RuleTrace("a", "allow", True, ()),),
    )

    assert told.digest() == VERDICT.digest()


def _digest(text: str) -> str:
    return evaluate(parse_policy(text), request(), PEOPLE).digest()


def test_an_edit_of_the_document_voids_only_what_it_alters() -> None:
    before = document(allow(route='"clinic"'))
    digest = _digest(before)

    assert _digest(before + "# a remark\n" + allow(id='"far"', agents='["other"]')) == digest
    assert _digest(before.replace('["physician", "nurse"]', '["nurse", "physician"]')) == digest
    assert _digest(before.replace('hold = "5m"', 'hold = "300s"')) == digest
    assert _digest(before.replace('hold = "5m"', 'hold = "6m"')) != digest
    assert _digest(before.replace('id = "contact"', 'id = "contacts"')) != digest
