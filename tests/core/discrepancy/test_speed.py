"""A comparison costs a reviewer nothing."""

from __future__ import annotations

from copy import deepcopy
from time import process_time

from core.discrepancy import compare
from tests.core.discrepancy.samples import BASE, SAMPLES
from tests.core.discrepancy.transforms import HARMLESS, apply


def fastest(persisted: object) -> float:
    """Return the best of several runs in milliseconds: what the work costs, without neighbours."""
    runs = []
    for _ in range(20):
        started = process_time()
        compare(SAMPLES["patient"], persisted, base_url=BASE)  # type: ignore[arg-type]
        runs.append(process_time() - started)
    return min(runs) * 1_000


def test_a_patient_is_compared_with_itself_in_less_than_three_milliseconds() -> None:
    assert fastest(deepcopy(SAMPLES["patient"])) < 3


def test_a_rewritten_patient_is_compared_in_less_than_thirty_milliseconds() -> None:
    assert fastest(apply(SAMPLES["patient"], sorted(HARMLESS), 7)) < 30
