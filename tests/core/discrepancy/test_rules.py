"""Each rule on its own: one difference in, its path, class and reason out."""

from __future__ import annotations

from typing import Any

import pytest

from core.canonical import Number, exact, parse_object
from core.discrepancy import MISSING, VERIFIED, Discrepancy, compare, worst
from core.stamps import AI_LABEL
from tests.core.discrepancy.samples import BASE, OPERATION, SAMPLES, SNOMED
from tests.core.discrepancy.tree import Path, drop, put

GONE = object()
GENERATED = {"status": "generated", "div": "<div>a</div>"}
WRITTEN = {"status": "additional", "div": "<div>a</div>"}
SUBJECT: Path = ("subject", "reference")
VALUE: Path = ("valueQuantity", "value")
DOSE: Path = ("dosageInstruction", 0, "doseAndRate", 0, "doseQuantity")
SYSTOLIC: Path = ("component", 0, "valueQuantity")


def one(sample: str, path: Path, before: Any, after: Any, base: str | None = BASE) -> Discrepancy:
    """Return the only difference when `path` holds `before` on one side and `after` on the other.

    Ellipsis keeps the sample's own value, GONE leaves the element out.
    """
    sides = []
    for value in (before, after):
        resource = SAMPLES[sample]
        if value is GONE:
            resource = drop(resource, path)
        elif value is not ...:
            resource = put(resource, path, exact(value))
        sides.append(resource)
    found = compare(*sides, base_url=base)
    assert len(found.differences) == 1, found.differences
    assert found.class_ == found.differences[0].class_
    return found.differences[0]


BOOKKEEPING = [
    ("diabetes", ("id",), ..., "c1"),
    ("patient", ("meta", "versionId"), ..., "4"),
    ("patient", ("meta", "lastUpdated"), ..., "2024-03-01T10:00:00Z"),
    ("patient", ("meta", "source"), ..., "#abc"),
    ("diabetes", ("text",), ..., GENERATED),
    ("diabetes", ("text",), GENERATED, {**GENERATED, "div": "<div>b</div>"}),
    ("patient", ("name", 0, "id"), ..., "n1"),
]
EQUIVALENT = [
    ("diabetes", SUBJECT, ..., f"{BASE}/Patient/p1"),
    ("diabetes", SUBJECT, ..., "Patient/p1/_history/2"),
    ("diabetes", SUBJECT, f"{BASE}/Patient/p1/_history/2", "Patient/p1"),
    ("potassium", ("effectiveDateTime",), ..., "2024-03-01T10:30:00+01:00"),
    ("potassium", ("effectiveDateTime",), ..., "2024-03-01T09:30:00.000+00:00"),
    ("potassium", ("issued",), "2024-03-01T23:30:00-05:00", "2024-03-02T04:30:00Z"),
    ("potassium", VALUE, Number("100"), Number("1e2")),
    ("potassium", VALUE, Number("4.10"), Number("410e-2")),
    ("blood-pressure", (*SYSTOLIC, "unit"), ..., "mm Hg"),
]
ENRICHED = [
    ("diabetes", ("code", "coding", 1, "display"), ..., "Type 2 diabetes"),
    ("diabetes", ("verificationStatus", "coding", 0, "display"), ..., "Confirmed"),
    ("diabetes", ("encounter", "display"), ..., "Visit"),
    ("diabetes", ("encounter", "type"), ..., "Encounter"),
    ("diabetes", ("identifier", 1), ..., {"system": "urn:vendor", "value": "8"}),
    ("patient", ("meta", "tag"), ..., [{"system": "urn:vendor", "code": "x"}]),
    ("patient", ("meta", "profile", 2), ..., "http://a.example/z"),
    ("patient", ("extension", 2), ..., {"url": "http://a.example/new", "valueCode": "a"}),
    ("patient", ("_gender",), ..., {"extension": [{"url": "urn:a", "valueCode": "b"}]}),
    ("potassium", VALUE, Number("72"), Number("72.0")),
    ("diabetes", ("code", "coding", 2), ..., {"system": "urn:x", "code": "1"}),
]
LOSSY = [
    ("patient", ("extension", 1), ..., GONE),
    ("patient", ("_birthDate",), ..., GONE),
    ("diabetes", ("code", "coding", 0, "display"), ..., GONE),
    ("diabetes", ("subject", "display"), ..., GONE),
    ("diabetes", ("code", "text"), ..., "Type 2 diab"),
    ("diabetes", ("code", "coding", 0, "display"), ..., "Diabetes mell"),
    ("note", ("description",), ..., "Progress note"),
    ("potassium", VALUE, ..., Number("4.1")),
    ("potassium", ("issued",), ..., "2024-03-01T09:45:10.2Z"),
    ("potassium", ("issued",), ..., "2024-03-01"),
    ("patient", ("birthDate",), ..., "1974-07"),
    ("diabetes", ("onsetDateTime",), ..., "2019"),
    ("blood-pressure", ("meta", "security", 0), ..., GONE),
    ("diabetes", ("identifier", 0), ..., GONE),
]
CHANGED = [
    ("diabetes", ("vendorFlag",), ..., "on"),
    ("diabetes", ("clinicalStatus", "coding", 0, "code"), ..., "inactive"),
    ("diabetes", ("clinicalStatus",), GONE, {"text": "active"}),
    ("diabetes", ("code", "coding", 0, "code"), ..., "73211009"),
    ("diabetes", ("code", "coding", 2), ..., {"system": SNOMED, "code": "1"}),
    ("diabetes", ("code", "coding", 2), ..., {"code": "no system"}),
    ("diabetes", ("note", 0, "text"), ..., "Diet controlled, no"),
    ("diabetes", ("identifier", 1), ..., OPERATION),
    ("diabetes", ("identifier", 1), ..., {"value": "no system"}),
    ("diabetes", ("encounter", "type"), ..., "Patient"),
    ("diabetes", ("subject", "reference"), "Patient/p1/_history/1", "Patient/p1/_history/2"),
    ("diabetes", ("text",), WRITTEN, GENERATED),
    ("diabetes", ("text",), WRITTEN, {**WRITTEN, "div": "<div>b</div>"}),
    ("diabetes", ("text",), ..., WRITTEN),
    ("diabetes", ("text",), GENERATED, {**GENERATED, "vendorFlag": "on"}),
    ("diabetes", ("text",), ..., {**GENERATED, "vendorFlag": "on"}),
    ("diabetes", ("onsetDateTime",), ..., "2019-05-01T00:00:00Z"),
    ("metformin", ("status",), ..., "active"),
    ("metformin", ("dosageInstruction", 0, "text"), ..., "One tablet"),
    ("penicillin", ("code", "text"), ..., "Allergy to"),
    ("penicillin", ("category", 2), ..., "food"),
    ("patient", ("telecom", 1), ..., GONE),
    ("patient", ("telecom", 0, "value"), ..., "+46 40 123"),
    ("patient", ("name", 0, "family"), ..., "Sando"),
    ("patient", ("identifier", 0, "value"), ..., "1234"),
    ("patient", ("name", 0, "given"), ["Ines", "Maria"], ["Maries", "Maria"]),
    ("patient", ("deceasedDateTime",), "2020-01-02", "2020-01"),
    ("patient", ("name", 0, "use"), ..., "old"),
    ("patient", ("extension", 2), ..., {"url": "http://a.example/importance", "valueCode": "low"}),
    ("patient", ("meta", "tag"), ..., [{"system": "urn:any", "code": "SUBSETTED"}]),
    ("patient", ("modifierExtension",), ..., [{"url": "urn:m", "valueBoolean": True}]),
    ("blood-pressure", ("component", 1), ..., GONE),
    ("potassium", ("valueString",), "no growth after five days", "no growth"),
    ("potassium", VALUE, ..., GONE),
]
CRITICAL = [
    ("diabetes", SUBJECT, ..., "Patient/p2"),
    ("diabetes", SUBJECT, ..., "https://elsewhere.example/Patient/p1"),
    ("diabetes", SUBJECT, ..., "Group/g1"),
    ("diabetes", ("subject", "identifier"), {"value": "12"}, {"value": "13"}),
    ("diabetes", ("asserter",), ..., {"reference": "Patient/p2"}),
    ("patient", ("id",), ..., "p2"),
    ("diabetes", ("encounter", "reference"), ..., "Encounter/e2"),
    ("note", ("context", "encounter", 0, "reference"), ..., "Encounter/e2"),
    ("diabetes", ("verificationStatus", "coding", 0, "code"), ..., "refuted"),
    ("diabetes", ("verificationStatus", "coding", 0, "code"), "refuted", "confirmed"),
    ("potassium", ("status",), ..., "entered-in-error"),
    ("metformin", ("doNotPerform",), ..., True),
    ("metformin", ("doNotPerform",), True, False),
    ("blood-pressure", ("bodySite", "text"), ..., "Structure of right upper arm"),
    ("blood-pressure", ("bodySite", "coding", 0, "code"), "7771000", "24028007"),
    ("potassium", VALUE, ..., Number("41.0")),
    ("potassium", ("valueQuantity", "code"), ..., "mg/dL"),
    ("potassium", ("valueQuantity", "comparator"), ..., "<"),
    ("blood-pressure", (*SYSTOLIC, "value"), ..., Number("182")),
    ("metformin", (*DOSE, "value"), ..., Number("5000")),
    ("metformin", (*DOSE, "code"), ..., "g"),
    ("note", ("contained", 0, "resourceType"), "Practitioner", "Organization"),
]
CASES: dict[str, list[tuple[Any, ...]]] = {
    "bookkeeping": BOOKKEEPING,
    "equivalent": EQUIVALENT,
    "enriched": ENRICHED,
    "lossy": LOSSY,
    "changed": CHANGED,
    "critical": CRITICAL,
}
TABLE = [
    pytest.param(class_, *case, id=f"{class_}-{index}-{case[0]}-{case[1][-1]}")
    for class_, cases in CASES.items()
    for index, case in enumerate(cases)
]


@pytest.mark.parametrize(("class_", "sample", "path", "before", "after"), TABLE)
def test_each_rule_names_its_class(
    class_: str, sample: str, path: Path, before: Any, after: Any
) -> None:
    found = one(sample, path, before, after)
    assert found.class_ == class_, found
    assert found.path.startswith(f"{SAMPLES[sample]['resourceType']}.")
    assert found.reason.endswith(".")
    assert found.reason.count(".") == 1


def test_our_stamps_have_their_own_reasons() -> None:
    label = one("blood-pressure", ("meta", "security", 0), ..., GONE)
    assert label.reason == "The AI label did not survive."
    assert label.path == "Observation.meta.security[0]"
    operation = one("diabetes", ("identifier", 0), ..., GONE)
    assert operation.reason == "The identifier of this write did not survive."


def test_a_lost_label_shows_when_the_whole_meta_is_gone_or_another_label_took_its_place() -> None:
    sample = SAMPLES["blood-pressure"]
    for persisted in (
        drop(sample, ("meta",)),
        put(sample, ("meta", "security", 0), {**AI_LABEL, "code": "ANONYED"}),
    ):
        found = compare(sample, persisted)
        assert found.class_ == "lossy"
        assert "The AI label did not survive." in {one.reason for one in found.differences}


def test_a_lost_operation_tag_has_its_own_reason() -> None:
    tag = {"system": OPERATION["system"], "code": "7d1f"}
    sample = {"resourceType": "Provenance", "meta": {"tag": [tag]}}
    found = compare(sample, {"resourceType": "Provenance"})
    assert [one.reason for one in found.differences] == [
        "The identifier of this write did not survive."
    ]
    assert found.class_ == "lossy"


def test_another_resource_type_ends_the_comparison() -> None:
    found = compare(SAMPLES["patient"], SAMPLES["diabetes"])
    assert [(one.path, one.class_) for one in found.differences] == [
        ("Patient.resourceType", "critical")
    ]


@pytest.mark.parametrize("name", ["name.extension", "name[0]", "meta.tag", "a b", ""])
def test_a_member_name_is_never_read_as_a_path(name: str) -> None:
    added = [{"url": "urn:a", "valueCode": "b"}]
    found = compare(SAMPLES["patient"], put(SAMPLES["patient"], (name,), added))
    assert [one.reason for one in found.differences] == ["No rule knows this element."]


@pytest.mark.parametrize("type_", ["Patient.name", "HumanName", "Unheard", "Resource"])
def test_a_resource_of_no_type_is_known_by_no_rule(type_: object) -> None:
    sides = ({"resourceType": type_}, {"resourceType": type_, "extension": [{"url": "urn:a"}]})
    assert compare(*sides).class_ == "changed"


def test_odd_shapes_are_differences_not_errors() -> None:
    odd: list[Any] = [None, True, "x", [], {}, [None], [["a"]], {"code": {}}, [{"url": []}]]
    paths: list[Path] = [("meta",), ("meta", "tag"), ("extension", 2), ("name",), ("contained",)]
    sample = SAMPLES["patient"]
    for value in odd:
        for path in paths:
            if (path, value) != (("meta", "tag"), [{"url": []}]):
                twisted = put(sample, path, value)
                assert compare(sample, twisted).class_ in ("changed", "critical"), (path, value)
                assert compare(twisted, sample).differences, (path, value)


def test_without_a_base_an_absolute_reference_is_neither_trusted_nor_an_incident() -> None:
    found = one("diabetes", SUBJECT, ..., f"{BASE}/Patient/p1", base=None)
    assert found.class_ == "changed"
    assert one("diabetes", SUBJECT, ..., f"{BASE}/Patient/p2", base=None).class_ == "critical"


def test_a_trailing_slash_of_the_base_does_not_count() -> None:
    assert one("diabetes", SUBJECT, ..., f"{BASE}/Patient/p1", base=f"{BASE}/").class_ == (
        "equivalent"
    )


def test_a_patient_merged_elsewhere_is_a_changed_modifier_not_another_patient() -> None:
    link = [{"other": {"reference": "Patient/p2"}, "type": "seealso"}]
    assert one("patient", ("link",), ..., link).class_ == "changed"


def test_the_most_severe_class_wins_and_a_side_that_is_absent_is_left_out() -> None:
    assert worst(["lossy", "critical", "enriched"]) == "critical"
    assert worst([]) == "identical"
    assert {"identical", "bookkeeping", "equivalent", "enriched"} == VERIFIED
    dropped = Discrepancy("A.b", "changed", "Why.", None, MISSING)
    assert dropped.as_json() == {
        "path": "A.b",
        "class": "changed",
        "reason": "Why.",
        "intended": None,
    }


def test_equal_resources_are_identical_and_every_leaf_counts() -> None:
    text = b'{"resourceType":"Observation","status":"final","valueInteger":1,"note":[{"text":"a"}]}'
    found = compare(parse_object(text), parse_object(text))
    assert (found.class_, found.differences, found.examined) == ("identical", (), 4)
    assert compare({}, {}).examined == 0


def test_leaves_of_what_only_one_side_has_are_examined() -> None:
    coding = {"system": SNOMED, "code": "1"}
    found = compare({"resourceType": "Condition"}, {"resourceType": "Condition", "code": coding})
    assert found.examined == 3
