"""History of a resource, a type and the system. Source: FHIR R4 http.html §3.1.0.9."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from tests.server.contract import (
    Resource,
    Server,
    etag,
    expect,
    fresh,
    links,
    path_of,
    person,
    refused,
)

LEVELS = ("history-instance", "history-type", "history-system")


def _versions(server: Server, count: int = 4) -> list[Resource]:
    """Make a Patient with so many versions; return them, newest first."""
    server.needs("Patient", "history-instance", "update")
    found = [server.create(person(fresh()))]
    for number in range(1, count):
        sent = {**found[0], "name": [{"family": f"Version {number}"}]}
        expect(server.put(path_of(found[0]), sent), 200)
        found.insert(0, server.read(path_of(found[0])))
    return found


def _url(server: Server, level: str, path: str) -> str:
    if level == "history-system":
        server.needs_system(level)
        return "_history"
    server.needs("Patient", level)
    return f"{path}/_history" if level == "history-instance" else "Patient/_history"


def _keys(entries: list[Any], of: str) -> list[str]:
    """Return the version ids of the resource `of` in the entries, in their order."""
    found = [entry["resource"] for entry in entries if "resource" in entry]
    return [one["meta"]["versionId"] for one in found if path_of(one) == of]


def _version_ids(versions: list[Resource]) -> list[str]:
    return [one["meta"]["versionId"] for one in versions]


def test_every_version_newest_first(server: Server) -> None:
    versions = _versions(server)
    path = path_of(versions[0])
    for _ in range(3):
        bundle = expect(server.get(f"{path}/_history"), 200).json()
        assert bundle["type"] == "history"
        assert bundle["total"] == 4
        assert [entry["resource"] for entry in bundle["entry"]] == versions
        assert links(bundle)["self"].startswith(server.base)


def test_an_entry_tells_its_request_and_its_response(server: Server) -> None:
    server.needs("Patient", "delete")
    versions = _versions(server, 2)
    path = path_of(versions[0])
    expect(server.delete(path), 200, 202, 204)
    entries = expect(server.get(f"{path}/_history"), 200).json()["entry"]
    assert [entry["request"]["method"] for entry in entries] == ["DELETE", "PUT", "POST"]
    for entry in entries:
        assert entry["fullUrl"] == f"{server.base}/{path}"
        # A create's request may name the type alone, as it was sent.
        assert entry["request"]["url"].partition("/_history")[0] in (path, "Patient")
        assert datetime.fromisoformat(entry["response"]["lastModified"]).tzinfo is not None
    statuses = [entry["response"]["status"][:3] for entry in entries]
    assert statuses[1:] == ["200", "201"]
    assert statuses[0] in ("200", "202", "204")
    assert [entry["response"]["etag"] for entry in entries[1:]] == [etag(one) for one in versions]
    assert [entry["response"]["lastModified"] for entry in entries[1:]] == [
        one["meta"]["lastUpdated"] for one in versions
    ]


@pytest.mark.parametrize("level", LEVELS)
def test_count_and_paging_miss_and_repeat_nothing_while_others_write(
    server: Server, level: str
) -> None:
    versions = _versions(server, 7)
    path = path_of(versions[0])
    url = _url(server, level, path)
    current = dict(versions[0])

    def write() -> None:
        expect(server.put(path, {**current, "active": True}), 200)
        server.create(person(fresh()))

    asked = {"_count": "3", "_since": versions[-1]["meta"]["lastUpdated"]}
    entries: list[Any] = []
    for page in server.pages(url, asked, between=write):
        assert len(page.get("entry", [])) <= 3
        entries += page.get("entry", [])
        if set(_version_ids(versions)) <= set(_keys(entries, path)):
            break
    known = _version_ids(versions)
    assert [key for key in _keys(entries, path) if key in known] == known


@pytest.mark.parametrize("level", LEVELS)
def test_since_tells_what_was_made_then_or_later(server: Server, level: str) -> None:
    versions = _versions(server, 5)
    path = path_of(versions[0])
    since = versions[2]["meta"]["lastUpdated"]
    wanted = [
        one["meta"]["versionId"] for one in versions if _when(one) >= datetime.fromisoformat(since)
    ]
    entries = [
        entry
        for page in server.pages(_url(server, level, path), {"_since": since})
        for entry in page.get("entry", [])
    ]
    assert _keys(entries, path) == wanted


@pytest.mark.parametrize("level", LEVELS[1:])
def test_the_wider_histories_show_all_kinds_of_writes_newest_first(
    server: Server, level: str
) -> None:
    server.needs("Patient", "delete")
    versions = _versions(server, 2)
    path = path_of(versions[0])
    other = server.create(person(fresh()))
    expect(server.delete(path), 200, 202, 204)
    url = _url(server, level, path)
    entries = [
        entry
        for page in server.pages(url, {"_since": versions[-1]["meta"]["lastUpdated"]})
        for entry in page["entry"]
    ]
    moments = [datetime.fromisoformat(entry["response"]["lastModified"]) for entry in entries]
    assert moments == sorted(moments, reverse=True)
    mine = [entry for entry in entries if entry["fullUrl"] == f"{server.base}/{path}"]
    assert [entry["request"]["method"] for entry in mine] == ["DELETE", "PUT", "POST"]
    urls = [entry["fullUrl"] for entry in entries]
    assert urls.index(f"{server.base}/{path}") < urls.index(f"{server.base}/{path_of(other)}")


def test_system_history_holds_several_types_and_type_history_one(server: Server) -> None:
    server.needs_system("history-system")
    server.needs("Patient", "history-type")
    first = server.create(person(fresh()))
    group = {"resourceType": "Group", "type": "person", "actual": True}
    second = server.create(group)
    since = {"_since": first["meta"]["lastUpdated"]}
    for url, wanted in (("_history", True), ("Patient/_history", False)):
        entries = [entry for page in server.pages(url, since) for entry in page["entry"]]
        full = [entry["fullUrl"] for entry in entries]
        assert f"{server.base}/{path_of(first)}" in full
        assert (f"{server.base}/{path_of(second)}" in full) is wanted


def test_the_history_of_what_never_was_is_404(server: Server) -> None:
    server.needs("Patient", "history-instance")
    refused(server.get(f"Patient/{fresh()}/_history"), 404)


@pytest.mark.parametrize("query", ["_count=x", "_count=-1", "_since=yesterday", "_since=2020-13"])
@pytest.mark.parametrize("level", LEVELS)
def test_a_bad_parameter_is_refused(server: Server, level: str, query: str) -> None:
    made = server.create(person(fresh()))
    refused(server.get(f"{_url(server, level, path_of(made))}?{query}"), 400)


def _when(resource: Resource) -> datetime:
    return datetime.fromisoformat(resource["meta"]["lastUpdated"])
