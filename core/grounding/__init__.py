"""Grounding: whether an agent's quote really stands in the source it names.

The parts: the human-readable text of a resource (`segments`), folding that keeps offsets
(`fold`), the search itself (`ground`), display aids around a hit (`cues`), what is known of the
source (`source_facts`), and whose chart it is (`belongs_to`, `patient_references`).
Source: hub-protocol §8 (grounding, one patient); design §5, §8.
"""

from core.grounding.cues import Cue, cues
from core.grounding.facts import Author, SourceFacts, source_facts
from core.grounding.fold import fold
from core.grounding.match import Badge, Grounding, Hit, ground
from core.grounding.patient import belongs_to, patient_references
from core.grounding.segments import Segment, Unreadable, segments, unreadable
from core.grounding.triggers import CueKind

__all__ = [
    "Author",
    "Badge",
    "Cue",
    "CueKind",
    "Grounding",
    "Hit",
    "Segment",
    "SourceFacts",
    "Unreadable",
    "belongs_to",
    "cues",
    "fold",
    "ground",
    "patient_references",
    "segments",
    "source_facts",
    "unreadable",
]
