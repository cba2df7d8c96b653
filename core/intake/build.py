"""From a change and its base to the intended resource and the delta between them.

Source: design §5, hub-protocol §8 (Identity, Paths, narrative). The delta is computed from base
and intended before the gateway's own stamps; what is only the gateway's never counts as touched.
"""

from __future__ import annotations

import copy
from collections import Counter
from dataclasses import dataclass
from typing import Any

import jsonpatch
from jsonpointer import JsonPointerException

from core import stamps
from core.canonical import JsonObject
from core.delta import Difference, content, delta, element_path
from core.errors import BadInput
from core.fhir import Problem, problems
from core.forms import Given, fill
from core.intake import hardening
from core.proposal import Create, Update


@dataclass(frozen=True, slots=True)
class Built:
    """What a change makes of its base."""

    resource: JsonObject
    """Intended resource, without server bookkeeping and without stamps."""
    delta: tuple[Difference, ...]
    narrative: str | None
    """`dropped`, `kept` (hand-written), or None."""


def build_create(change: Create, patient: str, field: str) -> Built:
    """Return the intended resource of a create; BadInput for what no policy could allow."""
    resource = change.body
    field = f"{field}.resource" if change.form is None else f"{field}.form"
    hardening.check_create(resource, field)
    check_valid(resource, None, field)
    hardening.check_patient(resource, None, patient, field)
    return Built(resource, delta(None, resource), None)


def build_update(change: Update, base: JsonObject, patient: str, field: str) -> Built:
    """Return the intended resource of an update of `base`."""
    if change.patch is not None:
        field = f"{field}.patch"
        intended = _patched(base, change.patch, field)
    elif change.form is not None:
        intended = fill(change.form, change.values or {}, Given(patient, base=base), field)
        field = f"{field}.form"
    else:
        field = f"{field}.resource"
        intended = dict(change.resource or {})
    intended = hardening.check_update(intended, base, field)
    narrative = narrative_of(base, intended)
    if narrative == "dropped":
        base, intended = _without_text(base), _without_text(intended)
    differences = delta(base, intended)
    check_valid(intended, base, field)
    hardening.check_patient(intended, base, patient, field)
    return Built(content(intended), differences, narrative)


def reapply(
    fresh: JsonObject, approved: JsonObject, differences: tuple[Difference, ...]
) -> tuple[JsonObject, tuple[Difference, ...]]:
    """Put the approved top-level elements onto a fresh base.

    Returns the new intended resource (without stamps) and the delta from the fresh base. Used for
    a rebase, where nothing touched moved, and for a re-admission, where something did.
    """
    intended = dict(content(fresh))
    for name in sorted({item.element.split(".")[1] for item in differences}):
        for key in (name, f"_{name}"):
            if key in approved:
                intended[key] = approved[key]
            else:
                intended.pop(key, None)
    if narrative_of(fresh, intended) == "dropped":
        fresh, intended = _without_text(fresh), _without_text(intended)
    return intended, delta(fresh, intended)


def stamp(built: JsonObject, operation: str, rung: str, *, create: bool) -> JsonObject:
    """Return the exact resource to send: AI label, operation id, and client id if the rung asks."""
    resource = stamps.label(built)
    if create:
        resource = stamps.identify(resource, operation)
        if rung == "if-none-match":
            rest = {key: value for key, value in resource.items() if key != "resourceType"}
            resource = {"resourceType": resource["resourceType"], "id": operation, **rest}
    return resource


def narrative_of(base: JsonObject, intended: JsonObject) -> str | None:
    """Say what becomes of the base's narrative: `dropped`, `kept`, or None.

    A generated one would contradict the change; a hand-written one is not ours to drop.
    """
    text = base.get("text")
    if text is None or intended.get("text", text) != text:
        return None
    if isinstance(text, dict) and text.get("status") in ("generated", "extensions", "empty"):
        return "dropped"
    return "kept" if "text" in intended else None


def _without_text(resource: JsonObject) -> JsonObject:
    return {key: value for key, value in resource.items() if key != "text"}


def check_valid(resource: JsonObject, base: JsonObject | None, field: str) -> None:
    """Refuse an intended resource that is not valid R4; what the base already breaks is not new."""
    known = Counter(_kind(item) for item in problems(base)) if base is not None else Counter()
    new: list[Problem] = []
    for item in problems(resource):
        if known[_kind(item)] > 0:
            known[_kind(item)] -= 1
        else:
            new.append(item)
    if new:
        raise _invalid(new, field)


def _kind(item: Problem) -> tuple[str, str, str]:
    """Return what stays the same of a problem when its list member moves."""
    return element_path(item.path), item.code, item.message


def _invalid(found: list[Problem], field: str) -> BadInput:
    first = found[0]
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    where = first.path.partition(".")[2]
    message = first.message.rstrip(".")
    if first.code == "code-invalid":
        # The message quotes the code, and a code that nobody knows may be anything.
        message = f"holds no code of the value set {message.rpartition(' ')[2]}"
    return BadInput(
        f"{message}{more}",
        field=f"{field}.{where}" if where else field,
        remedy="Send valid FHIR R4",
    )


def _patched(base: JsonObject, patch: list[JsonObject], field: str) -> dict[str, Any]:
    hardening.check_patch(patch, field)
    found: Any = copy.deepcopy(base)
    for place, operation in enumerate(patch):
        # One at a time, because growth must be seen before the next step multiplies it.
        found, applied = _applied(found, operation)
        if not applied:
            raise BadInput(
                "does not apply to the base version",
                field=f"{field}[{place}]",
                remedy="Read the resource again and propose against its newest version",
            )
        hardening.check_growth(found, base, f"{field}[{place}]")
    if not isinstance(found, dict):
        raise BadInput("leaves no resource", field=field, remedy="Patch elements, not the root")
    return found


def _applied(document: Any, operation: JsonObject) -> tuple[Any, bool]:
    """Apply one operation in place.

    The library's errors quote values of the chart, so none of them goes further, not as the
    context of another error either.
    """
    try:
        patch = jsonpatch.JsonPatch([copy.deepcopy(operation)])
        return patch.apply(document, in_place=True), True
    except (jsonpatch.JsonPatchException, JsonPointerException, TypeError, ValueError):
        return document, False
