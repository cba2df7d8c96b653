"""What a gateway goes by at the first byte: each guard alone stops it, and nothing goes back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.canonical import JsonObject
from core.hub import sending
from core.hub.head import L_S, Followed, Head
from core.hub.lease import TERM_S, Beat, Lease
from core.hub.sending import Clearance, beaten, heard, stopped_by
from core.incident.freeze import Target
from core.ports_hub import Held

TIMEOUT_S = 20.0
TARGET = Target({"agent": "scribe-1", "ehr": "north-ehr"}, ("Patient.telecom",))
HELD = Held({}, "Library/1", "1", 2)


def head(seq: int = 3, *scopes: Any) -> Head:
    freezes: list[JsonObject] = [{"id": f"f{n}", "scope": one} for n, one in enumerate(scopes)]
    return Head(seq, f"digest-{seq}", {"freezes": freezes})


def lease(epoch: int = 2, **over: Any) -> Lease:
    return Lease(epoch, "ledger-a", "kid-a", 3, **over)


GOOD = Clearance(head(), lease(), head_asked=100.0, beat_begun=100.0)


def why(known: Clearance, now: float = 105.0) -> str | None:
    return stopped_by(known, TARGET, now, TIMEOUT_S)


@pytest.mark.parametrize(
    ("known", "now", "wanted"),
    [
        (GOOD, 105.0, None),
        (GOOD, 100.0 + L_S - 0.001, None),
        (GOOD, 100.0 + L_S, "head-age"),
        (replace(GOOD, whole=False), 105.0, "head-unfollowed"),
        (replace(GOOD, holds=False), 105.0, "lease-lost"),
        (replace(GOOD, lease=lease(phase="released")), 105.0, "lease-lost"),
        (replace(GOOD, head_asked=970.0), 100.0 + TERM_S - TIMEOUT_S - 121, None),
        (replace(GOOD, head_asked=979.0), 100.0 + TERM_S - TIMEOUT_S, "lease-age"),
        (replace(GOOD, lease=lease(term_s=10)), 105.0, "lease-age"),
        (replace(GOOD, head=head(3, {"agent": "scribe-1"})), 105.0, "frozen"),
        (replace(GOOD, head=head(3, {"agent": "other"}, {"path": "Patient"})), 105.0, "frozen"),
        (replace(GOOD, head=head(3, {})), 105.0, "frozen"),
        (replace(GOOD, head=head(3, "unreadable")), 105.0, "frozen"),
        (replace(GOOD, head=head(3, None)), 105.0, "frozen"),
        (replace(GOOD, head=head(3, {"agent": "other"})), 105.0, None),
    ],
)
def test_each_guard_alone_stops_it(known: Clearance, now: float, wanted: str | None) -> None:
    if wanted is None and now > known.head_asked + L_S:
        known = replace(known, head_asked=now - 1)
    assert why(known, now) == wanted


def test_a_head_never_goes_back() -> None:
    newer = heard(GOOD, Followed(HELD, head(4, {}), whole=True), 106.0)
    assert (newer.head.seq, newer.head_asked) == (4, 106.0)
    assert heard(newer, Followed(HELD, head(3), whole=True), 107.0) is newer
    assert heard(newer, Followed(HELD, head(4), whole=True), 105.0) is newer
    torn = heard(newer, Followed(HELD, head(4, {}), whole=False), 107.0)
    assert not torn.whole and why(torn, 107.5) == "head-unfollowed"


@pytest.mark.parametrize(
    ("status", "renewed", "holds"),
    [("held", True, True), ("unsure", False, True), ("lost", False, False),
     ("released", False, False), ("too-early", False, True)],
)  # fmt: skip
def test_only_what_the_register_shows_renews(status: Any, renewed: bool, holds: bool) -> None:
    known = beaten(GOOD, Beat(status, lease()), 200.0)
    assert (known.beat_begun == 200.0, known.holds) == (renewed, holds)


def test_who_has_stopped_does_not_begin_again_by_a_heartbeat_under_way() -> None:
    stopped = replace(GOOD, holds=False)
    assert not beaten(stopped, Beat("held", lease(2)), 200.0).holds
    assert beaten(stopped, Beat("held", lease(3)), 200.0).holds


def test_control_without_the_match_a_frozen_write_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "is_frozen", lambda *_: False)
    assert why(replace(GOOD, head=head(3, {}))) is None
