"""The embedded clinic: synthetic patients, labelled so, and what two scripted agents propose.

Every resource carries the v3 ActReason label HTEST (test health data), and every name says so too.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from importlib import resources
from typing import Any

from core.canonical import JsonObject, encode, parse_object

TEST_LABEL = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST"}


def chart() -> Iterator[JsonObject]:
    """Yield every resource of the clinic; notes get their text as an inline attachment."""
    for resource in _lines("chart.ndjson"):
        note: Any = resource.pop("note_text", None)
        if isinstance(note, str):
            data = base64.b64encode(note.encode("utf-8")).decode("ascii")
            attachment = {"contentType": "text/plain; charset=utf-8", "data": data}
            resource["content"] = [{"attachment": attachment}]
        yield {**resource, "meta": {"security": [dict(TEST_LABEL)]}}


def proposals() -> Iterator[bytes]:
    """Yield what the agents propose, as the bytes that they hand in."""
    for proposal in _lines("proposals.ndjson"):
        yield encode(proposal)


def _lines(name: str) -> Iterator[JsonObject]:
    text = resources.files("sync.clinic").joinpath(name).read_bytes()
    for line in text.split(b"\n"):
        if line.strip():
            yield parse_object(line)
