"""`status`: what this workspace is, what it holds and what it waits for."""

from __future__ import annotations

import argparse
from typing import Any

from console.bootstrap import Opened, open_here
from console.bootstrap.credentials import credentials
from console.commands.output import print_json, say
from core.clock import clock_problem
from core.duty.gaps import gaps
from core.reconcile.clocks import standings
from core.reconcile.trouble import troubles
from core.second_owner import pending_policy
from core.workspace import policy_in_force, roster_in_force


def configure(_parser: argparse.ArgumentParser) -> None:
    """Take no arguments of its own."""


def run(args: argparse.Namespace) -> int:
    """Print it; secrets and tokens are never part of it."""
    with open_here(args) as opened:
        pending = pending_policy(opened.ledger)
        found = {
            "team": opened.team,
            "reviewer": opened.reviewer,
            "solo": True,
            "ehrs": sorted(opened.ehr_names),
            "events": opened.ledger.size,
            "unanchored": opened.ledger.size - opened.anchored_size(None),
            "states": opened.ledger.state_counts(),
            "freezes": len(opened.ledger.freezes()),
            "exceptions": len(opened.ledger.open_exceptions()),
            "queues": {
                f"{queue} {word}": count
                for queue, standing in standings(
                    troubles(opened.ledger), opened.clock.now()
                ).items()
                for word, count in (("open", standing.open), ("overdue", standing.overdue))
            },
            "findings": len(opened.ledger.open_findings()),
            "undelivered": len(opened.ledger.untold_notices()),
            "policy_pending": None if pending is None else pending.digest,
            "credentials": credentials(opened),
            "left_alone": [
                {"ehr": row.ehr, "since": row.since, "cause": row.cause, "until": row.until}
                for row in opened.ledger.breakers()
                if row.closed_at is None
            ],
            "access_refused": [
                {"ehr": row.ehr, "since": row.since, "class": row.failure, "writes": row.writes}
                for row in opened.ledger.refused_access()
            ],
            **_duty(opened),
        }
    if args.json:
        print_json(found)
        return 0
    held = found.pop("credentials")
    for line in _loud(found.pop("notify"), found.pop("nobody_on_duty"), found.pop("clock")):
        say(line)
    for row in found.pop("left_alone"):
        say(f"{row['ehr'].upper()} LEFT ALONE since {row['since']} ({row['cause']}); "
            f"a read asks again at {row['until']}")  # fmt: skip
    for row in found.pop("access_refused"):
        say(f"{row['ehr'].upper()} REFUSES ACCESS since {row['since']} ({row['class']}); "
            f"{row['writes']} writes wait for its administrator")  # fmt: skip
    for key, value in found.items():
        if isinstance(value, dict):
            say(f"{key}: {', '.join(f'{count} {name}' for name, count in value.items()) or 'none'}")
        elif isinstance(value, list):
            say(f"{key}: {', '.join(map(str, value))}")
        else:
            say(f"{key}: {'none' if value is None else value}")
    _print_credentials(held)
    return 0


def _duty(opened: Opened) -> dict[str, Any]:
    """Return who tells people outside, routes that nobody on duty decides, a clock gone wrong."""
    now = opened.ledger.interval()
    routes = policy_in_force(opened.ledger).routes
    notify = opened.folder.config.notify
    return {
        "notify": None if notify is None else notify.kind,
        "nobody_on_duty": gaps(routes, roster_in_force(opened.ledger), now),
        "clock": clock_problem(now, opened.clock.bounds()),
    }


def _loud(notify: str | None, gap: list[str], clock: str | None) -> list[str]:
    told = "nobody is told outside the console: countersign.toml has no [notify]"
    found = [told if notify is None else f"told outside by: {notify}"]
    found += [f"NOBODY ON DUTY for {', '.join(gap)}"] if gap else []
    return [*found, *([f"CLOCK: {clock}"] if clock else [])]


def _print_credentials(held: object) -> None:
    assert isinstance(held, dict)  # noqa: S101 - made above
    place, backend = held["keys"]["place"], held["keys"]["backend"]
    say(f"workspace key: {place}{f' ({backend})' if backend else ''}")
    say(f"write key: {held['write_key']}")
    for plane in held["planes"]:
        told = [f"{one['scope']}, {one['seconds']} s left" for one in plane["tokens"]]
        who = f"{plane['client_id']} ({plane['algorithm'] or 'no key'})"
        say(f"{plane['ehr']} {plane['plane']}: {who}  {'; '.join(told) or 'no token'}")
