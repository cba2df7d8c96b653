"""The page on units and codes says of its examples what the comparison says."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from core.canonical import exact
from core.discrepancy import compare
from core.ucum import SYSTEM
from tests.core.discrepancy.samples import SAMPLES
from tests.core.discrepancy.tree import Path, put
from tests.docs.shell import ROOT

PAGE = (ROOT / "docs/concepts/units-and-codes.md").read_text("utf-8")
ROW = re.compile(r"\| ([\d.]+) (\S+)( as a dose)? \| ([\d.]+) (\S+) \| `(\w+)` \|")
ROWS = ROW.findall(PAGE)
DOSE: Path = ("dosageInstruction", 0, "doseAndRate", 0, "doseQuantity")


def test_every_example_is_read() -> None:
    assert (
        len(ROWS)
        == sum(line.startswith("| ") for line in PAGE.split("## Codes")[0].split("\n")) - 1
    )


@pytest.mark.parametrize(("value", "code", "dose", "its", "other", "class_"), ROWS)
def test_the_table_says_what_the_comparison_says(
    value: str, code: str, dose: str, its: str, other: str, class_: str
) -> None:
    sample, path = ("metformin", DOSE) if dose else ("potassium", ("valueQuantity",))
    sides = (
        put(SAMPLES[sample], path, exact({"value": Decimal(v), "system": SYSTEM, "code": c}))
        for v, c in ((value, code), (its, other))
    )
    assert compare(*sides).class_ == class_
