"""Whether the chart, or another open proposal, already says what a change would add.

The parts: which elements make two resources the same fact (`keys`), the comparison (`match`), and
the search in chart and store (`search`). Source: design §5 (semantic duplicates), ADR 0018.
"""

from core.duplicates.keys import KEYS, Aspect, Keys
from core.duplicates.match import Match, Strength, compare
from core.duplicates.search import appeared, look, look_again

__all__ = [
    "KEYS",
    "Aspect",
    "Keys",
    "Match",
    "Strength",
    "appeared",
    "compare",
    "look",
    "look_again",
]
