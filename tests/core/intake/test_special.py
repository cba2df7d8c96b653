"""What only an explicit rule may let through is a stored denial with a code."""

from __future__ import annotations

from typing import Any

import jsonpatch
import pytest

from core.delta import Difference, delta
from core.intake import special
from tests.builders import CONDITION, PATIENT, Bench, exact_object
from tests.core.intake.scenario import (
    FORMS,
    bringing,
    codes,
    content,
    edit,
    patch,
    row,
    submit_changes,
    update,
)

DIV = '<div xmlns="http://www.w3.org/1999/xhtml">Agent words</div>'
EXTENSION = {"url": "http://x.org/e", "valueString": "x"}
CODE = {"coding": [{"system": "http://snomed.info/sct", "code": "59621000"}]}

# name: (elements brought into a Condition, the reason code)
CASES: dict[str, tuple[dict[str, Any], str]] = {
    "narrative": ({"text": {"status": "generated", "div": DIV}}, "narrative-not-named"),
    "contained": (
        {
            "contained": [{"resourceType": "Practitioner", "id": "p"}],
            "asserter": {"reference": "#p"},
        },
        "contained-not-named",
    ),
    "modifier extension": ({"modifierExtension": [EXTENSION]}, "modifier-extension-not-named"),
    "extension": ({"extension": [EXTENSION]}, "extension-not-named"),
    "extension inside": ({"code": CODE | {"extension": [EXTENSION]}}, "extension-not-named"),
    "extension of a primitive": (
        {"recordedDate": "2026-01-01", "_recordedDate": {"extension": [EXTENSION]}},
        "extension-not-named",
    ),
    "extension instead of a value": (
        {"_recordedDate": {"extension": [EXTENSION]}}, "extension-not-named",
    ),
    "absolute reference": (
        {"asserter": {"reference": "https://evil.example/Practitioner/1"}},
        "absolute-reference-not-named",
    ),
    "urn reference": (
        {"asserter": {"reference": "urn:uuid:c757873d-ec9a-4326-a141-556f43239520"}},
        "absolute-reference-not-named",
    ),
    "reference without scheme": (
        {"asserter": {"reference": "//evil.example/Practitioner/1"}},
        "absolute-reference-not-named",
    ),
    "reference that climbs": (
        {"evidence": [{"detail": [{"reference": "../Observation/1"}]}]},
        "absolute-reference-not-named",
    ),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", CASES)
async def test_special_content_is_a_stored_denial(bench: Bench, name: str, form: str) -> None:
    elements, code = CASES[name]
    staged = await submit_changes(bench, bringing(form, elements))
    assert staged.outcome == "denied"
    assert code in codes(staged)
    assert row(bench, staged).state == "denied"


@pytest.mark.parametrize("name", ["narrative", "extension", "absolute reference"])
async def test_control_without_the_flags_the_code_is_missing(
    bench: Bench, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(special, "flags", lambda *_: frozenset())
    elements, code = CASES[name]
    assert code not in codes(await submit_changes(bench, bringing("create", elements)))


async def test_a_profile_on_a_create(bench: Bench) -> None:
    change = bringing("create", {"meta": {"profile": ["http://x.org/p"]}})
    assert "meta-profile-not-named" in codes(await submit_changes(bench, change))


@pytest.mark.parametrize(
    ("url", "denied"),
    [
        ("https://evil.example/x", True),
        ("file:///etc/passwd", True),
        ("Binary/../x", True),
        ("DocumentReference/n1", True),
        ("Binary/b1", False),
    ],
)
async def test_an_attachment_url(bench: Bench, url: str, denied: bool) -> None:
    document = {
        "resourceType": "DocumentReference",
        "status": "current",
        "subject": {"reference": "Patient/example"},
        "content": [{"attachment": {"url": url}}],
    }
    staged = await submit_changes(bench, {"op": "create", "resource": document})
    assert (staged.outcome == "denied") == denied
    assert ("attachment-url-not-named" in codes(staged)) == denied
    photo = update("Patient/example", patch=patch(("add", "/photo", [{"url": url}])))
    staged = await submit_changes(bench, photo, correlation_id="c-2")
    assert ("attachment-url-not-named" in codes(staged)) == denied


@pytest.mark.parametrize(
    ("before", "path", "value", "flag"),
    [
        ({"extension": [EXTENSION]}, "/extension/0/valueString", "y", "extension:http://x.org/e"),
        ({"extension": [EXTENSION]}, "/extension/0/url", "urn:y", "extension:urn:y"),
        (
            {"_birthDate": {"extension": [EXTENSION]}}, "/_birthDate/extension/0/valueString", "y",
            "extension:http://x.org/e",
        ),
        (
            {"extension": [{"url": "urn:a", "extension": [EXTENSION]}]},
            "/extension/0/extension/0/valueString", "y", "extension:urn:a",
        ),
        ({"modifierExtension": [EXTENSION]}, "/modifierExtension/0/valueString", "y",
         "modifier-extension"),
        ({"contained": [{"resourceType": "Organization", "id": "o", "name": "x"}]},
         "/contained/0/name", "y", "contained"),
        ({}, "/text/div", DIV, "narrative"),
    ],
)  # fmt: skip
def test_a_change_inside_special_content_is_flagged(
    before: dict[str, Any], path: str, value: str, flag: str
) -> None:
    base = exact_object({**PATIENT, **before})
    intended = jsonpatch.apply_patch(base, [{"op": "replace", "path": path, "value": value}])
    assert flag in special.flags(delta(base, intended), intended)


def test_what_stands_in_the_base_is_not_flagged() -> None:
    base = exact_object({**PATIENT, "extension": [EXTENSION], "contained": [{"id": "o"}]})
    intended = {**base, "gender": "male"}
    assert special.flags(delta(base, intended), intended) == frozenset()


@pytest.mark.parametrize("name", ["extension", "modifierExtension"])
def test_removing_an_extension_is_flagged(name: str) -> None:
    base = exact_object({**PATIENT, name: [EXTENSION]})
    intended = {key: value for key, value in base.items() if key != name}
    assert special.flags(delta(base, intended), intended)


def test_a_place_that_cannot_be_read_gets_a_flag_that_no_rule_names() -> None:
    found = Difference("Patient.extension[3].valueString", "changed", "a", "b")
    assert special.flags([found], {"resourceType": "Patient"}) == {"extension:"}


@pytest.mark.parametrize("form", FORMS)
async def test_a_display_of_the_agent_is_always_marked(bench: Bench, form: str) -> None:
    coding = {**CODE["coding"][0], "display": "[@click=app.quit] hypertension"}
    staged = await submit_changes(bench, bringing(form, {"code": {"coding": [coding]}}))
    assert staged.outcome == "review"
    assert any(path.endswith(".display") for path in content(bench, staged).displays)


async def test_a_display_of_a_reference_is_marked_too(bench: Bench) -> None:
    subject = {"subject": CONDITION["subject"] | {"display": "Somebody else"}}
    staged = await submit_changes(bench, bringing("full", subject))
    assert content(bench, staged).displays == ("Condition.subject.display",)


async def test_a_display_that_stands_in_the_base_is_not_the_agents(bench: Bench) -> None:
    edit(bench, "Condition/c1", code={"coding": [{"code": "1", "display": "known"}]})
    change = update(
        "Condition/c1", base_version="2", patch=patch(("add", "/note", [{"text": "x"}]))
    )
    assert content(bench, await submit_changes(bench, change)).displays == ()
