"""Fault plans: one line or a TOML file, the same plan; what is wrong is named with its remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import BadInput
from sync.sandbox.faults.file import load_plan
from sync.sandbox.faults.plan import KINDS, Asked, Fault, Plan, Rule
from sync.sandbox.faults.text import parse_plan

LINE = (
    "lost-request=0.1, lost-response=0.2,duplicate=0.05,503-after-commit=0.05; seed=7;"
    "PUT Condition #3: 412; Patient: slow=0.5@5s; GET: 429=0.1@30s; token #1,4: 503"
)
FILE = """
seed = 7

[[fault]]
kind = "lost-request"
share = 0.1

[[fault]]
kind = "lost-response"
share = 0.2

[[fault]]
kind = "duplicate"
share = 0.05

[[fault]]
kind = "503-after-commit"
share = 0.05

[[fault]]
kind = "412"
method = "PUT"
type = "Condition"
nth = 3

[[fault]]
kind = "slow"
type = "Patient"
share = 0.5
seconds = 5

[[fault]]
kind = "429"
method = "GET"
share = 0.1
seconds = 30

[[fault]]
kind = "503"
type = "token"
nth = [1, 4]
"""
RULES = (
    Rule(Fault("lost-request"), share=0.1),
    Rule(Fault("lost-response"), share=0.2),
    Rule(Fault("duplicate"), share=0.05),
    Rule(Fault("503-after-commit"), share=0.05),
    Rule(Fault("412"), "PUT", "Condition", nth=(3,)),
    Rule(Fault("slow", 5.0), None, "Patient", 0.5),
    Rule(Fault("429", 30.0), "GET", None, 0.1),
    Rule(Fault("503"), None, "token", nth=(1, 4)),
)


def test_a_line_and_a_file_say_the_same(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(FILE)
    assert parse_plan(LINE) == load_plan(path) == Plan(RULES, 7)


def test_a_seed_that_is_given_wins_and_none_is_one(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(FILE)
    assert parse_plan(LINE, 9).seed == load_plan(path, 9).seed == 9
    assert parse_plan("lost-response=1").seed == 1
    assert parse_plan("lost-response=1;seed=3", 0).seed == 0


def test_every_kind_can_be_asked_for() -> None:
    for kind, takes in KINDS.items():
        seconds = "@2s" if takes.seconds == "must" else ""
        (rule,) = parse_plan(f"{kind}=0.5{seconds}").rules
        assert rule.fault.kind == kind
        assert rule.fits(Asked("PUT", "Condition"))


def test_what_is_told_to_people_says_everything() -> None:
    told = parse_plan(LINE).told()
    assert told.startswith("10% lost-request, 20% lost-response, 5% duplicate")
    for words in ("412 of PUT Condition #3", "50% slow 5 s of Patient", "503 of token #1,4"):
        assert words in told
    assert told.endswith("; seed 7")


def test_the_token_endpoint_and_metadata_are_struck_only_by_name() -> None:
    (anything,) = parse_plan("lost-request=1").rules
    (named,) = parse_plan("token: lost-request=1").rules
    for place in ("token", "metadata"):
        assert not anything.fits(Asked("POST", place))
    assert named.fits(Asked("POST", "token"))
    assert not named.fits(Asked("POST", "Patient"))


def test_what_needs_a_commit_strikes_no_read() -> None:
    for kind in ("duplicate", "503-after-commit"):
        (rule,) = parse_plan(f"{kind}=1").rules
        assert rule.fits(Asked("POST", "Condition"))
        assert not rule.fits(Asked("GET", "Condition"))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", "names no fault"),
        ("seed=7", "names no fault"),
        ("lost-reply=0.1", "'lost-reply=0.1': is no fault. Use one of: lost-request"),
        ("lost-request", "has no share. Say for example lost-request=0.1"),
        ("lost-request=1.5", "a share is above 0 and at most 1"),
        ("lost-request=0", "a share is above 0"),
        ("lost-request=0.1.1", "'0.1.1' is no number"),
        ("lost-request=many", "cannot be read"),
        ("slow=0.1", "slow needs its seconds"),
        ("slow=0.1@-5s", "slow takes 0 to 86400 seconds"),
        ("412=0.1@5s", "412 takes no seconds"),
        ("seed=seven;500=1", "'seed=seven': a seed is one whole number"),
        ("seed=1;seed=2;500=1", "'seed=2': a seed is one whole number"),
        ("seed=99999999999999999999;500=1", "a seed is a whole number"),
        ("PUT Condition #3: 412=0.1", "a numbered request has no share"),
        ("PUT Condition #0: 412", "counted from 1"),
        ("PUT Condition #3: 412, 500", "one request meets one fault"),
        ("FETCH Condition: 412=1", "is no method. Use one of: GET, POST"),
        ("PUT Konditions: 412=1", "is no resource type"),
        ("PUT Condition three: 412", "names no requests"),
        (": 412=1", "names no requests"),
        ("GET: duplicate=1", "duplicate strikes writes"),
        ("token: 503-after-commit=1", "503-after-commit strikes writes"),
        ("500=0.6;PUT: 503=0.6", "the shares for PUT Basic add up to 1.2"),
        ("500=0.6;GET Patient: 503=0.6", "the shares for GET Patient add up to 1.2"),
        ("500=0.1;" * 1000, "is too long"),
    ],
)
def test_a_bad_line_is_refused_with_its_clause_and_the_remedy(line: str, words: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_plan(line)
    assert words in str(caught.value)
    assert caught.value.field is not None and caught.value.field.startswith("--faults")
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("text", "field", "words"),
    [
        ("seed = 7", "plan.toml", "names no fault"),
        ("speed = 7", "plan.toml", "speed is not known. Use only: seed, fault"),
        ("[[fault]]\nshare = 0.1", "plan.toml fault[0].kind", "is missing"),
        ('[[fault]]\nkind = "409"', "plan.toml fault[0]", "neither or both of share and nth"),
        ('[[fault]]\nkind = "409"\nshare = 1\nnth = 1', "plan.toml fault[0]", "neither or both"),
        ('[[fault]]\nkind = "409"\nrate = 1', "plan.toml fault[0]", "rate is not known"),
        ("[[fault]]\nkind = 409\nshare = 1", "plan.toml fault[0].kind", "is not a text"),
        ('[[fault]]\nkind = "409"\nshare = "1"', "plan.toml fault[0].share", "is not a number"),
        ('[[fault]]\nkind = "409"\nshare = nan', "plan.toml fault[0]", "a share is above 0"),
        ('[[fault]]\nkind = "409"\nnth = [1.5]', "plan.toml fault[0].nth", "no number of a"),
        ('seed = 1.5\n[[fault]]\nkind = "409"\nnth = 1', "plan.toml seed", "no whole number"),
        ("fault = 3", "plan.toml fault", "is no list of tables"),
        ("not toml", "--faults plan.toml", "is no TOML"),
    ],
)
def test_a_bad_file_is_refused_with_its_key_and_the_remedy(
    tmp_path: Path, text: str, field: str, words: str
) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(text)
    with pytest.raises(BadInput) as caught:
        load_plan(path)
    assert caught.value.field == field
    assert words in str(caught.value)
    assert caught.value.remedy


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read: No such file"):
        load_plan(tmp_path / "plan.toml")
