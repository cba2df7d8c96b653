"""What a refusal of the token endpoint is: class, words, and until when it waits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.errors import BadInput, Refused, Unreachable
from core.failure.classes import Failure
from core.failure.dialect import PLAIN, Dialect, parse_dialect
from core.failure.say import said
from core.failure.tokens import PUT_OFF, REFUSED_TOKEN, no_grant
from core.gateway import send
from core.ledger.event import moment
from core.ports import AskedLess, NoToken
from sync.profiles import NAMES, load_profile
from tests.builders import Bench
from tests.core.gateway.scenario import approved_phone, change, run

ROW = """[[failures.tokens]]
errors = ["invalid_client"]
class = "authentication"
words = "the key is not known"
source = "a guide"
captured_on = 2026-08-14
grade = "documented"
"""
LATER = ROW.replace('errors = ["invalid_client"]', 'statuses = [429]\nuntil = "minute"').replace(
    "authentication", "throttled"
)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def refusal(code: str) -> NoToken:
    found = NoToken("the token endpoint refused")
    found.oauth = code
    return found


def later(seconds: float | None) -> AskedLess:
    found = AskedLess("the token endpoint asks for fewer requests")
    found.retry_after = seconds
    return found


def test_the_vendor_s_row_of_a_code_is_taken_and_no_other_code_is_kept() -> None:
    own = parse_dialect(ROW)
    found = no_grant(refusal("invalid_client"), own)
    assert found is not None and (found.code, found.row.words) == (
        "invalid_client", "the key is not known",
    )  # fmt: skip
    for error in (refusal("invalid_scope"), refusal(""), Refused("no key here")):
        plain = no_grant(error, own)
        assert plain is not None and (plain.row, plain.code) == (REFUSED_TOKEN, None)


def test_too_many_calls_wait_for_the_vendor_s_window_or_as_long_as_was_said() -> None:
    found = no_grant(later(7.0), parse_dialect(LATER))
    assert found is not None and (found.row.until, found.retry_after) == ("minute", 7.0)
    plain = no_grant(later(None), PLAIN)
    assert plain is not None and plain.row == PUT_OFF and plain.row.failure == Failure.THROTTLED


def test_an_endpoint_without_an_answer_says_nothing() -> None:
    assert no_grant(Unreachable("away"), parse_dialect(ROW)) is None


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('"authentication"', '"validation"', "class"),
        ('errors = ["invalid_client"]', "", "names no codes"),
        ('errors = ["invalid_client"]', "codes = [3]", "nothing else"),
        ('source = "a guide"', "", r"tokens\[0\]"),
        ('errors = ["invalid_client"]', "errors = 4", r"tokens\[0\]"),
        ("[[failures.tokens]]", "[failures]\ntokens = 3\n[failures.x]", "another key"),
    ],
)
def test_a_row_that_is_wrong_is_named(old: str, new: str, field: str) -> None:
    with pytest.raises(BadInput, match=field):
        parse_dialect(ROW.replace(old, new, 1))


@pytest.mark.parametrize("name", NAMES)
def test_every_profile_names_the_source_of_its_rows(name: str) -> None:
    for row in parse_dialect(load_profile(name)).tokens:
        assert row.source and row.words


async def _refused(bench: Bench, error: Exception) -> str:
    id_ = await approved_phone(bench)

    async def refuse(_scope: str) -> Any:
        raise error

    bench.ehr.grant = refuse
    await run(bench)
    return id_


async def test_a_write_without_a_token_waits_for_the_end_of_the_minute(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    own: Dialect = parse_dialect(LATER)
    monkeypatch.setattr(send, "dialect_in_force", lambda *_: own)
    id_ = await _refused(bench, later(None))
    found = bench.ledger.failure(change(bench, id_).operation)
    assert found is not None and found.failure == "throttled" and found.due is not None
    assert 0 <= moment(found.due).second < 5
    assert 0 < (moment(found.due) - bench.clock.time).total_seconds() <= 65
    words = said(bench.ledger, change(bench, id_))
    assert words is not None and words.due == found.due


async def test_control_an_endpoint_that_is_not_heard_would_be_asked_again_at_once(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send, "no_grant", lambda *_: None)
    id_ = await _refused(bench, later(None))
    assert bench.ledger.failure(change(bench, id_).operation) is None
