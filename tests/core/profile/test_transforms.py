"""Every transform of the vocabulary by itself, and several in a row."""

from __future__ import annotations

from typing import Any

import pytest

from core.canonical import JsonObject, Number, parse_object
from core.profile.transforms import INTERACTIONS, KINDS, Transform, apply, apply_all
from core.profile.work import Around

AROUND = Around("http://ehr.test/fhir", "7", "3", "2026-01-02T03:04:05.678Z")
PATIENT = b"""{
  "resourceType": "Patient", "id": "p1",
  "meta": {"tag": [{"code": "t"}], "security": [{"code": "AIAST"}], "source": "us"},
  "text": {"status": "additional", "div": "<div>  one </div>"},
  "name": [{"family": "Featherstonehaugh", "given": ["Ann", "Bea"],
            "_given": [null, {"id": "x"}]},
           {"family": "Li", "text": "  Li\\t Wei "}],
  "telecom": [{"system": "phone", "value": "+1 (555) 010-0199"},
              {"system": "email", "value": "a b"}],
  "birthDate": "1980-02-29", "_birthDate": {"id": "b"},
  "active": true,
  "managingOrganization": {"reference": "Organization/o1", "display": "O"},
  "contact": [{"name": {"family": "Fitzwilliam"}}],
  "made": {"up": 1}
}"""
OBSERVATION = b"""{
  "resourceType": "Observation", "status": "preliminary",
  "effectiveDateTime": "2026-03-01T23:30:00.250-05:00", "issued": "2026-03-01T10:00:00Z",
  "category": [{"text": "b"}, {"text": "a"}],
  "valueQuantity": {"value": 1.10, "unit": "mg"}, "note": [{"text": "1.10"}],
  "component": [{"valueQuantity": {"value": 1.0E+2}}, {"valueQuantity": {"value": -0.0}}]
}"""


def patient() -> JsonObject:
    return parse_object(PATIENT)


def observation() -> JsonObject:
    return parse_object(OBSERVATION)


def made(resource: JsonObject, do: str, path: str = "Resource", **more: Any) -> JsonObject:
    """Apply one transform, and see to it that the original stayed as it was."""
    before = parse_object(PATIENT if resource["resourceType"] == "Patient" else OBSERVATION)
    result = apply(Transform(do, path, **more), resource, AROUND)
    assert resource == before, "the resource that it was given was changed"
    return result


def test_truncate_cuts_every_text_at_the_path_and_no_other() -> None:
    found = made(patient(), "truncate", "Patient.name.family", chars=11)
    assert [name["family"] for name in found["name"]] == ["Featherston", "Li"]
    assert found["contact"] == patient()["contact"]
    cut = made(patient(), "truncate", "Patient.name.given", chars=2)
    assert cut["name"][0]["given"] == ["An", "Be"]


def test_drop_leaves_out_the_element_and_what_belongs_to_it() -> None:
    found = made(patient(), "drop", "Patient.birthDate")
    assert "birthDate" not in found and "_birthDate" not in found
    assert "given" not in made(patient(), "drop", "Patient.name.given")["name"][0]
    labels = made(patient(), "drop", "Resource.meta.security")
    assert labels["meta"] == {"tag": [{"code": "t"}], "source": "us"}
    for name in ("tag", "security", "source"):
        labels = apply(Transform("drop", f"Patient.meta.{name}"), labels)
    assert "meta" not in labels


def test_drop_unknown_leaves_out_what_r4_does_not_define_at_any_depth() -> None:
    resource = patient()
    resource["name"][0]["nick"] = "A"
    resource["contained"] = [{"resourceType": "Practitioner", "id": "c", "active": True, "z": 1}]
    found = apply(Transform("drop-unknown"), resource)
    assert "made" not in found and "nick" not in found["name"][0]
    assert found["contained"] == [{"resourceType": "Practitioner", "id": "c", "active": True}]
    assert found["name"][0]["_given"] == [None, {"id": "x"}]
    assert found["text"] == patient()["text"]


def test_set_and_default() -> None:
    assert made(observation(), "set", "Observation.status", value="final")["status"] == "final"
    assert made(observation(), "default", "Observation.status", value="x") == observation()
    found = made(observation(), "default", "Observation.language", value="en")
    assert found == observation() | {"language": "en"}


@pytest.mark.parametrize(
    ("precision", "left"), [("year", "1980"), ("month", "1980-02"), ("day", "1980-02-29")]
)
def test_coarsen_date(precision: str, left: str) -> None:
    found = made(patient(), "coarsen-date", "Patient.birthDate", precision=precision)
    assert found["birthDate"] == left


def test_coarsen_date_leaves_a_coarser_one_and_no_date_alone() -> None:
    resource = observation() | {"issued": "2026", "status": "2026-99-99 or so"}
    same = Transform("coarsen-date", "Observation.issued", precision="day")
    assert apply(same, resource) == resource
    assert apply(Transform("coarsen-date", "Observation.status", precision="year"), resource) == (
        resource
    )


def test_instants() -> None:
    cut = made(observation(), "cut-fractions")
    assert cut["effectiveDateTime"] == "2026-03-01T23:30:00-05:00"
    assert cut["issued"] == "2026-03-01T10:00:00Z"
    utc = made(observation(), "to-utc")
    assert utc["effectiveDateTime"] == "2026-03-02T04:30:00.250Z"
    assert made(observation(), "to-utc", "Observation.issued") == observation()
    odd = observation() | {"issued": "2026-13-01T10:00:00+01:00"}
    assert apply(Transform("to-utc", "Observation.issued"), odd) == odd


def test_reorder_changes_the_order_and_nothing_else() -> None:
    found = made(observation(), "reorder", "Observation.category")
    assert found["category"] == [{"text": "a"}, {"text": "b"}]
    # Ids of list members stand in a list of their own, so such a list keeps its order.
    assert made(patient(), "reorder", "Patient.name.given") == patient()


def test_one_coding_that_a_user_selected_and_one_other_are_kept() -> None:
    codings = [{"code": "a"}, {"code": "b", "userSelected": False}, {"code": "c"}]
    chosen = [*codings, {"code": "d", "userSelected": True}, {"code": "e", "userSelected": True}]
    one = Transform("one-user-selected", "Condition.code.coding")
    for found, left in ((codings, ["a"]), (chosen, ["a", "d"])):
        resource: JsonObject = {"resourceType": "Condition", "code": {"coding": found}}
        kept = apply(one, resource)["code"]["coding"]
        assert [item["code"] for item in kept] == left


def test_absolute_references() -> None:
    found = made(patient(), "absolute-references")
    assert found["managingOrganization"]["reference"] == "http://ehr.test/fhir/Organization/o1"
    again = apply(Transform("absolute-references"), found, AROUND)
    assert again == found


def test_normalise_phone_and_space() -> None:
    found = made(patient(), "normalise-phone")
    assert found["telecom"][0]["value"] == "+15550100199"
    assert found["telecom"][1]["value"] == "a b"
    tidy = made(patient(), "normalise-space")
    assert tidy["name"][1]["text"] == "Li Wei"
    assert tidy["text"] == patient()["text"]


def test_narrative_is_written_anew() -> None:
    text = made(patient(), "narrative")["text"]
    assert text["status"] == "generated" and "one" not in text["div"]


def test_bookkeeping() -> None:
    found = made(observation(), "bookkeeping")
    assert found["id"] == "7"
    assert found["meta"] == {"versionId": "3", "lastUpdated": "2026-01-02T03:04:05.678Z"}
    kept = made(patient(), "bookkeeping", value="#ehr")
    assert kept["id"] == "p1" and kept["meta"]["source"] == "#ehr"
    assert kept["meta"]["security"] == [{"code": "AIAST"}]


def test_an_identifier_and_an_extension_are_added_once() -> None:
    add = Transform("add-identifier", system="urn:ehr")
    found = apply(add, made(patient(), "add-identifier", system="urn:ehr"))
    assert found["identifier"] == [{"system": "urn:ehr", "value": "p1"}]
    single: JsonObject = {"resourceType": "QuestionnaireResponse", "status": "completed"}
    assert apply(add, single) == single
    more = {"url": "urn:e", "value": {"valueBoolean": True}}
    extended = apply(
        Transform("add-extension", **more),  # type: ignore[arg-type]
        made(patient(), "add-extension", **more),
    )
    assert extended["extension"] == [{"url": "urn:e", "valueBoolean": True}]


def test_number_text_writes_the_same_value_shortest() -> None:
    found = made(observation(), "number-text")
    assert found["valueQuantity"]["value"] == Number("1.1")
    assert [one["valueQuantity"]["value"] for one in found["component"]] == [
        Number("100"),
        Number("0"),
    ]
    assert found["note"] == [{"text": "1.10"}]
    only = made(observation(), "number-text", "Observation.valueQuantity.value")
    assert only["component"] == observation()["component"]


@pytest.mark.parametrize("do", sorted(KINDS))
def test_what_is_of_another_type_stays_as_it_is(do: str) -> None:
    more: dict[str, Any] = {
        "chars": 1, "precision": "year", "value": "x", "system": "urn:s", "url": "urn:u"
    }  # fmt: skip
    assert made(patient(), do, "Observation", **more) == patient()
    # A path that ends in nothing, or leads through a text, finds nothing and fails at nothing.
    if "path" in KINDS[do].needs:
        for path in ("Patient.birthDate.extension", "Patient.photo.data"):
            assert made(patient(), do, path, **more) == patient()


def test_several_are_applied_in_order_and_only_where_they_belong() -> None:
    first = Transform("set", "Patient.birthDate", value="1980-03-01")
    second = Transform("coarsen-date", "Patient.birthDate", precision="month")
    updates = Transform("drop", "Patient.active", interactions=frozenset({"update"}))
    idle = Transform("drop", "Patient.photo")
    found = apply_all((first, second, updates, idle), patient(), "create")
    assert found.resource["birthDate"] == "1980-03" and found.resource["active"] is True
    assert found.applied == (first, second)
    assert apply_all((updates,), patient(), "update").applied == (updates,)
    assert apply_all((), patient(), "create").resource == patient()


def test_every_transform_says_what_it_does_in_words() -> None:
    said = Transform("truncate", "Patient.name.family", chars=30).words
    assert said == "Patient.name.family: cut to 30 characters"
    assert all("{" not in Transform(do).words for do in KINDS)
    assert INTERACTIONS == ("create", "update", "patch")
