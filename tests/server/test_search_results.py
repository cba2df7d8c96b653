"""What a search answers: bundle, includes, summaries, order, pages and how it handles the unknown.

Source: FHIR R4 search.html §3.1.1.3 to §3.1.1.5.
"""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from tests.server.contract import (
    FORM,
    Resource,
    Server,
    expect,
    fresh,
    ids,
    links,
    measured,
    of_group,
    path_of,
    person,
    refused,
    resources,
)

SUBSETTED = "SUBSETTED"


def several(server: Server) -> tuple[str, list[Resource]]:
    """Make ten Patients with distinct names and birth dates; return the group and them."""
    group = fresh()
    order = (3, 7, 1, 9, 0, 5, 2, 8, 6, 4)
    return group, [
        server.create(
            person(group, name=[{"family": f"F{number}"}], birthDate=f"198{number}-01-01")
        )
        for number in order
    ]


def visit(server: Server) -> tuple[str, Resource, list[Resource]]:
    """Make a Patient with three Observations; return the group, the Patient and those."""
    group = fresh()
    who = server.create(person(group))
    subject = {"reference": path_of(who)}
    return group, who, [server.create(measured(group, subject=subject)) for _ in range(3)]


def test_a_searchset_says_what_it_is(server: Server) -> None:
    group, made = server.kept(several)
    bundle = expect(server.get("Patient", {"identifier": of_group(group)}), 200).json()
    assert (bundle["type"], bundle["total"]) == ("searchset", 10)
    assert {entry["search"]["mode"] for entry in bundle["entry"]} == {"match"}
    for entry in bundle["entry"]:
        assert entry["fullUrl"] == f"{server.base}/{path_of(entry['resource'])}"
        assert entry["resource"] in made
    assert links(bundle)["self"].startswith(f"{server.base}/Patient?")
    none = expect(server.get("Patient", {"identifier": of_group(fresh())}), 200).json()
    assert none["total"] == 0
    assert "entry" not in none


def test_post_search_answers_as_get_does(server: Server) -> None:
    group, made = server.kept(several)
    for form, query in (
        (f"identifier={of_group(group)}&birthdate=ge1985", ""),
        (f"identifier={of_group(group)}", "?birthdate=ge1985"),
    ):
        answer = server.post(f"Patient/_search{query}", form.encode(), Content_Type=FORM)
        found = ids(resources(expect(answer, 200).json()))
        assert sorted(found) == sorted(one["id"] for one in made if one["birthDate"] >= "1985")
    refused(server.post("Patient/_search", {"identifier": "x"}), 400, 415)


def test_include_brings_what_a_match_refers_to_once(server: Server) -> None:
    server.demand(
        "Observation:subject" in server.claims.of("Observation").get("searchInclude", []),
        "_include=Observation:subject",
    )
    group, who, made = server.kept(visit)
    for value in ("Observation:subject", "Observation:subject:Patient"):
        asked = {"identifier": of_group(group), "_include": value}
        bundle = expect(server.get("Observation", asked), 200).json()
        assert sorted(ids(resources(bundle, "match"))) == sorted(ids(made))
        assert resources(bundle, "include") == [who]
        assert bundle["total"] == 3
    asked["_include"] = "Observation:subject:Group"
    assert resources(expect(server.get("Observation", asked), 200).json(), "include") == []


def test_revinclude_brings_what_refers_to_a_match(server: Server) -> None:
    server.demand(
        "Observation:subject" in server.claims.of("Patient").get("searchRevInclude", []),
        "_revinclude=Observation:subject",
    )
    group, who, made = server.kept(visit)
    asked = {"identifier": of_group(group), "_revinclude": "Observation:subject"}
    bundle = expect(server.get("Patient", asked), 200).json()
    assert resources(bundle, "match") == [who]
    assert sorted(ids(resources(bundle, "include"))) == sorted(ids(made))
    assert bundle["total"] == 1


def test_includes_come_with_the_page_of_their_match(server: Server) -> None:
    server.demand(
        "Observation:subject" in server.claims.of("Observation").get("searchInclude", []),
        "_include=Observation:subject",
    )
    group, who, made = server.kept(visit)
    asked = {"identifier": of_group(group), "_include": "Observation:subject", "_count": "1"}
    seen = []
    for bundle in server.pages("Observation", asked):
        seen += ids(resources(bundle, "match"))
        assert len(resources(bundle, "match")) <= 1
        assert not resources(bundle, "match") or resources(bundle, "include") == [who]
    assert sorted(seen) == sorted(ids(made))


@pytest.mark.parametrize("asked", [{"_summary": "count"}, {"_count": "0"}])
def test_only_the_count(server: Server, asked: dict[str, str]) -> None:
    """_count=0 is the same as _summary=count (§3.1.1.5.3)."""
    group, _ = server.kept(several)
    bundle = expect(server.get("Patient", {"identifier": of_group(group), **asked}), 200).json()
    assert bundle["total"] == 10
    assert "entry" not in bundle
    assert "next" not in links(bundle)


def test_elements_leaves_out_the_rest_and_says_so(server: Server) -> None:
    group, made = server.kept(several)
    asked = {"identifier": of_group(group), "_elements": "birthDate"}
    found = server.find("Patient", asked)
    assert sorted(ids(found)) == sorted(ids(made))
    for one in found:
        assert one["birthDate"]
        assert "name" not in one
        assert SUBSETTED in [tag["code"] for tag in one["meta"].get("tag", [])]
        assert one["meta"]["versionId"]
    assert SUBSETTED not in str(server.read(path_of(made[0])))


def test_elements_keeps_what_is_mandatory(server: Server) -> None:
    group, _, made = server.kept(visit)
    asked = {"identifier": of_group(group), "_elements": "subject"}
    for one in server.find("Observation", asked):
        assert {"subject", "status", "code"} <= one.keys()
        assert "identifier" not in one
    assert made


@pytest.mark.parametrize("value", ["true", "text", "data", "false"])
def test_a_summary_is_right_or_refused(server: Server, value: str) -> None:
    group, made = server.kept(several)
    answer = server.get("Patient", {"identifier": of_group(group), "_summary": value})
    if answer.status_code == 400:
        refused(answer)
        return
    for one in resources(expect(answer, 200).json()):
        whole = next(other for other in made if other["id"] == one["id"])
        tags = [tag["code"] for tag in one["meta"].get("tag", [])]
        assert one == whole if value == "false" else SUBSETTED in tags


@pytest.mark.parametrize(
    ("sort", "names"),
    [
        ("family", range(10)),
        ("-family", range(9, -1, -1)),
        ("birthdate", range(10)),
        ("-birthdate", range(9, -1, -1)),
        ("gender,-birthdate", range(9, -1, -1)),
    ],
)
def test_sort(server: Server, sort: str, names: Any) -> None:
    server.needs_parameters("Patient", *(one.removeprefix("-") for one in sort.split(",")))
    group, _ = server.kept(several)
    for count in ("50", "3"):
        found = server.find(
            "Patient", {"identifier": of_group(group), "_sort": sort, "_count": count}
        )
        assert [one["name"][0]["family"] for one in found] == [f"F{name}" for name in names]


@pytest.mark.parametrize(("sort", "down"), [("_lastUpdated", False), ("-_lastUpdated", True)])
def test_sort_by_last_update(server: Server, sort: str, down: bool) -> None:
    group, made = server.kept(several)
    found = server.find("Patient", {"identifier": of_group(group), "_sort": sort, "_count": "4"})
    moments = [one["meta"]["lastUpdated"] for one in found]
    assert moments == sorted(moments, reverse=down)
    assert sorted(ids(found)) == sorted(ids(made))


@pytest.mark.parametrize("sort", [None, "_lastUpdated", "-_lastUpdated", "family", "-birthdate"])
def test_pages_miss_and_repeat_nothing_while_others_insert(
    server: Server, sort: str | None
) -> None:
    group, made = several(server)

    new = iter(("F0", "F44", "F99", "F0", "F99"))

    def insert() -> None:
        for family in itertools.islice(new, 2):
            server.create(person(group, name=[{"family": family}], birthDate="1985-01-01"))

    asked = {"identifier": of_group(group), "_count": "3", **({"_sort": sort} if sort else {})}
    found: list[str] = []
    for bundle in server.pages("Patient", asked, between=insert):
        assert len(bundle.get("entry", [])) <= 3
        assert links(bundle)["self"]
        found += ids(resources(bundle))
    assert len(found) == len(set(found))
    assert set(ids(made)) <= set(found)


def test_pages_miss_and_repeat_nothing_while_matches_are_deleted(server: Server) -> None:
    server.needs("Patient", "delete")
    group, made = several(server)
    seen: list[str] = []

    def delete() -> None:
        expect(server.delete(f"Patient/{seen[0]}"), 200, 202, 204)

    asked = {"identifier": of_group(group), "_count": "4"}
    for bundle in server.pages("Patient", asked, between=delete):
        seen += ids(resources(bundle))
    assert sorted(seen) == sorted(ids(made))


@pytest.mark.parametrize("name", ["nonsense", "family2", "_nonsense", "Family", "value-quantityx"])
def test_an_unknown_parameter_is_refused_by_strict_handling(server: Server, name: str) -> None:
    answer = server.get("Patient", {name: "x"}, Prefer="handling=strict")
    refused(answer, 400)


def test_lenient_handling_ignores_the_unknown_and_says_what_it_did(server: Server) -> None:
    group, made = server.kept(several)
    asked = {"identifier": of_group(group), "nonsense": "x"}
    answer = expect(server.get("Patient", asked, Prefer="handling=lenient"), 200)
    bundle = answer.json()
    assert bundle["total"] == len(made)
    assert "nonsense" not in links(bundle)["self"]


@pytest.mark.parametrize(
    "query",
    [
        "family:nonsense=x",
        "gender:exact=male",
        "birthdate=yesterday",
        "birthdate=2020-13",
        "birthdate=xx2020",
        "birthdate:missing=perhaps",
        "_lastUpdated=soon",
        "_count=many",
        "_count=-1",
        "_sort=nonsense",
        "_summary=nonsense",
        "_include=nonsense",
        "_include=Patient:nonsense",
        "_revinclude=Observation:nonsense",
        "gender=",
        "general-practitioner:Observation=x",
    ],
)
def test_what_cannot_be_done_is_refused_never_ignored(server: Server, query: str) -> None:
    """§3.1.1.4.5: an unsupported modifier SHALL be refused; an ignored filter finds too much."""
    refused(server.get(f"Patient?{query}", Prefer="handling=strict"), 400)


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("subject:Patient.identifier={other}", 0),
        ("subject:Patient.identifier={group}", 3),
        ("_has:Provenance:target:_id=nothing", 0),
        ("code:text=elsewhere", 0),
        ("_text=elsewhere", 0),
        ("_content=elsewhere", 0),
        ("_filter=status eq registered", 0),
        ("value-quantity=7", 0),
        ("_list=nothing", 0),
    ],
)
def test_the_finer_arts_are_right_or_refused(server: Server, query: str, wanted: int) -> None:
    """Chains, _has and the like are optional in R4; to overlook one is not."""
    group, *_ = server.kept(visit)
    asked = query.format(group=of_group(group), other=of_group(fresh()))
    answer = server.get(
        f"Observation?identifier={of_group(group)}&{asked}", Prefer="handling=strict"
    )
    if 400 <= answer.status_code < 500:
        refused(answer)
        return
    assert expect(answer, 200).json()["total"] == wanted
