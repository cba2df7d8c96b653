"""One case for every row of the retry tables: its class, its one action, what the reviewer reads.

The rows are written here as the tables of the references have them (A: sync-writes-audit-incidents
§2.3, B: peers-vendors-standards §4b, C: its §5 on FHIR R4 http), so that the code is checked
against them and not against itself. Where rows disagree: design §9, then the row of a single
code, then the more cautious class.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from core.failure import classify as module
from core.failure.classes import CAUTION, GUIDE, Action, Failure, guide
from core.failure.classify import classify
from core.failure.dialect import PLAIN, Dialect, parse_dialect
from core.failure.say import Said
from core.failure.table import NO_ANSWER, NOT_SENT
from core.ports import Response
from sync.profiles import load_profile

ACTIONS = {
    "not-sent": "wait-and-send-again",
    "throttled": "wait-and-send-again",
    "outcome-unknown": "read-back-first",
    "precondition": "read-back-first",
    "vendor-transient": "read-back-then-at-most-one-retry",
    "duplicate": "verify-whether-it-is-ours",
    "already-done": "verify-whether-it-is-ours",
    "accepted-not-visible": "hold-and-poll",
    "validation": "back-to-the-reviewer",
    "business-rule": "to-whoever-can-fix-it",
    "authentication": "refresh-token-once-then-stop",
    "authorization": "consent-or-incident-route",
    "redirected": "consent-or-incident-route",
}


def answer(status: int, *issues: str, **more: Any) -> Response:
    more.setdefault("location", "Condition/1" if status < 300 else None)
    return Response(status=status, version=None, resource=None, issues=issues, **more)


@dataclass(frozen=True)
class Case:
    source: str
    answer: Response
    failure: str | None
    profile: str | None = None
    rung: str = "if-none-match"
    reads: str = ""
    """What the reviewer reads beside the words of the class: the vendor's own."""
    retries: int | None = None
    until: str | None = None

    def dialect(self) -> Dialect:
        return PLAIN if self.profile is None else parse_dialect(load_profile(self.profile))

    def __str__(self) -> str:
        own = self.answer.body_status or ",".join((*self.answer.codes, *self.answer.issues))
        return f"{self.source} {self.profile or 'generic'} {self.answer.status} {own}".strip()


def epic(code: str, failure: str, reads: str, source: str, status: int = 400, **more: Any) -> Case:
    found = answer(status, "processing", codes=(code,), failing=True)
    return Case(source, found, failure, "epic", reads=reads, **more)


def ecw(code: str, failure: str | None, reads: str, source: str, **more: Any) -> Case:
    """An answer of eClinicalWorks: HTTP 200, and a number in the body."""
    found = answer(200, body_status=code)
    return Case(source, found, failure, "eclinicalworks", reads=reads, **more)


INVALID = "Content invalid against the specification or a profile"
FLOWSHEET = "The flowsheet that this belongs to is not assigned or not mapped"
BROKEN = "Break-the-Glass security restricts this patient"
NOT_VALID = "The request is not valid for this EHR"
MODULE = "Unknown error in a module of the EHR"
ADMISSION = "Unknown error in the EHR's admission module"
PASSING = "The EHR failed while processing it"

GENERIC = [
    # A: throttle. A 503 is ambiguous by design §9 even with a Retry-After.
    Case("A/B throttled", answer(429), "throttled"),
    Case("A/B throttled", answer(429, "processing", retry_after=7.0), "throttled"),
    Case("A throttle 503+Retry-After, design §9", answer(503, retry_after=9.0), "outcome-unknown"),
    Case("A throttle 503, design §9", answer(503, "throttled"), "outcome-unknown"),
    Case("B throttled", answer(400, "throttled"), "throttled"),
    # A: ambiguous.
    *(Case("A/B ambiguous", answer(s), "outcome-unknown") for s in (408, 500, 501, 502, 503, 504)),
    Case("A ambiguous", answer(599, "invalid"), "outcome-unknown"),
    # A/B: precondition.
    *(Case("A/B precondition", answer(status), "precondition") for status in (304, 409, 412)),
    Case("B stale base, 412 conflict", answer(412, "conflict"), "precondition"),
    Case("C pessimistic lock", answer(409, "lock-error"), "precondition"),
    Case("C If-None-Exist > 1", answer(412, "multiple-matches"), "precondition"),
    # A/B: validation.
    *(Case("A/B validation", answer(status), "validation") for status in (400, 422)),
    *(
        Case("B validation", answer(422, issue), "validation")
        for issue in ("invalid", "structure", "required", "value", "not-supported")
    ),
    *(Case("design §9, 4xx", answer(s), "validation") for s in (404, 405, 410, 413, 415)),
    # A/B: auth.
    Case("A/B auth", answer(401), "authentication"),
    Case("B auth login", answer(401, "login"), "authentication"),
    Case("B auth, single code", answer(401, "processing"), "authentication"),
    Case("C login", answer(400, "login"), "authentication"),
    Case("A/B authorization", answer(403), "authorization"),
    Case("A/B authorization", answer(403, "forbidden"), "authorization"),
    Case("B 403 before throttled: single code", answer(403, "throttled"), "authorization"),
    Case("C forbidden", answer(400, "forbidden"), "authorization"),
    Case("C security", answer(422, "security"), "authorization"),
    # B: business rule, duplicate.
    Case("B business rule", answer(422, "business-rule"), "business-rule"),
    Case("C duplicate", answer(422, "duplicate"), "duplicate"),
    Case("C duplicate", answer(409, "duplicate"), "duplicate"),
    Case("B If-None-Exist 200", answer(200), "duplicate", rung="if-none-exist"),
    # C: retryable with proof.
    *(
        Case("C retryable with proof", answer(422, issue), "outcome-unknown")
        for issue in ("transient", "timeout", "no-store")
    ),
    Case("C conflict", answer(422, "conflict"), "precondition"),
    Case("more cautious", answer(422, "invalid", "transient"), "outcome-unknown"),
    Case("more cautious", answer(422, "throttled", "forbidden"), "authorization"),
    # B: accepted, not visible.
    Case("B accepted", answer(202), "accepted-not-visible"),
    Case("B accepted", answer(202, location=None), "accepted-not-visible", rung="if-none-exist"),
    # design §9: no redirect is followed; no success without proof.
    *(Case("design §9 redirect", answer(s), "redirected") for s in (301, 302, 307, 308)),
    Case("design §9", answer(204), "outcome-unknown"),
    Case("design §9", answer(201, location=None), "outcome-unknown", rung="if-none-exist"),
    Case("design §9", answer(200, "invalid", failing=True), "outcome-unknown"),
    Case("design §9", answer(101), "outcome-unknown"),
    Case("success", answer(201), None),
    Case("success", answer(201), None, rung="if-none-exist"),
    Case("success", answer(200, location=None), None, rung="if-match"),
    Case("success with a hint", answer(200, "informational"), None, rung="if-match"),
]
EPIC = [
    epic("4135", "throttled", "Please try again tomorrow", "A/B throttled", until="next-day"),
    *(epic(code, "validation", INVALID, "A/B validation") for code in ("59100", "59105", "59111")),
    epic("4118", "authorization", "User not authorized for request", "A/B auth", 403),
    epic("4130", "authorization", BROKEN, "A/B auth", 403),
    epic("4131", "authorization", BROKEN, "A/B auth", 403),
    epic("59141", "duplicate", "An attempt was made to create a duplicate record", "A/B duplicate"),
    epic("59177", "vendor-transient", "An unexpected internal error has occurred", "A transient"),
    epic("59177", "vendor-transient", "An unexpected internal error has occurred", "A, 5xx", 500),
    # B has 59187-59189 as a business rule, A names 59189 alone: the single code counts.
    epic("59189", "vendor-transient", "Failed to file the reading", "A single before B's range"),
    epic("59159", "business-rule", "The content or operation failed to pass a business rule", "B"),
    epic("59187", "business-rule", FLOWSHEET, "B business rule"),
    epic("59188", "business-rule", FLOWSHEET, "B business rule"),
    epic("40000", "business-rule", "Incoming table mapping error", "B §4 quirks"),
    epic("4107", "redirected", "The resource was merged into another", "B §4 quirks", 302),
    # A vendor's refusal does not make a 5xx certain.
    epic("59141", "duplicate", "An attempt was made to create a duplicate record", "A/B", 500),
    epic("59105", "outcome-unknown", "", "design §9 before a vendor's code", 500),
    epic("4999", "validation", "", "a code that nobody knows: the status counts"),
]
ECW = [
    *(ecw(code, "validation", NOT_VALID, "A/B validation") for code in ("100", "108", "109")),
    *(ecw(code, "validation", NOT_VALID, "A/B validation") for code in ("133", "135", "168")),
    *(ecw(code, "validation", NOT_VALID, "A/B validation") for code in ("611", "613", "614")),
    *(ecw(code, "validation", NOT_VALID, "B validation") for code in ("2024", "2025", "2027")),
    # A: retry once; B: the outcome is unknown. The more cautious, and no more than one retry.
    ecw("103", "outcome-unknown", MODULE, "A/B, both limits", retries=1),
    ecw("104", "outcome-unknown", MODULE, "A/B, both limits", retries=1),
    ecw("136", "outcome-unknown", ADMISSION, "B single before the range", retries=1),
    *(ecw(one, "vendor-transient", PASSING, "A transient") for one in ("115", "306", "610", "703")),
    ecw("134", "already-done", "Patient and pharmacy are not linked", "A already done"),
    ecw("139", "business-rule", "The encounter is locked", "B single before the range"),
    ecw("308", "business-rule", "No writeback user is configured", "B business rule"),
    ecw("202", "duplicate", "The patient exists already", "A/B duplicate"),
    ecw("2", "outcome-unknown", "", "B §4: HTTP 200 proves nothing"),
    ecw("615", "outcome-unknown", "", "B §4: 615 has two meanings"),
    ecw("999", "outcome-unknown", "", "B §4: HTTP 200 proves nothing"),
    ecw("1", None, "", "the guide: 1 is success"),
    Case("B §4: HTTP 200 proves nothing", answer(200), "outcome-unknown", "eclinicalworks"),
    Case(
        "B throttled", answer(429), "throttled", "eclinicalworks",
        reads="250 requests a minute per practice", until="minute",
    ),
    Case(
        "A/B, an error status", answer(400, body_status="139"), "business-rule", "eclinicalworks",
        reads="The encounter is locked",
    ),
    Case("B auth: invalid_client", answer(401), "authentication", "eclinicalworks"),
]  # fmt: skip
ATHENA = [
    Case(
        "B throttled", answer(429), "throttled", "athenahealth",
        reads="Refused to the end of the minute", until="minute",
    ),
    Case(
        "B 403 over rate", answer(403, "throttled"), "throttled", "athenahealth",
        reads="Over the day's quota", until="day",
    ),
    Case(
        "B 403 over rate", answer(403, retry_after=60.0), "throttled", "athenahealth",
        reads="Over the day's quota", until="day",
    ),
    Case("B authorization: a plain 403", answer(403), "authorization", "athenahealth"),
    Case("B athenaFlow: no group permission", answer(403, "forbidden"), "authorization",
         "athenahealth"),
    Case("B athena write timeout", answer(504), "outcome-unknown", "athenahealth"),
]  # fmt: skip
ORACLE = [
    Case("B stale base", answer(409, "conflict"), "precondition", "oracle-health",
         reads="The version is no longer the current one"),
    Case("§4 If-Match missing", answer(412), "precondition", "oracle-health",
         reads="If-Match is missing"),
    Case("B empty 201 without a place", answer(201, location=None), "outcome-unknown",
         "oracle-health", rung="if-none-exist"),
    Case("§4 create answers Location only", answer(201), None, "oracle-health"),
    Case("§4 unsupported field", answer(422, "invalid"), "validation", "oracle-health"),
    Case("B business rule", answer(422, "business-rule"), "business-rule", "oracle-health"),
    Case("§4 429", answer(429), "throttled", "oracle-health", reads="Too many requests"),
]  # fmt: skip
CASES = [*GENERIC, *EPIC, *ECW, *ATHENA, *ORACLE]


@pytest.mark.parametrize("case", CASES, ids=map(str, CASES))
def test_a_row_has_its_class_its_action_and_its_words(case: Case) -> None:
    dialect = case.dialect()
    row = classify(case.answer, dialect, case.rung)
    assert (None if row is None else str(row.failure)) == case.failure
    if row is None:
        return
    assert str(GUIDE[row.failure].action) == ACTIONS[str(case.failure)]
    assert row.until == case.until and row.retries == case.retries
    code = dialect.known(module.codes_of(case.answer))
    lines = Said(row.failure, code, row.words).lines()
    assert lines[0] == GUIDE[row.failure].words and lines[-1] == GUIDE[row.failure].remedy
    if code is not None and row.words:
        assert lines[1].startswith(f"The EHR's code {code}: {case.reads}")
    else:
        assert row.words.startswith(case.reads)


def test_what_left_nothing_and_what_gave_no_answer() -> None:
    assert (NOT_SENT.failure, NO_ANSWER.failure) == (Failure.NOT_SENT, Failure.UNKNOWN)
    assert guide("not-sent") == GUIDE[Failure.NOT_SENT] and guide("critical") is None


def test_each_class_has_one_action_words_and_a_remedy_of_its_own() -> None:
    assert {str(one): str(GUIDE[one].action) for one in Failure} == ACTIONS
    assert {one.action for one in GUIDE.values()} == set(Action)
    for texts in ([one.words for one in GUIDE.values()], [one.remedy for one in GUIDE.values()]):
        assert len(set(texts)) == len(Failure) and all(len(text) > 20 for text in texts)
    assert sorted(CAUTION) == sorted(Failure)


def test_every_class_of_the_tables_is_met_in_a_case() -> None:
    met = {case.failure for case in CASES} - {None}
    assert met == set(map(str, Failure)) - {"not-sent"}


def test_every_row_of_every_profile_is_met_in_a_case() -> None:
    for name in ("epic", "eclinicalworks", "athenahealth", "oracle-health"):
        dialect = parse_dialect(load_profile(name))
        met = {
            id(classify(case.answer, dialect, case.rung)) for case in CASES if case.profile == name
        }
        assert [row for row in dialect.rows if id(row) not in met] == []


@pytest.mark.parametrize("status", range(100, 600))
def test_no_status_is_a_success_but_200_and_201(status: int) -> None:
    row = classify(answer(status), rung="if-match")
    assert (row is None) == (status in (200, 201))
    if row is not None and (status >= 500 or status == 408):
        assert row.failure == Failure.UNKNOWN


@dataclass
class Flips:
    red: list[str] = field(default_factory=list)

    def check(self) -> list[str]:
        for case in CASES:
            try:
                test_a_row_has_its_class_its_action_and_its_words(case)
            except AssertionError:
                self.red.append(str(case))
        return self.red


@pytest.mark.parametrize(
    ("name", "value", "seen"),
    [
        ("_bearable", lambda *_: True, "design §9 before a vendor's code epic 500"),
        ("_vendor", lambda *_: None, "B 403 over rate athenahealth 403"),
        ("NOT_PROVEN", None, "B §4: HTTP 200 proves nothing eclinicalworks 200"),
        ("FOUND", None, "B If-None-Exist 200 generic 200"),
    ],
)
def test_control_a_rule_that_is_off_turns_its_row_red(
    monkeypatch: pytest.MonkeyPatch, name: str, value: Any, seen: str
) -> None:
    monkeypatch.setattr(module, name, value)
    assert any(one.startswith(seen) for one in Flips().check())


def test_control_a_range_before_a_single_code_turns_rows_red(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def by_first(self: Dialect, codes: Any) -> Any:
        numbers = [int(code) for code in codes]
        return next(
            (row for row in self.rows for a, b in row.codes for n in numbers if a <= n <= b), None
        )

    monkeypatch.setattr(Dialect, "by_code", by_first)
    red = Flips().check()
    assert any("139" in one for one in red) and any("59189" in one for one in red)
