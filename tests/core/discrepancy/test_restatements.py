"""What an EHR says again in words of its own, and what only looks like it."""

from __future__ import annotations

from typing import Any

import pytest

from core.canonical import JsonObject, Number
from core.discrepancy import compare, defaults, displays, rules

SNOMED = "http://snomed.info/sct"
XHTML = "http://www.w3.org/1999/xhtml"


def coded(path: str = "code", **coding: Any) -> JsonObject:
    return {"resourceType": "Condition", path: {"coding": [{"system": SNOMED, **coding}]}}


def stating(**more: Any) -> JsonObject:
    return coded("verificationStatus", code="confirmed", display="Confirmed") | more


def amount(**more: Any) -> JsonObject:
    value = {"value": Number("3"), "system": "http://unitsofmeasure.org", "code": "{score}", **more}
    return {"resourceType": "Observation", "valueQuantity": value}


def order(**more: Any) -> JsonObject:
    return {"resourceType": "ServiceRequest", "code": {"text": "a"}, **more}


def section(div: str, status: str = "generated") -> JsonObject:
    text = {"status": status, "div": f'<div xmlns="{XHTML}">{div}</div>'}
    return {"resourceType": "Composition", "section": [{"title": "Plan", "text": text}]}


def narrated(status: str, div: str) -> JsonObject:
    return order(text={"status": status, "div": f'<div xmlns="{XHTML}">{div}</div>'})


def beside(*extensions: tuple[str, str]) -> JsonObject:
    return order(extension=[{"url": url, "valueString": said} for url, said in extensions])


def translated(**coding: Any) -> JsonObject:
    held = stating()["verificationStatus"]["coding"]
    return {
        "resourceType": "Condition",
        "verificationStatus": {"coding": [*held, {"system": "urn:local", **coding}]},
    }


VERIFIED = [
    ("equivalent", coded(code="1", display="Body Mass"), coded(code="1", display="body mass")),
    ("equivalent", coded(code="1", display="Mass"), coded(code="1", display="Mass (finding)")),
    ("enriched", stating(), translated(code="L1", display="sure")),
    ("enriched", stating(), translated(code="CONFIRMED", display="Confirmed (EHR)")),
    ("enriched", amount(), amount(unit="{score}")),
    ("enriched", amount(), amount(unit="{score}", system="urn:oid:2.16.840.1.113883.6.8")),
    ("equivalent", amount(unit="points in all"), amount(unit="{score}")),
    ("enriched", order(), order(priority="routine")),
    ("bookkeeping", narrated("generated", "a"), narrated("extensions", "b")),
    ("equivalent", order(note=[]), order()),
]
CHANGED = [
    # Of other words, another code or no code nothing says that they are the same.
    (coded(code="1", display="Mass"), coded(code="1", display="Lump")),
    (coded(code="1", display="Mass"), coded(code="2", display="mass")),
    (coded(display="MASS"), coded(display="mass")),
    (coded(code="1", display="Asthma"), coded(code="1", display="Asthma (situation)")),
    (coded(code="1", display="Asthma"), coded(code="1", display="No asthma")),
    # A state beside the one that was stated is another state, in whatever system.
    (stating(), translated(code="L1", display="Provisional")),
    (stating(), translated(code="refuted")),
    (stating(), translated(code="L1", display="Entered in error")),
    (stating(), translated(code="L1", display="Not confirmed")),
    (stating(), translated(code="L1", display="Resolved, was confirmed")),
    (stating(), translated(code="RULED-OUT")),
    (stating(), translated(code="L1", userSelected=True)),
    (amount(), amount(unit="{points}")),
    (amount(unit="mg"), amount(unit="{score}")),
    (order(), order(priority="urgent")),
    (order(), order(doNotPerform=False)),
    (order(priority="urgent"), order()),
    (order(), order(note=[])),
    (order(note=[{"text": "a"}]), order(note=[])),
    # The narrative of a section is what its author attests, and often all that the section says.
    (section("Aspirin 100 mg"), section("Aspirin 300 mg")),
    (section("a", "generated"), section("b", "extensions")),
    (narrated("additional", "a"), narrated("generated", "b")),
    # The name of an extension is what its value means.
    (beside(("urn:a", "x"), ("urn:a", "y")), beside(("urn:a", "x"), ("urn:b", "y"))),
]


@pytest.mark.parametrize(
    ("link", "class_"),
    [
        ("https://ehr.example/fhir/Binary/1", "equivalent"),
        ("https://ehr.example/fhir/Binary/2", "changed"),
        ("https://elsewhere.example/fhir/Binary/1", "changed"),
        ("Binary/1/_history/2", "changed"),
    ],
)
def test_a_link_to_a_resource_of_the_ehr_may_be_written_out(link: str, class_: str) -> None:
    one, other = ({"resourceType": "Media", "content": {"url": url}} for url in ("Binary/1", link))
    assert compare(one, other, base_url="https://ehr.example/fhir").class_ == class_


@pytest.mark.parametrize(
    ("shown", "added", "class_"),
    [
        ("Diabetes", "Diabetes mellitus without complication", "enriched"),
        ("Diabetes", "No diabetes", "changed"),
        ("Diabetes", "Family history of diabetes", "changed"),
        ("Diabetes", "Suspected diabetes", "changed"),
        ("Diabetes", "? Diabetes", "changed"),
        ("Diabetes", "Entered in error", "changed"),
        ("Diabetes", "Prior diabetes", "changed"),
        ("Diabetes", "Priority diabetes", "enriched"),
        ("No known allergy", "No known allergies", "enriched"),
        ("Diabetes", "Noonan syndrome", "enriched"),
    ],
)
def test_a_translation_whose_words_deny_is_none(shown: str, added: str, class_: str) -> None:
    sent = coded(code="1", display=shown)
    more = {"system": "urn:local", "code": "L1", "display": added}
    kept = {**sent, "code": {"coding": [*sent["code"]["coding"], more]}}
    assert compare(sent, kept).class_ == class_


def test_a_comment_in_a_narrative_says_nothing() -> None:
    one, other, third = (
        narrated("additional", f"<p>{inner}</p>")
        for inner in ("a<!-- made by x --> b", "a<!-- y --> b", "a<!-- y --> c")
    )
    assert compare(one, other).class_ == "equivalent"
    assert compare(one, third).class_ == "changed"


def devices(first: str, second: str, *order: str) -> JsonObject:
    """Return a claim for two devices of which nothing is said but where each is used."""
    return {
        "resourceType": "Claim",
        "contained": [{"resourceType": "Device", "id": id_} for id_ in order],
        "procedure": [{"udi": [{"reference": f"#{first}"}]}],
        "item": [{"udi": [{"reference": f"#{second}"}]}],
    }


def test_contained_resources_of_one_content_are_told_apart_by_what_points_to_them() -> None:
    sent = devices("lens", "frame", "lens", "frame")
    assert compare(sent, devices("c0", "c1", "c0", "c1")).class_ == "equivalent"
    assert compare(sent, devices("c0", "c1", "c1", "c0")).class_ == "equivalent"
    assert compare(sent, devices("c0", "c0", "c0", "c1")).class_ == "changed"


def tablets(*ids: str, marked: str = "") -> JsonObject:
    """Return a plan for two tablets of one substance each, which is described twice over."""
    held: list[JsonObject] = []
    for number, id_ in enumerate(ids):
        substance: JsonObject = {"resourceType": "Substance", "id": f"s{id_}"}
        coding = {"system": "urn:a", "code": "6918", "display": "Metoprolol"}
        chosen = {"userSelected": False} if id_ == marked else {}
        substance["code"] = {"coding": [{**coding, **chosen}]}
        strength = {"numerator": {"value": Number(("25", "50")[number]), "unit": "mg"}}
        part = {"itemReference": {"reference": f"#s{id_}"}, "strength": strength}
        held += [{"resourceType": "Medication", "id": f"m{id_}", "ingredient": [part]}, substance]
    actions = [{"definitionCanonical": f"#m{id_}"} for id_ in ids]
    return {"resourceType": "PlanDefinition", "contained": held, "action": actions}


@pytest.mark.parametrize("marked", ["", "a", "b"])
def test_what_stands_around_them_tells_contained_resources_of_one_content_apart(
    marked: str,
) -> None:
    sent = tablets("a", "b")
    assert compare(sent, tablets("a", "b", marked=marked)).class_ in ("identical", "enriched")
    renamed = tablets("d", "c", marked={"a": "d", "b": "c"}.get(marked, ""))
    assert compare(sent, renamed).class_ in ("equivalent", "enriched")
    crossed = tablets("d", "c")
    crossed["contained"][0]["ingredient"][0]["itemReference"] = {"reference": "#sc"}
    assert compare(sent, crossed).class_ == "changed"


@pytest.mark.parametrize(("class_", "intended", "persisted"), VERIFIED)
def test_what_says_the_same_again_is_verified(
    class_: str, intended: JsonObject, persisted: JsonObject
) -> None:
    assert compare(intended, persisted).class_ == class_


@pytest.mark.parametrize(("intended", "persisted"), CHANGED)
def test_what_says_something_else_is_found(intended: JsonObject, persisted: JsonObject) -> None:
    found = compare(intended, persisted)
    assert found.class_ in ("changed", "critical"), found.differences


@pytest.mark.parametrize(
    "pair", [("8966001", "18944008"), ("368209003", "368208006"), ("7771000", "24028007")]
)
def test_left_for_right_by_code_alone_is_critical(pair: tuple[str, str]) -> None:
    one, other = (coded("bodySite", code=code) for code in pair)
    assert compare(one, other).class_ == "critical"


@pytest.mark.parametrize("rule", [displays.same_display, defaults.stated_default])
def test_without_its_rule_a_restatement_is_an_alarm(
    rule: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "RULES", tuple(one for one in rules.RULES if one is not rule))
    assert any(compare(ours, theirs).class_ == "changed" for _, ours, theirs in VERIFIED)
