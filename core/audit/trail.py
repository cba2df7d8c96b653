"""The story of one proposal, event by event, in words. Source: hub-protocol §9 (one trail).

An event that was tampered with still gets its line: what cannot be told in words says so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.audit import recheck_words
from core.audit.incident_words import TOLD
from core.canonical import JsonObject
from core.ledger.event import ERASED, Entry

UNTOLD = "its details are not as this release writes them"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a trail; `text` holds no chart content."""

    seq: int
    at: str
    type: str
    actor: str
    index: int | None
    text: str
    proposal: str | None = None
    operation: str | None = None
    ehr: str | None = None

    def as_json(self) -> dict[str, object]:
        """Return `{seq, at, type, actor, text, index?, proposal?, operation?, ehr?}`."""
        found: dict[str, object] = {
            "seq": self.seq,
            "at": self.at,
            "type": self.type,
            "actor": self.actor,
            "text": self.text,
        }
        if self.index is not None:
            found["index"] = self.index
        about = {"proposal": self.proposal, "operation": self.operation, "ehr": self.ehr}
        return found | {name: value for name, value in about.items() if value is not None}


def trail(entries: Sequence[Entry]) -> list[Line]:
    """Return one line an event, in the ledger's order."""
    return [line_of(entry) for entry in entries]


def line_of(entry: Entry) -> Line:
    """Return the line of one event."""
    leaf = entry.leaf
    actor = leaf["actor"]
    index = leaf.get("index")
    return Line(
        seq=entry.seq,
        at=leaf["at"],
        type=leaf["type"],
        actor=f"{actor['kind']} {actor['id']}",
        index=None if index is None else int(index.text),
        text=_words(leaf),
        proposal=leaf.get("proposal"),
        operation=leaf.get("operation"),
        ehr=leaf.get("ehr"),
    )


def _words(leaf: JsonObject) -> str:
    told = _TOLD.get(leaf["type"])
    words = _told(told, leaf.get("data") or {}) if told else ""
    moved = f"{leaf['from']} → {leaf['to']}" if "from" in leaf and "to" in leaf else ""
    if not moved and "to" in leaf:
        moved = f"→ {leaf['to']}"
    return "; ".join(part for part in (words, moved) if part)


def _told(told: Callable[[JsonObject], str], data: JsonObject) -> str:
    try:
        return told(data)
    except (KeyError, TypeError, AttributeError, ValueError, IndexError):
        return UNTOLD


def _submitted(data: JsonObject) -> str:
    instead = f", in place of {data['supersedes']}" if data.get("supersedes") else ""
    return f"from {data['agent']} ({data['correlation']}{instead})"


def _proposed(data: JsonObject) -> str:
    paths = ", ".join(f"{path} {effect}" for path, effect in data["paths"])
    form = f" by the form {data['form']}" if data.get("form") else ""
    return f"{data['op']} {data['type']}{form}: {paths}" if "op" in data else paths


def _evaluated(data: JsonObject) -> str:
    rules = ", ".join(data["rules"]) or "no rule"
    codes = ", ".join(reason["code"] for reason in data["reasons"])
    return f"policy says {data['outcome']} ({rules}; consent {data['consent']}) {codes}".rstrip()


def _decided(data: JsonObject) -> str:
    reason = f", {data['reason']}" if data.get("reason") else ""
    attested = f", attesting {', '.join(data['attested'])}" if data.get("attested") else ""
    return f"{data['outcome']} by {data['reviewer']} as {data['role']}{reason}{attested}"


def _receipt(data: JsonObject) -> str:
    status = f"answer {data['status'].text}" if "status" in data else "no answer"
    version = f", version {data['version']}" if data.get("version") else ""
    failure = f", {data['failure']}" if data.get("failure") else ""
    return f"{status}{version}{failure}"


def _failed(data: JsonObject) -> str:
    code = f" (code {data['code']})" if data.get("code") else ""
    again = f", again at {data['due']}" if data.get("due") else ""
    return f"{data['failure']}{code}, {data['tries'].text} in a row{again}"


def _reconciled(data: JsonObject) -> str:
    return f"{data['class']} after examining {data['examined'].text} values"


def _adopted(data: JsonObject) -> str:
    return f"{data['kind']} number {data['number'].text} put in force"


def _frozen(data: JsonObject) -> str:
    scope = ", ".join(f"{name} {value}" for name, value in data["scope"].items())
    return f"freeze of {scope or 'everything'}"


def _stepped(word: str) -> Callable[[JsonObject], str]:
    def told(data: JsonObject) -> str:
        roles = " or ".join(data["roles"]) or "anybody"
        if data["how"] == "nobody":
            return f"{word}: NOBODY ON DUTY as {roles}; it expires {data['expires']}"
        stand_in = " (deputies)" if data["how"] == "deputies" else ""
        return f"{word}: {', '.join(data['people'])}{stand_in}; it expires {data['expires']}"

    return told


_TOLD: dict[str, Callable[[JsonObject], str]] = {
    **TOLD,
    **recheck_words.TOLD,
    "ledger.opened": lambda data: f"the ledger begins with {len(data['admins'])} admin keys",
    "ledger.recovered": lambda data: (
        f"RECOVERED at {data['size'].text} events; a head over {data['lost'].text} is given up"
    ),
    "config.adopted": _adopted,
    "ehr.probed": lambda data: f"probe number {data['number'].text} of the write ladder",
    "provenance.unconfirmed": lambda _: "this EHR is known not to confirm a Provenance from now on",
    "scope.answered": lambda data: (
        f"the token for {data['op']} {data['type']} is "
        f"{'granted' if data['granted'] is True else 'REFUSED'}"
    ),
    "config.proposed": lambda data: f"{data['kind']} number {data['number'].text} put forward",
    "freeze.set": _frozen,
    "freeze.lifted": lambda data: f"freeze {data['id']} lifted",
    "task.answered": lambda data: f"the agent is told: {data['state']}",
    "task.quarantined": lambda data: f"a Task was set aside: {data['code']}",
    "task.alarmed": lambda data: f"a Task raised an alarm: {data['code']}",
    "task.closed": lambda data: f"finding {data['finding'].text} closed",
    "consent.held": lambda data: (
        f"held for consent, attempt {data['attempt'].text}, read again {data['due']}"
    ),
    "consent.settled": lambda data: f"no longer held for consent: {data['how']}",
    "breaker.opened": lambda data: (
        f"the EHR is left alone ({data['cause']}), asked again at {data['until']}"
    ),
    "breaker.closed": lambda _data: "the EHR answers again",
    "change.due": lambda _data: "due again",
    "change.reassigned": lambda data: (
        f"given to {data['to'].replace(':', ' ')} until {data['expires']} by {data['by']}"
    ),
    "change.warned": _stepped("nobody has decided it yet; asked"),
    "change.escalated": _stepped("escalated to"),
    "change.consulted": lambda data: (
        f"{data['by']} {'answers' if 'answers' in data else 'asks'} {data['to']}"
    ),
    "change.superseded": lambda data: f"{data['agent']} proposes {data['by']} in its place",
    "label.revealed": lambda data: (
        f"{data['reviewer']} reveals what is labelled {', '.join(data['groups'])}"
    ),
    "change.withdrawn": lambda data: f"taken back by {data['agent']}",
    "change.expired": lambda _data: "nobody decided it in time",
    "notice.raised": lambda data: (
        f"to be told outside: {data['kind']} to {', '.join(data['to']).replace(':', ' ')}"
    ),
    "notice.delivered": lambda data: f"told outside, at attempt {data['attempt'].text}",
    "notice.failed": lambda data: (
        f"telling outside failed at attempt {data['attempt'].text}: {data.get('why', 'unknown')}"
    ),
    "notice.abandoned": lambda data: f"telling of {data['kind']} given up: {data['why']}",
    "proposal.submitted": _submitted,
    "change.proposed": _proposed,
    "change.readmitted": _proposed,
    "change.edited": lambda data: f"edited by {data['reviewer']}; {_proposed(data)}",
    "change.evaluated": _evaluated,
    "change.admitted": lambda data: f"may be decided until {data['expires']}",
    "decision.recorded": _decided,
    "decision.voided": lambda data: f"{len(data['decisions'])} approvals void: {data['why']}",
    "decision.recalled": lambda data: f"recalled by {data['reviewer']}",
    "write.intended": lambda data: f"attempt {data['attempt'].text}",
    "write.rebased": lambda _data: "carried to a newer base",
    "write.receipt": _receipt,
    "write.resolved": lambda data: f"found out by reading: {data['how']}",
    "write.doubted": lambda _data: "the store was restored: it may have been sent",
    "write.failed": _failed,
    "write.replayed": lambda data: f"{data['reviewer']} has it sent again",
    "write.reopened": lambda data: f"{data['reviewer']} sends it back to review",
    "write.closed": lambda data: f"{data['reviewer']} closes it: it will not be written",
    "provenance.recorded": lambda data: f"Provenance {data['outcome']}",
    "reconciliation.recorded": _reconciled,
    "exception.opened": lambda data: f"exception: {data['kind']}",
    "exception.closed": lambda data: f"exception closed: {data['how']}",
    ERASED: lambda data: f"body of event {data['erased'].text} erased: {data['reason']}",
}
