from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from core.canonical import JsonObject, Number, parse_object
from core.errors import BadInput
from core.proposal import PURPOSES, Create, Update, json_schema, read
from tests.builders import phone_change, problem_change, proposal


def parsed(value: dict[str, Any] | str) -> JsonObject:
    text = value if isinstance(value, str) else json.dumps(value)
    return parse_object(text.encode())


def test_a_whole_proposal_is_read() -> None:
    agent = {"id": "scribe-1", "model": "m@1", "prompt": "p", "services": ["asr:v2"]}
    found = read(
        parsed(
            proposal(
                phone_change(),
                problem_change(depends_on=[0]),
                agent=agent,
                encounter="Encounter/e1",
                urgency="stat",
                needed_by="2026-11-24T10:00:00+01:00",
            )
        )
    )
    assert found.agent.services == ("asr:v2",)
    assert found.needed_by is not None and found.needed_by.utcoffset() is not None
    update, create = found.changes
    assert isinstance(update, Update) and update.type == "Patient" and update.resource is None
    assert isinstance(create, Create) and create.type == "Condition" and create.target is None
    assert create.depends_on == (0,)
    assert found.evidence[0].supports == (0,) and found.evidence[0].version is None


def test_what_may_be_left_out_has_its_default() -> None:
    value = proposal()
    del value["evidence"]
    found = read(parsed(value))
    assert (found.urgency, found.needed_by, found.encounter) == ("routine", None, None)
    assert found.evidence == () and found.changes[0].depends_on == ()


@pytest.mark.parametrize("text", ["0", "1", "0.90", "1.0", "9e-1", "0.123456789012345678901"])
def test_confidence_is_exact(text: str) -> None:
    found = read(parsed(json.dumps(proposal()).replace("0.9", text)))
    assert found.confidence == Decimal(text) and str(found.confidence) == str(Decimal(text))


@pytest.mark.parametrize("text", ["1.10", "0.50", "1e2", "1E+2", "-0"])
def test_numbers_in_resources_and_patches_keep_their_text(text: str) -> None:
    value = proposal(
        problem_change(resource={"resourceType": "Observation", "x": 42}),
        phone_change(patch=[{"op": "add", "path": "/x", "value": {"y": [42]}}]),
    )
    create, update = read(parsed(json.dumps(value).replace("42", text))).changes
    assert create.resource is not None and create.resource["x"] == Number(text)
    assert isinstance(update, Update) and update.patch is not None
    assert update.patch[0]["value"] == {"y": [Number(text)]}


def test_errors_carry_no_input() -> None:
    with pytest.raises(BadInput) as caught:
        read(parsed(proposal(purpose="secret words", patient="secret words")))
    error: BaseException | None = caught.value
    while error is not None:
        assert "secret" not in f"{error} {error!r}"
        error = error.__context__


def test_a_proposal_does_not_change() -> None:
    found = read(parsed(proposal()))
    with pytest.raises(ValueError, match="frozen"):
        found.patient = "Patient/2"  # type: ignore[misc]


@pytest.mark.parametrize("code", sorted(PURPOSES))
def test_every_purpose_of_use_is_known(code: str) -> None:
    assert read(parsed(proposal(purpose=code))).purpose == code


def test_the_schema_names_what_the_reader_takes() -> None:
    schema = json_schema()
    json.dumps(schema)
    properties = schema["properties"]
    assert set(proposal()) <= set(properties)
    assert set(schema["required"]) == set(proposal()) - {"evidence"}
    assert schema["additionalProperties"] is False
    assert properties["confidence"] == {"maximum": 1, "minimum": 0, "title": "Confidence",
                                        "type": "number"}  # fmt: skip
    assert properties["purpose"]["enum"] == sorted(PURPOSES)
    assert schema["$defs"]["Evidence"]["properties"]["supports"]["items"]["type"] == "integer"


@pytest.mark.parametrize("key", [key for key in proposal() if key != "evidence"])
def test_what_is_required_is_missed(key: str) -> None:
    value = proposal()
    del value[key]
    with pytest.raises(BadInput) as caught:
        read(parsed(value))
    assert caught.value.field == key and caught.value.remedy == "Add it"
