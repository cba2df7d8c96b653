"""Which ConceptMaps a comparison may rest on.

Source: design §10 (mapping between codes is explicit), §7 (a document counts once it is adopted).
"""

from __future__ import annotations

from core.concept_maps import KIND, NO_MAPS, Maps, parse_maps
from core.ports import Reads
from core.trust import Untrusted, check_in_force


def maps_in_force(reads: Reads) -> Maps:
    """Return the maps that an admin adopted; without them no code stands for another.

    Maps that no signed adoption backs count as none, which only calls more a change; `audit verify`
    tells what is wrong with them.
    """
    row = reads.config(KIND)
    if row is None:
        return NO_MAPS
    try:
        check_in_force(reads, KIND)
    except Untrusted:
        return NO_MAPS
    return parse_maps(row.document)
