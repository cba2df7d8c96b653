"""Counting every HTTP call to an EHR, those to its token endpoint too, at the last place before it.

Source: design §9 (fixed minute windows that count token calls). Nothing is ever sent again here.
"""

from __future__ import annotations

import asyncio

from core.traffic.work import READING, Busy
from sync.fhir.answers import retry_after
from sync.fhir.turns import tell_end
from sync.traffic.gate import HELD, INSIDE_S, PATIENCE_S, Gate, Slot
from sync.wire import httpx

SENT_BYTES = 64 * 1024
"""An answer up to this size has left the server with its head, and waits here to be read."""
THROTTLED = 429
PAUSING = frozenset({429, 503})
"""What may say how long to ask nothing."""
FAILED = frozenset({408, 500, 502, 503, 504})
REJECTED = 401


class Metered(httpx.AsyncBaseTransport):
    """A transport that asks the gate before each request and tells it how each ended.

    `inner` is what really sends, and is closed with this; with `token` it leads to the token
    endpoint. Raises Busy, before the first byte, when the request may not go now.
    """

    def __init__(self, inner: httpx.AsyncBaseTransport, gate: Gate, *, token: bool = False) -> None:
        self._inner = inner
        self._gate = gate
        self._token = token

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request when it may go."""
        slot = self._slot()
        probing = self._probing(request, slot)
        if not probing or slot is not None:
            return await self._admit(request, slot, probing=probing)
        # From here on, and not only once it is sent: while it waits another one may come.
        self._gate.door.trying = True
        try:
            return await self._admit(request, slot, probing=True)
        finally:
            self._gate.door.trying = False

    async def _admit(
        self, request: httpx.Request, slot: Slot | None, *, probing: bool
    ) -> httpx.Response:
        gate = self._gate
        if not await gate.flights.begin(PATIENCE_S if slot is None else INSIDE_S):
            raise gate.busy(INSIDE_S)
        try:
            await self._turn(slot, probing=probing)
            begun = gate.senses.monotonic()
            response = await self._send(request, slot, probing=probing)
        except BaseException:
            gate.flights.end()
            raise
        took = gate.senses.monotonic() - begun
        if _has_left(response):
            gate.flights.end(took)
            return response
        return tell_end(response, lambda: gate.flights.end(took))

    async def _send(
        self, request: httpx.Request, slot: Slot | None, *, probing: bool
    ) -> httpx.Response:
        gate = self._gate
        call = gate.quota.take(gate.senses.now(), token=self._token)
        if slot is not None:
            slot.made += 1
            slot.kept = max(0, slot.kept - 1)
        response: httpx.Response | None = None
        try:
            try:
                response = await self._inner.handle_async_request(request)
            except (httpx.TransportError, OSError):
                gate.pace.slow(gate.senses.monotonic())
                gate.door.bad(probing=probing)
                raise
            finally:
                gate.quota.ended(call, gate.senses.now())
            self._learn(response, probing=probing)
        except BaseException:
            # Nobody else has it yet: left open it would hold its connection for ever.
            if response is not None:
                await response.aclose()
            raise
        return response

    async def aclose(self) -> None:
        """Close what really sends."""
        await self._inner.aclose()

    def _slot(self) -> Slot | None:
        held = HELD.get()
        return held if held is not None and held.gate is self._gate else None

    def _probing(self, request: httpx.Request, slot: Slot | None) -> bool:
        """Tell whether this call tries if a broken EHR answers again: a read, never a write."""
        if slot is not None:
            return slot.probing
        return request.method == "GET" and self._gate.door.state() == "half-open"

    async def _turn(self, slot: Slot | None, *, probing: bool) -> None:
        """Wait until the call may go; inside a slot shortly, and without one as a read does."""
        gate, work = self._gate, READING if slot is None else slot.work
        if not probing and gate.door.state() != "closed":
            raise Busy(f"{gate.name} is left alone: it failed", gate.door.left())
        longest = PATIENCE_S if slot is None else INSIDE_S
        while True:
            others = gate.kept(besides=slot)
            kept = slot is not None and slot.kept > 0
            share = 1.0 if kept else gate.share(work.kind)
            calls = 1 if kept else 1 + others
            wait = gate.quota.wait(gate.senses.now(), share, token=self._token, calls=calls)
            if wait <= 0:
                break
            if wait > longest:
                raise gate.busy(wait)
            await asyncio.sleep(wait)
            longest -= wait
        paced = gate.pace.wait(gate.senses.monotonic())
        # At a very low rate a turn takes long, and work that never waited for one would never end.
        if paced > max(longest, gate.pace.round_s):
            raise gate.busy(paced)
        gate.pace.take(gate.senses.monotonic())
        if paced > 0:
            await asyncio.sleep(paced)

    def _learn(self, response: httpx.Response, *, probing: bool) -> None:
        gate, now = self._gate, self._gate.senses.monotonic()
        status = response.status_code
        asked = retry_after(response.headers) if status in PAUSING else None
        if status == THROTTLED:
            gate.pace.throttled(now, pressed=gate.queued)
        elif status in FAILED:
            gate.pace.slow(now)
        else:
            gate.pace.answered(now, pressed=gate.pressed)
        if asked is not None:
            gate.pace.pause(now, asked)
        if status in FAILED:
            gate.door.bad(probing=probing)
        elif status == REJECTED and not probing:
            gate.door.rejected()
        elif status == REJECTED:
            gate.door.bad(probing=True)
        elif status != THROTTLED:
            # A token endpoint that answers says nothing of the EHR behind it.
            gate.door.good(probing=probing and not self._token)


def _has_left(response: httpx.Response) -> bool:
    length = response.headers.get("content-length", "")
    return length.isascii() and length.isdigit() and int(length) <= SENT_BYTES
