"""What the trail says of the reconciliation loop."""

from __future__ import annotations

from collections.abc import Callable

from core.canonical import JsonObject
from core.ledger import recheck_events as events


def _run(data: JsonObject) -> str:
    counts = ", ".join(
        f"{data[name].text} {word}"
        for name, word in (
            ("writes", "writes"), ("elements", "values"), ("drift", "drifted"),
            ("unread", "not examined"), ("left", "left"),
        )
    )  # fmt: skip
    return f"looked again ({data['why']}): {counts}"


def _rechecked(data: JsonObject) -> str:
    if data["outcome"] == "unknown":
        return "not looked at again: the record of what was sent is gone"
    found = {"same": "as it was verified", "drift": f"DRIFT, {data['class']}"}[data["outcome"]]
    others = f", {data['others'].text} differences that are not ours" if _any(data) else ""
    return f"{found}, after examining {data['examined'].text} values{others}"


def _any(data: JsonObject) -> bool:
    return str(data["others"].text) != "0"


def _unread(data: JsonObject) -> str:
    due = data["recheck"].get("due")
    return f"could not be examined: {data['code']}" + (f", again at {due}" if due else "")


TOLD: dict[str, Callable[[JsonObject], str]] = {
    events.RUN: _run,
    events.RECHECKED: _rechecked,
    events.UNREAD: _unread,
    events.ASKED: lambda _data: "somebody asked to look again",
    events.ESCALATED: lambda data: f"escalated to {', '.join(data['to'])}",
    events.OVERDUE: lambda _data: "OVERDUE: nobody saw to it in time",
    events.REMAPPED: lambda data: f"a mapping is missing for {', '.join(data['paths'])}",
    events.CORRECTION_ASKED: lambda _data: "a correction was asked for",
    events.CORRECTION_PROPOSED: lambda data: (
        f"the correction is proposal {data['proposed']}: {data['outcome']}"
    ),
    events.CORRECTION_FAILED: lambda data: f"no correction could be proposed: {data['why']}",
    events.CORRECTED: lambda data: f"put right by proposal {data['by']}",
}
