"""Who is on duty when, and who is asked when they are not."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from core.adoption import check_document
from core.duty import shifts
from core.duty.gaps import gaps
from core.duty.resolve import on_duty, resolve
from core.errors import BadInput
from core.ledger.event import Interval
from core.policy.route import Route
from core.roster import parse_roster
from tests.core.duty.rosters import absent, roster, shift, text

ROUTE = {"roles": ["nurse"], "escalate_to": ["on-call"]}
NURSE, CALL = ["nurse"], ["on-call"]


def at(when: str, until: str | None = None) -> Interval:
    return Interval(datetime.fromisoformat(when), datetime.fromisoformat(until or when))


NOON = at("2026-11-23T12:00:00Z")  # a Monday


@pytest.mark.parametrize(
    ("rest", "when", "there"),
    [
        ("", "2026-11-23T12:00:00Z", True),
        (shift("08:00", "16:00"), "2026-11-23T08:00:00Z", True),
        (shift("08:00", "16:00"), "2026-11-23T15:59:59Z", True),
        (shift("08:00", "16:00"), "2026-11-23T16:00:00Z", False),
        (shift("08:00", "16:00", "tue"), "2026-11-23T12:00:00Z", False),
        # A night shift belongs to the day on which it begins.
        (shift("22:00", "06:00", "sun"), "2026-11-23T05:59:00Z", True),
        (shift("22:00", "06:00", "sun"), "2026-11-23T22:30:00Z", False),
        (shift("00:00", "24:00", "mon"), "2026-11-23T23:59:59Z", True),
        (shift("00:00", "24:00", "mon"), "2026-11-24T00:00:00Z", False),
        # 08:00 in Berlin is 07:00 UTC in winter and 06:00 UTC in summer.
        (shift("08:00", "16:00", zone="Europe/Berlin"), "2026-11-23T07:00:00Z", True),
        (shift("08:00", "16:00", zone="Europe/Berlin"), "2026-11-23T15:30:00Z", False),
        (shift("08:00", "16:00", zone="Europe/Berlin"), "2026-07-06T06:00:00Z", True),
        (shift("08:00", "16:00", zone="+05:30"), "2026-11-23T02:30:00Z", True),
        # The night on which Berlin's clocks go back has an hour more.
        (shift("22:00", "06:00", "sat", "Europe/Berlin"), "2026-10-25T04:30:00Z", True),
        (shift("22:00", "06:00", "sat", "Europe/Berlin"), "2026-10-25T05:00:00Z", False),
        (absent("2026-11-20T00:00:00Z", "2026-11-24T00:00:00Z"), "2026-11-23T12:00:00Z", False),
        (absent("2026-11-20T00:00:00Z", "2026-11-23T12:00:00Z"), "2026-11-23T12:00:00Z", True),
        (absent("2026-11-23T13:00:00+01:00", "2026-11-24T00:00:00Z"),
         "2026-11-23T12:00:00Z", False),
    ],
)  # fmt: skip
def test_on_duty(rest: str, when: str, there: bool) -> None:
    found = roster(("kim", NURSE, rest), ("lea", ["physician"], ""))
    assert on_duty(found, at(when), NURSE) == (("kim",) if there else ())


def test_who_may_be_there_by_either_end_of_the_clock_is_told() -> None:
    found = roster(("kim", NURSE, shift("08:00", "16:00")))
    assert on_duty(found, at("2026-11-23T07:00:00Z", "2026-11-23T08:30:00Z"), NURSE) == ("kim",)
    away = roster(("kim", NURSE, absent("2026-11-23T07:00:00Z", "2026-11-23T08:00:00Z")))
    assert on_duty(away, at("2026-11-23T07:30:00Z", "2026-11-23T08:30:00Z"), NURSE) == ("kim",)


def test_a_machine_without_the_zone_silences_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    found = roster(("kim", NURSE, shift("08:00", "16:00", zone="Mars/Olympus")))
    assert on_duty(found, at("2026-11-23T03:00:00Z"), NURSE) == ("kim",)
    monkeypatch.setattr(shifts, "zone_of", lambda _name: shifts.timezone.utc)
    assert on_duty(found, at("2026-11-23T03:00:00Z"), NURSE) == ()


def test_sites_say_which_ehr_a_person_serves() -> None:
    sites = '[[sites]]\nid = "north"\nehrs = ["north-ehr"]\n'
    found = roster(("kim", NURSE, 'sites = ["north"]'), ("lea", NURSE, ""), sites=sites)
    assert on_duty(found, NOON, NURSE, "north-ehr") == ("kim", "lea")
    assert on_duty(found, NOON, NURSE, "south-ehr") == ("lea",)


OFF = shift("00:00", "01:00")
AWAY = absent("2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z")


@pytest.mark.parametrize(
    ("people", "how", "to"),
    [
        ([("kim", NURSE, ""), ("ada", NURSE, OFF)], "on-duty", ("person:kim",)),
        ([("kim", NURSE, 'deputies = ["lea"]\n' + OFF), ("lea", NURSE, OFF), ("ada", CALL, "")],
         "deputies", ("person:lea",)),
        # A deputy who is away is no deputy; theirs is asked instead.
        ([("kim", NURSE, 'deputies = ["lea"]\n' + OFF),
          ("lea", NURSE, 'deputies = ["mia"]\n' + AWAY),
          ("mia", NURSE, OFF)], "deputies", ("person:mia",)),
        ([("kim", NURSE, OFF), ("ada", CALL, "")], "escalated", ("person:ada",)),
        ([("kim", NURSE, OFF), ("ada", CALL, OFF)], "nobody", ("role:on-call", "role:nurse")),
        ([("ada", ["physician"], "")], "nobody", ("role:on-call", "role:nurse")),
    ],
)  # fmt: skip
def test_who_is_asked(people: list, how: str, to: tuple[str, ...]) -> None:
    called = resolve(roster(*people), ROUTE, NOON)
    assert (called.how, called.to) == (how, to)


def test_a_deputy_never_decides_without_the_role() -> None:
    """A deputy shares a role with whom they stand in for, but not every role."""
    found = roster(
        ("kim", ["nurse", "physician"], 'deputies = ["lea"]\n' + OFF), ("lea", ["physician"], OFF)
    )
    assert resolve(found, ROUTE, NOON).how == "nobody"
    assert resolve(found, {"roles": ["physician"]}, NOON).people == ("lea",)


def test_who_has_voted_or_is_not_meant_is_not_asked() -> None:
    found = roster(("kim", NURSE, ""), ("lea", ["nurse", "physician"], ""))
    assert resolve(found, ROUTE, NOON, without={"kim"}).people == ("lea",)
    assert resolve(found, ROUTE, NOON, assigned="person:lea").people == ("lea",)
    both = {"roles": ["nurse", "physician"]}
    assert resolve(found, both, NOON, assigned="role:physician").people == ("lea",)


def test_a_route_of_before_escalates_to_supervisors() -> None:
    found = roster(("kim", NURSE, OFF), ("sue", ["supervisor"], ""))
    assert resolve(found, {"roles": ["nurse"]}, NOON).people == ("sue",)


def test_a_revoked_key_is_nobody() -> None:
    revoked = text(("kim", NURSE, "")).replace(" }]", ", revoked = true }]")
    assert on_duty(parse_roster(revoked), NOON, NURSE) == ()


def test_gaps_name_the_routes() -> None:
    routes = [Route(name, (name,), 1, 3600, 0, True, None) for name in ("nurse", "physician")]
    found = roster(("kim", NURSE, ""), ("lea", ["physician"], OFF))
    assert gaps(routes, found, NOON) == ["physician"]
    morning = Interval(NOON.lo - timedelta(hours=11, minutes=30), NOON.lo - timedelta(hours=11.5))
    assert gaps(routes, found, morning) == []


@pytest.mark.parametrize(
    ("rest", "field"),
    [
        ('deputies = ["nobody"]', "roster.people.0.deputies"),
        ('deputies = ["kim"]', "roster.people.0.deputies"),
        ('deputies = ["lea", "lea"]', "roster.people.0.deputies"),
        ('deputies = ["doc"]', "roster.people.0.deputies"),
        ('deputies = ["mia"]', "roster.people"),
        ('sites = ["moon"]', "roster.people.0.sites"),
        (shift("08:00", "08:00"), "roster.people.0.shifts.0.to"),
        (shift("8:00", "16:00"), "roster.people.0.shifts.0.from"),
        (shift("24:00", "16:00"), "roster.people.0.shifts.0.from"),
        (shift("08:00", "25:00"), "roster.people.0.shifts.0.to"),
        (shift("08:00", "16:00", "mon mon"), "roster.people.0.shifts.0.days"),
        (shift("08:00", "16:00", "monday"), "roster.people.0.shifts.0.days.0"),
        (shift("08:00", "16:00", zone="../etc"), "roster.people.0.shifts.0.zone"),
        (shift("08:00", "16:00").replace("zone", "zoen"), "roster.people.0.shifts.0.zone"),
        (absent("2026-11-01T00:00:00", "2026-11-02T00:00:00Z"), "roster.people.0.absent.0.from"),
        (absent("2026-11-02T00:00:00Z", "2026-11-02T00:00:00Z"), "roster.people.0.absent.0.to"),
        (absent("2026-11-01T00:00:00Z", "2026-11-03T00:00:00Z")
         + absent("2026-11-02T00:00:00Z", "2026-11-04T00:00:00Z"), "roster.people.0.absent"),
    ],
)  # fmt: skip
def test_what_cannot_be_names_the_field_and_a_remedy(rest: str, field: str) -> None:
    people = [
        ("kim", NURSE, rest),
        ("lea", NURSE, 'deputies = ["kim"]'),
        ("mia", NURSE, 'deputies = ["lea"]'),
        ("doc", ["physician"], ""),
    ]
    with pytest.raises(BadInput) as caught:
        roster(*people)
    assert caught.value.field == field and caught.value.remedy


def test_an_unknown_zone_is_refused_at_adoption_only() -> None:
    document = text(("kim", NURSE, shift("08:00", "16:00", zone="Mars/Olympus")))
    assert parse_roster(document).people
    with pytest.raises(BadInput, match="Mars/Olympus") as caught:
        check_document("roster", document)
    assert caught.value.field == "roster.people.0.shifts.0.zone"
