"""What `exceptions` does with one of them: accept, correct, re-map, escalate."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from console.bootstrap import Opened
from console.commands.finding import chosen_changes, find_proposal
from console.commands.output import print_json, say
from console.commands.words import read_words
from core.errors import BadInput
from core.reconcile.settle import settle
from core.reconcile.steps import ask_correction, escalate, remap
from core.reconcile.ways import Way, way_back
from core.review.voting import find_change
from core.workspace import Workspace

_HELP = {
    "accept": "close the exceptions of a change: the chart may stay as it is",
    "correct": "have what was approved proposed once more, to be decided like any change",
    "remap": "say that a mapping is missing, for whoever keeps the EHR's profile",
    "escalate": "give an exception to somebody else (--to)",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    acts = parser.add_mutually_exclusive_group()
    for act, told in _HELP.items():
        acts.add_argument(f"--{act}", metavar="ID", help=told)
    parser.add_argument("--change", type=int, action="append", metavar="N", help="which change")
    parser.add_argument("--reason-file", metavar="FILE|-", help="why, in words; each needs it")
    parser.add_argument("--reason", metavar="WORDS", help="why, for --accept; no word of the chart")
    parser.add_argument(
        "--to", metavar="WHO", help="role:on-call or person:dr-lee; default: as its route says"
    )


def chosen(args: argparse.Namespace) -> str | None:
    """Return which of them is asked for."""
    return next((act for act in _HELP if getattr(args, act) is not None), None)


def act(opened: Opened, args: argparse.Namespace, name: str) -> int:
    """Do it for every change that is named, and say what became of it."""
    args.reason = _reason(args, name)
    if args.to is not None and name != "escalate":
        raise BadInput("goes with --escalate", field="--to", remedy="Leave it out")
    args.id = getattr(args, name)
    proposal = find_proposal(opened, args.id)
    for index in chosen_changes(opened, proposal, args):
        done = _ACTS[name](opened.offline(), proposal.id, index, args)
        if args.json:
            shown = {key: _json(value) for key, value in done.items()}
            print_json({"id": proposal.id, "index": index, **shown})
        else:
            told = [value for value in done.values() if not isinstance(value, Way)]
            words = "  ".join(map(_text, told))
            say(f"{proposal.id}  change {index}  {_DONE[name]}  {words}")
            for way in (one for one in done.values() if isinstance(one, Way)):
                say(f"  {way.words}{f' ({way.source})' if way.source else ''}")
    return 0


def _reason(args: argparse.Namespace, name: str) -> str:
    """Return why; words that may speak of a chart go through a file, never through argv."""
    if args.reason_file is not None:
        return read_words(args.reason_file, "--reason-file")
    if name != "accept" or not args.reason:
        raise BadInput("is missing", field="--reason-file", remedy="Say why, in words")
    return str(args.reason)


def _json(value: object) -> object:
    return value.as_json() if isinstance(value, Way) else value


def _text(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _corrected(here: Workspace, id_: str, index: int, reason: str) -> dict[str, object]:
    """Ask for a correction, and tell by which way this EHR will take it."""
    number = ask_correction(here, id_, index, reason)
    _, change = find_change(here.ledger, id_, index)
    return {"correction": number, "way": way_back(here.ledger, change)}


_DONE = {
    "accept": "accepted",
    "correct": "a correction will be proposed by the next `run`, number",
    "remap": "a mapping is missing for",
    "escalate": "escalated to",
}
_Act = Callable[[Workspace, str, int, argparse.Namespace], dict[str, object]]
_ACTS: dict[str, _Act] = {
    "accept": lambda here, id_, index, args: {"state": str(settle(here, id_, index, args.reason))},
    "correct": lambda here, id_, index, args: _corrected(here, id_, index, args.reason),
    "remap": lambda here, id_, index, args: {"paths": remap(here, id_, index, args.reason)},
    "escalate": lambda here, id_, index, args: {
        "to": list(escalate(here, id_, index, args.reason, args.to))
    },
}
