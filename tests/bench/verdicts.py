"""One verdict under 200 rules, against Cedar on the same rules and requests, parsed beforehand.

Both sides are asked one request after the other, each as its callers hold it: ours as a `Request`,
Cedar's as its request with the context already written as JSON. The explanation is not asked for.
"""

from __future__ import annotations

import itertools
import json
import time

import cedarpy

from core.policy import Policy, Request, evaluate, parse_policy
from core.policy.limits import FULL
from tests.core.policy import cedar
from tests.core.policy.builders import allow, create, document, forbid, request, touched

RULES = 200
REQUESTS = 2_000
PAIRS = 7
AGENTS = 40
CROWD = {name: frozenset({"coordinator", "physician"}) for name in ("ann", "ben", "eve")}
_TYPES = (("Patient", "Patient.telecom"), ("Observation", "Observation.*"))


def ratios() -> list[float]:
    """Return our seconds a verdict over Cedar's, pair by pair; the answers must agree."""
    policy, requests = _policy(), _requests()
    oracle = cedarpy.PolicySet.from_str(cedar.translate(policy, CROWD))
    entities = cedarpy.Entities.from_json_str("[]")
    written = [_written(one) for one in requests]
    found = []
    for _ in range(PAIRS):
        begun = time.perf_counter()
        ours = [evaluate(policy, one, CROWD, FULL).outcome != "denied" for one in requests]
        middle = time.perf_counter()
        theirs = [cedarpy.is_authorized(one, oracle, entities).allowed for one in written]
        ended = time.perf_counter()
        assert ours == theirs
        assert 0 < sum(ours) < len(ours)
        found.append((middle - begun) / (ended - middle))
    return found


def _policy() -> Policy:
    """Return rules of many agents, EHRs, purposes and workflows, each with a few elements."""
    kinds = itertools.product(range(AGENTS), ("north", "south"), _TYPES)
    rules = [
        allow(
            id=f'"allow-{number}"',
            agents=f'["agent-{agent}"]',
            ehrs=f'["{ehr}"]',
            types=f'["{kind}"]',
            operations='["create", "update"]',
            paths=f'["{path}"]',
        )
        for number, (agent, ehr, (kind, path)) in enumerate(kinds)
    ]
    rules += [
        forbid(id=f'"forbid-{number}"', agents=f'["agent-{number}"]', purposes='["HOPERAT"]')
        for number in range(RULES - len(rules))
    ]
    return parse_policy(document(*rules))


def _requests() -> list[Request]:
    """Return requests whose words vary far more than those of the rules."""
    found = []
    for number in range(REQUESTS):
        words = {
            "agent": f"agent-{number * 7 % (AGENTS + 5)}",
            "ehr": ("north", "south")[number % 2],
            "purpose": ("TREAT", "TREAT", "HOPERAT")[number % 3],
            "workflow": ("intake", "intake", "visit")[number % 3 - number % 5 % 2],
        }
        if number % 4:
            paths = ("Patient.telecom.value", "Patient.telecom.rank", "Patient.name.family")
            found.append(request(**words, touched=touched(*paths[: 1 + number % 5 % 3])))
        else:
            found.append(create("Observation", "status", "valueQuantity.value", **words))
    return found


def _written(request: Request) -> dict[str, object]:
    asked = cedar.as_cedar(request)
    return {**asked, "context": json.dumps(asked["context"])}
