"""National telephone numbers are known again where the adopted profile says whose they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.adoption import adopt
from core.adoption_events import document_digest
from core.canonical import JsonObject, exact
from core.errors import BadInput
from core.profile import region
from core.profile.parse import parse_profile
from core.reconcile.look import look
from core.records import ChangeRow
from core.review.byhand import Entry, enter
from tests.builders import PATIENT, Bench, exact_object, phone_change
from tests.core.gateway.scenario import approved_phone, change, run, staged

KIND = "profile.sandbox"
PROFILE = """
version = 2
name = "made-up"
description = "An EHR that writes telephone numbers out."

[facts.telephone_region]
value = {}
source = "the site"
captured_on = 2026-11-28
grade = "measured"
"""


def profile(value: str) -> str:
    return PROFILE.format(value)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    found = Bench(tmp_path)
    found.ehr.transform = written_out
    return found


def written_out(resource: JsonObject) -> JsonObject:
    telecom = [
        {**one, "value": f"+1 {one['value']}"} if one.get("system") == "phone" else one
        for one in resource.get("telecom", ())
    ]
    return {**resource, "telecom": telecom} if telecom else resource


@pytest.mark.parametrize(
    ("value", "state"),
    [(None, "exception"), ('"SE"', "exception"), ('"US"', "verified")],
)
async def test_the_country_of_the_profile_decides_what_a_number_written_out_is(
    bench: Bench, value: str | None, state: str
) -> None:
    if value is not None:
        adopt(bench.workspace, KIND, profile(value))
    id_ = await approved_phone(bench)
    await run(bench)
    assert change(bench, id_).state == state


async def verified_before(bench: Bench) -> ChangeRow:
    """Return a verified change whose number the EHR writes out afterwards."""
    bench.ehr.transform = lambda resource: resource
    id_ = await approved_phone(bench)
    await run(bench)
    row = change(bench, id_)
    assert row.state == "verified"
    current = await bench.ehr.read(str(row.target))
    assert current is not None
    bench.ehr.put(written_out(current.resource))
    return row


@pytest.mark.parametrize(("value", "outcome"), [('"SE"', "drift"), ('"US"', "same")])
async def test_a_later_look_reads_numbers_in_the_same_country(
    bench: Bench, value: str, outcome: str
) -> None:
    row = await verified_before(bench)
    adopt(bench.workspace, KIND, profile(value))
    assert (await look(bench.workspace, row)).outcome == outcome


@pytest.mark.parametrize("is_checked", [True, False])
async def test_a_country_that_nobody_signed_counts_as_none(
    bench: Bench, is_checked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    adopt(bench.workspace, KIND, profile('"SE"'))
    row, forged = await verified_before(bench), profile('"US"')
    bench.connection.execute(
        "UPDATE config SET document = ?, digest = ? WHERE kind = ?",
        (forged, document_digest(forged), KIND),
    )
    if not is_checked:
        monkeypatch.setattr(region, "check_in_force", lambda *_: None)
    assert (await look(bench.workspace, row)).outcome == ("drift" if is_checked else "same")


@pytest.mark.parametrize("value", ['"us"', '"USA"', '"XX"', "1"])
def test_what_is_no_country_is_refused_by_name(value: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse_profile(profile(value))
    assert refused.value.field == "facts.telephone_region.value"


@pytest.mark.parametrize(("value", "state"), [('"SE"', "manual-entry"), ('"US"', "verified")])
async def test_a_number_typed_with_its_country_is_the_one_that_was_asked_for(
    bench: Bench, value: str, state: str
) -> None:
    adopt(bench.workspace, KIND, profile(value))
    id_ = await staged(bench, phone_change())
    row = change(bench, id_)
    enter(bench.workspace, id_, 0, Entry(row.change_digest))
    current = exact_object(bench.ehr.current("Patient/example"))
    home, mobile = PATIENT["telecom"]
    telecom = exact([home, {**mobile, "value": "+1 555 0199"}])
    bench.ehr.put({**current, "telecom": telecom})
    await run(bench)
    assert change(bench, id_).state == state
