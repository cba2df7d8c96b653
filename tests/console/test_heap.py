"""The collector leaves what was loaded alone, and collects what came since."""

from __future__ import annotations

import gc
import sys
import types
import weakref
from collections.abc import Iterator

import pytest

from console.heap import Heap


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    before, frozen = gc.get_threshold(), gc.get_freeze_count()
    yield
    gc.unfreeze()
    if frozen:
        gc.freeze()
    gc.set_threshold(*before)


class Ring:
    """Something that only a full collection finds."""

    def __init__(self) -> None:
        self.itself = self


def aged() -> weakref.ref[Ring]:
    ring = Ring()
    gc.collect()
    return weakref.ref(ring)


def test_no_full_collection_comes_by_itself_and_rest_does_one() -> None:
    heap = Heap()
    heap.rest()
    found = aged()
    keep = [Ring() for _ in range(200_000)]
    assert found() is not None, "a full collection came by itself"
    heap.rest()
    assert found() is None
    assert len(keep) == 200_000


def test_control_python_alone_does_collect_fully() -> None:
    gc.set_threshold(700, 10, 10)
    found = aged()
    keep = [Ring() for _ in range(400_000)]
    assert found() is None
    assert len(keep) == 400_000


def test_what_was_loaded_is_set_aside_once(monkeypatch: pytest.MonkeyPatch) -> None:
    heap = Heap()
    heap.rest()
    first = gc.get_freeze_count()
    assert first > 0
    heap.rest()
    assert gc.get_freeze_count() <= first
    monkeypatch.setitem(sys.modules, "loaded_late", types.ModuleType("loaded_late"))
    keep = [Ring() for _ in range(5000)]
    heap.rest()
    # What died meanwhile is no longer counted.
    assert gc.get_freeze_count() >= first + len(keep) // 2
