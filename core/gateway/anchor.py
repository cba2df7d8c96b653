"""Publishing the newest signed tree head to the EHR's `/log` register, and reading it back.

Source: hub-protocol §3 (registers), §6 step 11, §9 (a published checkpoint larger than the store is
a restored backup). The register is a Library, changed by PUT If-Match only.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from core.canonical import JsonObject, encode
from core.errors import Refused, Unreachable
from core.gateway.receipt import classify
from core.lifecycle import State
from core.ports import Ehr, Fetched, NotSent, OutcomeUnknown, Request, Response

SYSTEM = "urn:countersign:register"


@dataclass(frozen=True, slots=True)
class Register:
    """The register as the server holds it."""

    reference: str
    version: str
    note: str
    resource: JsonObject


def register_name(team: str, ledger: str) -> str:
    """Return `<team>/log.<ledger>`."""
    return f"{team}/log.{ledger}"


async def keeps_registers(ehr: Ehr) -> bool:
    """Tell whether an EHR offers what a register needs; many products know no Library.

    Raises Unreachable.
    """
    offered = await ehr.capability("Library")
    return offered.create and offered.search


async def read_register(ehr: Ehr, name: str, reference: str | None) -> Register | None:
    """Return the register, by its pinned reference or else by its name; raises Unreachable.

    An EHR that keeps none is not searched for one.
    """
    found: Fetched | None = None
    if reference is not None:
        found = await ehr.read(reference)
    if found is None and not await keeps_registers(ehr):
        return None
    if found is None:
        matches = await ehr.search("Library", {"identifier": f"{SYSTEM}|{name}"})
        found = matches[0] if matches else None
    if found is None:
        return None
    note = _note(found.resource)
    return None if note is None else Register(found.reference, found.version, note, found.resource)


async def publish(ehr: Ehr, name: str, size: int, note: str, held: Register | None) -> str | None:
    """Write the head; return the register's reference, or None when the EHR refuses registers.

    Raises Unreachable when it is not known to be stored: the next round reads and tries again.
    """
    if held is None:
        condition = f"identifier={SYSTEM}|{name}"
        body = encode(_library(name, size, note))
        request = Request("POST", "Library", None, {"If-None-Exist": condition}, body)
    else:
        resource = {**held.resource, **_changed(size, note)}
        headers = {"If-Match": f'W/"{held.version}"'}
        id_ = held.reference.partition("/")[2]
        request = Request("PUT", "Library", id_, headers, encode(resource))
    response = await _send(ehr, request)
    if response is None:
        return None
    state = classify(response).state
    if state == State.PERSISTED:
        return response.location or (None if held is None else held.reference)
    if state == State.REFUSED:
        return None
    raise Unreachable("the ledger's head could not be published")


async def _send(ehr: Ehr, request: Request) -> Response | None:
    try:
        grant = await ehr.grant(f"system/Library.{'c' if request.method == 'POST' else 'u'}")
        return await ehr.send(request, grant, lambda: None)
    except Refused:
        return None
    except (NotSent, OutcomeUnknown):
        raise Unreachable("the ledger's head could not be published") from None


def _library(name: str, size: int, note: str) -> JsonObject:
    return {
        "resourceType": "Library",
        "identifier": [{"system": SYSTEM, "value": name}],
        "status": "active",
        "type": {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/library-type",
                    "code": "asset-collection",
                }
            ]
        },
        **_changed(size, note),
    }


def _changed(size: int, note: str) -> JsonObject:
    data = base64.b64encode(note.encode("utf-8")).decode("ascii")
    return {"version": str(size), "content": [{"contentType": "text/plain", "data": data}]}


def _note(resource: JsonObject) -> str | None:
    for item in resource.get("content") or []:
        try:
            return base64.b64decode(str(item.get("data")), validate=True).decode("utf-8")
        except (binascii.Error, UnicodeDecodeError, AttributeError):
            continue
    return None
