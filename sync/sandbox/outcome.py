"""OperationOutcome: how the sandbox says what went wrong, without a word of chart content.

Source: FHIR R4 OperationOutcome and the value set issue-type.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from core.canonical import JsonObject

MAX_ISSUES = 50


@dataclass(frozen=True, slots=True)
class Issue:
    """One issue: `code` from issue-type, `diagnostics` our own words, `expression` a FHIRPath."""

    code: str
    diagnostics: str
    expression: str | None = None
    severity: str = "error"


@dataclass
class OutcomeError(Exception):
    """An answer other than success: HTTP `status`, its issues and extra response `headers`."""

    status: int
    issues: Sequence[Issue]
    headers: Mapping[str, str] = field(default_factory=dict)


def refusal(
    status: int,
    code: str,
    diagnostics: str,
    *,
    expression: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> OutcomeError:
    """Return the error of a single issue, ready to raise."""
    return OutcomeError(status, (Issue(code, diagnostics, expression),), headers or {})


def outcome(issues: Sequence[Issue]) -> JsonObject:
    """Return the OperationOutcome of `issues`, cut to the first 50."""
    return {"resourceType": "OperationOutcome", "issue": [_issue(i) for i in issues[:MAX_ISSUES]]}


def _issue(issue: Issue) -> JsonObject:
    found: JsonObject = {
        "severity": issue.severity,
        "code": issue.code,
        "diagnostics": issue.diagnostics,
    }
    if issue.expression:
        found["expression"] = [issue.expression]
    return found
