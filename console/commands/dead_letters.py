"""`dead-letters [show|replay|review|close]`: the writes that nobody sends any more."""

from __future__ import annotations

import argparse

from console.bootstrap import Opened, open_here
from console.commands.finding import add_changes, change_line, chosen_changes, find_proposal
from console.commands.nested import add_action
from console.commands.output import print_json, say, table
from console.commands.words import add_words, read_words
from core.failure.log import attempts
from core.failure.say import Said, said
from core.lifecycle import State
from core.records import ChangeRow
from core.review.dead_letters import close, paused_by, replay, send_to_review


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    add_action(actions, "list", "list them, the oldest first")
    add_changes(add_action(actions, "show", "show one with every attempt, and what waits for it"))
    add_changes(
        add_action(actions, "replay", "have it sent again as the same operation, after reading")
    )
    for name, told in (
        ("review", "send it, or a refused write, back to review; its approvals become void"),
        ("close", "close it: it will not be written"),
    ):
        one = add_action(actions, name, told)
        add_changes(one)
        add_words(one, "--reason-file", "why, from a file so that no word leaks", required=True)


def run(args: argparse.Namespace) -> int:
    """List the dead letters, or do something about one."""
    with open_here(args) as opened:
        if args.action in (None, "list"):
            _list(opened, as_json=args.json)
            return 0
        reason = read_words(args.reason_file, "--reason-file") if "reason_file" in args else ""
        proposal = find_proposal(opened, args.id)
        for index in chosen_changes(opened, proposal, args):
            if args.action == "show":
                _show(opened, proposal.id, index, as_json=args.json)
            else:
                state = _done(opened, args.action, proposal.id, index, reason)
                _told(proposal.id, index, args.action, state, as_json=args.json)
    return 0


def _done(opened: Opened, action: str, proposal: str, index: int, reason: str) -> State:
    workspace = opened.offline()
    if action == "replay":
        return replay(workspace, proposal, index)
    if action == "review":
        return send_to_review(workspace, proposal, index, reason)
    return close(workspace, proposal, index, reason)


def _told(proposal: str, index: int, action: str, state: State, *, as_json: bool) -> None:
    if as_json:
        print_json({"id": proposal, "index": index, "state": str(state)})
    else:
        say(f"{proposal}  change {index}  {action}  {state}")


def _list(opened: Opened, *, as_json: bool) -> None:
    found = opened.ledger.changes_in(State.DEAD_LETTER)
    if as_json:
        for change in found:
            print_json(_as_json(opened, change))
        return
    rows = []
    for change in found:
        told = said(opened.ledger, change)
        waiting = len(paused_by(opened.ledger, change))
        rows.append(
            (
                change.proposal[:8],
                str(change.idx),
                change_line(change),
                "" if told is None else str(told.failure),
                str(waiting),
                change.since,
            )
        )
    table(rows, ("PROPOSAL", "CHANGE", "WHAT", "CLASS", "PAUSED", "SINCE"))


def _as_json(opened: Opened, change: ChangeRow) -> dict[str, object]:
    told = said(opened.ledger, change)
    return {
        "id": change.proposal,
        "index": change.idx,
        "operation": change.operation,
        "since": change.since,
        "failure": None if told is None else told.as_json(),
        "paused": [one.idx for one in paused_by(opened.ledger, change)],
    }


def _show(opened: Opened, proposal: str, index: int, *, as_json: bool) -> None:
    change = opened.ledger.change(proposal, index)
    if change is None:
        return
    log = attempts(opened.ledger.trail(proposal), index)
    if as_json:
        lines = [line.as_json() for line in log]
        print_json({**_as_json(opened, change), "state": change.state, "attempts": lines})
        return
    say(f"{proposal}  change {index}  {change_line(change)}  {change.state}")
    print_failure(said(opened.ledger, change))
    for one in paused_by(opened.ledger, change):
        say(f"  waits for it: change {one.idx}  {change_line(one)}")
    for line in log:
        say(f"  {line.seq:>5}  {line.at}  {line.type}  {line.actor}  {line.text}")


def print_failure(told: Said | None) -> None:
    """Print what stands between a change and the chart, and the remedy."""
    if told is not None:
        for text in told.lines():
            say(f"  {text}")
