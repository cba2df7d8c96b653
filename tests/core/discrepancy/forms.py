"""Further things an EHR may do without touching the meaning, by HL7's types of the elements."""

from __future__ import annotations

import base64
import hashlib
import re
import unicodedata
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from random import Random
from typing import Any

from core.canonical import JsonObject, Number
from core.discrepancy.place import below, inside
from core.fhir import element
from tests.core.discrepancy import restatements as again
from tests.core.discrepancy.transforms import BASE, HARMLESS, INSTANT, Transform, add_narrative

Change = Callable[[str, str, Any], Any]
KEYS = ("Identifier.value", "ContactPoint.value")
POINTERS = ("Element.id", "Reference.reference")
NAMES = ("HumanName.family", "HumanName.given", "HumanName.prefix", "HumanName.suffix",
         "HumanName.text", "Address.line", "Address.city", "Address.district", "Address.state",
         "Address.country", "Address.text")  # fmt: skip
LITERAL = re.compile(r"[A-Z][A-Za-z]+/[A-Za-z0-9.-]+")


def rebuilt(resource: JsonObject, change: Change) -> JsonObject:
    """Return a copy with every value replaced by `change(HL7's path, type, value)`, bottom up."""
    return dict(_rebuilt(resource, str(resource["resourceType"]), change, top=True))


def _rebuilt(value: Any, names: str, change: Change, *, top: bool = False) -> Any:
    if isinstance(value, dict):
        within = names if top else inside(names, value)
        # Of a modifier extension everything is meaning: nothing that is done to it is harmless.
        value = {
            name: item
            if name == "modifierExtension"
            else _rebuilt(item, below(within, name), change)
            for name, item in value.items()
        }
    elif isinstance(value, list):
        return [_rebuilt(item, names, change) for item in value]
    found = element(names)
    if top or found is None or len(found.types) != 1:
        return value
    return change(found.path, found.types[0], value)


def form(change: Callable[[Random, str, str, Any], Any], share: float = 0.6) -> Transform:
    def transform(resource: JsonObject, rnd: Random) -> JsonObject:
        def some(path: str, kind: str, value: Any) -> Any:
            if kind[:1].islower() and isinstance(value, dict | list):
                return value  # a mutant that has another shape than its type
            return change(rnd, path, kind, value) if rnd.random() < share else value

        return rebuilt(resource, some)

    return transform


def _space(rnd: Random, path: str, kind: str, value: Any) -> Any:
    if kind not in ("string", "markdown") or path in POINTERS or not value.strip():
        return value
    if path not in KEYS:
        value = re.sub(r"(?<=[^\s]) (?=[^\s])", rnd.choice([" ", "  ", "\u00a0"]), value)
        value = value.replace("\n", "\r\n") if "\r" not in value else value
    return rnd.choice(["", " ", "\t"]) + value + rnd.choice(["", " ", "\n"])


def _decompose(_: Random, path: str, kind: str, value: Any) -> Any:
    known = kind in ("string", "markdown") and path != "Element.id"
    return unicodedata.normalize("NFD", value) if known else value


def _case(rnd: Random, path: str, kind: str, value: Any) -> Any:
    if path not in NAMES or not isinstance(value, str):
        return value
    new = rnd.choice([value.upper(), value.lower(), value.title()])
    return new if new.lower() == value.lower() else value


def _dial(rnd: Random, path: str, kind: str, value: Any) -> Any:
    if kind != "ContactPoint" or not isinstance(value.get("value"), str):
        return value
    text = value["value"]
    if value.get("system") in ("phone", "fax", "pager", "sms") and re.match(r"[+(]?\d", text):
        forms = [re.sub(r"[ ()\-]", "", text), text.replace("-", " "), f"tel:{text}",
                 text.replace(" ", "-")]  # fmt: skip
        return {**value, "value": rnd.choice(forms)}
    if value.get("system") == "email":
        return {**value, "value": rnd.choice([text.lower(), text.upper(), f"mailto:{text}"])}
    return value


def _post(rnd: Random, path: str, kind: str, value: Any) -> Any:
    if path != "Address.postalCode":
        return value
    if re.fullmatch(r"\d{5}", value):
        return f"{value}-{rnd.randrange(1000, 9999)}"
    return rnd.choice([value.replace(" ", ""), value.lower(), value])


def _join_lines(_: Random, path: str, kind: str, value: Any) -> Any:
    if kind == "Address" and "_line" not in value and len(value.get("line", [])) > 1:
        return {**value, "line": [", ".join(value["line"])]}
    if kind == "HumanName" and "_given" not in value and len(value.get("given", [])) > 1:
        return {**value, "given": [" ".join(value["given"])]}
    return value


def _write_out(_: Random, path: str, kind: str, value: Any) -> Any:
    if kind == "HumanName" and "text" not in value and "family" in value:
        parts = [*value.get("prefix", []), *value.get("given", []), value["family"]]
        return {**value, "text": " ".join([*parts, *value.get("suffix", [])])}
    if kind == "Address" and "text" not in value and "city" in value:
        named = [value.get(name) for name in ("city", "district", "state", "postalCode", "country")]
        return {**value, "text": "\n".join([*value.get("line", []), *filter(None, named)])}
    return value


def _turn_name(_: Random, path: str, kind: str, value: Any) -> Any:
    if path == "HumanName.text" and value.count(",") == 1:
        family, _comma, given = value.partition(",")
        return f"{given.strip()} {family.strip()}"
    return value


def _break_lines(rnd: Random, path: str, kind: str, value: Any) -> Any:
    if kind != "base64Binary":
        return value
    plain = re.sub(r"\s", "", value)
    width = rnd.choice([16, 64, 76])
    return "\r\n".join(plain[at : at + width] for at in range(0, len(plain), width))


def _hash(rnd: Random, path: str, kind: str, value: Any) -> Any:
    if kind != "Attachment" or not isinstance(value.get("data"), str):
        return value
    try:
        data = base64.b64decode(re.sub(r"\s", "", value["data"]), validate=True)
    except ValueError:
        return value
    told = {
        "size": Number(str(len(data))),
        "hash": base64.b64encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode(),
    }
    if value.keys() & {"size", "hash", "url"}:
        return value
    if rnd.random() < 0.5:
        return {**value, **told}
    left = {name: item for name, item in value.items() if name not in ("data", "_data")}
    return {**left, **told, "url": f"{BASE}/Binary/{rnd.randrange(99)}"}


def _display(_: Random, path: str, kind: str, value: Any) -> Any:
    told = "code" if kind == "Coding" else "reference"
    if kind in ("Coding", "Reference") and told in value and "display" not in value:
        return {**value, "display": "As the EHR calls it"}
    return value


def _reference_type(_: Random, path: str, kind: str, value: Any) -> Any:
    literal = kind == "Reference" and "type" not in value and str(value.get("reference"))
    if literal and LITERAL.fullmatch(literal):
        return {**value, "type": literal.partition("/")[0]}
    return value


def _extend(rnd: Random, path: str, kind: str, value: Any) -> Any:
    if not isinstance(value, dict) or kind in ("Extension", "Narrative", "Resource", "Meta"):
        return value
    added = {"url": f"http://vendor.example/{rnd.randrange(99)}", "valueString": "kept"}
    return {**value, "extension": [*value.get("extension", []), added]}


def _element_ids(rnd: Random, path: str, kind: str, value: Any) -> Any:
    if isinstance(value, dict) and kind not in ("Resource",) and "id" not in value:
        return {**value, "id": f"e{rnd.randrange(9999)}"}
    return value


def _companions(rnd: Random, path: str, kind: str, value: Any) -> Any:
    """Give primitives that have no companion one with an extension."""
    if not isinstance(value, dict) or kind in ("Extension", "Narrative", "Resource", "Meta"):
        return value
    added = {"extension": [{"url": "http://vendor.example/p", "valueCode": "kept"}]}
    plain = [name for name, item in value.items()
             if isinstance(item, str | Number | bool) and name not in ("id", "reference")
             and not name.startswith("_") and f"_{name}" not in value]  # fmt: skip
    return {**value, f"_{rnd.choice(plain)}": added} if plain else value


def _decimals(_: Random, path: str, kind: str, value: Any) -> Any:
    plain = kind == "decimal" and isinstance(value, Number)
    known = plain and re.fullmatch(r"-?\d+(\.\d+)?", value.text)
    return Number(f"{value.text}{'' if '.' in value.text else '.'}0") if known else value


def _fractions(_: Random, path: str, kind: str, value: Any) -> Any:
    if kind not in ("dateTime", "instant") or "T" not in value:
        return value
    return re.sub(r"(:\d\d)(Z|[+-]\d\d:\d\d)$", r"\1.000\2", value)


def _offset(rnd: Random, path: str, kind: str, value: Any) -> Any:
    if kind not in ("dateTime", "instant") or not INSTANT.fullmatch(value):
        return value
    zone = timezone(timedelta(minutes=15 * rnd.randrange(-40, 40)))
    spec = "milliseconds" if "." in value else "seconds"
    return datetime.fromisoformat(value).astimezone(zone).isoformat(timespec=spec)


def label(resource: JsonObject, rnd: Random) -> JsonObject:
    meta = dict(resource.get("meta", {}))
    tag = {"system": "http://vendor.example/tags", "code": f"t{rnd.randrange(99)}"}
    meta["tag"] = [*meta.get("tag", []), tag]
    meta["security"] = [*meta.get("security", []), tag]
    meta["profile"] = [*meta.get("profile", []), "http://vendor.example/profile"]
    return {**resource, "meta": meta, "language": resource.get("language", "en")}


def identify(resource: JsonObject, rnd: Random) -> JsonObject:
    found = element(f"{resource['resourceType']}.identifier")
    if found is None or found.types != ("Identifier",):
        return resource
    own = {"system": "http://vendor.example/ids", "value": str(rnd.randrange(9999))}
    if not found.is_list:
        return {"identifier": own, **resource}
    return {**resource, "identifier": [*resource.get("identifier", []), own]}


def rename_contained(resource: JsonObject, rnd: Random) -> JsonObject:
    ids = {
        item.get("id"): f"c{number}" for number, item in enumerate(resource.get("contained", []))
    }
    said = re.findall(r"'(#[^']*)'", repr(resource))
    ids = {old: new for old, new in ids.items() if f"#{old}" in said}

    def change(value: Any) -> Any:
        if isinstance(value, list):
            return [change(item) for item in value]
        if isinstance(value, dict):
            return {name: change(item) for name, item in value.items()}
        known = isinstance(value, str) and value[:1] == "#" and value[1:] in ids
        return f"#{ids[value[1:]]}" if known else value

    made = change(resource)
    for item in made.get("contained", []):
        item["id"] = ids.get(item.get("id"), item.get("id"))
    return dict(made)


def space_narrative(resource: JsonObject, rnd: Random) -> JsonObject:
    div = resource.get("text", {}).get("div", "<pre")
    if "<pre" in div or "white-space" in div or "xml:space" in div:
        return resource
    spaced = re.sub(r"\s+", lambda _: rnd.choice([" ", "\n  "]), div)
    return {**resource, "text": {**resource["text"], "div": spaced}}


def narrate(resource: JsonObject, rnd: Random) -> JsonObject:
    found = element(f"{resource['resourceType']}.text")
    known = found is not None and found.types == ("Narrative",)
    return add_narrative(resource, rnd) if known else resource


FORMS: dict[str, Transform] = {
    **HARMLESS,
    "space_texts": form(_space),
    "decompose_texts": form(_decompose),
    "change_case_of_names": form(_case),
    "dial_otherwise": form(_dial),
    "post_otherwise": form(_post),
    "join_lines": form(_join_lines),
    "write_out_names": form(_write_out, 1),
    "turn_names": form(_turn_name),
    "break_base64": form(_break_lines),
    "hash_attachments": form(_hash),
    "add_displays": form(_display),
    "add_reference_types": form(_reference_type),
    "add_extensions": form(_extend, 0.2),
    "add_element_ids": form(_element_ids, 0.2),
    "add_companions": form(_companions, 0.2),
    "add_decimals": form(_decimals),
    "add_fractions": form(_fractions),
    "label": label,
    "identify": identify,
    "rename_contained": rename_contained,
    "space_narrative": space_narrative,
    "add_narrative": narrate,
    "move_offsets": form(_offset),
    "display_case": form(again.display_case),
    "semantic_tag": form(again.semantic_tag),
    "unit_as_code": form(again.unit_as_code),
    "mark_codes": form(again.mark_codes),
    "translate": form(again.translate),
    "envelope": form(again.envelope),
    "attachment_links": form(again.attachment_links),
    "state_factor": form(again.state_factor),
    "state_item_defaults": form(again.state_item_defaults),
    "other_system_names": form(again.other_system_name),
    "state_defaults": again.state_defaults,
    "regenerate_narrative": again.regenerate_narrative,
}


def composed(resource: JsonObject, names: list[str], seed: int) -> JsonObject:
    rnd = Random(seed)
    for name in names:
        resource = FORMS[name](resource, rnd)
    return resource
