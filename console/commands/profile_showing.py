"""What `profile show` tells of an EHR: facts, what may be written, and what was observed beside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from console.commands.may_write import answer_json, print_observed, refusal_words, told_json
from console.commands.metrics_ehrs import label_words
from console.commands.output import say, table
from core.metrics.ehrs import Counted
from core.ports import Reads
from core.probe.examine import OPERATIONS, allowed
from core.profile.asked import answer_for, observed_here
from core.profile.document import FACTS
from core.profile.facts import Basis, Fact
from core.profile.parse import profile_in_force
from core.profile.profile import EVERY, Profile
from core.profile.writes import Answer, may_write
from core.workspace import policy_in_force


def profile_json(reads: Reads, ehr: str) -> dict[str, Any]:
    """Return every statement of the profile in force, the answers, and what was observed."""
    found = profile_in_force(reads, ehr)
    return {
        "profile": found.name,
        "facts": {name: _fact_json(fact) for name, fact in found.facts().items()},
        "transforms": [{"words": one.words} | _basis(one.basis) for one in found.transforms],
        "field_limits": [
            {"path": one.path, "chars": one.chars, "over": one.over} | _basis(one.basis)
            for one in found.field_limits
        ],
        "notes": [{"path": one.path, "says": one.words} | _basis(one.basis) for one in found.notes],
        "writes": [
            {"type": one.type, "op": one.interaction} | answer_json(one)
            for one in answers(reads, ehr, found)
        ],
        "every_other_type": [
            {"op": op, "axes": [told_json(one) for one in may_write(found, EVERY, op).told]}
            for op in OPERATIONS
        ],
        "observed": [one.as_json() for one in observed_here(reads, ehr)],
    }


def print_facts(reads: Reads, ehr: str) -> None:
    """Print the same for people."""
    found = profile_in_force(reads, ehr)
    say(f"{ehr}: {found.description}")
    table(
        [[FACTS[name].words, _value(fact), _from(fact.basis)]
         for name, fact in found.facts().items() if fact.is_known or fact.basis.captured_on],
        ["FACT", "VALUE", "FROM"],
    )  # fmt: skip
    done = [*((one.words, one.basis) for one in found.transforms),
            *((f"{one.path}: {one.words}", one.basis) for one in found.notes)]  # fmt: skip
    if done:
        table([[words, _from(basis)] for words, basis in done], ["WHAT IT DOES", "FROM"])
    say("may we write? as the profile and its answers say; `doctor` asks the server too")
    table(
        [[one.type, one.interaction, one.says, refusal_words(one)]
         for one in answers(reads, ehr, found)],
        ["TYPE", "WRITE", "MAY WE", "WHO REFUSES"],
    )  # fmt: skip
    print_observed(observed_here(reads, ehr))


def print_labels(found: Sequence[Counted]) -> None:
    """Say which of our labels were measured to survive there, or that none was measured."""
    for one in found:
        say(f"label {label_words(one)}")
    if not found:
        say("labels of ours: none measured here yet; the profile's word is in the facts above")


def answers(reads: Reads, ehr: str, found: Profile) -> list[Answer]:
    """Return the answer for each type that the profile, the policy or an earlier write names."""
    kinds = {(one.type, one.interaction) for one in found.claims if one.type != EVERY}
    kinds |= set(allowed(policy_in_force(reads), ehr))
    kinds |= {(one.type, one.op) for one in observed_here(reads, ehr)}
    return [answer_for(reads, ehr, *kind) for kind in sorted(kinds) if kind[1] in OPERATIONS]


def _fact_json(fact: Fact[object]) -> dict[str, Any]:
    value = list(fact.value) if isinstance(fact.value, tuple) else fact.value
    return {"value": "unknown" if fact.value is None else value} | _basis(fact.basis)


def _basis(basis: Basis) -> dict[str, Any]:
    return {
        "source": basis.source,
        "second_hand": basis.second_hand,
        "captured_on": None if basis.captured_on is None else str(basis.captured_on),
        "grade": basis.grade,
        "words": basis.words,
    }


def _value(fact: Fact[object]) -> str:
    if fact.value is None:
        return "unknown"
    if isinstance(fact.value, bool):
        return "yes" if fact.value else "no"
    return ", ".join(fact.value) if isinstance(fact.value, tuple) else str(fact.value)


def _from(basis: Basis) -> str:
    words = f"; {basis.words}" if basis.words else ""
    return f"{basis.grade}, {basis.captured_on or 'no date'}: {basis.source}{words}"
