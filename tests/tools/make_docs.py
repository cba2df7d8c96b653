"""Write the generated reference pages: `python -m tests.tools.make_docs`."""

from __future__ import annotations

from pathlib import Path

from console.actions import key_reference
from console.commands.registry import COMMANDS
from core.review.attestation import SENTENCES
from core.review.feedback import SYSTEM
from core.review.reasons import REJECT_REASONS
from tests.tools.failures_page import failures_page
from tests.tools.permissions_page import permissions_page
from tests.tools.personalities_page import personalities_page
from tests.tools.policy_page import policy_reference
from tests.tools.profiles_page import profiles_page

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference"
EXIT_CODES = (
    ("0", "done"), ("1", "failed"), ("2", "bad input or usage"),
    ("3", "refused by policy, consent, freeze or role"), ("4", "not found"),
    ("5", "conflict or stale"), ("6", "unreachable"), ("130", "interrupted"),
)  # fmt: skip


def pages() -> dict[str, str]:
    """Return every generated page by file name."""
    return {
        "keys.md": key_reference(),
        "commands.md": _commands(),
        "failures.md": failures_page(),
        "permissions.md": permissions_page(),
        "policy.md": policy_reference(),
        "profiles.md": profiles_page(),
    }


def _commands() -> str:
    lines = ["# Commands", "", "stdout is data, stderr is narration. Every command takes"]
    lines += ["`--workspace DIR` and, where it prints data, `--json`.", ""]
    lines += ["| command | what it does |", "|---|---|"]
    lines += [f"| `{command.name}` | {command.help} |" for command in COMMANDS]
    lines += ["", "## Exit codes", "", "| code | meaning |", "|---|---|"]
    lines += [f"| {code} | {meaning} |" for code, meaning in EXIT_CODES]
    lines += ["", "## Reasons of a rejection", "", "| code | meaning |", "|---|---|"]
    lines += [f"| `{code}` | {meaning} |" for code, meaning in REJECT_REASONS.items()]
    lines += ["", f"As a CDS Hooks override reason each is a Coding of the system `{SYSTEM}`,"]
    lines += ["the meaning its `display`."]
    lines += [
        "",
        "## Attestations",
        "",
        "What `approve --attest CODE` says, where a route asks for",
    ]
    lines += ["it; a policy may ask for codes of its own.", "", "| code | meaning |", "|---|---|"]
    lines += [f"| `{code}` | {meaning} |" for code, meaning in SENTENCES.items()]
    return "\n".join([*lines, ""])


def played_pages() -> dict[str, str]:
    """Return the pages whose content has to be played first, which takes a while."""
    return {"personalities.md": personalities_page()}


if __name__ == "__main__":
    REFERENCE.mkdir(parents=True, exist_ok=True)
    for name, text in {**pages(), **played_pages()}.items():
        (REFERENCE / name).write_text(text, "utf-8")
