"""May we write? The intersection of the axes, and which one refuses."""

from __future__ import annotations

from datetime import date

import pytest

from core.profile.facts import Basis, Fact
from core.profile.profile import AXES, Axis, Claim, Profile, Says
from core.profile.writes import Told, can_be_undone, claimed, may_write

SEEN = Basis("what the server says now", date(2026, 11, 28), "measured")


def claim(axis: Axis, says: Says, type_: str = "Condition", interaction: str = "create") -> Claim:
    return Claim(type_, interaction, axis, says, Basis(f"{axis}: {type_}", None, "documented"))


def profile(*claims: Claim) -> Profile:
    return Profile("some", "", claims=claims)


@pytest.mark.parametrize("axis", AXES)
def test_any_axis_alone_refuses_and_is_named(axis: Axis) -> None:
    others = [claim(one, "yes") for one in AXES if one != axis]
    answer = may_write(profile(*others, claim(axis, "no")), "Condition", "create")
    assert answer.says == "no"
    assert answer.refusing is not None
    assert (answer.refusing.axis, answer.refusing.basis.source) == (axis, f"{axis}: Condition")
    # Control: the same without the one refusal.
    assert may_write(profile(*others, claim(axis, "yes")), "Condition", "create").says == "yes"


@pytest.mark.parametrize("axis", ["documented", "scope", "contract"])
def test_what_is_only_documented_scoped_or_contracted_opens_nothing(axis: Axis) -> None:
    found = profile(claim(axis, "yes"))
    assert may_write(found, "Condition", "create").says == "unknown"
    live: dict[Axis, Told] = {"advertised": Told("advertised", "yes", SEEN)}
    assert may_write(found, "Condition", "create", live).says == "yes"


def test_a_profile_that_knows_nothing_leaves_it_to_the_server() -> None:
    nothing = profile()
    assert may_write(nothing, "Condition", "create").says == "unknown"
    for says in ("yes", "no"):
        live: dict[Axis, Told] = {"advertised": Told("advertised", says, SEEN)}  # type: ignore[arg-type]
        assert may_write(nothing, "Condition", "create", live).says == says
    observed: dict[Axis, Told] = {"observed": Told("observed", "yes", SEEN)}
    assert may_write(nothing, "Condition", "create", observed).says == "yes"


def test_what_the_server_says_now_counts_before_what_the_profile_says_it_advertised() -> None:
    found = profile(claim("advertised", "no"))
    live: dict[Axis, Told] = {"advertised": Told("advertised", "yes", SEEN)}
    assert may_write(found, "Condition", "create", live).says == "yes"
    unsure: dict[Axis, Told] = {"advertised": Told("advertised", "unknown", SEEN)}
    assert may_write(found, "Condition", "create", unsure).says == "no"


def test_but_never_lifts_the_no_of_another_axis() -> None:
    found = profile(claim("documented", "no"))
    live: dict[Axis, Told] = {
        axis: Told(axis, "yes", SEEN) for axis in ("advertised", "scope", "observed")
    }
    assert may_write(found, "Condition", "create", live).says == "no"


def test_the_type_itself_counts_before_every_other_and_a_no_before_a_yes() -> None:
    found = profile(
        claim("advertised", "no", "*"), claim("advertised", "yes"), claim("documented", "yes"),
        claim("documented", "no"),
    )  # fmt: skip
    assert claimed(found, "advertised", "Condition", "create").says == "yes"
    assert claimed(found, "advertised", "Patient", "create").says == "no"
    assert claimed(found, "advertised", "Patient", "update").says == "unknown"
    assert claimed(found, "documented", "Condition", "create").says == "no"


def test_what_cannot_be_updated_cannot_be_undone() -> None:
    found = profile(
        claim("advertised", "no", "*", "update"), claim("advertised", "yes", "Task", "update")
    )
    assert can_be_undone(found, "Condition") is False
    assert can_be_undone(found, "Task") is True
    assert can_be_undone(profile(), "Condition") is None
    never = Profile("some", "", correctable=Fact(False, SEEN))
    assert can_be_undone(never, "Condition") is False
