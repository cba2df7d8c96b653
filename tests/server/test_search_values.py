"""Tokens, dates, strings and references. Source: FHIR R4 search.html §3.1.1.4."""

from __future__ import annotations

from typing import Any

import pytest

from tests.server.contract import (
    GROUP,
    Resource,
    Server,
    expect,
    fresh,
    measured,
    of_group,
    person,
    refused,
)

LOINC = "http://loinc.org"
OTHER = "urn:countersign:test:codes"
CODES: dict[str, Resource] = {
    "a": {"code": {"coding": [{"system": LOINC, "code": "8867-4"}]}, "status": "final"},
    "b": {"code": {"coding": [{"system": LOINC, "code": "8480-6"}]}, "status": "final"},
    "c": {"code": {"coding": [{"system": OTHER, "code": "8867-4"}]}, "status": "preliminary"},
    "d": {"code": {"coding": [{"code": "8867-4"}]}, "status": "amended"},
    "e": {
        "code": {"text": "in words"},
        "status": "final",
        "category": [{"coding": [{"code": "x"}]}],
    },
}
DATES: dict[str, Resource] = {
    "a": {"effectiveDateTime": "2020-01-14"},
    "b": {"effectiveDateTime": "2020-01-15"},
    "c": {"effectiveDateTime": "2020-01-15T10:30:00Z"},
    "d": {"effectiveDateTime": "2020-01"},
    "e": {"effectivePeriod": {"start": "2020-01-10", "end": "2020-01-20"}},
    "f": {"effectivePeriod": {"start": "2020-02-05"}},
    "g": {"effectiveDateTime": "2021"},
    "h": {},
}
PEOPLE: dict[str, Resource] = {
    "a": {"name": [{"family": "Anderson", "given": ["Ann Marie"]}], "birthDate": "1974-12-25"},
    "b": {"name": [{"family": "ANDERS", "given": ["Bo"]}], "birthDate": "1974-12"},
    "c": {"name": [{"family": "Sanders", "given": ["Ça"]}], "gender": "female", "active": True},
    "d": {"name": [{"family": "Åkesson"}], "gender": "male", "birthDate": "1975", "active": False},
    "e": {"name": [{"text": "Anna of the fields"}], "birthDate": "1980-02-29"},
}


def _stored(server: Server, made: Any, of: dict[str, Resource]) -> tuple[str, dict[str, str]]:
    group = fresh()
    return group, {server.create(made(group, **one))["id"]: key for key, one in of.items()}


def codes(server: Server) -> tuple[str, dict[str, str]]:
    return _stored(server, measured, CODES)


def dates(server: Server) -> tuple[str, dict[str, str]]:
    return _stored(server, measured, DATES)


def people(server: Server) -> tuple[str, dict[str, str]]:
    return _stored(server, person, PEOPLE)


def _found(server: Server, kind: str, made: Any, query: list[tuple[str, str]]) -> str:
    group, keys = server.kept(made)
    for name, _ in query:
        server.needs_parameters(kind, name.partition(":")[0])
    asked = [("identifier", of_group(group)), *query]
    found = [one["id"] for one in server.find(kind, asked, Prefer="handling=strict")]
    assert len(found) == len(set(found))
    return "".join(sorted(keys[id_] for id_ in found))


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ([("code", "8867-4")], "acd"),
        ([("code", f"{LOINC}|8867-4")], "a"),
        ([("code", "|8867-4")], "d"),
        ([("code", f"{LOINC}|")], "ab"),
        ([("code", f"{LOINC}|8867-4,{LOINC}|8480-6")], "ab"),
        ([("code", f"{OTHER}|8867-4,|8867-4,{LOINC}|nothing")], "cd"),
        ([("code", "8867-4"), ("code", f"{LOINC}|")], "a"),
        ([("code", f"{LOINC}|8867-4"), ("code", f"{OTHER}|8867-4")], ""),
        ([("code:not", "8867-4")], "be"),
        ([("code:not", f"{LOINC}|8867-4")], "bcde"),
        ([("status", "final")], "abe"),
        ([("status", "final,amended")], "abde"),
        ([("status:not", "final")], "cd"),
        ([("status", "final"), ("code", f"{LOINC}|")], "ab"),
        ([("category:missing", "true")], "abcd"),
        ([("category:missing", "false")], "e"),
        ([("status", "no-such-status")], ""),
    ],
)
def test_token(server: Server, query: list[tuple[str, str]], wanted: str) -> None:
    assert _found(server, "Observation", codes, query) == wanted


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ([("gender", "female")], "c"),
        ([("gender:not", "female")], "abde"),
        ([("gender:missing", "true")], "abe"),
        ([("active", "true")], "c"),
        ([("active", "false")], "d"),
        ([("active:missing", "false")], "cd"),
    ],
)
def test_token_of_plain_codes(server: Server, query: list[tuple[str, str]], wanted: str) -> None:
    assert _found(server, "Patient", people, query) == wanted


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        (["2020-01-15"], "bc"),
        (["eq2020-01"], "abcde"),
        (["2020"], "abcde"),
        (["ne2020-01"], "fg"),
        (["gt2020-01-15"], "defg"),
        (["lt2020-01-15"], "ade"),
        (["ge2020-01-15"], "bcdefg"),
        (["le2020-01-15"], "abcde"),
        (["sa2020-01-15"], "fg"),
        (["eb2020-01-15"], "a"),
        (["2020-01-15T10:30:00Z"], "c"),
        (["2020-01-15T10:30Z"], "c"),
        (["2020-01-15T12:30:00+02:00"], "c"),
        (["sa2020-01-15T10:29:59Z", "lt2020-01-16"], "c"),
        (["2020-01-14,2020-01-15"], "abc"),
        (["ge2020-01-10", "le2020-01-15"], "abcde"),
        (["gt2020-01-20", "lt2020-03"], "df"),
        (["1999"], ""),
    ],
    ids=str,
)
def test_date(server: Server, query: list[str], wanted: str) -> None:
    """§3.1.1.4.7: eq asks for containment, gt and lt for an overlap beyond, sa and eb for all."""
    assert _found(server, "Observation", dates, [("date", one) for one in query]) == wanted


@pytest.mark.parametrize(("value", "wanted"), [("true", "h"), ("false", "abcdefg")])
def test_date_missing(server: Server, value: str, wanted: str) -> None:
    assert _found(server, "Observation", dates, [("date:missing", value)]) == wanted


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("1974", "ab"),
        ("1974-12", "ab"),
        ("1974-12-25", "a"),
        ("1980-02-29", "e"),
        ("lt1975", "ab"),
        ("ge1975", "de"),
        ("ne1974", "de"),
        ("1975,1980", "de"),
    ],
)
def test_birthdate(server: Server, value: str, wanted: str) -> None:
    assert _found(server, "Patient", people, [("birthdate", value)]) == wanted


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ([("family", "anders")], "ab"),
        ([("family", "ANDERSON")], "a"),
        ([("family", "son")], ""),
        ([("family:exact", "ANDERS")], "b"),
        ([("family:exact", "Anders")], ""),
        ([("family:contains", "ander")], "abc"),
        ([("family:contains", "SON")], "ad"),
        ([("family", "akesson")], "d"),
        ([("family:exact", "Åkesson")], "d"),
        ([("given", "ca")], "c"),
        ([("given", "marie")], ""),
        ([("given:contains", "marie")], "a"),
        ([("name", "ann")], "ae"),
        ([("family", "anderson,sanders")], "ac"),
        ([("family", "anders"), ("given", "bo")], "b"),
        ([("family:missing", "true")], "e"),
    ],
)
def test_string(server: Server, query: list[tuple[str, str]], wanted: str) -> None:
    """§3.1.1.4.8: from the start, case and accents aside; :exact is exact, :contains anywhere."""
    assert _found(server, "Patient", people, query) == wanted


def linked(server: Server) -> tuple[str, dict[str, str], Resource, Resource]:
    """Make two Patients and Observations on them in the forms that a reference may have."""
    group = fresh()
    first, second = (server.create(person(group)) for _ in range(2))
    forms = {
        "a": {"reference": f"Patient/{first['id']}"},
        "b": {"reference": f"{server.base}/Patient/{first['id']}"},
        "c": {"reference": f"Patient/{second['id']}"},
        "d": {"identifier": {"system": GROUP, "value": group}},
    }
    keys = {server.create(measured(group, subject=one))["id"]: key for key, one in forms.items()}
    keys[server.create(measured(group))["id"]] = "e"
    return group, keys, first, second


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("subject", "Patient/{0}", "ab"),
        ("subject", "{base}/Patient/{0}", "ab"),
        ("subject", "{0}", "ab"),
        ("patient", "{0}", "ab"),
        ("patient", "Patient/{1}", "c"),
        ("subject:Patient", "{1}", "c"),
        ("subject", "Patient/{0},Patient/{1}", "abc"),
        ("subject:missing", "true", "e"),
        ("subject", "Group/{0}", ""),
        ("subject", "https://elsewhere.example/fhir/Patient/{0}", ""),
        ("subject", "Patient/nobody", ""),
    ],
)
def test_reference(server: Server, name: str, value: str, wanted: str) -> None:
    server.needs_parameters("Observation", name.partition(":")[0])
    group, keys, first, second = server.kept(linked)
    asked = value.format(first["id"], second["id"], base=server.base)
    found = server.find("Observation", {"identifier": of_group(group), name: asked})
    got = "".join(sorted(keys[one["id"]] for one in found))
    # R4 does not say whether a logical reference counts as a value for :missing.
    assert got in ((wanted, wanted + "d", "de") if name.endswith("missing") else (wanted,))


def test_a_reference_by_identifier(server: Server) -> None:
    server.needs_parameters("Observation", "subject")
    group, keys, *_ = server.kept(linked)
    asked = {"identifier": of_group(group), "subject:identifier": of_group(group)}
    answer = server.get("Observation", asked)
    if answer.status_code == 400:
        refused(answer)
        return
    found = [one["resource"]["id"] for one in expect(answer, 200).json().get("entry", [])]
    assert [keys[id_] for id_ in found] == ["d"]


def test_two_references_at_once_is_none(server: Server) -> None:
    group, _, first, second = server.kept(linked)
    asked = [("subject", f"Patient/{one['id']}") for one in (first, second)]
    assert server.find("Observation", [("identifier", of_group(group)), *asked]) == []


@pytest.mark.parametrize("value", ["a,b", "a|b", "a$b", "a\\b", "a b", "a+b&c=d%", "ü/é?#"])
def test_escapes_stand_for_themselves(server: Server, value: str) -> None:
    group = fresh()
    more = {"system": "urn:countersign:test:odd", "value": group + value}
    made = server.create(person(group, identifier=[more]))
    server.create(person(group, identifier=[{**more, "value": group + "a"}]))
    escaped = group + value
    for special in "\\,|$":
        escaped = escaped.replace(special, "\\" + special)
    found = server.find("Patient", {"identifier": f"urn:countersign:test:odd|{escaped}"})
    assert [one["id"] for one in found] == [made["id"]]


def test_last_updated_and_id(server: Server) -> None:
    group = fresh()
    made = [server.create(person(group)) for _ in range(3)]
    since = made[1]["meta"]["lastUpdated"]
    wanted = {one["id"] for one in made if one["meta"]["lastUpdated"] >= since}
    asked = {"identifier": of_group(group), "_lastUpdated": f"ge{since}"}
    assert {one["id"] for one in server.find("Patient", asked)} == wanted
    both = f"{made[0]['id']},{made[2]['id']},{fresh()}"
    found = {one["id"] for one in server.find("Patient", {"_id": both})}
    assert found == {made[0]["id"], made[2]["id"]}


def test_tag_and_security_label(server: Server) -> None:
    server.needs_parameters("Patient", "_tag", "_security")
    group = fresh()
    tagged = {"tag": [{"system": GROUP, "code": group}]}
    labelled = {"security": [{"system": GROUP, "code": group}]}
    one = server.create(person(group, meta=tagged))
    two = server.create(person(group, meta=labelled))
    assert [found["id"] for found in server.find("Patient", {"_tag": of_group(group)})] == [
        one["id"]
    ]
    found = server.find("Patient", {"_security": of_group(group)})
    assert [one["id"] for one in found] == [two["id"]]
