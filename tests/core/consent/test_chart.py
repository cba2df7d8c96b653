"""Consent through the true road: read at intake, read again before the write, revoked between."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.consent.chart import ChartConsents
from core.errors import Unreachable
from core.intake.stage import stage
from core.view import consent_words
from tests.builders import Bench, document, phone_change, proposal
from tests.core.consent.test_evaluate import DENY, PERMIT, consent
from tests.core.gateway.scenario import approve, approved_phone, change, run, staged

PATIENT = "Patient/example"


@pytest.fixture
def reading(tmp_path: Path) -> Bench:
    bench = Bench(tmp_path)
    bench.consents = ChartConsents(bench.ledger, bench.clock)
    return bench


def put(bench: Bench, provision: dict[str, Any], **more: Any) -> None:
    bench.ehr.put(consent(provision, patient={"reference": PATIENT}, **more))


async def test_a_consent_that_permits_is_named(reading: Bench) -> None:
    put(reading, PERMIT)
    id_ = await staged(reading, phone_change())
    assert change(reading, id_).consent == "permit Consent/c1 version 1 provision"


async def test_none_in_the_chart_leaves_the_stated_default(reading: Bench) -> None:
    id_ = await staged(reading, phone_change())
    assert change(reading, id_).consent == "default:permit"


@pytest.mark.parametrize(
    ("provision", "code", "state"),
    [(DENY, "consent-denied", "denied"), ({}, "consent-unreadable", "proposed")],
)
async def test_denied_or_unreadable_at_intake(
    reading: Bench, provision: dict[str, Any], code: str, state: str
) -> None:
    put(reading, provision)
    found = await stage(reading.workspace, document(proposal(phone_change())))
    row = change(reading, found.proposal.id)
    assert row.state == state and code in {found["code"] for found in row.reason_list}


@pytest.mark.parametrize(
    ("revoked", "state"),
    [
        ({"provision": PERMIT, "status": "inactive"}, "pending-human-review"),
        ({"provision": DENY}, "pending-human-review"),
        ({"provision": {}}, "ready-for-write"),
    ],
)
async def test_revoked_between_approval_and_sending_stops_the_write(
    reading: Bench, revoked: dict[str, Any], state: str
) -> None:
    put(reading, PERMIT)
    id_ = await approved_phone(reading)
    put(reading, **revoked)
    await run(reading)
    assert not reading.ehr.sent
    assert change(reading, id_).state == state


async def test_control_what_still_permits_is_sent(reading: Bench) -> None:
    put(reading, PERMIT)
    await approved_phone(reading)
    put(reading, PERMIT, dateTime="2026-02-02")
    await run(reading)
    assert len(reading.ehr.sent) >= 1


async def test_control_without_the_second_look_the_revoked_one_is_sent(
    reading: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(reading, PERMIT)
    await approved_phone(reading)
    put(reading, PERMIT, status="inactive")
    monkeypatch.setattr("core.gateway.refresh.check_consent", lambda *_: None)
    await run(reading)
    assert reading.ehr.sent


async def test_consents_that_cannot_be_had_hold_the_write(
    reading: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = await staged(reading, phone_change())
    approve(reading, id_)

    async def lost(type_: str, _parameters: object) -> Any:
        raise Unreachable(f"no {type_}")

    monkeypatch.setattr(reading.ehr, "search", lost)
    await run(reading)
    assert not reading.ehr.sent and change(reading, id_).state == "ready-for-write"


async def test_an_ehr_that_offers_no_consents_is_said_to_be_unread(
    reading: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(reading, DENY)
    offered = reading.ehr.capability

    async def without(type_: str) -> Any:
        return replace(await offered(type_), search=type_ != "Consent")

    monkeypatch.setattr(reading.ehr, "capability", without)
    id_ = await staged(reading, phone_change())
    assert change(reading, id_).consent == "not-read:permit"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("deny Consent/c1 provision 1", "consent: deny, by Consent/c1 provision 1"),
        ("default:deny", "no consent applies; the workspace's default says deny"),
        ("not-read:permit", "consent not read; the workspace's default says permit"),
        ("permit", "permit"),
        (None, None),
    ],
)  # fmt: skip
def test_words(answer: str | None, words: str | None) -> None:
    assert consent_words(answer) == words
