"""The operation $validate: what is wrong with a resource, without storing it.

Source: FHIR R4 resource-operation-validate.html.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.canonical import RESPONSE, JsonObject, encode, parse_object
from core.errors import BadInput
from sync.sandbox.bodies import Validate, is_id, is_type
from sync.sandbox.exchange import Answer, Call, pairs
from sync.sandbox.media import check_content_type
from sync.sandbox.outcome import Issue, outcome, refusal

MODES = ("create", "update", "delete")


@dataclass(frozen=True, slots=True)
class Validation:
    """The operation; it reads nothing of the store, so it asks for no scope on a type."""

    validate: Validate

    def of_type(self, call: Call) -> Answer:
        """Answer an OperationOutcome about a resource, bare or in Parameters."""
        return self._answer(call, call.path["type"])

    def of_system(self, call: Call) -> Answer:
        """Answer about a resource of any type."""
        return self._answer(call, None)

    def _answer(self, call: Call, kind: str | None) -> Answer:
        if kind is not None and not is_type(kind):
            raise refusal(404, "not-supported", "there is no such resource type here")
        check_content_type(call.headers)
        asked = dict(pairs(call.query))
        if set(asked) - {"mode", "profile", "_format"}:
            raise refusal(400, "not-supported", "$validate takes mode and profile only")
        try:
            document = parse_object(call.body, RESPONSE)
        except BadInput as error:
            raise refusal(400, "structure", error.problem) from None
        resource, asked = _unwrapped(document, asked)
        if asked.get("mode", "create") not in MODES:
            raise refusal(400, "value", f"mode is one of {', '.join(MODES)}")
        if "profile" in asked:
            raise refusal(400, "not-supported", "no profiles are known here")
        return Answer(200, encode(outcome(self._issues(resource, kind, call.path.get("id")))))

    def _issues(self, resource: JsonObject, kind: str | None, id_: str | None) -> list[Issue]:
        found = resource.get("resourceType")
        if not isinstance(found, str) or not is_type(found) or kind not in (None, found):
            return [Issue("invalid", "resourceType is another", "resourceType")]
        if "id" in resource and (not is_id(resource["id"]) or id_ not in (None, resource["id"])):
            return [Issue("value", "the id is not the URL's, or malformed", f"{found}.id")]
        problems = [Issue(one.code, one.message, one.path) for one in self.validate(resource)]
        fine = Issue("informational", "nothing is wrong with it", severity="information")
        return problems or [fine]


def _unwrapped(document: JsonObject, asked: dict[str, str]) -> tuple[JsonObject, dict[str, str]]:
    """Return the resource to judge, and the parameters from URL and body."""
    if document.get("resourceType") != "Parameters":
        return document, asked
    listed = document.get("parameter")
    parts = [part for part in listed if isinstance(part, dict)] if isinstance(listed, list) else []
    named = {str(part.get("name")): part for part in parts}
    resource = named.get("resource", {}).get("resource")
    if not isinstance(resource, dict):
        raise refusal(400, "required", "Parameters holds no resource")
    for name, kind in (("mode", "valueCode"), ("profile", "valueUri")):
        value = named.get(name, {}).get(kind)
        if value is not None:
            asked = {**asked, name: str(value)}
    return resource, asked
