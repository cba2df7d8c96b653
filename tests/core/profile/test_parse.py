"""A profile document is read whole, or refused by the name of the field that is wrong."""

from __future__ import annotations

from datetime import date

import pytest

from core.canonical import Number
from core.errors import BadInput
from core.profile.facts import NOWHERE
from core.profile.parse import parse_profile

WHOLE = """
version = 2
name = "some-ehr"
description = "An EHR."
correctable = false
settles_s = 30
[sources.M]
source = "ehr.example/metadata"
captured_on = 2026-08-14
[sources.S]
source = "explorer.example"
captured_on = 2026-08-13
grade = "assumed"
second_hand = true
[facts.correctable]
source = "M"
words = "create-only"
[facts.settles_s]
source = "S"
[facts.stale_status]
value = 409
source = "M"
[facts.token_ttl_s]
value = "unknown"
source = "looked for"
captured_on = 2026-08-14
grade = "unknown"
[facts.limits]
source = "M"
[[writes]]
types = ["Condition", "*"]
interactions = ["create", "update"]
axis = "advertised"
says = "yes"
source = "M"
[[fields]]
path = "Patient.name.family"
chars = 30
over = "truncate"
source = "S"
[[dropped]]
paths = ["Patient.photo"]
how = "ignored"
source = "M"
[[transforms]]
do = "set"
path = "Observation.valueQuantity"
value = {value = 1.5, comparator = "<"}
interactions = ["create"]
source = "M"
[limits]
concurrency = 4
[failures]
[[failures.rows]]
statuses = [409]
class = "precondition"
source = "ehr.example/errors"
captured_on = 2026-08-14
grade = "documented"
"""


def test_a_whole_document_is_read() -> None:
    found = parse_profile(WHOLE)
    assert (found.name, found.version, found.stale_status.value) == ("some-ehr", 2, 409)
    assert found.correctable.value is False and found.settles_s.value == 30
    basis = found.correctable.basis
    assert (basis.source, basis.captured_on) == ("ehr.example/metadata", date(2026, 8, 14))
    assert (basis.grade, basis.words, basis.second_hand) == ("documented", "create-only", False)
    assert found.settles_s.basis.second_hand and found.settles_s.basis.grade == "assumed"
    assert not found.token_ttl_s.is_known and found.token_ttl_s.basis.grade == "unknown"
    assert found.precondition.basis is NOWHERE
    assert len(found.claims) == 4
    assert [one.do for one in found.transforms] == ["drop", "truncate", "set"]
    assert found.stated[0].value == {"value": Number("1.5"), "comparator": "<"}
    assert found.limits.concurrency == 4 and found.limits_basis is not None
    assert [one for one, _ in found.failure_bases] == ["statuses [409]: precondition"]
    assert len(found.failures.rows) == 1


VERSION_1 = """
version = 1
name = "epic"
correctable = false
[facts.correctable]
source = "CapabilityStatement"
captured_on = 2026-08-14
grade = "documented"
[facts.whatever]
source = "x"
[limits]
concurrency = 2
"""


def test_a_document_of_version_1_still_parses_and_all_it_does_not_say_is_unknown() -> None:
    found = parse_profile(VERSION_1)
    assert found.version == 1 and found.correctable.value is False
    assert found.correctable.basis.grade == "documented"
    others = {name: one for name, one in found.facts().items() if name != "correctable"}
    assert not any(one.is_known for one in others.values())
    assert found.limits.concurrency == 2
    assert found.claims == found.transforms == ()
    assert parse_profile('correctable = "unknown"').correctable.value is None
    assert parse_profile("").facts()["precondition"].value is None


@pytest.mark.parametrize(
    ("was", "becomes", "field"),
    [
        ("version = 2", "version = 3", "version"),
        ('name = "some-ehr"', 'name = "Some EHR"', "name"),
        ("settles_s = 30", 'settles_s = "soon"', "settles_s"),
        ("settles_s = 30\n", "", "settles_s"),
        ("[facts.settles_s]", "[facts.setles_s]", "facts.settles_s"),
        ("[facts.stale_status]", "[facts.stale]", "facts.stale"),
        ("value = 409", "value = 200", "facts.stale_status.value"),
        ("value = 409", "value = true", "facts.stale_status.value"),
        ("value = 409\n", "", "facts.stale_status.value"),
        ("value = 409", 'value = "unknown"', "facts.stale_status.grade"),
        ('value = "unknown"', "value = 570", "facts.token_ttl_s.grade"),
        ('grade = "unknown"', 'grade = "sure"', "facts.token_ttl_s.grade"),
        ('source = "looked for"\ncaptured_on = 2026-08-14', 'source = "looked for"',
         "facts.token_ttl_s.captured_on"),
        ('captured_on = 2026-08-13', 'captured_on = "2026-08-13"', "sources.S.captured_on"),
        ('source = "looked for"\ncaptured_on = 2026-08-14\ngrade = "unknown"',
         'source = "looked for"\ncaptured_on = 2026-08-14', "facts.token_ttl_s.grade"),
        ('types = ["Condition", "*"]', 'types = ["Conditions"]', "writes.0.types"),
        ('types = ["Condition", "*"]', "types = []", "writes.0.types"),
        ('axis = "advertised"', 'axis = "hoped"', "writes.0.axis"),
        ('says = "yes"', "says = true", "writes.0.says"),
        ('says = "yes"', 'says = "unknown"', "writes.0.grade"),
        ('"create", "update"]', '"create", "delete"]', "writes.0.interactions.1"),
        ("chars = 30", "chars = 0", "fields.0.chars"),
        ('"Patient.name.family"', '"Patient.name.familie"', "fields.0.path"),
        ('"Patient.name.family"', '"Patient"', "fields.0.path"),
        ('how = "ignored"', 'how = "gone"', "dropped.0.how"),
        ('["Patient.photo"]', '["Patience.photo"]', "dropped.0.paths"),
        ('do = "set"', 'do = "shuffle"', "transforms.0.do"),
        ('do = "set"', 'do = "drop"', "transforms.0.value"),
        ('do = "set"', 'do = "default"\nchars = 3', "transforms.0.chars"),
        ('path = "Observation.valueQuantity"', 'path = "Observation"', "transforms.0.path"),
        ('value = {value = 1.5, comparator = "<"}\n', "", "transforms.0.value"),
        ("{value = 1.5,", "{value = 2026-01-01,", "transforms.0.value"),
        ("[limits]\nconcurrency = 4", "", "facts.limits"),
        ("concurrency = 4", "concurency = 4", "limits.concurency"),
        ('class = "precondition"', 'class = "bad luck"', "failures.rows[0].class"),
        ('description = "An EHR."', 'description = "An EHR."\nfoo = 1', "foo"),
        ("[sources.M]", "[[sources]]", "sources"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_by_the_name_of_its_field(
    was: str, becomes: str, field: str
) -> None:
    assert was in WHOLE
    with pytest.raises(BadInput) as caught:
        parse_profile(WHOLE.replace(was, becomes, 1))
    assert caught.value.field == field
    assert caught.value.remedy


def test_a_source_that_is_not_listed_needs_its_own_day_and_grade() -> None:
    with pytest.raises(BadInput) as caught:
        parse_profile(WHOLE.replace('source = "M"\nwords', 'source = "Z"\nwords'))
    assert caught.value.field == "facts.correctable.captured_on"


def test_a_sites_own_limits_need_no_source() -> None:
    found = parse_profile(WHOLE.replace('[facts.limits]\nsource = "M"\n', ""))
    assert found.limits.concurrency == 4 and found.limits_basis is NOWHERE
