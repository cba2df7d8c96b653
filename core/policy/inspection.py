"""What stops a policy document from being adopted, and what is only doubtful, each with its line.

Source: design §7; docs/adr/0012.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from core.errors import BadInput
from core.policy.cases import REMEDY, check_own_cases, try_policy
from core.policy.doubts import Grade, doubts
from core.policy.locate import line_of, line_of_error
from core.policy.parse import parse_policy


@dataclass(frozen=True, slots=True)
class Finding:
    """One doubt with the line that it is about; None where it is about the whole document."""

    grade: Grade
    line: int | None
    field: str
    problem: str
    remedy: str

    def text(self, file: str) -> str:
        """Return it as one line: `FILE:LINE: warning: field: problem. Remedy`."""
        place = file if self.line is None else f"{file}:{self.line}"
        return f"{place}: {self.grade}: {self.field}: {self.problem}. {self.remedy}"

    def as_json(self) -> dict[str, object]:
        """Return every member."""
        return {
            "grade": self.grade,
            "line": self.line,
            "field": self.field,
            "problem": self.problem,
            "remedy": self.remedy,
        }


def inspect_policy(text: str, people: Mapping[str, frozenset[str]] | None) -> tuple[Finding, ...]:
    """Return what is doubtful in a valid document; `people` are the roster's roles, if known.

    Raises BadInput for a document that is not valid.
    """
    found = tuple(
        Finding(one.grade, line_of(text, one.field), one.field, one.problem, one.remedy)
        for one in doubts(parse_policy(text), people)
    )
    return (*found, *_unmet(text))


def _unmet(text: str) -> Iterator[Finding]:
    """Yield the cases that fail, as far as they do not stop adoption."""
    enforced = parse_policy(text).enforce_cases
    for one in try_policy(text).failed:
        if not (enforced and one.loosened):
            field = one.case.field
            problem = f"the case {one.case.name!r} fails: {'; '.join(one.failures)}"
            yield Finding("warning", line_of(text, field), field, problem, REMEDY)


def check_adoptable(text: str) -> None:
    """Raise BadInput for a document that is not valid, or that may not be adopted.

    It may not where it says `enforce_cases` and lets through more than its own cases say.

    What was adopted before this was asked stays in force: only adoption asks it.
    """
    policy = parse_policy(text)
    check_own_cases(text, enforced=policy.enforce_cases)
    for one in doubts(policy, None):
        if one.grade == "refused":
            raise BadInput(one.problem, field=one.field, remedy=one.remedy)


def located(error: BadInput, text: str, file: str) -> BadInput:
    """Return the error with `FILE:LINE` before its field."""
    line = line_of_error(error.problem) if error.field == "policy" else None
    if line is None and error.field:
        line = line_of(text, error.field)
    place = file if line is None else f"{file}:{line}"
    field = f"{place}: {error.field}" if error.field else place
    return BadInput(error.problem, field=field, remedy=error.remedy)
