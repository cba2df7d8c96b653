"""What approve, reject and defer share: carrying one answer to one or more changes."""

from __future__ import annotations

import argparse

from console.bootstrap import open_here
from console.commands.finding import chosen_changes, find_proposal
from console.commands.output import print_json, say
from core.review.decide import Answer, decide
from core.waiting import state_words, waits_for


def answer_changes(args: argparse.Namespace, answer: Answer) -> int:
    """Decide the chosen changes in order; what was decided before an error stays decided."""
    with open_here(args) as opened:
        proposal = find_proposal(opened, args.id)
        for index in chosen_changes(opened, proposal, args):
            decided = decide(opened.offline(), proposal.id, index, answer)
            if args.json:
                print_json(
                    {
                        "id": proposal.id,
                        "index": decided.index,
                        "decision": decided.id,
                        "outcome": answer.outcome,
                        "state": str(decided.state),
                        "waits_for": waits_for(decided.state),
                    }
                )
            else:
                state = state_words(decided.state)
                say(f"{proposal.id}  change {decided.index}  {answer.outcome}  {state}")
    return 0
