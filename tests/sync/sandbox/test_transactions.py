"""A transaction is one step of the store: failing at its 1st, 2nd, … nth write leaves nothing."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from sync.sandbox import Sandbox
from sync.sandbox.outcome import refusal
from sync.sandbox.store import Store

ENTRIES = 4


def bundle(kind: str = "transaction") -> dict[str, Any]:
    entries = [
        {"resource": {"resourceType": "Patient"}, "request": {"method": "POST", "url": "Patient"}}
        for _ in range(ENTRIES)
    ]
    return {"resourceType": "Bundle", "type": kind, "entry": entries}


def stored(sandbox: Sandbox) -> int:
    return sandbox.store.changes(["Patient"], None, 100, before=None, since=None).total


@pytest.mark.parametrize("nth", range(1, ENTRIES + 1))
@pytest.mark.parametrize("error", [refusal(422, "processing", "no"), OSError("disk")])
async def test_failing_at_the_nth_write_stores_nothing(
    sandbox: Sandbox,
    http: httpx.AsyncClient,
    send: Any,
    monkeypatch: pytest.MonkeyPatch,
    nth: int,
    error: Exception,
) -> None:
    calls, put = [], Store.put

    def failing(self: Store, *given: Any) -> Any:
        calls.append(given)
        if len(calls) == nth:
            raise error
        return put(self, *given)

    monkeypatch.setattr(Store, "put", failing)
    answer = await http.post("/", **send(bundle()))
    assert answer.status_code in (422, 500) and len(calls) == nth
    assert stored(sandbox) == 0
    calls.clear()
    assert (await http.post("/", **send(bundle("batch")))).status_code in (200, 500)
    assert stored(sandbox) == (nth - 1 if isinstance(error, OSError) else ENTRIES - 1)


async def test_a_whole_transaction_is_stored(
    sandbox: Sandbox, http: httpx.AsyncClient, send: Any
) -> None:
    assert (await http.post("/", **send(bundle()))).status_code == 200
    assert stored(sandbox) == ENTRIES
