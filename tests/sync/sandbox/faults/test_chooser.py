"""Which request meets which fault: seeded, repeatable, by share and by number."""

from __future__ import annotations

from collections import Counter

import pytest

from sync.sandbox.faults import chooser as chooser_module
from sync.sandbox.faults.chooser import Chooser, uniform
from sync.sandbox.faults.plan import Asked
from sync.sandbox.faults.text import parse_plan

MIX = "lost-request=0.1,lost-response=0.2,duplicate=0.05,503-after-commit=0.05"
PUT, POST = Asked("PUT", "Condition"), Asked("POST", "Condition")
READ = Asked("GET", "Condition")


def fates(text: str, asked: list[Asked], seed: int = 7) -> list[str | None]:
    chooser = Chooser(parse_plan(text, seed))
    found = [chooser.next(one) for one in asked]
    return [None if fault is None else fault.kind for fault in found]


def test_the_shares_are_met() -> None:
    counts = Counter(fates(MIX, [PUT] * 10_000))
    for kind, share in (("lost-request", 0.1), ("lost-response", 0.2), ("duplicate", 0.05)):
        assert counts[kind] == pytest.approx(share * 10_000, rel=0.12)
    assert counts[None] == pytest.approx(6_000, rel=0.05)


def test_a_seed_repeats_exactly_and_another_does_not() -> None:
    asked = [PUT, POST, READ] * 200
    assert fates(MIX, asked) == fates(MIX, asked)
    assert fates(MIX, asked) != fates(MIX, asked, seed=8)


def test_the_fate_of_a_request_does_not_depend_on_what_comes_between() -> None:
    alone = fates(MIX, [PUT] * 50)
    between = fates(MIX, [one for _ in range(50) for one in (POST, PUT, READ)])
    assert between[1::3] == alone


def test_control_a_chooser_that_counts_nothing_repeats_one_fate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        chooser_module, "uniform", lambda seed, asked, number: uniform(seed, asked, 1)
    )
    assert len(set(fates(MIX, [PUT] * 50))) == 1


def test_a_script_counts_the_requests_that_it_fits() -> None:
    asked = [PUT, Asked("PUT", "Patient"), PUT, READ, PUT, PUT]
    assert fates("PUT Condition #3: 412", asked) == [None, None, None, None, "412", None]
    assert fates("PUT #1,4: 500", asked) == ["500", None, None, None, "500", None]
    assert fates("Condition #2: lost-response", asked)[2] == "lost-response"


def test_a_script_wins_over_a_share_and_the_first_script_over_the_next() -> None:
    assert fates("500=1;PUT #2: 412;Condition #2: 409", [PUT, PUT, PUT]) == ["500", "412", "500"]


def test_a_share_of_one_type_leaves_the_others_alone() -> None:
    assert fates("PUT Condition: 503=1", [PUT, POST, Asked("PUT", "Patient")]) == [
        "503",
        None,
        None,
    ]
