"""What approve, reject and defer share: carrying one answer to one or more changes."""

from __future__ import annotations

import argparse

from console.bootstrap import open_here
from console.commands.finding import chosen_changes, find_proposal
from console.commands.many import check_one_way, print_answered, read_items
from console.commands.output import print_json, say
from core.review.bulk import answer_many, approve_many
from core.review.decide import Answer, decide
from core.waiting import state_words, waits_for


def answer_changes(args: argparse.Namespace, answer: Answer) -> int:
    """Decide the chosen changes in order; what was decided before an error stays decided."""
    check_one_way(args)
    if args.ids_file is not None:
        return _answer_many(args, answer)
    with open_here(args) as opened:
        proposal = find_proposal(opened, args.id)
        for index in chosen_changes(opened, proposal, args):
            decided = decide(opened.offline(), proposal.id, index, answer)
            row = opened.ledger.change(proposal.id, index)
            rung = "" if row is None else row.rung
            if args.json:
                print_json(
                    {
                        "id": proposal.id,
                        "index": decided.index,
                        "decision": decided.id,
                        "outcome": answer.outcome,
                        "state": str(decided.state),
                        "waits_for": waits_for(decided.state, rung),
                    }
                )
            else:
                state = state_words(decided.state, rung)
                say(f"{proposal.id}  change {decided.index}  {answer.outcome}  {state}")
    return 0


def _answer_many(args: argparse.Namespace, answer: Answer) -> int:
    items = read_items(args.ids_file)
    with open_here(args) as opened:
        workspace = opened.offline()
        if answer.outcome == "approve":
            now = opened.clock.now()
            done = approve_many(workspace, items, opened.attention.was_opened(opened.reviewer, now))
        else:
            done = answer_many(workspace, items, answer)
        return print_answered(done, answer.outcome, as_json=args.json)
