"""What the parts of a policy document say of one another: ids, references, types, automation.

Source: design §7. Each check raises BadInput with the field and the remedy.
"""

from __future__ import annotations

from collections.abc import Iterable

from core.errors import BadInput
from core.policy.check_references import check_checks
from core.policy.document import AllowTable, Document, ForbidTable, RouteTable
from core.policy.rules import AUTO


def check_references(document: Document) -> None:
    """Raise BadInput for the first part that contradicts another."""
    _check_routes(document)
    rules = [(f"allow[{index}]", rule.id) for index, rule in enumerate(document.allow)]
    rules += [(f"forbid[{index}]", rule.id) for index, rule in enumerate(document.forbid)]
    _check_unique(rules)
    _check_unique((f"agent[{index}]", agent.id) for index, agent in enumerate(document.agent))
    for index, allow in enumerate(document.allow):
        _check_allow(document, allow, f"allow[{index}]")
        check_checks(allow.types, allow.check, f"allow[{index}].check")
    for index, forbid in enumerate(document.forbid):
        _check_types(forbid, f"forbid[{index}]")
        check_checks(forbid.types, forbid.unless, f"forbid[{index}].unless")


def _check_unique(ids: Iterable[tuple[str, str]]) -> None:
    seen: dict[str, str] = {}
    for field, name in ids:
        if name in seen:
            raise BadInput(
                f"the id {name} already stands at {seen[name]}",
                field=f"{field}.id",
                remedy="Give each its own id",
            )
        seen[name] = field


def _check_routes(document: Document) -> None:
    _check_unique((f"route[{index}]", route.id) for index, route in enumerate(document.route))
    for index, route in enumerate(document.route):
        field = f"route[{index}]"
        if route.id == AUTO:
            raise BadInput(
                "auto is no route", field=f"{field}.id", remedy="Choose another id for this route"
            )
        if route.hold >= route.expires:
            raise BadInput(
                "the hold time does not end before expiry",
                field=f"{field}.hold",
                remedy="Shorten the hold time or expire later",
            )
        if route.reach_by is not None and route.reach_by <= route.hold:
            raise BadInput(
                "the time to reach the EHR ends within the hold time",
                field=f"{field}.reach_by",
                remedy="Lengthen it beyond the hold time",
            )
        _check_warning(route, field)
    _check_highest(document)


def _check_warning(route: RouteTable, field: str) -> None:
    if route.warn_before is not None and not 0 < route.warn_before < route.expires:
        raise BadInput(
            "the warning does not come between the start and expiry",
            field=f"{field}.warn_before",
            remedy="Write a time shorter than expires, and not 0",
        )
    if route.escalate_to and route.warn_before is None:
        raise BadInput(
            "nothing says when to escalate",
            field=f"{field}.escalate_to",
            remedy="Add warn_before: that long before expiry the roles are asked",
        )


def _check_highest(document: Document) -> None:
    quorums = {route.id: route.quorum for route in document.route}
    highest = document.highest_route
    if highest not in quorums:
        raise BadInput(
            f"there is no route {highest}",
            field="highest_route",
            remedy=f"Name one of {', '.join(quorums)}",
        )
    # Tightening moves a change to this route, which must never ask for fewer people than before.
    stricter = next((name for name in quorums if quorums[name] > quorums[highest]), None)
    if stricter is not None:
        raise BadInput(
            f"the route {stricter} wants more people than {highest}",
            field="highest_route",
            remedy="Name a route that no other exceeds in quorum",
        )


def _check_allow(document: Document, rule: AllowTable, field: str) -> None:
    if rule.tier not in document.tiers:
        raise BadInput(
            f"there is no tier {rule.tier}",
            field=f"{field}.tier",
            remedy=f"Name one of {', '.join(document.tiers)}",
        )
    if rule.route == AUTO:
        _check_auto(document, rule, field)
    elif rule.route not in {route.id for route in document.route}:
        raise BadInput(
            f"there is no route {rule.route}",
            field=f"{field}.route",
            remedy="Name a route of this document or add it",
        )
    if rule.medication_orders and "MedicationRequest" not in rule.types:
        raise BadInput(
            "the rule is not about MedicationRequest",
            field=f"{field}.medication_orders",
            remedy="Name MedicationRequest in types or remove the key",
        )
    _check_types(rule, field)


def _check_auto(document: Document, rule: AllowTable, field: str) -> None:
    if not document.auto.enabled:
        raise BadInput(
            "automatic approval is switched off",
            field=f"{field}.route",
            remedy="Name a route with people, or set enabled = true and paths under [auto]",
        )
    if rule.tier != document.tiers[0]:
        raise BadInput(
            "automatic approval is for the lowest tier only",
            field=f"{field}.tier",
            remedy=f"Set {document.tiers[0]} or name a route with people",
        )
    granted = document.auto.paths or []
    for index, path in enumerate(rule.paths):
        if not any(path.within(outer) for outer in granted if not outer.whole_type):
            raise BadInput(
                f"{path.text} is not among the elements that [auto] lists",
                field=f"{field}.paths[{index}]",
                remedy="List the element under [auto] paths or name a route with people",
            )


def _check_types(rule: AllowTable | ForbidTable, field: str) -> None:
    if rule.paths is None:
        return
    any_type = rule.types == ["*"]
    for index, path in enumerate(rule.paths):
        if not any_type and path.type not in rule.types:
            raise BadInput(
                f"{path.text} belongs to none of the rule's types",
                field=f"{field}.paths[{index}]",
                remedy=f"Add {path.type} to types or remove the path",
            )
    reached = {path.type for path in rule.paths}
    for index, name in enumerate(rule.types):
        if not any_type and name not in reached:
            raise BadInput(
                f"no path of this rule belongs to {name}",
                field=f"{field}.types[{index}]",
                remedy=f"Add a path such as {name}.* or remove the type",
            )
