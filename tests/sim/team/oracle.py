"""What the hub's own log says, read without the code under test, and what must hold of it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from core.hub.task import outputs
from core.statement import peek
from tests.sim.invariants import Violation
from tests.sim.team.hub import TeamHub

QUORUM = 2


@lru_cache(maxsize=4096)
def payload(text: str) -> dict[str, Any]:
    return peek(text)


@dataclass
class Oracle:
    """Collects what parties were told and did, and compares it with the log."""

    hub: TeamHub
    at: Any
    violations: list[Violation] = field(default_factory=list)
    finals: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    """Task → effective final → whom it was told."""
    over: dict[str, str] = field(default_factory=dict)
    """Task → what was acknowledged that forbids sending."""
    sent: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    kept: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Task → ids of decisions that their reviewers were told to stand on it."""
    filed: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Task → texts of decisions whose Provenance was acknowledged."""

    def blame(self, code: str, what: str) -> None:
        self.violations.append(Violation(code, self.at(), what))

    def told_final(self, task: str, who: str, final: str) -> None:
        self.finals[task].setdefault(final, who)
        if len(self.finals[task]) > 1:
            self.blame("two-effective", f"{task}: {self.finals[task]}")

    def acknowledged(self, task: str, what: str) -> None:
        """Take up a recall, withdrawal or objection that its maker was told to be in time."""
        self.over[task] = what
        if self.sent[task]:
            self.blame("acknowledged-and-sent", f"{task}: {what}, after it was sent")

    def send(self, task: str) -> None:
        """Judge a write at its first byte."""
        self.sent[task] += 1
        if self.sent[task] > 1:
            self.blame("sent-twice", task)
        if task in self.over:
            self.blame("acknowledged-and-sent", f"{task}: {self.over[task]}, and then sent")
        final, votes = self.effective(task)
        if final is None or final["outcome"] != "approve":
            self.blame("sent-unapproved", task)
            return
        if any(
            vote["outcome"] == "reject" and vote["id"] not in final["decisions"]
            for vote in votes.values()
        ):
            self.blame("objection-ignored", task)

    def alarmed(self, task: str, alarms: frozenset[str]) -> None:
        if alarms and self.hub.personality.name in ("fair", "opaque", "no-vread", "opaque-ticks"):
            self.blame("false-alarm", f"{task}: {sorted(alarms)} where every PUT is compared")

    def effective(self, task: str) -> tuple[dict[str, Any] | None, dict[str, dict[str, Any]]]:
        """Return the first final of the log that its votes bear, and all votes up to a dispatch."""
        found: dict[str, Any] | None = None
        votes: dict[str, dict[str, Any]] = {}
        met: set[str] = set()
        for _, held in self.hub.chains[task]:
            here = [(one.kind, payload(one.text or "")) for one in outputs(held.resource)]
            beside = {
                said["id"]: said
                for kind, said in here
                if kind == "decision" and said["outcome"] != "defer"
            }
            for kind, said in here:
                if said["id"] in met:
                    continue
                met.add(said["id"])
                if kind == "dispatch":
                    return found, votes
                if kind == "decision":
                    votes[said["id"]] = said
                if kind == "final" and found is None and _bears(said, beside):
                    found = said
        return found, votes

    def ended(self) -> None:
        """Judge a run after its faults have stopped and everybody has had time."""
        for task in [name for name in self.hub.chains if name.startswith("Task")]:
            there = {
                payload(one.text or "")["id"]
                for one in outputs(self.hub.current(task).resource)
                if one.text
            }
            gone = self.kept[task] - there
            if gone:
                self.blame("acknowledged-lost", f"{task}: {sorted(gone)}")
            final, _ = self.effective(task)
            filed = {payload(text)["id"]: payload(text) for text in self.filed[task]}
            filed = {id_: one for id_, one in filed.items() if one["outcome"] != "defer"}
            due = _comes_to(filed)
            if due is not None and final is None and task not in self.over:
                self.blame("stranded", f"{task}: {due} was filed and is not effective")
            approved = final is not None and final["outcome"] == "approve"
            if approved and not self.sent[task] and not self._is_over(task):
                self.blame("stranded", f"{task}: approved and never sent")

    def _is_over(self, task: str) -> bool:
        """Tell whether the log holds what ends or parks a change."""
        final, votes = self.effective(task)
        named = () if final is None else final["decisions"]
        late = any(
            vote["outcome"] == "reject" and vote["id"] not in named for vote in votes.values()
        )
        kinds = {one.kind for _, held in self.hub.chains[task] for one in outputs(held.resource)}
        return late or bool(kinds & {"recall", "withdraw"})


def _bears(final: dict[str, Any], votes: dict[str, dict[str, Any]]) -> bool:
    return set(final["decisions"]) == set(votes) and final["outcome"] == _comes_to(votes)


def _comes_to(votes: dict[str, dict[str, Any]]) -> str | None:
    if any(vote["outcome"] == "reject" for vote in votes.values()):
        return "reject"
    people = {vote["reviewer"] for vote in votes.values()}
    return "approve" if len(people) >= QUORUM else None
