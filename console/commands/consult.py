"""`consult ID [--change N] --to PERSON|--answer --note-file FILE|-`: ask a colleague, or answer."""

from __future__ import annotations

import argparse

from console.bootstrap import open_here
from console.commands.finding import add_changes, chosen_changes, find_proposal
from console.commands.output import print_json, say
from console.commands.words import add_words, read_words
from core.review.consult import consult


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_changes(parser)
    whom = parser.add_mutually_exclusive_group(required=True)
    whom.add_argument("--to", metavar="PERSON", help="whom to ask")
    whom.add_argument("--answer", action="store_true", help="answer who asked you last")
    add_words(parser, "--note-file", "the note, from a file so that no word leaks", required=True)


def run(args: argparse.Namespace) -> int:
    """Record the note; it decides nothing and holds nothing up."""
    note = read_words(args.note_file, "--note-file")
    with open_here(args) as opened:
        proposal = find_proposal(opened, args.id)
        for index in chosen_changes(opened, proposal, args):
            said = consult(opened.offline(), proposal.id, index, args.to, note)
            if args.json:
                print_json({"proposal": proposal.id, **said.as_json()})
            else:
                say(f"{proposal.id}  change {index}  to {said.to}")
    return 0
