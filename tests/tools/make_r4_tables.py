"""Make core/fhir/r4.json, the compact table of FHIR R4 that core.fhir validates with.

    python tests/tools/make_r4_tables.py PACKAGE_FOLDER [TARGET]

PACKAGE_FOLDER holds the unpacked npm package `hl7.fhir.r4.examples` 4.0.1 (its StructureDefinition,
ValueSet and CodeSystem files are read). HL7 publishes FHIR under CC0; "FHIR" is HL7's trademark.
The output depends on the package alone: keys are sorted, one type, value set, primitive or
invariant stands on each line.

The notation of an element is `min..max types ?! =value-set +invariant`, where
- types are joined by `|`; `*` stands for the open list of Extension.value[x]; `#A.b` takes the
  content of another element; `Reference(A,B)` names the permitted targets; `@string` is a plain
  string that cannot carry extensions (an XML attribute); `SimpleQuantity` is a Quantity;
- `?!` marks a modifier element; `=` a required binding whose codes stand in the table;
  `+` invariants of that element.
Elements inherited unchanged stand at the base only. Required bindings to code systems that HL7
does not define (MIME types, currencies, UCUM, LOINC) are left out: those codes get format checks.
Invariants (severity error) are those of the types in INVARIANT_TYPES and all their data types.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

INVARIANT_TYPES = (
    "Condition",
    "DocumentReference",
    "MedicationRequest",
    "Observation",
    "Patient",
)
PROFILES = ("SimpleQuantity",)
# Every element repeats these; they stand once, at Element and Extension.
UNIVERSAL = ("ele-1", "ext-1")
OPEN_COUNT = 50
SYSTEM = "http://hl7.org/fhirpath/System."
JSON_KINDS = {
    "boolean": "boolean",
    "decimal": "number",
    "integer": "number",
    "positiveInt": "number",
    "unsignedInt": "number",
}
Definition = dict[str, Any]


class Package:
    """The definitions in one package folder."""

    def __init__(self, folder: Path) -> None:
        self.types: dict[str, Definition] = {}
        self.profiles: dict[str, Definition] = {}
        for path in sorted(folder.glob("StructureDefinition-*.json")):
            found = _read(path)
            if found["name"] in PROFILES:
                self.profiles[found["name"]] = found
            elif found.get("derivation") != "constraint" and found["kind"] != "logical":
                self.types[found["type"]] = found
        self.value_sets = _by_url(folder, "ValueSet")
        self.code_systems = _by_url(folder, "CodeSystem")
        self.used_value_sets: dict[str, dict[str, list[str]]] = {}
        self.used_invariants: dict[str, Definition] = {}
        self.checked = self._closure()

    def primitives(self) -> dict[str, Any]:
        """Return name → {json, regex} of every primitive type."""
        found = {}
        for name, definition in self.types.items():
            if definition["kind"] == "primitive-type":
                value = definition["snapshot"]["element"][-1]["type"][0]
                found[name] = {"json": JSON_KINDS.get(name, "string"), "regex": _regex(value)}
        return found

    def structures(self) -> dict[str, Any]:
        """Return name → {kind, base, abstract?, invariants?, elements} of every other type."""
        found = {}
        for name, definition in self.types.items():
            if definition["kind"] != "primitive-type":
                found[name] = self._structure(name, definition)
        for name, definition in self.profiles.items():
            found[name] = {
                "base": definition["type"],
                "elements": {},
                "invariants": self._invariants(definition["snapshot"]["element"][0], name),
                "kind": "profile",
            }
        return found

    def _structure(self, name: str, definition: Definition) -> Definition:
        root, *rest = definition["snapshot"]["element"]
        base = definition.get("baseDefinition", "").rpartition("/")[2] or None
        entry: Definition = {"base": base, "elements": {}, "kind": definition["kind"]}
        if definition["abstract"]:
            entry["abstract"] = True
        if own := self._invariants(root, name):
            entry["invariants"] = own
        for element in rest:
            owner = element["base"]["path"].partition(".")[0]
            if owner == name or not self._same_as_base(element):
                entry["elements"][element["path"].removeprefix(name + ".")] = self._line(
                    element, name
                )
        return entry

    def _same_as_base(self, element: Definition) -> bool:
        base_path = element["base"]["path"]
        owner = base_path.partition(".")[0]
        inherited = next(
            one for one in self.types[owner]["snapshot"]["element"] if one["path"] == base_path
        )
        return self._line(element, owner) == self._line(inherited, owner)

    def _line(self, element: Definition, owner: str) -> str:
        parts = [f"{element['min']}..{element['max']}", _types(element)]
        if element.get("isModifier"):
            parts.append("?!")
        if value_set := self._binding(element):
            parts.append("=" + value_set)
        parts.extend("+" + key for key in self._invariants(element, owner))
        return " ".join(parts)

    def _invariants(self, element: Definition, owner: str) -> list[str]:
        if owner not in self.checked:
            return []
        inherited = UNIVERSAL if "." in element["path"] else ()
        found = []
        for constraint in element.get("constraint", []):
            key = constraint["key"]
            source = constraint.get("source", owner).rpartition("/")[2]
            if constraint["severity"] == "error" and source == owner and key not in inherited:
                found.append(key)
                self.used_invariants[key] = {
                    "expression": constraint["expression"],
                    "human": constraint["human"],
                }
        return sorted(found)

    def _binding(self, element: Definition) -> str | None:
        binding = element.get("binding", {})
        if binding.get("strength") != "required":
            return None
        url = binding["valueSet"].partition("|")[0]
        codes = self._codes(url)
        if codes is None:
            return None
        name: str = url.rpartition("/")[2]
        if self.used_value_sets.setdefault(name, codes) != codes:
            raise SystemExit(f"two value sets are called {name}")
        return name

    def _codes(self, url: str) -> dict[str, list[str]] | None:
        compose = self.value_sets.get(url, {}).get("compose", {})
        if not compose or "exclude" in compose:
            return None
        found: dict[str, set[str]] = {}
        for include in compose["include"]:
            if "filter" in include or "valueSet" in include:
                return None
            system = self.code_systems.get(include["system"], {})
            if "concept" in include:
                codes = {concept["code"] for concept in include["concept"]}
            elif system.get("content") == "complete":
                codes = _all_codes(system.get("concept", []))
            else:
                return None
            found.setdefault(include["system"], set()).update(codes)
        return {system: sorted(codes) for system, codes in found.items()}

    def _closure(self) -> set[str]:
        """Return INVARIANT_TYPES with every type that can stand in them, and all bases."""
        found: set[str] = set(PROFILES)
        todo = list(INVARIANT_TYPES)
        while todo:
            name = todo.pop()
            definition = self.types.get(name)
            if name in found or not definition or definition["kind"] == "primitive-type":
                continue
            found.add(name)
            todo.append(definition.get("baseDefinition", "").rpartition("/")[2])
            for element in definition["snapshot"]["element"]:
                todo.extend(one["code"] for one in element.get("type", []))
        return found


def _read(path: Path) -> Definition:
    found: Definition = json.loads(path.read_text(encoding="utf-8"))
    return found


def _by_url(folder: Path, kind: str) -> dict[str, Definition]:
    read = (_read(path) for path in sorted(folder.glob(f"{kind}-*.json")))
    return {found["url"]: found for found in read}


def _all_codes(concepts: list[Definition]) -> set[str]:
    found = set()
    for concept in concepts:
        found.add(concept["code"])
        found |= _all_codes(concept.get("concept", []))
    return found


def _regex(kind: Definition) -> str | None:
    for extension in kind.get("extension", []):
        if extension["url"].endswith("/regex"):
            return str(extension["valueString"])
    return None


def _types(element: Definition) -> str:
    if reference := element.get("contentReference"):
        return str(reference)
    kinds = element["type"]
    if len(kinds) == OPEN_COUNT and element["path"] != "Extension.value[x]":
        return "*"
    return "|".join(_type(kind, element) for kind in kinds)


def _type(kind: Definition, element: Definition) -> str:
    code: str = kind["code"]
    if code.startswith(SYSTEM):
        # R4 4.0.1 types Resource.id as a string; the specification's text says id.
        if element["base"]["path"] == "Resource.id":
            return "id"
        return "@" + str(kind["extension"][0]["valueUrl"])
    profiles: list[str] = [url.rpartition("/")[2] for url in kind.get("profile", [])]
    if profiles:
        return profiles[0]
    targets = sorted({url.rpartition("/")[2] for url in kind.get("targetProfile", [])})
    if code == "Reference" and targets and targets != ["Resource"]:
        return f"Reference({','.join(targets)})"
    return code


def render(folder: Path) -> str:
    """Return the table's text for one package folder."""
    package = Package(folder)
    sections = {
        "types": package.structures(),
        "primitives": package.primitives(),
        "value_sets": package.used_value_sets,
        "invariants": package.used_invariants,
    }
    about = _read(folder / "package.json")
    source = f"{about['name']} {about['version']} ({about['license']})"
    lines = ["{", f'"source":{json.dumps(source)},']
    for section in sorted(sections):
        content = sections[section]
        lines.append(f'"{section}":{{')
        rows = [f"{json.dumps(key)}:{_compact(content[key])}" for key in sorted(content)]
        lines.append(",\n".join(rows))
        lines.append("},")
    lines[-1] = "}"
    return "\n".join([*lines, "}"]) + "\n"


def _compact(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def main(arguments: list[str]) -> None:
    """Write the table; see the module's text."""
    if not arguments:
        raise SystemExit(__doc__)
    default = Path(__file__).parents[2] / "core" / "fhir" / "r4.json"
    target = Path(arguments[1]) if len(arguments) > 1 else default
    target.write_text(render(Path(arguments[0])), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
