"""Walk a resource along HL7's R4 definitions and note everything that does not fit.

Besides problems the walk notes what later checks need: values with a required binding, and every
object and element that invariants speak about.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from core.canonical import Json, JsonObject
from core.fhir.primitives import fits_format, fits_kind
from core.fhir.problem import Problem, safe_name
from core.fhir.tables import Field, Node, node, resource_types


@dataclass(slots=True)
class Scope:
    """One resource inside the document, as FHIRPath's %resource and %rootResource see it.

    `pointers` holds every local reference ("#id") below the resource; `contained` the scopes of
    its contained resources in order.
    """

    resource: JsonObject
    container: Scope | None = None
    contained: list[Scope] = field(default_factory=list)
    pointers: set[str] = field(default_factory=set)

    @property
    def root(self) -> JsonObject:
        """The outermost resource that this one is contained in."""
        return self.container.root if self.container else self.resource

    def point(self, target: str) -> None:
        """Note a local reference here and in every container."""
        self.pointers.add(target)
        if self.container:
            self.container.point(target)


@dataclass(frozen=True, slots=True)
class Subject:
    """A value that the invariants named by `keys` speak about."""

    path: str
    keys: tuple[str, ...]
    value: Any
    scope: Scope


@dataclass(frozen=True, slots=True)
class Bound:
    """A coded value whose codes come from the required `value_set`."""

    path: str
    value_set: str
    type: str
    value: Any


class Walk:
    """One pass over one resource; read `problems`, `subjects` and `bound` afterwards."""

    def __init__(self, resource: JsonObject) -> None:
        self.problems: list[Problem] = []
        self.subjects: list[Subject] = []
        self.bound: list[Bound] = []
        self._resource(resource, "", None)

    def _note(self, path: str, code: str, message: str) -> None:
        self.problems.append(Problem(path, code, message))

    def _resource(self, value: Json, path: str, container: Scope | None) -> None:
        if not isinstance(value, dict):
            self._note(path, "structure", "must be an object that holds a resource")
            return
        name = value.get("resourceType")
        if not isinstance(name, str) or name not in resource_types():
            where = f"{path}.resourceType" if path else "resourceType"
            self._note(where, "structure", "must name a resource type of FHIR R4")
            return
        scope = Scope(value, container)
        if container:
            container.contained.append(scope)
        self._object(value, node(name), path or name, scope)

    def _object(
        self, value: Json, shape: Node, path: str, scope: Scope, *, companion_of: Json = None
    ) -> None:
        if not isinstance(value, dict):
            self._note(path, "structure", "must be an object")
            return
        if not value:
            self._note(path, "structure", "must not be empty")
            return
        # The companion of a primitive that has a value needs no content of its own.
        if shape.invariants and companion_of is None:
            self.subjects.append(Subject(path, shape.invariants, value, scope))
        self._properties(value, shape, path, scope)
        for last, names in shape.required:
            if not any(name in value or "_" + name in value for name in names):
                self._note(f"{path}.{last}", "required", "is required")

    def _properties(self, value: JsonObject, shape: Node, path: str, scope: Scope) -> None:
        chosen: dict[str, str] = {}
        for name, item in value.items():
            if name == "resourceType" and value is scope.resource:
                continue
            plain = name[1:] if name[:1] == "_" else name
            found = shape.fields.get(plain)
            if found is None or (plain != name and not found.has_companion):
                where = f"{path}.{safe_name(name)}"
                self._note(where, "structure", "is not an element of FHIR R4 here")
                continue
            if found.element.is_choice:
                group = found.element.path.rpartition(".")[2]
                if chosen.setdefault(group, plain) != plain:
                    self._note(f"{path}.{group}", "structure", "must have one type only")
            self._property(value, name, item, found, path, scope)

    def _property(
        self, holder: JsonObject, name: str, item: Json, found: Field, path: str, scope: Scope
    ) -> None:
        where = f"{path}.{name}"
        is_companion = name[0] == "_"
        sibling = holder.get(name[1:] if is_companion else "_" + name)
        if not found.element.is_list:
            if isinstance(item, list):
                self._note(where, "structure", "must not be an array")
            elif is_companion:
                self._companion(item, where, scope, sibling)
            else:
                self._item(item, found, where, scope)
            return
        if not isinstance(item, list):
            self._note(where, "structure", "must be an array")
        elif not item:
            self._note(where, "structure", "must not be empty")
        elif found.primitive:
            self._primitives(item, sibling, found, where, scope, is_companion=is_companion)
        else:
            for index, one in enumerate(item):
                self._item(one, found, f"{where}[{index}]", scope)

    def _primitives(
        self,
        items: list[Json],
        sibling: Json,
        found: Field,
        where: str,
        scope: Scope,
        *,
        is_companion: bool,
    ) -> None:
        """Check an array of primitives or of companions; nulls pad the two to one length."""
        others = sibling if isinstance(sibling, list) else []
        if others and len(others) != len(items) and not is_companion:
            self._note(where, "structure", "must be as long as the array of its extensions")
        for index, one in enumerate(items):
            at = f"{where}[{index}]"
            other = others[index] if index < len(others) else None
            if one is None and other is not None:
                continue
            if is_companion:
                self._companion(one, at, scope, other)
            else:
                self._item(one, found, at, scope)

    def _companion(self, item: Json, where: str, scope: Scope, sibling: Json) -> None:
        self._object(item, node("Element"), where, scope, companion_of=sibling)

    def _item(self, item: Json, found: Field, where: str, scope: Scope) -> None:
        if found.primitive:
            self._primitive(item, found, where, scope)
        elif found.type == "Resource":
            inside = scope if found.element.path == "DomainResource.contained" else None
            self._resource(item, where, inside)
        elif found.node:
            self._object(item, node(found.node), where, scope)
        wanted = found.element
        if wanted.invariants and item:
            self.subjects.append(Subject(where, wanted.invariants, item, scope))
        if wanted.value_set:
            self.bound.append(Bound(where, wanted.value_set, found.type, item))

    def _primitive(self, item: Json, found: Field, where: str, scope: Scope) -> None:
        kind = found.primitive or ""
        if item is None or item == "":
            self._note(where, "structure", "must not be empty")
        elif not fits_kind(kind, item):
            self._note(where, "structure", f"must be the JSON kind of FHIR's {kind}")
        elif isinstance(item, list | dict) or not fits_format(kind, item):
            self._note(where, "value", f"does not have the format of FHIR's {kind}")
        elif found.points and isinstance(item, str) and item[0] == "#":
            scope.point(item)
