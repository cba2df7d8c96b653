"""The transport within the process."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from sync.sandbox import BASE_URL, InProcessTransport, Sandbox


async def test_the_trace_comes_before_the_application(
    sandbox: Sandbox, http: httpx.AsyncClient
) -> None:
    events: list[tuple[str, int]] = []

    async def trace(name: str, info: dict[str, Any]) -> None:
        events.append((name, sandbox.store.history("Patient", "p1", 1, None).total))
        assert info["request"].method == "PUT"

    answer = await http.put(
        "/Patient/p1",
        json={"resourceType": "Patient", "id": "p1"},
        extensions={"trace": trace},
    )
    assert answer.status_code == 201
    assert events == [("http11.send_request_headers.started", 0)]


async def test_when_the_trace_raises_the_application_sees_nothing(http: httpx.AsyncClient) -> None:
    async def trace(_name: str, _info: dict[str, Any]) -> None:
        raise RuntimeError("frozen")

    patient = {"resourceType": "Patient", "id": "p1"}
    with pytest.raises(RuntimeError, match="frozen"):
        await http.put("/Patient/p1", json=patient, extensions={"trace": trace})
    assert (await http.get("/Patient/p1")).status_code == 404
    assert (await http.put("/Patient/p1", json=patient)).status_code == 201


async def test_closing_the_client_leaves_the_sandbox_open(sandbox: Sandbox) -> None:
    for _ in range(2):
        async with httpx.AsyncClient(
            transport=InProcessTransport(sandbox.app), base_url=BASE_URL
        ) as http:
            assert (await http.get("/metadata")).status_code == 200
