"""The digests that approvals are signed over.

Source: hub-protocol §2. `nonce` is 128 random bits a change, so a digest cannot be guessed back to
its content once the body is erased.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.canonical import Json, JsonObject, Number, c14n, digest
from core.delta import Difference, content


@dataclass(frozen=True, slots=True)
class Base:
    """The version of the resource that a change rests on."""

    version: str
    fingerprint: str

    def as_json(self) -> JsonObject:
        """Return `{version, fingerprint}`."""
        return {"version": self.version, "fingerprint": self.fingerprint}


@dataclass(frozen=True, slots=True)
class Subject:
    """What `change` covers besides delta, evidence and verdict."""

    nonce: str
    proposal: str
    """Statement digest of the proposal."""
    task: str
    """The local proposal id where there is no hub Task."""
    index: int
    revision: int
    op: str
    ehr: str
    base_url: str
    target: str | None
    operation: str


def fingerprint(resource: JsonObject) -> str:
    """Return H("base", C14N(resource without meta.versionId and meta.lastUpdated))."""
    return digest("base", c14n(content(resource)))


def change_digest(
    subject: Subject,
    delta: Sequence[Difference],
    evidence: Sequence[JsonObject],
    verdict: str,
    team: str,
) -> str:
    """Return `change`: what is asked, why, and what policy said."""
    return digest(
        "change",
        c14n(
            {
                "nonce": subject.nonce,
                "team": team,
                "task": subject.task,
                "proposal": subject.proposal,
                "index": Number(str(subject.index)),
                "revision": Number(str(subject.revision)),
                "op": subject.op,
                "ehr": {"name": subject.ehr, "base": subject.base_url},
                "target": subject.target,
                "operation": subject.operation,
                "delta": [item.as_json() for item in delta],
                "evidence": list(evidence),
                "verdict": verdict,
            }
        ),
    )


def bytes_digest(nonce: str, base: Base | None, resource: JsonObject) -> str:
    """Return `bytes`: exactly what will be sent, on exactly what base."""
    held: Json = None if base is None else base.as_json()
    return digest("bytes", c14n({"nonce": nonce, "base": held, "resource": resource}))


def shown_digest(proposal: str, changes: Sequence[str]) -> str:
    """Return `shown`: what `show` prints as `hash`."""
    return digest("shown", c14n([proposal, *changes]))
