"""Everything that the chart says beside one change, as it is kept in the change's body.

Members of the body's `beside`: `duplicates` (creates), `medication` (changes of medication),
`message` (communications), and `edited` once somebody corrected the change. Chart content: it is
erasable, and of it policy sees flags alone. Source: design §5, §7, §8; ADR 0018.
"""

from __future__ import annotations

from collections.abc import Mapping

from core.beside import medication
from core.beside import message as messages
from core.canonical import Json, JsonObject
from core.duplicates import look
from core.duplicates.search import NOT_CHECKED
from core.errors import BadInput
from core.ledger.event import patient_tag
from core.policy.request import DUPLICATE_POSSIBLE, OUTGOING_MESSAGE
from core.workspace import Workspace


async def around(
    workspace: Workspace,
    ehr_name: str,
    patient: JsonObject,
    resource: JsonObject,
    field: str,
    siblings: Mapping[int, JsonObject] | None,
    instead_of: str | None = None,
) -> JsonObject:
    """Read what the chart says around an intended resource.

    `siblings` are the creates before it in its proposal, None for an update, which is not looked
    for; `instead_of` is the proposal whose unsent changes give way to it. Raises BadInput for a
    message to somebody else, Unreachable or Refused where a recipient cannot be read.
    """
    ehr, reference = workspace.ehr(ehr_name), f"Patient/{patient['id']}"
    found: JsonObject = {}
    message = await messages.proved(ehr, reference, resource, field)
    if message is not None:
        found["message"] = message
    if siblings is not None:
        tag = patient_tag(workspace.keys.pepper, ehr_name, reference)
        found["duplicates"] = await look(
            ehr, workspace.ledger, workspace.clock, reference, tag, resource, siblings, instead_of
        )
    context = await medication.context(ehr, workspace.clock, patient, resource)
    if context is not None:
        found["medication"] = context
    return found


def flags(beside: JsonObject, resource: JsonObject) -> frozenset[str]:
    """Return what policy is told of it: flags that tighten and never quote a chart."""
    found = set()
    duplicates = beside.get("duplicates") or {}
    if duplicates.get("found") or duplicates.get("state") == NOT_CHECKED:
        found.add(DUPLICATE_POSSIBLE)
    if resource.get("resourceType") in messages.TYPES:
        found.add(OUTGOING_MESSAGE)
    return frozenset(found)


def is_certain(beside: JsonObject) -> bool:
    """Tell whether the chart surely says the same already."""
    found = (beside.get("duplicates") or {}).get("found") or []
    return any(item["strength"] == "certain" for item in found)


def after_edit(beside: JsonObject, before: JsonObject, after: JsonObject) -> JsonObject:
    """Return it for an edited resource; nothing is read, so it says that it is from before.

    Raises BadInput where the recipient of a message was edited: nobody proved the new one.
    """
    found = {**beside, "edited": True}
    if after.get("resourceType") in messages.TYPES:
        if _recipients(before) != _recipients(after):
            raise BadInput(
                "may not be edited, since the new one is not checked",
                field="resource.recipient",
                remedy="Reject the message, and have it proposed to the right recipient",
            )
        found["message"] = {**(beside.get("message") or {"to": []}), **messages.words(after)}
    return found


def _recipients(resource: JsonObject) -> Json:
    return resource.get("recipient")
