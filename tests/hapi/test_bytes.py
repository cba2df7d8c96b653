"""What HAPI makes of the bytes it is given: written past the gateway, read back, compared.

The table is in docs/testing.md. What is on record here is what was measured; a difference, up or
down, is a failure.
"""

from __future__ import annotations

import uuid
from typing import Any

import httpx
import pytest

from core.canonical import RESPONSE, JsonObject, encode, parse_object
from core.discrepancy import compare
from tests.hapi.front import TIMEOUT_S

pytestmark = pytest.mark.heavy

LABELLED = (
    '"meta":{"profile":["http://example.org/p"],'
    '"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue",'
    '"code":"AIAST"}],"tag":[{"system":"urn:countersign:operation","code":"op-1"}]}'
)
UCUM = '"system":"http://unitsofmeasure.org"'
CODE = '"code":{"text":"synthetic"}'
ABOUT = '"subject":{"reference":"Patient/@"}'
SENT = {
    "labels": f'{{"resourceType":"Basic","id":"@",{LABELLED},{CODE}}}',
    "decimals": f'{{"resourceType":"Observation","id":"@","status":"final",{CODE},{ABOUT},'
    f'"valueQuantity":{{"value":1.10,"unit":"mg","code":"mg",{UCUM}}},'
    f'"referenceRange":[{{"low":{{"value":0.000000100}},"high":{{"value":1E+2}}}}]}}',
    "instants": f'{{"resourceType":"Observation","id":"@","status":"final",{CODE},{ABOUT},'
    '"effectiveDateTime":"2026-11-23T10:30:31.100+02:00","issued":"2026-11-23T10:30:31.100Z"}',
    "coarse dates": f'{{"resourceType":"Condition","id":"@",{CODE},{ABOUT},'
    '"onsetDateTime":"2026-11","recordedDate":"2026"}',
    "white space": '{"resourceType":"Patient","id":"@","name":[{"family":"  Synthetic ",'
    '"given":["Ada\\u00a0B"]}],"address":[{"text":"1 Road\\nSpringfield"}]}',
    "element order": f'{{"id":"@",{CODE},"resourceType":"Basic","identifier":'
    '[{"value":"b"},{"value":"a"}]}',
    "companions": '{"resourceType":"Patient","id":"@","birthDate":"1950-05-05","_birthDate":'
    '{"id":"x","extension":[{"url":"http://example.org/e","valueString":"y"}]},'
    '"name":[{"given":["Ada",null],"_given":[null,{"extension":'
    '[{"url":"http://example.org/e","valueBoolean":true}]}]}]}',
    "narrative": '{"resourceType":"Patient","id":"@","text":{"status":"additional","div":'
    '"<div xmlns=\\"http://www.w3.org/1999/xhtml\\">a &amp; b<br/> <b>c</b></div>"}}',
    "contained": f'{{"resourceType":"Condition","id":"@",{CODE},{ABOUT},"contained":'
    '[{"resourceType":"Practitioner","id":"doc","active":true}],'
    '"recorder":{"reference":"#doc"}}',
    "contained, unused": f'{{"resourceType":"Condition","id":"@",{CODE},{ABOUT},"contained":'
    '[{"resourceType":"Practitioner","id":"doc","active":true}]}',
    "attachment": '{"resourceType":"DocumentReference","id":"@","status":"current",'
    f'{ABOUT},"content":[{{"attachment":{{"contentType":"text/plain","data":"SGVsbG8gdGhl\\ncmUu"}}}}]}}',
    "modifier extension": f'{{"resourceType":"Basic","id":"@",{CODE},"modifierExtension":'
    '[{"url":"http://example.org/m","valueBoolean":true}]}',
    "unknown element": f'{{"resourceType":"Basic","id":"@",{CODE},"favourite":"blue"}}',
    "unknown code": '{"resourceType":"Patient","id":"@","gender":"zzz"}',
    "absolute reference": f'{{"resourceType":"Condition","id":"@",{CODE},'
    '"subject":{"reference":"BASE/Patient/@"}}',
    "versioned reference": f'{{"resourceType":"Condition","id":"@",{CODE},'
    '"subject":{"reference":"Patient/@/_history/1"}}',
}
"""What is sent; `@` is the run's id, BASE the server's own base."""
SAME: tuple[int, str, tuple[str, ...]] = (201, "bookkeeping", ())
MEASURED = {
    **dict.fromkeys(SENT, SAME),
    "decimals": (201, "equivalent", ("Observation.referenceRange[0].high.value: equivalent",)),
    "attachment": (
        201,
        "equivalent",
        ("DocumentReference.content[0].attachment.data: equivalent",),
    ),
    "unknown element": (201, "changed", ("Basic.favourite: changed",)),
    "unknown code": (400, "refused", ()),
    "absolute reference": (400, "refused", ()),
    "versioned reference": (201, "equivalent", ("Condition.subject.reference: equivalent",)),
}


def made_of(upstream: str, id_: str, text: str) -> tuple[int, str, tuple[str, ...]]:
    """Return the status, the class and each difference but bookkeeping, as `path: class`."""
    body = text.replace("@", id_).replace("BASE", upstream).encode()
    type_ = parse_object(body)["resourceType"]
    with httpx.Client(timeout=TIMEOUT_S, trust_env=False) as http:
        headers = {"Content-Type": "application/fhir+json", "Cache-Control": "no-cache"}
        url = f"{upstream}/{type_}/{id_}"
        status = http.put(url, content=body, headers=headers).status_code
        if status >= 300:
            return status, "refused", ()
        kept = http.get(url, headers=headers).raise_for_status().content
    found = compare(parse_object(body), parse_object(kept, RESPONSE), base_url=upstream)
    told = tuple(
        f"{one.path}: {one.class_}" for one in found.differences if one.class_ != "bookkeeping"
    )
    return status, found.class_, told


@pytest.mark.parametrize("what", list(SENT))
def test_what_it_makes_of_what_it_is_given(upstream: str, what: str) -> None:
    id_ = f"b-{uuid.uuid4().hex[:12]}"
    patient: JsonObject = {"resourceType": "Patient", "id": id_}
    if '"Patient"' not in SENT[what][:30]:
        put(upstream, patient)
    status, class_, told = made_of(upstream, id_, SENT[what])
    assert (status, class_, told) == MEASURED[what]


def put(upstream: str, resource: dict[str, Any]) -> None:
    """Store what a sample refers to."""
    url = f"{upstream}/{resource['resourceType']}/{resource['id']}"
    headers = {"Content-Type": "application/fhir+json"}
    httpx.put(
        url, content=encode(resource), headers=headers, timeout=TIMEOUT_S, trust_env=False
    ).raise_for_status()
