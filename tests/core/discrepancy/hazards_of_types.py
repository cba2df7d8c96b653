"""Ways to alter what a chart says, by the structure of its data types."""

from __future__ import annotations

import re
from typing import Any

from core.canonical import Number
from tests.core.discrepancy.corpus import Site
from tests.core.discrepancy.hazards import DROP, MUTATORS, Mutator, mutator


def may_be_lost(site: Site) -> bool:
    """Tell what counts as less than a change when it is gone, by design §10."""
    last = site.defined.rpartition(".")[2]
    if last in ("extension", "display") or site.name.startswith("_"):
        return True
    if site.under("extension"):
        return True
    # What holds nothing but those.
    held = [site.value] if isinstance(site.value, dict) else []
    return any(set(one) <= {"extension", "id"} for one in held)


@mutator
def dropped_element(site: Site) -> Any:
    return DROP if not site.is_item and not may_be_lost(site) else None


@mutator
def dropped_item(site: Site) -> Any:
    return DROP if site.is_item and not may_be_lost(site) else None


@mutator
def repeated_item(site: Site) -> Any:
    if not isinstance(site.value, list) or site.name.startswith("_"):
        return None
    return [*site.value, site.value[0]]


@mutator
def added_item(site: Site) -> Any:
    free = ("extension", "tag", "security", "profile", "identifier", "coding")
    if not isinstance(site.value, list) or site.name in free or site.name.startswith("_"):
        return None
    first = site.value[0]
    if isinstance(first, str):
        return [*site.value, f"{first}x"]
    if isinstance(first, dict) and "resourceType" not in first:
        return [*site.value, {**first, "id": "other", "vendor": "x"}]
    return None


@mutator
def added_coding_of_the_same_system(site: Site) -> Any:
    if site.name != "coding" or not isinstance(site.value, list) or "system" not in site.value[0]:
        return None
    return [*site.value, {"system": site.value[0]["system"], "code": "zz-other"}]


@mutator
def unknown_element(site: Site) -> Any:
    known = isinstance(site.value, dict) and bool(site.value)
    return {**site.value, "vendorFlag": True} if known else None


@mutator
def modifier_extension_added(site: Site) -> Any:
    if site.kind in ("BackboneElement", "Dosage", "Timing") and isinstance(site.value, dict):
        added = [{"url": "http://a.example/not", "valueBoolean": True}]
        return {**site.value, "modifierExtension": added}
    return None


@mutator
def null_value(site: Site) -> Any:
    return [] if not site.is_item and not may_be_lost(site) else None


@mutator
def object_for_value(site: Site) -> Any:
    return {"value": site.value} if isinstance(site.value, str) else None


@mutator
def order_of_what_is_read(site: Site) -> Any:
    known = site.name in "given line section entry payload dosageInstruction dosage".split()
    if not known or not isinstance(site.value, list) or len(site.value) < 2:
        return None
    return site.value[::-1] if site.value != site.value[::-1] else None


def is_told_by_kind(site: Site, *kinds: str) -> bool:
    return site.kind in kinds and isinstance(site.value, dict)


@mutator
def reference_other(site: Site) -> Any:
    if site.defined != "Reference.reference":
        return None
    return re.sub(r"[^/#]+$", "other-1", site.value) if site.value != "#" else None


@mutator
def reference_version_of_another(site: Site) -> Any:
    known = site.defined == "Reference.reference" and "/" in site.value
    return f"{site.value}9/_history/1" if known and "_history" not in site.value else None


@mutator
def reference_elsewhere(site: Site) -> Any:
    known = site.defined == "Reference.reference" and re.fullmatch(r"[A-Z]\w+/[\w.-]+", site.value)
    return f"https://elsewhere.example/fhir/{site.value}" if known else None


@mutator
def reference_to_contained(site: Site) -> Any:
    known = site.defined == "Reference.reference" and "/" in site.value
    return "#other" if known else None


@mutator
def reference_type_other(site: Site) -> Any:
    if is_told_by_kind(site, "Reference") and "reference" in site.value:
        return {**site.value, "type": "Substance"}
    return None


@mutator
def identifier_added_to_reference(site: Site) -> Any:
    if is_told_by_kind(site, "Reference") and "identifier" not in site.value:
        return {**site.value, "identifier": {"system": "urn:x", "value": "1"}}
    return None


def member(kind: str, name: str, value: Any) -> Mutator:
    def mutate(site: Site) -> Any:
        if is_told_by_kind(site, *kind.split()) and site.value.get(name) != value:
            return {**site.value, name: value}
        return None

    return mutate


MUTATORS |= {
    "quantity_less_than": member("Quantity", "comparator", "<"),
    "quantity_unit_g": member("Quantity Age Duration Distance Count", "unit", "gibberish"),
    "quantity_code_other": member("Quantity Age Duration Distance Count", "code", "kg/zz"),
    "quantity_system_other": member("Quantity Age Duration", "system", "urn:other"),
    "coding_system_other": member("Coding", "system", "http://other.example/codes"),
    "coding_version_other": member("Coding", "version", "1999"),
    "concept_text_added": member("CodeableConcept", "text", "ruled out"),
    "identifier_value_other": member("Identifier", "value", "0000"),
    "identifier_system_other": member("Identifier", "system", "urn:other"),
    "identifier_use_old": member("Identifier", "use", "old"),
    "name_of_another": member("HumanName", "family", "Quatermain"),
    "name_given_other": member("HumanName", "given", ["Zebedee"]),
    "name_use_old": member("HumanName", "use", "old"),
    "telecom_use_old": member("ContactPoint", "use", "old"),
    "telecom_system_other": member("ContactPoint", "system", "other"),
    "telecom_rank": member("ContactPoint", "rank", Number("9")),
    "telecom_period_over": member("ContactPoint", "period", {"end": "2001-01-01"}),
    "address_line_other": member("Address", "line", ["1 Elsewhere Road"]),
    "address_city_other": member("Address", "city", "Elsewhere"),
    "address_use_old": member("Address", "use", "old"),
    "address_postal_other": member("Address", "postalCode", "00000"),
    "period_end_added": member("Period", "end", "2001-01-01"),
    "period_start_other": member("Period", "start", "1901-01-01"),
    "attachment_url_other": member("Attachment", "url", "https://elsewhere.example/x"),
    "attachment_hash_other": member("Attachment", "hash", "AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
    "attachment_size_other": member("Attachment", "size", Number("1")),
    "attachment_data_other": member("Attachment", "data", "b3RoZXI="),
    "attachment_type_other": member("Attachment", "contentType", "text/other"),
    "money_currency": member("Money", "currency", "XTS"),
    "annotation_author": member("Annotation", "authorString", "Somebody Else"),
    "annotation_time": member("Annotation", "time", "2001-01-01"),
    "sampled_factor": member("SampledData", "factor", Number("77")),
    "sampled_data": member("SampledData", "data", "1 2 3"),
    "signature_who": member("Signature", "who", {"reference": "Practitioner/other"}),
    "signature_data": member("Signature", "data", "b3RoZXI="),
    "timing_code": member("Timing", "code", {"text": "every other hour"}),
    "timing_repeat": member("Timing", "repeat", {"frequency": Number("77")}),
    "dose_as_needed": member("Dosage", "asNeededBoolean", True),
    "dose_instruction": member("Dosage", "patientInstruction", "Take all at once"),
    "dose_text": member("Dosage", "text", "Take all at once"),
    "dose_route": member("Dosage", "route", {"text": "intrathecal"}),
    "dose_site": member("Dosage", "site", {"text": "left eye"}),
    "dose_method": member("Dosage", "method", {"text": "inject"}),
    "dose_max": member("Dosage", "maxDosePerPeriod", {"numerator": {"value": Number("9")}}),
    "dose_sequence": member("Dosage", "sequence", Number("9")),
    "dose_rate": member("Dosage", "doseAndRate", [{"doseQuantity": {"value": Number("77")}}]),
    "narrative_said_to_be_written": member("Narrative", "status", "additional"),
}


@mutator
def ratio_turned(site: Site) -> Any:
    return _exchanged(site, "Ratio", "numerator", "denominator")


@mutator
def range_turned(site: Site) -> Any:
    return _exchanged(site, "Range", "low", "high")


@mutator
def reference_range_turned(site: Site) -> Any:
    return _exchanged(site, "BackboneElement", "low", "high")


@mutator
def period_turned(site: Site) -> Any:
    return _exchanged(site, "Period", "start", "end")


def _exchanged(site: Site, kind: str, one: str, other: str) -> Any:
    if not is_told_by_kind(site, kind) or not {one, other} <= site.value.keys():
        return None
    new = {**site.value, one: site.value[other], other: site.value[one]}
    return new if new != site.value else None


@mutator
def choice_switched(site: Site) -> Any:
    """Put the value of a choice under another of its types."""
    if not isinstance(site.value, dict):
        return None
    for name, value in site.value.items():
        base = re.match(r"(value|onset|effective|abatement|deceased|occurrence|medication)", name)
        if base and name != base[0] and base[0] + "String" != name and not isinstance(value, list):
            left = {key: item for key, item in site.value.items() if key != name}
            return {**left, f"{base[0]}String": str(value)}
    return None


@mutator
def extension_value_other(site: Site) -> Any:
    if site.kind != "Extension" or not isinstance(site.value, dict):
        return None
    held = [name for name in site.value if name.startswith("value")]
    left = {name: item for name, item in site.value.items() if name not in held}
    return {**left, "valueString": "something else"} if held else None


@mutator
def extension_renamed(site: Site) -> Any:
    """Say under another name what an extension said, also beside others of the old name."""
    if site.kind != "Extension" or not isinstance(site.value, dict):
        return None
    return {**site.value, "url": f"{site.value['url']}/other"}


@mutator
def extension_twice_with_another_value(site: Site) -> Any:
    if site.name != "extension" or not isinstance(site.value, list):
        return None
    return [*site.value, {"url": site.value[0]["url"], "valueString": "something else"}]


@mutator
def extension_part_added(site: Site) -> Any:
    if site.kind != "Extension" or not isinstance(site.value, dict):
        return None
    held = site.value.get("extension")
    return (
        {**site.value, "extension": [*held, {"url": "negated", "valueBoolean": True}]}
        if held
        else None
    )


@mutator
def extension_part_dropped(site: Site) -> Any:
    if site.kind != "Extension" or not isinstance(site.value, dict):
        return None
    parts = site.value.get("extension", [])
    known = len(parts) > 1 and ":" not in parts[0]["url"]
    return {**site.value, "extension": parts[1:]} if known else None


@mutator
def extension_moved(site: Site) -> Any:
    """Let an extension of a list's item, or of its display, speak of the next item."""
    return _handed_on(site, "extension")


@mutator
def display_moved(site: Site) -> Any:
    return _handed_on(site, "display")


def _handed_on(site: Site, name: str) -> Any:
    if not isinstance(site.value, list) or len(site.value) < 2 or site.under("meta"):
        return None
    one, other = site.value[:2]
    known = isinstance(one, dict) and isinstance(other, dict) and len(one) > 1
    if not known or name not in one or name in other:
        return None
    left = {key: item for key, item in one.items() if key != name}
    return [left, {**other, name: one[name]}, *site.value[2:]]


@mutator
def key_cut(site: Site) -> Any:
    known = site.name in ("linkId", "lotNumber", "serialNumber", "expression", "observedSeq")
    text = site.value if known and isinstance(site.value, str) else ""
    return text[:-1] if len(text) > 1 and site.kind == "string" else None


@mutator
def translation_that_denies(site: Site) -> Any:
    if not is_told_by_kind(site, "CodeableConcept") or not site.value.get("coding"):
        return None
    if any("display" in one for one in site.value["coding"]):
        return None
    denial = {"system": "http://other.example/codes", "code": "0", "display": "Absence of it"}
    return {**site.value, "coding": [*site.value["coding"], denial]}


@mutator
def narrative_rewritten(site: Site) -> Any:
    if site.name != "div":
        return None
    return '<div xmlns="http://www.w3.org/1999/xhtml">Nothing of that.</div>'


@mutator
def narrative_negated(site: Site) -> Any:
    said = re.sub(r">(\s*\w)", r">no \1", site.value, count=1) if site.name == "div" else site.value
    return said if said != site.value else None
