"""`note@1`: a clinical note in plain text.

Types are those of US Core's starter set of clinical notes
(https://hl7.org/fhir/us/core/ValueSet-us-core-clinical-note-type.html); the category is its own.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Literal

from core.canonical import JsonObject
from core.forms.form import Form, Given, concept, present, reference
from core.forms.values import Instant, Prose, Values, Word

LOINC = "http://loinc.org"
CATEGORY = "http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category"
KINDS: Mapping[str, tuple[str, str]] = {
    "consult-note": ("11488-4", "Consult note"),
    "discharge-summary": ("18842-5", "Discharge summary"),
    "history-and-physical": ("34117-2", "History and physical note"),
    "procedure-note": ("28570-0", "Procedure note"),
    "progress-note": ("11506-3", "Progress note"),
}


class Note(Values):
    """`doc_status` is the note's own: `preliminary` until its author signs it."""

    kind: Literal[
        "consult-note",
        "discharge-summary",
        "history-and-physical",
        "procedure-note",
        "progress-note",
    ]
    text: Prose
    date: Instant
    doc_status: Literal["preliminary", "final"]
    title: Word | None = None


def _make(values: Note, given: Given) -> JsonObject:
    code, name = KINDS[values.kind]
    attachment = present(
        contentType="text/plain; charset=utf-8",
        data=base64.b64encode(values.text.encode("utf-8")).decode("ascii"),
        title=values.title,
    )
    encounter = given.encounter
    return present(
        resourceType="DocumentReference",
        status="current",
        docStatus=values.doc_status,
        type=concept(LOINC, code, text=name),
        category=[concept(CATEGORY, "clinical-note")],
        subject=reference(given.patient),
        date=values.date,
        content=[{"attachment": attachment}],
        context=None if encounter is None else {"encounter": [reference(encounter)]},
    )


FORM = Form("note@1", "create", "DocumentReference", "A clinical note.", Note, _make)
