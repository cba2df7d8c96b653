"""Each fact of a product's profile that a server can show is shown, under the source that it has.

The modules `shown_…` register personality, fact and source; a fact that is known and neither
registered nor in `NOT_SHOWN` fails, and so does a source that the profile does not name.
"""

from __future__ import annotations

import pytest

from sync.profiles import load_profile
from sync.sandbox.personality.choose import PRODUCTS
from tests.personalities import (
    shown_athenahealth,
    shown_eclinicalworks,
    shown_epic,
    shown_of_access,
    shown_of_corrections,
    shown_of_refusals,
    shown_of_tokens,
    shown_oracle_health,
    shown_others,
)
from tests.personalities.registry import FACTS, NOT_SHOWN, NOTES_NOT_SHOWN, Shows
from tests.personalities.test_profiles import PROFILES

SHOWN = (
    shown_athenahealth, shown_eclinicalworks, shown_epic, shown_of_access, shown_of_corrections,
    shown_of_refusals, shown_of_tokens, shown_oracle_health, shown_others,
)  # fmt: skip
"""Importing them registers their facts."""


@pytest.mark.parametrize(
    ("name", "told", "source", "shows"),
    [pytest.param(*one, id=f"{one[0]}-{one[1]}-{one[2]}") for one in FACTS],
)
async def test_a_fact_is_shown(name: str, told: str, source: str, shows: Shows) -> None:
    profile = PROFILES[name]
    bases = {basis.source for basis in profile.sources.values()}
    bases |= {note.basis.source for note in profile.notes}
    assert source in bases | {basis.source for _, basis in profile.failure_bases}
    if told in profile.facts():
        assert profile.facts()[told].basis.source == source
    await shows()


@pytest.mark.parametrize("name", PRODUCTS)
def test_no_known_fact_is_left_out(name: str) -> None:
    shown = {told for whose, told, *_ in FACTS if whose == name}
    known = {told for told, one in PROFILES[name].facts().items() if one.is_known}
    assert known - shown - set(NOT_SHOWN) == set()


@pytest.mark.parametrize("name", PRODUCTS)
def test_no_note_and_no_transform_is_left_out(name: str) -> None:
    profile = PROFILES[name]
    shown = [told for whose, told, *_ in FACTS if whose == name]
    notes = [one for one in profile.notes if one.words not in NOTES_NOT_SHOWN]
    assert len(notes) == sum(told.startswith("note") for told in shown)
    assert len(profile.stated) == sum(told.startswith("transform") for told in shown)
    assert load_profile(name).count("[[transforms]]") == len(profile.stated)
