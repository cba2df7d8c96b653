"""Rules for the words beside a code: the code is the fact, the words are what is read.

Other words are `changed`: a display that parts from what was reviewed may show that the code
never said it, and no terminology here could tell. Only case, and the tag that ends a fully
specified name of SNOMED CT, say nothing that the code beside them does not.
Source: docs/adr/0035; SNOMED CT Editorial Guide, "Semantic tag".
"""

from __future__ import annotations

import re
from typing import Final

from core.canonical import Json
from core.discrepancy.case import Case, Finding
from core.discrepancy.spelling import folded
from core.discrepancy.systems import one_name

_SNOMED: Final = "http://snomed.info/sct"
# Semantic tags in use. "situation" and "context" are left out: they may carry an absence.
_TAG: Final = re.compile(
    r" \((?:finding|disorder|procedure|regime/therapy|body structure|morphologic abnormality|"
    r"observable entity|organism|substance|product|medicinal product|medicinal product form|"
    r"clinical drug|physical object|physical force|specimen|qualifier value|event|person|"
    r"occupation|cell|cell structure|environment|dose form|unit of presentation|"
    r"assessment scale|attribute|record artifact|social concept|ethnic group)\)$"
)


def same_display(case: Case) -> Finding | None:
    """Know a display in other case, or with or without its tag, beside the very same code."""
    if case.texts is None or case.defined_as != "Coding.display":
        return None
    codes = {_text(side, "code") for side in case.holders}
    systems = {one_name(_text(side, "system") or "") for side in case.holders}
    if len(systems) != 1 or len(codes) != 1 or None in codes:
        return None
    ours, theirs = (folded(text) for text in case.texts)
    if systems == {_SNOMED}:
        ours, theirs = _TAG.sub("", ours), _TAG.sub("", theirs)
    if ours != theirs:
        return None
    return Finding("equivalent", "The code is the same; its display is written in another way.")


def _text(coding: Json, name: str) -> str | None:
    found = coding.get(name) if isinstance(coding, dict) else None
    return found if isinstance(found, str) else None
