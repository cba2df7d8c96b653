"""`policy preset [NAME] [--ehr NAME]`: list the presets, or print one as a policy document."""

from __future__ import annotations

import argparse
from typing import Any

from console.commands.nested import add_action
from console.commands.output import print_json, say
from core.policy.presets import PRESETS, preset


def configure(actions: Any) -> None:
    """Add the action to those of `policy`."""
    parser = add_action(actions, "preset", "list the presets, or print one as a document")
    parser.add_argument("name", metavar="NAME", nargs="?")
    parser.add_argument("--ehr", metavar="NAME", default="sandbox")


def run(args: argparse.Namespace) -> int:
    """List them with what they are for, or print the document; no workspace is needed."""
    if args.name is not None:
        text = preset(args.name, args.ehr)
        if args.json:
            print_json({"name": args.name, "document": text})
        else:
            for line in text.splitlines():
                say(line)
        return 0
    for name, what in PRESETS.items():
        if args.json:
            print_json({"name": name, "for": what})
        else:
            say(f"{name}: {what}")
    return 0
