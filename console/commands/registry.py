"""The commands by name: where each lives and what it is for, in one line."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module


@dataclass(frozen=True, slots=True)
class Command:
    """One entry of the command line."""

    name: str
    module: str
    help: str

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the command's own arguments."""
        import_module(f"console.commands.{self.module}").configure(parser)

    def run(self, args: argparse.Namespace) -> int:
        """Carry the command out and return its exit code."""
        run: Callable[[argparse.Namespace], int] = import_module(
            f"console.commands.{self.module}"
        ).run
        return run(args)


COMMANDS = (
    Command("demo", "demo", "open the console on an embedded clinic with synthetic patients"),
    Command("init", "init", "make a workspace for one EHR"),
    Command("doctor", "doctor", "say how the EHRs can be written to, and probe whether it is safe"),
    Command("sandbox", "sandbox", "serve the embedded EHR on this machine"),
    Command("login", "login", "get a token for each plane, and say what it is good for"),
    Command("logout", "logout", "forget every token, and leave the OS keyring"),
    Command("status", "status", "say what this workspace is, holds and waits for"),
    Command("propose", "propose", "stage proposals from a file or standard input"),
    Command("queue", "queue", "list what waits for review"),
    Command("show", "show", "show one proposal with its evidence"),
    Command("claim", "claim", "tell others that you are looking at a change"),
    Command("approve", "approve", "approve changes that you have looked at"),
    Command("reject", "reject", "reject changes, with a reason"),
    Command("defer", "defer", "put changes off until a time"),
    Command("edit", "edit", "correct a change before it is decided"),
    Command("recall", "recall", "take back an approval that is not sent yet"),
    Command("consult", "consult", "ask a colleague about a change, or answer one"),
    Command("withdraw", "withdraw", "take back what an agent proposed, while it is not sent"),
    Command("reassign", "reassign", "say who carries what, and give changes to others"),
    Command("sync", "sync", "bring in what agents proposed, and tell them what became of it"),
    Command("run", "run", "send what is approved, read back what was stored"),
    Command("reconcile", "reconcile", "look at what was written again, now"),
    Command("downtime", "downtime", "list what is not in the chart, and enter it by hand"),
    Command("exceptions", "exceptions", "list what a person must look at, and see to it"),
    Command(
        "dead-letters", "dead_letters", "list writes that nobody sends any more; replay, close"
    ),
    Command("incident", "incident", "declare and close incidents, freeze writes, lift freezes"),
    Command("recover", "recover", "go on after an older state of the store was put back"),
    Command("audit", "audit", "verify the ledger, or tell the story of a proposal"),
    Command("metrics", "metrics", "count what people approved, edited and rejected, and by what"),
    Command(
        "roster", "roster", "show, check or adopt a roster; enrol or revoke keys; who is there"
    ),
    Command("policy", "policy", "check, test, compare, explain or adopt a policy"),
    Command("profile", "profile", "show or adopt what is known of an EHR, its limits too"),
    Command("maps", "maps", "show or adopt the ConceptMaps by which codes mean the same"),
    Command("diff", "diff", "compare an intended with a persisted resource"),
    Command("schema", "schema", "print a JSON Schema"),
)

CONSOLE = Command("console", "console", "open the console")
"""What runs when no command is named."""


def find(name: str) -> Command | None:
    """Return the command of that name."""
    return next((command for command in COMMANDS if command.name == name), None)
