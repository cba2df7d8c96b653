"""Make sync/sandbox/r4_search.json, the search parameters of FHIR R4 that the sandbox knows.

    python tests/tools/make_r4_search.py PACKAGE_FOLDER [TARGET]

PACKAGE_FOLDER holds the unpacked npm package `hl7.fhir.r4.examples` 4.0.1 (its SearchParameter
files and CompartmentDefinition-patient are read). HL7 publishes FHIR under CC0; "FHIR" is HL7's
trademark. The output depends on the package alone: keys are sorted, one resource type stands on
each line.

`parameters` maps resource type → parameter → `type path… @Target,…`, where a path is a chain of
JSON properties from the resource's root, choices of types already resolved, and
- `a[b=c]` takes the objects in `a` whose property `b` is `c`;
- `a>Patient` takes the references in `a` to a Patient;
- `@` lists the resource types that a reference may lead to; without it, any.
`compartment` maps resource type → the parameters that put it in a Patient's compartment.

Taken are the parameters of the types in TYPES whose expressions are such paths. Left out are those
that read extensions or a Bundle's entries, and phonetic ones, which need another matching.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from core.fhir.tables import node, resource_types

TYPES = ("token", "reference", "date", "string", "uri")
TARGET = Path(__file__).resolve().parents[2] / "sync/sandbox/r4_search.json"
# Its expression is a computation, which the index knows by the parameter's name.
COMPUTED = {"Patient-deceased": "Patient.deceased"}
SKIPPED = frozenset({"example", "individual-phonetic", "Organization-phonetic"})
Paths = dict[str, tuple[str, ...] | None]
_AS = re.compile(r"\((?P<path>[\w.]+) as (?P<type>\w+)\)")
_AS_CALL = re.compile(r"\.as\((\w+)\)")
_RESOLVE = re.compile(r"\.where\(resolve\(\) is (\w+)\)$")
_WHERE = re.compile(r"\.where\((\w+)='([\w-]+)'\)")
_STEP = re.compile(r"(?P<name>\w+)(?::(?P<type>\w+))?(?P<rest>\[[\w-]+=[\w-]+\])?")


def made(folder: Path) -> dict[str, Any]:
    """Return the table of the package in `folder`."""
    found: dict[str, dict[str, str]] = {}
    for file in sorted(folder.glob("SearchParameter-*.json")):
        definition = json.loads(file.read_text(encoding="utf-8"))
        if definition["id"] in SKIPPED or definition["type"] not in TYPES:
            continue
        for kind in definition.get("base", []):
            paths = _paths(kind, definition) if kind in resource_types() else {}
            if paths:
                line = [definition["type"], *paths, *_targets(definition, paths)]
                found.setdefault(kind, {})[definition["code"]] = " ".join(line)
    return {"parameters": found, "compartment": _compartment(folder, found)}


def _targets(definition: dict[str, Any], paths: Paths) -> list[str]:
    """Return the target types: of the elements, which are exact, or of a canonical's parameter."""
    if definition["type"] != "reference":
        return []
    named = {name for targets in paths.values() for name in targets or ("*",)}
    if all(field is None for field in paths.values()):
        named = set(definition.get("target", ["*"]))
    return [] if "*" in named else ["@" + ",".join(sorted(named))]


def _paths(kind: str, definition: dict[str, Any]) -> Paths:
    expression = COMPUTED.get(definition["id"], definition.get("expression", ""))
    found: Paths = {}
    for part in expression.split(" | "):
        text = _AS.sub(r"\g<path>:\g<type>", part.strip())
        text = _WHERE.sub(r"[\1=\2]", _AS_CALL.sub(r":\1", text))
        resolve = _RESOLVE.search(text)
        only = resolve[1] if resolve else None
        text = _RESOLVE.sub("", text)
        if text[:1].islower():
            text = f"{kind}.{text}"
        first, _, rest = text.partition(".")
        steps = [_STEP.fullmatch(step) for step in rest.split(".")]
        matched = [step for step in steps if step]
        if first == kind and rest and len(matched) == len(steps):
            for path, targets in _resolved(kind, matched):
                if only:
                    found[f"{path}>{only}"] = (only,)
                else:
                    found[path] = targets
    return found


def _resolved(
    key: str | None, steps: list[re.Match[str]]
) -> Iterator[tuple[str, tuple[str, ...] | None]]:
    """Yield the JSON paths of `steps` below the node `key`, each with its reference targets.

    No targets mean any; None that the element is no Reference.
    """
    if key is None:
        return
    step, *rest = steps
    for name, field in node(key).fields.items():
        last = field.element.path.rpartition(".")[2]
        fits = last in (step["name"], step["name"] + "[x]")
        if not fits or step["type"] not in (None, field.type):
            continue
        head = name + (step["rest"] or "")
        if rest:
            for tail, targets in _resolved(field.node, rest):
                yield f"{head}.{tail}", targets
        else:
            yield head, field.element.targets if field.type == "Reference" else None


def _compartment(folder: Path, known: dict[str, dict[str, str]]) -> dict[str, str]:
    file = folder / "CompartmentDefinition-patient.json"
    definition = json.loads(file.read_text(encoding="utf-8"))
    found = {
        one["code"]: " ".join(name for name in one.get("param", []) if name in known[one["code"]])
        for one in definition["resource"]
        if one["code"] in known
    }
    return {kind: names for kind, names in found.items() if names}


def text_of(table: dict[str, Any]) -> str:
    """Return the file's text: one resource type on each line."""
    parts = []
    for name in sorted(table):
        lines = ",\n".join(
            f"{json.dumps(kind)}:{json.dumps(table[name][kind], sort_keys=True)}"
            for kind in sorted(table[name])
        )
        parts.append(f"{json.dumps(name)}:{{\n{lines}\n}}")
    return "{" + ",\n".join(parts) + "}\n"


if __name__ == "__main__":
    target = Path(sys.argv[2]) if len(sys.argv) > 2 else TARGET
    target.write_text(text_of(made(Path(sys.argv[1]))), encoding="utf-8")
