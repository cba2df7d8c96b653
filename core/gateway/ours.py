"""Whether a version that stands in the chart is the one that we sent.

Servers add to what they store: HAPI FHIR writes a `meta.source` of its own into every version. A
successor that says the same by meaning is ours; to call it another's would send a write that took
effect back to review. Source: design §9 (ambiguity), §10 (classes).
"""

from __future__ import annotations

from core.canonical import JsonObject
from core.concept_maps import Maps
from core.digests import fingerprint
from core.discrepancy.classes import VERIFIED
from core.discrepancy.compare import compare


def is_ours(sent: JsonObject, stored: JsonObject, base_url: str, maps: Maps) -> bool:
    """Tell whether `stored` is `sent`, with nothing but what a server may add to it.

    `maps` are the adopted ones, by which reconciliation will judge the same two resources.
    """
    if fingerprint(stored) == fingerprint(sent):
        return True
    found = compare(sent, stored, base_url=base_url, maps=maps)
    return found.examined > 0 and found.class_ in VERIFIED
