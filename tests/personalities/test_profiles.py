"""What a personality's profile lists is what it does: claims, failures, field limits.

Each case bears the source that the profile names for it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.canonical import JsonObject, encode
from core.failure.classify import classify
from core.failure.table import Row
from core.ports import Request
from core.profile.parse import parse_profile
from core.profile.profile import Claim, FieldLimit, Profile
from core.profile.writes import claimed
from sync.fhir import FhirClient
from sync.fhir.tokens import NoAuth
from sync.profiles import load_profile
from sync.sandbox import BASE_URL, InProcessTransport
from sync.sandbox.manner import Arrival
from sync.sandbox.outcome import OutcomeError
from sync.sandbox.personality import filing, play
from sync.sandbox.personality.choose import PRODUCTS
from sync.sandbox.personality.numbers import ASKED
from tests.builders import CONDITION, exact_object
from tests.fakes import FakeClock
from tests.personalities.deeds import ANSWERS
from tests.personalities.serving import served

PROFILES: dict[str, Profile] = {name: parse_profile(load_profile(name)) for name in PRODUCTS}
_METHODS = {"create": "POST", "update": "PUT", "patch": "PATCH"}
EVERY_OTHER = "Goal"
"""What a claim about every type is tried on: no profile claims it by name but to refuse."""


def _claims() -> list[Any]:
    found: dict[tuple[str, str, str, str, str], Claim] = {}
    for name, profile in PROFILES.items():
        for one in profile.claims:
            if one.axis in ("advertised", "documented", "contract"):
                key = (name, one.type, one.interaction, one.axis, one.basis.source)
                found[key] = one
    cases: dict[tuple[str, str, str], list[Claim]] = {}
    for (name, *_), claim in found.items():
        cases.setdefault((name, claim.axis, claim.basis.source), []).append(claim)
    return [
        pytest.param(name, claims, id=f"{name}-{axis}-{source}")
        for (name, axis, source), claims in cases.items()
    ]


@pytest.mark.parametrize(("name", "claims"), _claims())
async def test_a_claim_of_a_write_is_played(name: str, claims: list[Claim]) -> None:
    profile = PROFILES[name]
    async with served(name) as place:
        stated = await place.statement()
        for claim in claims:
            kind = EVERY_OTHER if claim.type == "*" else claim.type
            says = {
                axis: claimed(profile, axis, kind, claim.interaction).says
                for axis in ("advertised", "documented", "contract")
            }
            codes = {one["code"] for one in stated[kind]["interaction"]}
            if says["advertised"] != "unknown":
                assert (claim.interaction in codes) == (says["advertised"] == "yes"), claim
            answer = await place.http.request(
                _METHODS[claim.interaction],
                f"/{kind}" if claim.interaction == "create" else f"/{kind}/none",
                json={"resourceType": kind, "id": "none"},
            )
            refused = answer.status_code == 405
            taken = "yes" in says.values() and "no" not in (says["documented"], says["contract"])
            assert refused == (not taken), claim


def _rows() -> list[Any]:
    found = []
    for name, profile in PROFILES.items():
        for row in profile.failures.rows:
            asked = {str(number) for span in row.codes for number in span}
            asked |= {str(first) for first, _ in row.statuses if not row.retry_after}
            asked |= {f"{first}-retry" for first, _ in row.statuses if row.retry_after}
            found += [
                pytest.param(name, row, one, id=f"{name}-{one}-{row.source}")
                for one in sorted(asked)
            ]
    return found


@pytest.mark.parametrize(("name", "row", "asked"), _rows())
async def test_a_failure_is_told_in_the_dialect_and_understood(
    name: str, row: Row, asked: str
) -> None:
    profile = PROFILES[name]
    resource = ANSWERS if name == "athenahealth" else CONDITION
    tagged = {**resource, "meta": {"tag": [{"system": ASKED, "code": asked}]}}
    async with (
        served(name) as place,
        FhirClient(
            name, BASE_URL, NoAuth(), NoAuth(), transport=InProcessTransport(place.sandbox.app)
        ) as client,
    ):
        kind = str(resource["resourceType"])
        request = Request("POST", kind, None, {}, _encoded(tagged))
        before = len(await client.search(kind, {}))
        response = await client.send(request, await client.grant(f"system/{kind}.c"), lambda: None)
        assert len(await client.search(kind, {})) == before
    understood = classify(response, profile.failures)
    first = profile.failures.by_code((asked,)) or row
    assert understood is not None
    assert understood.failure == first.failure, (response.status, response.issues, row.source)
    if row.codes:
        assert asked in (*response.codes, response.body_status)


def _encoded(resource: dict[str, Any]) -> bytes:
    return encode(exact_object(resource))


def _limits() -> list[Any]:
    return [
        pytest.param(name, limit, id=f"{name}-{limit.path}-{limit.basis.source}")
        for name, profile in PROFILES.items()
        for limit in profile.field_limits
    ]


@pytest.mark.parametrize(("name", "limit"), _limits())
def test_a_text_longer_than_the_field_is_cut_where_nobody_says_that_it_is_refused(
    name: str, limit: FieldLimit
) -> None:
    assert limit.over == "unknown"
    kind, *way = limit.path.split(".")
    lists = {"name", "given", "address", "line", "telecom"}
    value: Any = "x" * (limit.chars + 1)
    for part in reversed(way):
        value = {part: [value] if part in lists else value}
    made = _stored(name, {"resourceType": kind, **value})
    for part in way:
        made = made[part][0] if part in lists else made[part]
    assert made == "x" * limit.chars  # type: ignore[comparison-overlap]


def _stored(name: str, resource: dict[str, Any]) -> JsonObject:
    clock = FakeClock()
    arrival = Arrival(
        BASE_URL, str(resource["resourceType"]), "1", "create", 1, "2026-11-23T09:00:00.000Z",
        None,  # type: ignore[arg-type]
    )  # fmt: skip
    return play(name, clock.now).stored(exact_object(resource), arrival)


def test_a_text_that_a_profile_says_is_refused_is_refused() -> None:
    """No product is known to; the road is there for a site's profile that knows."""
    profile = PROFILES["athenahealth"]
    limits = tuple(replace(one, over="reject") for one in profile.field_limits)
    long = exact_object({"resourceType": "Patient", "name": [{"family": "x" * 31}]})
    filing.check(profile, long)
    with pytest.raises(OutcomeError):
        filing.check(replace(profile, field_limits=limits), long)
