"""Sixteen at once: exactly one wins. Source: FHIR R4 http.html §3.1.0.5, §3.1.0.6, RFC 9110."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial

import httpx

from tests.scale import scaled
from tests.server.contract import (
    JSON_PATCH,
    PARALLEL,
    Server,
    etag,
    expect,
    fresh,
    of_group,
    path_of,
    person,
    place,
    told,
)

ROUNDS = 50 if "COUNTERSIGN_TEST_SERVER" in os.environ else scaled(10, 50)
"""What another server is held to is never less for being asked at a user's size."""
BUSY = frozenset({409, 412})
"""What a loser may be told; 409 where the server notices a conflict, not a stale version."""


def _one_wins(
    server: Server, calls: Iterable[Callable[[], httpx.Response]], win: int
) -> httpx.Response:
    """Let the calls race; assert one winner, the others refused; return the winner's answer."""
    answers = server.together(list(calls))
    won = [answer for answer in answers if answer.status_code == win]
    lost = [answer for answer in answers if answer.status_code in BUSY]
    assert len(won) == 1, "\n".join(map(told, answers))
    assert len(lost) == PARALLEL - 1, "\n".join(map(told, answers))
    return won[0]


def test_one_of_sixteen_updates_of_a_version_wins(server: Server) -> None:
    server.needs("Patient", "update", "history-instance")
    made = server.create(person(fresh()))
    path = path_of(made)
    tag = etag(made)
    for _ in range(ROUNDS):
        names = [fresh() for _ in range(PARALLEL)]
        won = _one_wins(
            server,
            (
                partial(server.put, path, {**made, "name": [{"family": name}]}, If_Match=tag)
                for name in names
            ),
            200,
        )
        stored = server.read(path)
        tag = etag(stored)
        assert won.headers["ETag"] == tag
        assert stored["name"][0]["family"] in won.request.content.decode()
    history = list(server.pages(f"{path}/_history"))
    assert sum(len(page["entry"]) for page in history) == ROUNDS + 1


def test_one_of_sixteen_patches_of_a_version_wins(server: Server) -> None:
    server.needs("Patient", "patch", "history-instance")
    server.demand(bool(server.claims.patch_formats & {JSON_PATCH, "json"}), JSON_PATCH)
    made = server.create(person(fresh(), name=[{"family": "x"}]))
    path = path_of(made)
    tag = etag(made)
    for _ in range(ROUNDS):
        won = _one_wins(
            server,
            (
                partial(
                    server.patch,
                    path,
                    [{"op": "replace", "path": "/name/0/family", "value": fresh()}],
                    If_Match=tag,
                )
                for _ in range(PARALLEL)
            ),
            200,
        )
        stored = server.read(path)
        tag = etag(stored)
        assert won.headers["ETag"] == tag
        assert stored["name"][0]["family"] in won.request.content.decode()
    history = list(server.pages(f"{path}/_history"))
    assert sum(len(page["entry"]) for page in history) == ROUNDS + 1


def test_one_of_sixteen_creates_by_put_wins(server: Server) -> None:
    server.needs_flag("Patient", "updateCreate", True)
    for _ in range(ROUNDS):
        id_ = fresh()
        won = _one_wins(
            server,
            (
                partial(
                    server.put,
                    f"Patient/{id_}",
                    {**person(id_, name=[{"family": fresh()}]), "id": id_},
                    If_None_Match="*",
                )
                for _ in range(PARALLEL)
            ),
            201,
        )
        stored = server.read(f"Patient/{id_}")
        assert stored["name"][0]["family"] in won.request.content.decode()


def test_one_of_sixteen_conditional_creates_creates(server: Server) -> None:
    """The others are told of the one that is there (200), or that they lost (409, 412)."""
    server.needs_flag("Patient", "conditionalCreate", True)
    for _ in range(ROUNDS):
        group = fresh()
        condition = f"identifier={of_group(group)}"
        call = partial(server.post, "Patient", person(group), If_None_Exist=condition)
        answers = server.together([call] * PARALLEL)
        counted = Counter(answer.status_code for answer in answers)
        assert counted[201] == 1, counted
        assert counted.keys() <= {201, 200} | BUSY, counted
        found = expect(server.get("Patient", {"identifier": of_group(group)}), 200).json()
        assert found["total"] == 1
        told_of = {place(one)[0] for one in answers if one.status_code in (200, 201)}
        assert told_of == {path_of(found["entry"][0]["resource"])}


def test_sixteen_unconditional_updates_all_stand_in_the_history(server: Server) -> None:
    server.needs("Patient", "update", "history-instance")
    made = server.create(person(fresh()))
    path = path_of(made)
    names = [fresh() for _ in range(PARALLEL)]
    answers = server.together(
        [partial(server.put, path, {**made, "name": [{"family": name}]}) for name in names]
    )
    landed = {
        name
        for name, answer in zip(names, answers, strict=True)
        if expect(answer, 200, *BUSY).status_code == 200
    }
    entries = [entry for page in server.pages(f"{path}/_history") for entry in page["entry"]]
    versions = [entry["resource"]["meta"]["versionId"] for entry in entries]
    assert len(versions) == len(set(versions)) == len(landed) + 1
    assert {entry["resource"]["name"][0]["family"] for entry in entries[:-1]} == landed
    moments = [entry["resource"]["meta"]["lastUpdated"] for entry in entries]
    assert moments == sorted(moments, reverse=True)
    # Not the first of them: a server may stamp a version before it numbers it, and lists by stamp.
    assert server.read(path) in [entry["resource"] for entry in entries[:-1]]
