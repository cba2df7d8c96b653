"""Each search parameter and include that is claimed works, and one that is not is refused."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.scale import in_ci
from tests.server.contract import (
    Resource,
    Server,
    expect,
    fresh,
    ids,
    links,
    path_of,
    refused,
    resources,
)
from tests.server.samples import CLINICAL, all_types, minimal

pytestmark = in_ci

KINDS = all_types()
STRICT = {"Prefer": "handling=strict"}
FIT = {
    "token": "x",
    "string": "x",
    "date": "2020",
    "uri": "urn:x",
    "reference": "Patient/x",
    "number": "1",
    "quantity": "1",
    "composite": "x$x",
    "special": "1|1|1|km",
}
COMMON = frozenset(
    "_id _lastUpdated _tag _profile _security _source _text _content _list _has _type _query"
    " _filter".split()
)
# Parameters of R4 of the kinds that servers leave out first: numbers, quantities, composites,
# positions, sounds and extensions.
RARE = tuple(
    "value-quantity combo-value-quantity component-value-quantity code-value-quantity near"
    " probability length variant-start phonetic mothersMaidenName factor-override priceoverride"
    " totalgross code-value-date _text _content _list _query".split()
)
# Parameters of R4 that a server may know but not claim.
USUAL: dict[str, str] = {
    "Patient": """active address address-city address-country address-postalcode address-state
        address-use birthdate death-date deceased email family gender general-practitioner given
        identifier language link name organization phone telecom""",
    "Observation": """based-on category code combo-code component-code data-absent-reason date
        derived-from device encounter focus has-member identifier method part-of patient performer
        specimen status subject value-concept value-date value-string""",
    "Condition": """abatement-date asserter body-site category clinical-status code encounter
        evidence evidence-detail identifier onset-date onset-info patient recorded-date severity
        stage subject verification-status""",
    "Encounter": """account appointment based-on class date diagnosis episode-of-care identifier
        location location-period part-of participant participant-type patient practitioner
        reason-code reason-reference service-provider special-arrangement status subject type""",
    "MedicationRequest": """authoredon category code date encounter identifier intended-dispenser
        intended-performer intended-performertype intent medication patient priority requester
        status subject""",
    "Task": """authored-on based-on business-status code encounter focus group-identifier
        identifier intent modified owner part-of patient performer period priority requester
        status subject""",
    "Provenance": """agent agent-role agent-type entity location patient recorded signature-type
        target when""",
    "AuditEvent": """action address agent agent-name agent-role altid date entity entity-name
        entity-role entity-type outcome patient policy site source subtype type""",
    "Consent": """action actor category consentor data date identifier organization patient
        period purpose scope security-label source-reference status""",
    "DocumentReference": """authenticator author category contenttype custodian date description
        encounter event facility format identifier language location patient period related
        relatesto relation relationship security-label setting status subject type""",
}
CHUNK = 40


@pytest.mark.parametrize("kind", KINDS)
def test_each_claimed_parameter_filters(server: Server, kind: str) -> None:
    for name, of in server.claims.parameters(kind).items():
        asked = {"_id": "nothing-has-this-id", name: FIT[of]} if name != "_id" else {name: "x"}
        bundle = expect(server.get(kind, asked, **STRICT), 200).json()
        assert bundle["type"] == "searchset"
        assert bundle.get("total", 0) == 0
        # What a server used stands in the self link; what it ignored does not.
        used = parse_qsl(urlsplit(links(bundle)["self"]).query)
        assert name in dict(used), (kind, name, used)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind in CLINICAL])
def test_each_claimed_parameter_splits_all_into_having_and_missing(
    server: Server, kind: str
) -> None:
    """With :missing each resource of the type is on one side, whatever the parameter is."""
    made = {server.create(minimal(kind))["id"] for _ in range(2)}
    for name in server.claims.parameters(kind).keys() - COMMON:
        sides = []
        for side in ("true", "false"):
            asked = {"_id": ",".join(made), f"{name}:missing": side}
            answer = server.get(kind, asked, **STRICT)
            if answer.status_code == 400:
                assert not server.own, f"{kind}?{name}:missing"
                break
            sides += ids(resources(expect(answer, 200).json()))
        else:
            assert sorted(sides) == sorted(made), (kind, name)


@pytest.mark.parametrize("kind", KINDS)
def test_a_parameter_that_is_not_claimed_is_refused(server: Server, kind: str) -> None:
    claims = server.claims
    anywhere = sorted({name for one in claims.kinds for name in claims.parameters(one)})
    few = anywhere[len(kind) % 11 :: 60] if kind not in CLINICAL else anywhere[len(kind) % 7 :: 20]
    rare = [*USUAL.get(kind, "").split(), *(RARE if kind in CLINICAL else RARE[:4])]
    claimed = claims.parameters(kind)
    probed = [name for name in dict.fromkeys([*few, *rare, "nonsense"]) if name not in claimed]
    assert probed
    for name in probed:
        refused(server.get(kind, {name: "x"}, **STRICT), 400, 404)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", ["_include", "_revinclude"])
def test_each_claimed_include_is_taken_and_no_other(server: Server, kind: str, way: str) -> None:
    listed = server.claims.of(kind).get({"_include": "searchInclude"}.get(way, "searchRevInclude"))
    claimed: list[str] = listed or []
    assert len(claimed) == len(set(claimed))
    for start in range(0, len(claimed), CHUNK):
        asked = [("_id", "nothing-has-this-id")]
        asked += [(way, value) for value in claimed[start : start + CHUNK]]
        expect(server.get(kind, asked, **STRICT), 200)
    of = server.claims.parameters(kind)
    plain = next((name for name, one in of.items() if one == "token"), "nonsense")
    linking = [f"{kind}:{name}" for name, one in of.items() if one == "reference"]
    others = [f"{kind}:{plain}", f"{kind}:nonsense", f"Nonsense:{plain}", "*"]
    for value in [*others, *(linking if way == "_include" else [])]:
        if value not in claimed:
            refused(server.get(kind, {way: value}, **STRICT), 400)


LINKS: tuple[tuple[str, str, str, str, str], ...] = (
    ("Observation", "subject", "subject", "", "Patient"),
    ("Observation", "encounter", "encounter", "", "Encounter"),
    ("Observation", "performer", "performer", "[]", "Practitioner"),
    ("Condition", "subject", "subject", "", "Patient"),
    ("Condition", "encounter", "encounter", "", "Encounter"),
    ("MedicationRequest", "requester", "requester", "", "Practitioner"),
    ("AllergyIntolerance", "patient", "patient", "", "Patient"),
    ("Encounter", "subject", "subject", "", "Patient"),
    ("Encounter", "service-provider", "serviceProvider", "", "Organization"),
    ("Provenance", "target", "target", "[]", "Patient"),
    ("Patient", "organization", "managingOrganization", "", "Organization"),
    ("Patient", "general-practitioner", "generalPractitioner", "[]", "Practitioner"),
    ("Task", "focus", "focus", "", "Observation"),
    ("Task", "patient", "for", "", "Patient"),
    ("DocumentReference", "subject", "subject", "", "Patient"),
    ("ServiceRequest", "subject", "subject", "", "Patient"),
    ("DiagnosticReport", "result", "result", "[]", "Observation"),
    ("Consent", "patient", "patient", "", "Patient"),
    ("AuditEvent", "entity", "entity", "[what]", "Patient"),
    ("Appointment", "actor", "participant", "[actor]", "Patient"),
    ("PractitionerRole", "practitioner", "practitioner", "", "Practitioner"),
)
"""Type, its reference parameter, the element, the element's form, and the type it leads to."""


def _linking(server: Server, row: tuple[str, str, str, str, str]) -> tuple[Resource, Resource]:
    kind, _, element, form, leads_to = row
    target = server.create(minimal(leads_to))
    reference: dict[str, Any] = {"reference": path_of(target)}
    forms: dict[str, Any] = {
        "": reference,
        "[]": [reference],
        "[what]": [{"what": reference}],
        "[actor]": [{"actor": reference, "status": "accepted"}],
    }
    return server.create({**minimal(kind), element: forms[form]}), target


@pytest.mark.parametrize("row", LINKS, ids=lambda row: f"{row[0]}:{row[1]}")
def test_links_are_found_and_followed_both_ways(
    server: Server, row: tuple[str, str, str, str, str]
) -> None:
    kind, name, _, _, leads_to = row
    server.needs_parameters(kind, name)
    value = f"{kind}:{name}"
    server.demand(value in server.claims.of(kind).get("searchInclude", []), f"_include={value}")
    source, target = _linking(server, row)
    assert server.find(kind, {name: path_of(target)}) == [source]
    assert server.find(kind, {name: f"{leads_to}/{fresh()}"}) == []
    there = expect(server.get(kind, {"_id": source["id"], "_include": value}), 200).json()
    assert resources(there, "include") == [target]
    back = server.claims.of(leads_to).get("searchRevInclude", [])
    server.demand(value in back, f"_revinclude={value}")
    found = expect(server.get(leads_to, {"_id": target["id"], "_revinclude": value}), 200).json()
    assert resources(found, "include") == [source]
