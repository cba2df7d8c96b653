"""Foreign text made safe to show, and the two warnings that go with it.

`inert` is the only road from foreign text to a terminal or a log line; `suspicious_words` and
`confusable_change` name what looks like one thing and is another.
Source: hub-protocol §8 (text on screen).
"""

from core.inert.confusables import confusable_change, skeleton
from core.inert.scripts import suspicious_words
from core.inert.text import inert

__all__ = ["confusable_change", "inert", "skeleton", "suspicious_words"]
