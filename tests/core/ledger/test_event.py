"""Leaves and bodies: what decides is hashed, what is only shown is committed to with a salt."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta, timezone

import pytest

from core.canonical import Number, encode, parse_object
from core.errors import BadInput
from core.ledger.event import (
    About,
    Actor,
    Event,
    Interval,
    commitment,
    instant,
    make_leaf,
    moment,
    patient_tag,
    read_body,
    read_leaf,
)

NOW = datetime(2026, 11, 23, 9, 5, 10, 123456, tzinfo=UTC)
CLOCK = Interval(NOW, NOW + timedelta(seconds=2))


def test_leaf_has_the_members_of_the_protocol() -> None:
    event = Event(
        "decision.recorded",
        Actor("reviewer", "dr-lee", "kid"),
        About("p", 1, 0, "op", "north-ehr", "tag"),
        data={"outcome": "approve"},
        before="pending-human-review",
        after="ready-for-write",
        refs=({"kind": "decision", "digest": "d"},),
        body={"note": "words about a person"},
    )
    leaf = make_leaf(event, ledger="l", seq=1041, clock=CLOCK, commitment="c")
    assert encode(leaf).decode() == (
        '{"v":1,"ledger":"l","seq":1041,"type":"decision.recorded","tv":1,'
        '"at":"2026-11-23T09:05:10.123Z",'
        '"clock":{"lo":"2026-11-23T09:05:10.123Z","hi":"2026-11-23T09:05:12.123Z"},'
        '"actor":{"kind":"reviewer","id":"dr-lee","kid":"kid"},'
        '"proposal":"p","index":1,"revision":0,"operation":"op","ehr":"north-ehr",'
        '"patient":"tag","from":"pending-human-review","to":"ready-for-write",'
        '"refs":[{"kind":"decision","digest":"d"}],"data":{"outcome":"approve"},"body":"c"}'
    )
    assert read_leaf(encode(leaf)) == leaf


def test_what_is_absent_has_no_member() -> None:
    leaf = make_leaf(
        Event("freeze.set", Actor("system", "x")), ledger="l", seq=0, clock=CLOCK, commitment=None
    )
    assert set(leaf) == {"v", "ledger", "seq", "type", "tv", "at", "clock", "actor"}
    assert "kid" not in leaf["actor"]


def test_index_and_revision_zero_are_there() -> None:
    event = Event("change.due", Actor("system", "x"), About(index=0, revision=0))
    leaf = make_leaf(event, ledger="l", seq=0, clock=CLOCK, commitment=None)
    assert leaf["index"] == leaf["revision"] == Number("0")


def test_commitment_is_a_salted_hmac_of_its_own_domain() -> None:
    wanted = hmac.new(b"s" * 32, b"countersign/v1/body\x00{}", hashlib.sha256).hexdigest()
    assert commitment(b"s" * 32, b"{}") == wanted
    assert len({commitment(bytes([salt]) * 32, b"{}") for salt in range(9)}) == 9


def test_patient_tag_needs_the_pepper_and_tells_ehrs_apart() -> None:
    found = {
        patient_tag(pepper, ehr, id_)
        for pepper in (b"a" * 32, b"b" * 32)
        for ehr in ("north", "nort")
        for id_ in ("hPatient/1", "Patient/1")
    }
    assert len(found) == 8 and all("Patient" not in tag for tag in found)


@pytest.mark.parametrize(
    "when", [NOW, NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))], ids=["utc", "offset"]
)
def test_times_are_utc_to_the_millisecond(when: datetime) -> None:
    assert instant(when) == "2026-11-23T09:05:10.123Z"
    assert moment(instant(when)) == NOW.replace(microsecond=123000)


@pytest.mark.parametrize("data", [b"[]", b"", b"{", b'{"a":1,"a":2}', b"\xff"])
def test_unreadable_leaf_or_body_is_bad_input(data: bytes) -> None:
    for read in (read_leaf, read_body):
        with pytest.raises(BadInput):
            read(data)


def test_bodies_hold_what_a_server_may_answer() -> None:
    """A chart with a large attachment and odd decimals must be readable for ever."""
    value = {"resource": {"data": "x" * 9_000_000, "value": Number("9" * 900)}}
    assert read_body(encode(value)) == value
    with pytest.raises(BadInput):
        parse_object(encode(value))
