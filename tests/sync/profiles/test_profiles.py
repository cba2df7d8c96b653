"""The profiles that ship: every statement has a source, a day and a grade; each fact is read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from core.failure.classes import Failure
from core.profile.facts import GRADES, Basis
from core.profile.parse import parse_profile
from core.profile.profile import Profile
from core.profile.writes import may_write
from sync.profiles import NAMES, load_profile


def profile(name: str) -> Profile:
    return parse_profile(load_profile(name))


def bases(found: Profile) -> Iterator[tuple[str, bool, Basis]]:
    """Yield (what, whether it is known, basis) of every statement that a document makes."""
    for name, fact in found.facts().items():
        if fact.basis.captured_on is not None or fact.is_known:
            yield name, fact.is_known, fact.basis
    for claim in found.claims:
        yield f"{claim.axis} {claim.type}", claim.says != "unknown", claim.basis
    for limit in found.field_limits:
        yield limit.path, True, limit.basis
    for dropped in found.dropped:
        yield dropped.paths[0], True, dropped.basis
    for note in found.notes:
        yield note.words, True, note.basis
    for transform in found.stated:
        yield transform.words, True, transform.basis
    for words, basis in found.failure_bases:
        yield words, True, basis
    if found.limits_basis is not None:
        yield "limits", True, found.limits_basis


@pytest.mark.parametrize("name", NAMES)
def test_every_statement_has_a_source_a_day_and_a_grade(name: str) -> None:
    found = profile(name)
    assert (found.name, found.version) == (name, 2)
    assert found.description
    stated = list(bases(found))
    assert len(stated) >= 4
    for what, is_known, basis in stated:
        assert basis.source.strip(), what
        assert isinstance(basis.captured_on, date), what
        assert basis.grade in GRADES, what
        assert is_known == (basis.grade != "unknown"), what
        if basis.second_hand:
            assert basis.grade == "assumed", what


def test_the_check_of_statements_can_fail() -> None:
    """Control: a statement without a basis is seen, and one that is second-hand but sure."""
    found = parse_profile("version = 1\ncorrectable = true\n")
    [(what, is_known, basis)] = list(bases(found))
    assert (what, is_known, basis.captured_on) == ("correctable", True, None)


@pytest.mark.parametrize("name", ["hapi", "sandbox"])
def test_what_is_known_of_hapi_and_the_sandbox_was_measured(name: str) -> None:
    for what, is_known, basis in bases(profile(name)):
        if is_known and what != "settles_s":
            assert basis.grade == "measured", what


def test_limits_without_a_basis_do_not_ship() -> None:
    for name in NAMES:
        found = profile(name)
        assert not found.limits.windows or found.limits_basis is not None, name
        assert found.limits_basis is None or found.limits_basis.captured_on is not None, name


EPIC, ATHENA = "fhir.epic.com", "athenahealth.com"
ECW, ORACLE = "eclinicalworks.com", "github.com/cerner"
FACTS: list[tuple[str, str, Any, str]] = [
    ("epic", "fhir_version", "4.0.1", EPIC),
    ("epic", "auth_methods", ("private_key_jwt",), "smart-configuration"),
    ("epic", "jwks_hosting", "url", "docId=oauth2"),
    ("epic", "token_ttl_s", None, "not found"),
    ("epic", "precondition", None, "not found"),
    ("epic", "conditional_create", False, "R4/metadata"),
    ("epic", "limiter", "budget", "developerguidelines"),
    ("epic", "error_dialect", "numeric-detail", "Specifications"),
    ("epic", "correctable", False, "R4/metadata"),
    ("epic", "correction", ("update", "manual"), "R4/metadata"),
    ("epic", "merged_patient", "redirect", "Specifications"),
    ("epic", "keeps_security", None, "not found"),
    ("athenahealth", "fhir_version", "4.0.1", ATHENA),
    ("athenahealth", "base_url", "https://api.platform.athenahealth.com/fhir/r4", ATHENA),
    ("athenahealth", "auth_methods",
     ("client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt"),
     "smart-configuration"),
    ("athenahealth", "token_ttl_s", 3600, "authentication-and-url-locations"),
    ("athenahealth", "token_calls_per_minute", 50, "authentication-and-url-locations"),
    ("athenahealth", "token_calls_per_minute_preview", 5, "authentication-and-url-locations"),
    ("athenahealth", "limiter", "quota-header", "best-practices"),
    ("athenahealth", "conditional_create", None, "not found"),
    ("athenahealth", "correlation_header", None, "not found"),
    ("eclinicalworks", "fhir_version", "4.0.1", ECW),
    ("eclinicalworks", "software", "eCW FHIR Facade 1.6", ECW),
    ("eclinicalworks", "base_url", "https://fhir4.eclinicalworks.com/fhir/r4/{tenant}", ECW),
    ("eclinicalworks", "auth_methods", ("private_key_jwt",), "smart-configuration"),
    ("eclinicalworks", "auth_algorithms", ("RS384",), "smart-configuration"),
    ("eclinicalworks", "jwks_hosting", "url-allow-listed", "backend/authentication"),
    ("eclinicalworks", "token_ttl_s", 300, "backend/authentication"),
    ("eclinicalworks", "limiter", "minute-window", "healow.com"),
    ("eclinicalworks", "counts_token_calls", True, "healow.com"),
    ("eclinicalworks", "retry_after", False, "healow.com"),
    ("eclinicalworks", "error_dialect", "numeric-status", "Error Code Reference Guide"),
    ("eclinicalworks", "correlation_header", "none", ECW),
    ("advancedmd", "fhir_version", "4.0.1", "providerapi.advancedmd.com"),
    ("advancedmd", "auth_methods", ("private_key_jwt",), "launch-and-authorization"),
    ("advancedmd", "auth_algorithms", ("RS384",), "launch-and-authorization"),
    ("advancedmd", "token_ttl_s", 3599, "launch-and-authorization"),
    ("advancedmd", "limiter", "discretionary", "terms-of-service"),
    ("advancedmd", "correction", ("manual",), "faq-s"),
    ("advancedmd", "correctable", False, "faq-s"),
    ("advancedmd", "base_url", "https://providerapi.advancedmd.com/v1/r4", "advancedmd.com"),
    ("advancedmd", "correlation_header", "none", "getting-started"),
    ("veradigm", "fhir_version", "4.0.1", "allscripts.com"),
    ("veradigm", "software", "Veradigm FHIR 4.22.0.1", "allscripts.com"),
    ("veradigm", "base_url", "https://fhir.fhirpoint.open.allscripts.com/fhirroute/fhir/{tenant}",
     "allscripts.com"),
    ("veradigm", "auth_methods", ("private_key_jwt",), "Fhir/BulkData"),
    ("veradigm", "token_ttl_s", None, "not found"),
    ("veradigm", "precondition", "none", "CP00101/metadata"),
    ("veradigm", "correction", ("manual",), "ProcessOverview"),
    ("veradigm", "correctable", False, "ProcessOverview"),
    ("veradigm", "redacted_reads", True, "Fhir/Searching"),
    ("oracle-health", "fhir_version", "R4", "docs.oracle.com"),
    ("oracle-health", "base_url", "https://fhir-ehr-code.cerner.com/r4/{tenant}", "cerner.com"),
    ("oracle-health", "auth_methods", ("client_credentials",), "smart-configuration"),
    ("oracle-health", "token_ttl_s", 570, "authorization.md"),
    ("oracle-health", "precondition", "if-match", "millennium/r4.md"),
    ("oracle-health", "stale_status", 409, "millennium/r4.md"),
    ("oracle-health", "missing_status", 412, "dstu2/scheduling"),
    ("oracle-health", "conditional_create", None, "not found"),
    ("oracle-health", "create_response", "location-only", ORACLE),
    ("oracle-health", "persisted_state", "final-only", ORACLE),
    ("oracle-health", "unsupported_elements", "ignored", "millennium/r4.md"),
    ("oracle-health", "correction", ("update", "manual"), ORACLE),
    ("oracle-health", "correlation_header", "X-Request-Id", ORACLE),
    ("medplum", "fhir_version", "4.0.1", "5.0.2"),
    ("medplum", "auth_methods",
     ("client_secret_basic", "client_secret_post", "private_key_jwt"), "5.0.2"),
    ("medplum", "auth_algorithms", ("RS384", "ES384"), "5.0.2"),
    ("medplum", "jwks_hosting", "url", "5.0.2"),
    ("medplum", "token_calls_per_minute", 160, "5.0.2"),
    ("medplum", "precondition", "if-match", "5.0.2"),
    ("medplum", "stale_status", 412, "5.0.2"),
    ("medplum", "conditional_create", True, "5.0.2"),
    ("medplum", "create_response", "body", "5.0.2"),
    ("medplum", "persisted_state", "as-sent", "5.0.2"),
    ("medplum", "limiter", "quota-header", "5.0.2"),
    ("medplum", "counts_token_calls", False, "5.0.2"),
    ("medplum", "retry_after", False, "5.0.2"),
    ("medplum", "error_dialect", "operation-outcome", "5.0.2"),
    ("medplum", "correctable", True, "5.0.2"),
    ("medplum", "correction", ("update",), "5.0.2"),
    ("hapi", "software", "HAPI FHIR Server 8.8.0", "8.8.0"),
    ("hapi", "stale_status", 409, "8.8.0"),
    ("hapi", "conditional_create", True, "8.8.0"),
    ("hapi", "unsupported_elements", "ignored", "8.8.0"),
    ("hapi", "keeps_security", True, "8.8.0"),
    ("generic-r4", "settles_s", 120, "Gateways"),
    ("generic-r4", "precondition", None, "doctor --probe"),
    ("sandbox", "stale_status", 412, "contract suite"),
    ("sandbox", "token_ttl_s", 300, "own tests"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "fact", "value", "source"), FACTS)
def test_a_fact_says_this_and_comes_from_there(
    name: str, fact: str, value: Any, source: str
) -> None:
    found = profile(name).facts()[fact]
    assert found.value == value
    assert source in found.basis.source


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"hapi", "sandbox", "generic-r4"}))
def test_every_known_vendor_fact_is_read_by_a_test(name: str) -> None:
    known = {fact for fact, found in profile(name).facts().items() if found.is_known}
    assert known <= {fact for vendor, fact, _, _ in FACTS if vendor == name}


MAY: list[tuple[str, str, str, str, str | None]] = [
    ("epic", "Condition", "create", "yes", None),  # E1
    ("epic", "Condition", "update", "no", "advertised"),
    ("epic", "DocumentReference", "update", "yes", None),
    ("epic", "Task", "update", "yes", None),
    ("epic", "Task", "create", "no", "advertised"),
    ("epic", "Patient", "create", "yes", None),
    ("epic", "Patient", "update", "no", "advertised"),
    ("epic", "Appointment", "create", "no", "advertised"),
    ("epic", "Observation", "patch", "no", "advertised"),
    ("athenahealth", "QuestionnaireResponse", "create", "yes", None),  # A1
    ("athenahealth", "Condition", "create", "no", "advertised"),
    ("athenahealth", "Patient", "update", "no", "advertised"),
    ("eclinicalworks", "QuestionnaireResponse", "create", "yes", None),  # W1
    ("eclinicalworks", "Condition", "create", "no", "advertised"),  # for all of W4's scopes
    ("advancedmd", "Observation", "create", "no", "advertised"),  # D1, D3
    ("veradigm", "Condition", "create", "no", "documented"),  # V1 says yes, V2 no
    ("veradigm", "Patient", "update", "no", "advertised"),
    ("oracle-health", "Patient", "update", "no", "documented"),  # O4: by PATCH only
    ("oracle-health", "Procedure", "update", "no", "documented"),
    ("oracle-health", "Condition", "create", "unknown", None),  # until the server is asked
    ("medplum", "Condition", "create", "yes", None),
    ("hapi", "Condition", "update", "yes", None),
    ("generic-r4", "Condition", "create", "unknown", None),
    ("sandbox", "Patient", "update", "yes", None),
]


@pytest.mark.parametrize(("name", "type_", "interaction", "says", "axis"), MAY)
def test_what_the_profiles_alone_let_be_written(
    name: str, type_: str, interaction: str, says: str, axis: str | None
) -> None:
    answer = may_write(profile(name), type_, interaction)
    assert answer.says == says
    assert (answer.refusing.axis if answer.refusing else None) == axis


def test_what_ecw_offers_on_other_axes_is_told_with_its_refusal() -> None:
    told = {
        one.axis: one for one in may_write(profile("eclinicalworks"), "Condition", "create").told
    }
    assert told["scope"].says == "yes" and told["contract"].says == "yes"
    assert told["contract"].basis.second_hand and "usecobalt" in told["contract"].basis.source
    assert told["advertised"].says == "no"


def test_field_limits_notes_and_limits() -> None:
    lengths = {one.path: (one.chars, one.over) for one in profile("athenahealth").field_limits}
    assert lengths == {
        "Patient.name.family": (30, "unknown"),
        "Patient.name.given": (20, "unknown"),
        "Patient.address.line": (100, "unknown"),
        "Patient.address.city": (30, "unknown"),
        "Patient.telecom.value": (50, "unknown"),
    }
    # Whether more is cut or refused was not found, so nothing is predicted of it.
    assert profile("athenahealth").transforms == ()
    [window] = profile("eclinicalworks").limits.windows
    assert (window.per, window.calls, window.counts_token_calls) == ("minute", 250, True)
    [window] = profile("medplum").limits.windows
    assert (window.calls, window.counts_token_calls) == (500, False)
    words = {name: " ".join(one.words for one in profile(name).notes) for name in NAMES}
    assert "telephone encounter" in words["eclinicalworks"]
    assert "code 108" in words["eclinicalworks"] and "code 139" in words["eclinicalworks"]
    assert "POST _search" in words["epic"] and "4127" in words["epic"]
    assert "need a time" in words["oracle-health"] and "assigned anew" in words["oracle-health"]
    assert "403" in words["athenahealth"] and "keys" in words["athenahealth"]
    assert "lost update" in words["medplum"] and "8 entries" in words["medplum"]


def test_transforms_that_are_known() -> None:
    done = {name: [one.do for one in profile(name).transforms] for name in NAMES}
    assert done["oracle-health"] == ["one-user-selected"]
    assert done["hapi"] == ["drop-unknown", "number-text", "bookkeeping"]
    assert done["sandbox"] == done["medplum"] == ["bookkeeping"]
    assert all(not done[name] for name in ("epic", "athenahealth", "eclinicalworks", "veradigm")), (
        "nothing is predicted that is not known"
    )


def test_the_codes_of_failures_are_still_there() -> None:
    epic, ecw = profile("epic").failures, profile("eclinicalworks").failures
    for dialect, code, failure in (
        (epic, "4135", Failure.THROTTLED), (epic, "4107", Failure.REDIRECTED),
        (epic, "59141", Failure.DUPLICATE), (epic, "59188", Failure.BUSINESS_RULE),
        (ecw, "139", Failure.BUSINESS_RULE), (ecw, "103", Failure.UNKNOWN),
        (ecw, "202", Failure.DUPLICATE), (ecw, "308", Failure.BUSINESS_RULE),
    ):  # fmt: skip
        row = dialect.by_code((code,))
        assert row is not None and row.failure == failure, code
    assert ecw.told_by_body


def test_no_figure_that_the_reference_calls_unverified_ships() -> None:
    text = load_profile("athenahealth")
    assert "500" not in text and "100/s" not in text
