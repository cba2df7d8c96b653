"""The body of an admitted change: what the reviewer sees and the digests cover.

One shape, written at intake and at every re-admission, read by review, gateway and screens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from core.canonical import JsonObject, exact
from core.delta import Difference, Effect
from core.digests import Base, Subject, bytes_digest, change_digest
from core.errors import Failed
from core.ports import Reads
from core.records import ChangeRow, ProposalRow


class Erased(Failed):
    """What an event showed is gone, so that nothing can be decided or sent by it."""

    code = "erased"


@dataclass(frozen=True, slots=True)
class Content:
    """One revision of one change, whole."""

    nonce: str
    target: str | None
    rung: str
    base: JsonObject | None
    """The base resource as it was read, or None for a create."""
    held: Base | None
    """Its version and fingerprint."""
    resource: JsonObject
    """Intended resource with stamps: exactly what is sent."""
    delta: tuple[Difference, ...]
    evidence: tuple[JsonObject, ...]
    """`{source, version, quote, grounding, hits, facts}` of the quotes that support it."""
    displays: tuple[str, ...]
    """Paths of display texts that are the agent's own words."""
    narrative: str | None
    """`dropped`, `kept`, or None where the base has none."""
    trace: tuple[JsonObject, ...]
    """Every policy rule with what matched and what missed."""
    earlier: tuple[JsonObject, ...] | None = None
    """What stood in the chart before a create, where a rule compares with it; None: not known."""
    beside: JsonObject = field(default_factory=dict)
    """What the chart says beside it (`core.beside.around`); empty in older bodies."""

    def as_json(self, label: str | None) -> JsonObject:
        """Return the event body; `label` is the patient's name."""
        return {
            "nonce": self.nonce,
            "target": self.target,
            "patient_label": label,
            "rung": self.rung,
            "base": self.base,
            "held": None if self.held is None else self.held.as_json(),
            "resource": self.resource,
            "delta": [{**item.as_json(), "effect": item.effect} for item in self.delta],
            "evidence": list(self.evidence),
            "displays": list(self.displays),
            "narrative": self.narrative,
            "trace": list(self.trace),
            "earlier": None if self.earlier is None else list(self.earlier),
            "beside": self.beside,
        }

    def signed_evidence(self) -> list[JsonObject]:
        """Return the members of the evidence that the `change` digest covers."""
        keys = ("source", "version", "quote", "grounding")
        return [{key: item[key] for key in keys} for item in self.evidence]

    def digests(
        self, proposal: ProposalRow, change: ChangeRow, base_url: str, verdict: str, team: str
    ) -> tuple[str, str]:
        """Recompute (`change`, `bytes`) from this content."""
        subject = Subject(
            nonce=self.nonce,
            proposal=proposal.digest,
            task=proposal.subject,
            index=change.idx,
            revision=change.revision,
            op=change.op,
            ehr=change.ehr,
            base_url=base_url,
            target=self.target,
            operation=change.operation,
        )
        return (
            change_digest(subject, self.delta, self.signed_evidence(), verdict, team),
            bytes_digest(self.nonce, self.held, self.resource),
        )


def read_content(reads: Reads, change: ChangeRow) -> Content:
    """Return the content of a change's newest revision; Erased when its body is gone."""
    entry = reads.entry(change.body_seq)
    if entry is None or entry.body is None:
        raise Erased("the content of this change was erased; it can no longer be decided or sent")
    return from_body(entry.body)


def from_body(body: JsonObject) -> Content:
    """Return the content that `Content.as_json` wrote."""
    held = body["held"]
    earlier = body.get("earlier")
    return Content(
        nonce=body["nonce"],
        target=body["target"],
        rung=body["rung"],
        base=body["base"],
        held=None if held is None else Base(held["version"], held["fingerprint"]),
        resource=body["resource"],
        delta=tuple(_difference(item) for item in body["delta"]),
        evidence=tuple(body["evidence"]),
        displays=tuple(body["displays"]),
        narrative=body["narrative"],
        trace=tuple(body["trace"]),
        earlier=None if earlier is None else tuple(earlier),
        beside=body.get("beside") or {},
    )


def supports(evidence: Sequence[JsonObject], index: int) -> tuple[JsonObject, ...]:
    """Return the evidence that supports change `index`, without the `supports` member."""
    return tuple(
        {key: value for key, value in item.items() if key != "supports"}
        for item in evidence
        if exact(index) in item["supports"]
    )


def _difference(item: dict[str, Any]) -> Difference:
    effect: Effect = item["effect"]
    return Difference(item["path"], effect, item.get("before"), item.get("after"))
