"""What each event does to the read tables, as pure functions of (leaf, body or None).

Live appends and a rebuild run the same code, so state equals the replay. Every projector is total
on a missing body; `body.erased` empties the columns that came from it. Source: design §4,
hub-protocol §9.
"""

from __future__ import annotations

from collections.abc import Callable

from core.canonical import JsonObject
from core.ledger import (
    beside_events,
    config_events,
    consent_events,
    deadline_events,
    failure_events,
    hub_events,
    incident_events,
    label_events,
    learnt_events,
    notice_events,
    pace_events,
    probe_events,
    recheck_events,
    recovery_events,
    scope_events,
    traffic_events,
)
from core.ledger.event import ERASED, UnknownEvent
from core.ledger.rowops import Put, RowOp, Set, Value, change_key, integer, shown, standing, text

Projector = Callable[[JsonObject, JsonObject | None], list[RowOp]]


def project(leaf: JsonObject, body: JsonObject | None) -> list[RowOp]:
    """Return what the event does to the read tables; UnknownEvent for one this release lacks."""
    projector = _PROJECTORS.get((leaf["type"], integer(leaf["tv"])))
    if projector is None:
        raise UnknownEvent(
            f"the ledger holds {leaf['type']} version {integer(leaf['tv'])}, "
            "unknown to this release",
            remedy="Open the workspace with the release that wrote it, or a newer one",
        )
    return [*projector(leaf, body), *_moved(leaf)]


def _moved(leaf: JsonObject) -> list[RowOp]:
    if "to" not in leaf or "index" not in leaf:
        return []
    values: dict[str, Value] = {
        "state": leaf["to"],
        "state_seq": integer(leaf["seq"]),
        "since": leaf["at"],
    }
    return [Set("change", change_key(leaf), values)]


def _nothing(_leaf: JsonObject, _body: JsonObject | None) -> list[RowOp]:
    return []


def _config(leaf: JsonObject, _body: JsonObject | None) -> list[RowOp]:
    data = leaf["data"]
    return [standing(leaf, data["kind"], data["document"], data["digest"])]


def _submitted(leaf: JsonObject, body: JsonObject | None) -> list[RowOp]:
    data = leaf["data"]
    copied = (
        "agent", "model", "prompt", "correlation", "same", "purpose", "workflow", "urgency",
        "needed_by", "confidence", "digest", "content_tag", "claimed_urgency",
    )  # fmt: skip
    values: dict[str, Value] = {key: data.get(key) for key in copied}
    values |= {
        "id": leaf["proposal"],
        "seq": integer(leaf["seq"]),
        "at": leaf["at"],
        "ehr": leaf["ehr"],
        "patient_tag": leaf["patient"],
        "changes": integer(data["changes"]),
        "body_seq": integer(leaf["seq"]),
        "patient": shown(body, "patient"),
        "patient_label": shown(body, "patient_label"),
        "task": leaf["refs"][0].get("task"),
    }
    return [Put("proposal", values)]


def _proposed(leaf: JsonObject, body: JsonObject | None) -> list[RowOp]:
    data = leaf["data"]
    values: dict[str, Value] = {
        "proposal": leaf["proposal"],
        "idx": integer(leaf["index"]),
        "agent": data["agent"],
        "urgency": data["urgency"],
        "ehr": leaf["ehr"],
        "patient_tag": leaf["patient"],
        "op": data["op"],
        "type": data["type"],
        "depends": text(data["depends"]),
        "state": leaf["to"],
        "state_seq": integer(leaf["seq"]),
        "since": leaf["at"],
        "asked": data.get("asked"),
        "grounds": data.get("grounds"),
        "needed_by": data.get("needed_by"),
        "proposed_at": leaf["at"],
    }
    return [Put("change", values | _revision(leaf, body))]


def _readmitted(leaf: JsonObject, body: JsonObject | None) -> list[RowOp]:
    cleared: dict[str, Value] = dict.fromkeys(("rebased_digest", "rebase_seq", "until"))
    cleared["void"] = leaf["data"]["void"]
    return [Set("change", change_key(leaf), _revision(leaf, body) | cleared)]


def _edited(leaf: JsonObject, body: JsonObject | None) -> list[RowOp]:
    edited: dict[str, Value] = {"edited": integer(leaf["revision"])}
    own = [Set("change", change_key(leaf), edited), *pace_events.acted(leaf, pace_events.EDIT)]
    return [*_readmitted(leaf, body), *own]


def _revision(leaf: JsonObject, body: JsonObject | None) -> dict[str, Value]:
    data = leaf["data"]
    return {
        "revision": integer(leaf["revision"]),
        "paths": text(data["paths"]),
        "operation": leaf["operation"],
        "rung": data["rung"],
        "change_digest": data["change"],
        "bytes_digest": data["bytes"],
        "body_seq": integer(leaf["seq"]),
        "target": shown(body, "target"),
        "patient_label": shown(body, "patient_label"),
        "outcome": None,
        "expires": None,
    }


def _evaluated(leaf: JsonObject, _body: JsonObject | None) -> list[RowOp]:
    data = leaf["data"]
    values: dict[str, Value] = {
        "outcome": data["outcome"],
        "tier": data["tier"],
        "rules": text(data["rules"]),
        "route": None if data["route"] is None else text(data["route"]),
        "reasons": text(data["reasons"]),
        "verdict_digest": data["verdict"],
        "policy_digest": data["policy"],
        "consent": data["consent"],
        "consent_at": data.get("consent_at"),
    }
    return [Set("change", change_key(leaf), values)]


def _admitted(leaf: JsonObject, _body: JsonObject | None) -> list[RowOp]:
    data = leaf["data"]
    values: dict[str, Value] = {
        "expires": data.get("expires"),
        "admission_seq": integer(leaf["seq"]),
        **deadline_events.asked_again(leaf),
    }
    return [Set("change", change_key(leaf), values), *hub_events.output(leaf)]


def _decided(leaf: JsonObject, _body: JsonObject | None) -> list[RowOp]:
    data = leaf["data"]
    copied = ("outcome", "reviewer", "role", "expires", "reason", "until", "statement")
    values: dict[str, Value] = {key: data.get(key) for key in copied}
    values |= {
        "id": data["id"],
        "proposal": leaf["proposal"],
        "idx": integer(leaf["index"]),
        "revision": integer(leaf["revision"]),
        "seq": integer(leaf["seq"]),
        "at": leaf["at"],
        "kid": leaf["actor"]["kid"],
        "change_digest": data["change"],
        "bytes_digest": data["bytes"],
        "digest": leaf["refs"][0]["digest"],
    }
    ops: list[RowOp] = [Put("decision", values), *pace_events.acted(leaf, data["outcome"])]
    if data["outcome"] == "defer":
        ops.append(Set("change", change_key(leaf), {"until": data.get("until")}))
    return ops


def _voided(leaf: JsonObject, _body: JsonObject | None) -> list[RowOp]:
    code: str = leaf["data"]["why"]
    ops: list[RowOp] = [
        Set("decision", {"id": decision}, {"void": code}) for decision in leaf["data"]["decisions"]
    ]
    return [*ops, Set("change", change_key(leaf), {"void": code})]


def _reassigned(leaf: JsonObject, _body: JsonObject | None) -> list[RowOp]:
    data = leaf["data"]
    values: dict[str, Value] = {"assigned": data["to"], "expires": data["expires"], "until": None}
    values |= deadline_events.asked_again(leaf)
    ops: list[RowOp] = [
        Set("decision", {"id": decision}, {"void": data["why"]}) for decision in data["decisions"]
    ]
    return [*ops, Set("change", change_key(leaf), values)]


def _intended(leaf: JsonObject, _body: JsonObject | None) -> list[RowOp]:
    values: dict[str, Value] = {
        "operation": leaf["operation"],
        "proposal": leaf["proposal"],
        "idx": integer(leaf["index"]),
        "revision": integer(leaf["revision"]),
        "attempt": integer(leaf["data"]["attempt"]),
        "state": leaf["to"],
        "intent_seq": integer(leaf["seq"]),
        "intent_at": leaf["at"],
    }
    return [Put("write", values)]


def _rebased(leaf: JsonObject, _body: JsonObject | None) -> list[RowOp]:
    values: dict[str, Value] = {
        "rebased_digest": leaf["data"]["bytes"],
        "rebase_seq": integer(leaf["seq"]),
    }
    return [Set("change", change_key(leaf), values)]


def _receipt(leaf: JsonObject, body: JsonObject | None) -> list[RowOp]:
    data = leaf["data"]
    values: dict[str, Value] = {
        "state": leaf["to"],
        "receipt_seq": integer(leaf["seq"]),
        "receipt_at": leaf["at"],
        "status": None if data.get("status") is None else integer(data["status"]),
        "failure": data.get("failure"),
        "version": data.get("version"),
        "location": shown(body, "location"),
    }
    ops: list[RowOp] = [Set("write", {"operation": leaf["operation"]}, values)]
    return [*ops, *failure_events.ended(leaf)] if leaf["to"] == "persisted" else ops


def _provenance(leaf: JsonObject, _body: JsonObject | None) -> list[RowOp]:
    outcome: dict[str, Value] = {"provenance": leaf["data"]["outcome"]}
    return [Set("write", {"operation": leaf["operation"]}, outcome), *beside_events.over(leaf)]


def _reconciled(leaf: JsonObject, _body: JsonObject | None) -> list[RowOp]:
    values: dict[str, Value] = {
        "reconciled_seq": integer(leaf["seq"]),
        "reconciled_class": leaf["data"]["class"],
        "state": leaf.get("to", "persisted"),
    }
    ops: list[RowOp] = [Set("write", {"operation": leaf["operation"]}, values)]
    return [*ops, *learnt_events.learnt(leaf), *recheck_events.verified(leaf)]


def _exception_opened(leaf: JsonObject, _body: JsonObject | None) -> list[RowOp]:
    values: dict[str, Value] = {
        "id": integer(leaf["seq"]),
        "proposal": leaf["proposal"],
        "idx": integer(leaf["index"]),
        "operation": leaf.get("operation"),
        "kind": leaf["data"]["kind"],
        "class_": leaf["data"].get("class"),
        "opened_at": leaf["at"],
        "due": leaf["data"].get("due"),
        "incident": leaf["data"].get("incident"),
    }
    return [Put("exception", values)]


def _exception_closed(leaf: JsonObject, _body: JsonObject | None) -> list[RowOp]:
    values: dict[str, Value] = {"closed_at": leaf["at"], "closed_how": leaf["data"]["how"]}
    ops: list[RowOp] = [Set("exception", {"id": integer(leaf["data"]["exception"])}, values)]
    return [*ops, *recheck_events.scheduled(leaf)]


def _frozen(leaf: JsonObject, _body: JsonObject | None) -> list[RowOp]:
    values: dict[str, Value] = {
        "id": leaf["data"]["id"],
        "scope": text(leaf["data"]["scope"]),
        "by": leaf["actor"]["id"],
        "at": leaf["at"],
    }
    if "awaited" in leaf["data"]:
        values["awaited"] = text(leaf["data"]["awaited"])
    return [Put("freeze", values)]


def _thawed(leaf: JsonObject, _body: JsonObject | None) -> list[RowOp]:
    values: dict[str, Value] = {"lifted_at": leaf["at"], "lifted_by": leaf["actor"]["id"]}
    return [Set("freeze", {"id": leaf["data"]["id"]}, values)]


def _erased(leaf: JsonObject, _body: JsonObject | None) -> list[RowOp]:
    seq = integer(leaf["data"]["erased"])
    return [
        Set("proposal", {"body_seq": seq}, {"patient": None, "patient_label": None}),
        Set("change", {"body_seq": seq}, {"target": None, "patient_label": None}),
        Set("write", {"receipt_seq": seq}, {"location": None}),
    ]


_PROJECTORS: dict[tuple[str, int], Projector] = {
    ("ledger.opened", 1): _nothing,
    ("config.adopted", 1): _config,
    ("proposal.submitted", 1): _submitted,
    ("change.proposed", 1): _proposed,
    ("change.evaluated", 1): _evaluated,
    ("change.admitted", 1): _admitted,
    ("change.readmitted", 1): _readmitted,
    ("change.edited", 1): _edited,
    ("change.due", 1): _nothing,
    ("decision.recorded", 1): _decided,
    ("decision.voided", 1): _voided,
    ("decision.recalled", 1): _voided,
    ("change.reassigned", 1): _reassigned,
    ("change.withdrawn", 1): _nothing,
    ("change.superseded", 1): _nothing,
    ("change.consulted", 1): _nothing,
    ("write.intended", 1): _intended,
    ("write.rebased", 1): _rebased,
    ("write.receipt", 1): _receipt,
    ("write.resolved", 1): _receipt,
    ("provenance.recorded", 1): _provenance,
    ("reconciliation.recorded", 1): _reconciled,
    ("exception.opened", 1): _exception_opened,
    ("exception.closed", 1): _exception_closed,
    ("freeze.set", 1): _frozen,
    ("freeze.lifted", 1): _thawed,
    **failure_events.PROJECTORS,
    **config_events.PROJECTORS,
    **consent_events.PROJECTORS,
    **hub_events.PROJECTORS,
    **notice_events.PROJECTORS,
    **deadline_events.PROJECTORS,
    **incident_events.PROJECTORS,
    **label_events.PROJECTORS,
    **beside_events.PROJECTORS,
    **probe_events.PROJECTORS,
    **scope_events.PROJECTORS,
    **recheck_events.PROJECTORS,
    **recovery_events.PROJECTORS,
    **traffic_events.PROJECTORS,
    (ERASED, 1): _erased,
}

EVENT_TYPES = frozenset(name for name, _ in _PROJECTORS)
