"""URLs are built from parts, and nothing leaves the base."""

from __future__ import annotations

import pytest

from core.errors import BadInput
from sync.fhir.urls import Base, split_reference

BASE = "https://ehr.example/fhir"


@pytest.mark.parametrize(
    "text",
    [
        "http://ehr.example/fhir",
        "http://127.0.0.1.evil.example/fhir",
        "http://localhost.evil.example/fhir",
        "http://localhost@evil.example/fhir",
        "https://user:word@ehr.example/fhir",
        "https://ehr.example/fhir?x=1",
        "https://ehr.example/fhir#x",
        "https://ehr.example/fhir/../admin",
        "https://ehr.example/fhir/%2e%2e/admin",
        "https://ehr.example/f hir",
        "http://[::ffff:127.0.0.1]/fhir",
        "http://10.0.0.1/fhir",
        "ftp://127.0.0.1/fhir",
        "file:///etc/fhir",
        "/fhir",
        "",
    ],
)
def test_an_unfit_base_is_refused_without_quoting_it(text: str) -> None:
    with pytest.raises(BadInput) as caught:
        Base(text)
    assert caught.value.field == "base_url"
    assert "example" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "loopback"),
    [
        ("https://ehr.example/fhir/", False),
        ("https://127.0.0.1/fhir", True),
        ("http://127.9.8.7:8080/fhir", True),
        ("http://localhost:8080", True),
        ("http://[::1]:8080/fhir", True),
    ],
)
def test_a_fit_base(text: str, loopback: bool) -> None:
    base = Base(text)
    assert base.loopback is loopback
    assert not base.text.endswith("/")
    assert "example" not in repr(base)


@pytest.mark.parametrize(
    "reference",
    ["Patient", "Patient/", "Patient/..", "Patient/.", "Patient/a/b", "Patient/a?b", "Patient/%2e",
     "patient/1", "Nothing/1", "Patient/" + "a" * 65, "https://x.example/Patient/1", "Patient/ä"],
)  # fmt: skip
def test_a_reference_that_is_not_type_and_id_is_refused(reference: str) -> None:
    with pytest.raises(BadInput):
        split_reference(reference)


@pytest.mark.parametrize(("type_", "id_", "version"), [
    ("Patient", "..", None), ("Patient", "1", ".."), ("Patient", "1", "a/b"), ("Task/1", "1", None),
])  # fmt: skip
def test_no_part_climbs_out_of_its_place(type_: str, id_: str, version: str | None) -> None:
    with pytest.raises(BadInput):
        Base(BASE).of_resource(type_, id_, version)


def test_urls_of_a_resource_and_of_a_version() -> None:
    assert str(Base(BASE).of_resource("Patient", "p1")) == f"{BASE}/Patient/p1"
    assert str(Base(BASE).of_resource("Patient", "p1", "2")) == f"{BASE}/Patient/p1/_history/2"


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/fhir/Task?x=1",
        "http://ehr.example/fhir/Task?x=1",
        "https://ehr.example:444/fhir/Task",
        "https://ehr.example/fhirx/Task",
        "https://ehr.example/other",
        "https://ehr.example/fhir/../other",
        "https://ehr.example/fhir/%2e%2e/other",
        "https://ehr.example/fhir/%252e%252e/other",
        "https://ehr.example/fhir/..%2fother",
        "https://ehr.example@evil.example/fhir/Task",
        "https://me@ehr.example/fhir/Task",
        "https://ehr.example\\@evil.example/fhir",
        "//evil.example/fhir/Task",
        "../other",
        "/other",
        "https://ehr.example/fhir/Task#x",
        "javascript:alert(1)",
        "https://ehr.example/fhir/Ta sk",
        "https://ehr.example/fhir/" + "x" * 9000,
        None,
        7,
    ],
)
def test_a_link_that_leaves_the_base(link: object) -> None:
    assert Base(BASE).within(link) is None


@pytest.mark.parametrize(
    ("link", "full"),
    [
        ("https://ehr.example/fhir/Task?_offset=2", f"{BASE}/Task?_offset=2"),
        ("https://EHR.example:443/fhir?_getpages=a", f"{BASE}?_getpages=a"),
        ("/fhir/Task?x=1", f"{BASE}/Task?x=1"),
        ("Task?x=1", f"{BASE}/Task?x=1"),
    ],
)
def test_a_link_within_the_base(link: str, full: str) -> None:
    assert str(Base(BASE).within(link)) == full


@pytest.mark.parametrize(
    ("location", "reference", "version"),
    [
        (f"{BASE}/Condition/c1", "Condition/c1", None),
        (f"{BASE}/Condition/c1/_history/1", "Condition/c1", "1"),
        ("Condition/c1/_history/1", "Condition/c1", "1"),
        ("/fhir/Condition/c1", "Condition/c1", None),
        (f"{BASE}/Condition/c1/_history/..", "Condition/c1", None),
        ("Condition/c1", "Condition/c1", None),
    ],
)
def test_a_location_names_a_resource(location: str, reference: str, version: str | None) -> None:
    named = Base(BASE).named(location)
    assert named is not None
    assert (named.reference, named.version) == (reference, version)


@pytest.mark.parametrize(
    "location",
    ["https://evil.example/fhir/Condition/c1", f"{BASE}/Condition", f"{BASE}/Condition/c1?x=1",
     f"{BASE}/Condition/c1/extra", f"{BASE}/Nothing/c1", "c1", "", None, f"{BASE}/Condition/..",
     f"{BASE}/Condition/.", f"{BASE}x/Condition/c1", "Condition/..", "Condition/.",
     "Condition/c1/_history/..",     "../Condition/c1", "Nothing/c1", "Condition/c1/extra"],
)  # fmt: skip
def test_a_location_that_names_none(location: str | None) -> None:
    assert Base(BASE).named(location) is None
