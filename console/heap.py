"""When Python's collector may stop everything: never by itself while a person types.

A full collection looks at every object there is. The loaded code and the FHIR models are most of
them, stay for good, and would make each one stop the screen for a fifth of a second. So the full
collection is taken out of the collector's hands: what was loaded is set aside, and what has come
since, which is little, is collected at a quiet moment.
"""

from __future__ import annotations

import gc
import sys

_YOUNG, _MIDDLE, _NEVER = 10_000, 10, 1_000_000
"""Python's own first step, 700, is passed a thousand times while the screens are loaded."""


class Heap:
    """The collector of a process whose screen must not stand still; make one, at its start."""

    def __init__(self) -> None:
        gc.set_threshold(_YOUNG, _MIDDLE, _NEVER)
        self._modules = 0

    def rest(self) -> None:
        """Set aside what was loaded since the last time; where nothing was, collect."""
        modules = len(sys.modules)
        if modules == self._modules:
            gc.collect()
            return
        self._modules = modules
        gc.freeze()
