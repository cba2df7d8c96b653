"""`policy diff OLD NEW`: two policies by meaning, and whose verdict would change."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from console.bootstrap import Opened, open_here
from console.commands.line import narrate
from console.commands.output import print_json, say
from console.commands.policy_files import IN_FORCE, lines_named, read_file
from core.errors import NotFound
from core.policy import Verdict, parse_policy
from core.policy.compare import Differs, compare_policies
from core.review.replay import Moved, Replayed, replay
from core.workspace import document


def run(args: argparse.Namespace) -> int:
    """Compare and replay; 1 only when something had to be examined and nothing was."""
    named = (args.old, args.new)
    held = {name: _parsed(name, read_file(Path(name))) for name in named if name != IN_FORCE}
    replayed = None
    try:
        with open_here(args) as opened:
            texts = [_text(opened, held, name) for name in named]
            replayed = replay(opened.ledger, *texts)
    except NotFound:
        if IN_FORCE in named:
            raise
        narrate("there is no workspace here: the documents are compared, no proposal is")
        texts = [held[name] for name in named]
    old, new = (parse_policy(text) for text in texts)
    _tell(compare_policies(old, new), replayed, as_json=args.json)
    examined = 0 if replayed is None else replayed.examined
    return 1 if args.require_examined and not examined else 0


def _parsed(name: str, text: str) -> str:
    with lines_named(text, Path(name).name):
        parse_policy(text)
    return text


def _text(opened: Opened, held: dict[str, str], name: str) -> str:
    return document(opened.ledger, "policy").document if name == IN_FORCE else held[name]


def _tell(differs: Sequence[Differs], replayed: Replayed | None, *, as_json: bool) -> None:
    if as_json:
        found = None if replayed is None else _as_json(replayed)
        lines = [{"part": one.part, "how": one.how, "words": one.words} for one in differs]
        print_json({"differences": lines, "replay": found})
        return
    for one in differs:
        say(one.line)
    if not differs:
        say("the two say the same")
    if replayed is None:
        say("no proposal was examined")
        return
    for moved in replayed.moved:
        voids = "; its approval would be void" if moved.voids else ""
        say(f"{moved.proposal}  change {moved.index}  {moved.state}{voids}")
        say(f"    {_words(moved.before)} → {_words(moved.after)}")
    say(
        f"{replayed.examined} changes examined: {replayed.unchanged} unchanged, "
        f"{len(replayed.moved)} changed; {replayed.erased} erased and not examined"
    )


def _as_json(found: Replayed) -> dict[str, object]:
    return {
        "examined": found.examined,
        "unchanged": found.unchanged,
        "changed": len(found.moved),
        "erased": found.erased,
        "changes": [_moved_json(one) for one in found.moved],
    }


def _moved_json(moved: Moved) -> dict[str, object]:
    return {
        "id": moved.proposal,
        "index": moved.index,
        "state": moved.state,
        "voids": moved.voids,
        "before": _verdict_json(moved.before),
        "after": _verdict_json(moved.after),
    }


def _verdict_json(verdict: Verdict) -> dict[str, object]:
    return {
        "outcome": verdict.outcome,
        "tier": verdict.tier,
        "route": None if verdict.route is None else verdict.route.id,
        "rules": list(verdict.rules),
        "reasons": [reason.code for reason in verdict.reasons],
        "verdict": verdict.digest(),
    }


def _words(verdict: Verdict) -> str:
    route = "no route" if verdict.route is None else verdict.route.id
    rules = ", ".join(verdict.rules) or "no rule"
    return f"{verdict.outcome}, {verdict.tier}, {route} by {rules} [{verdict.digest()[:8]}]"
