"""Predicted against observed: what happened as expected, what did not, what nobody expected.

The result holds element paths, classes and names of facts only. Source: design §10.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from core.canonical import JsonObject
from core.delta import element_path
from core.discrepancy import Class, Comparison, Discrepancy
from core.prediction.predict import Prediction

Outcome: TypeAlias = Literal["as-expected", "did-not-happen", "otherwise"]
Differ: TypeAlias = Callable[[JsonObject, JsonObject], Comparison]
"""Compares an intended resource with a kept one, by the rules in force for this EHR."""
MOST = 50
_NOTHING_NEW = ("identical", "bookkeeping", "equivalent")


@dataclass(frozen=True, slots=True)
class Score:
    """What became of one predicted fact."""

    fact: str
    class_: Class
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Scores:
    """Every predicted fact, and the differences that none of them foretold: path and class."""

    facts: tuple[Score, ...]
    unexpected: tuple[tuple[str, Class], ...]

    def as_json(self) -> JsonObject:
        """Return what stands in the leaf."""
        return {
            "facts": [[one.fact, one.class_, one.outcome] for one in self.facts[:MOST]],
            "unexpected": [list(one) for one in self.unexpected[:MOST]],
        }


def score(
    prediction: Prediction, persisted: JsonObject, comparison: Comparison, differ: Differ
) -> Scores:
    """Compare what the EHR keeps with what was predicted and with what was intended.

    `comparison` is that of intended and persisted, and `differ` how it was made.
    """
    residual = _told(differ(prediction.resource, persisted).differences)
    observed = _told(comparison.differences)
    scored: list[Score] = []
    missed: set[str] = set()
    for one in prediction.facts:
        if not one.sure or not one.differences or one.class_ is None:
            continue
        here = {element_path(item.path) for item in one.differences}
        outcome = _outcome(here, residual, observed)
        scored.append(Score(one.fact, one.class_, outcome))
        if outcome != "as-expected":
            missed |= here
    unexpected = sorted(
        {
            (element_path(item.path), item.class_)
            for item in residual
            if item.class_ not in _NOTHING_NEW and not _is_at(item, missed)
        }
    )
    return Scores(tuple(scored), tuple(unexpected))


def _outcome(
    here: set[str], residual: Iterable[Discrepancy], observed: Iterable[Discrepancy]
) -> Outcome:
    if not any(_is_at(item, here) for item in residual):
        return "as-expected"
    if not any(_is_at(item, here) for item in observed):
        return "did-not-happen"
    return "otherwise"


def _told(found: Iterable[Discrepancy]) -> list[Discrepancy]:
    return [item for item in found if item.class_ != "bookkeeping"]


def _is_at(item: Discrepancy, paths: Iterable[str]) -> bool:
    """Tell whether a difference is at, above or below one of the element paths."""
    own = f"{element_path(item.path)}."
    return any(own.startswith(f"{path}.") or f"{path}.".startswith(own) for path in paths)
