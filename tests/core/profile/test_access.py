"""What a profile says of getting in, beside what is configured and what the server lists."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.profile.access import Remark, is_at, is_here, remarks
from core.profile.facts import ASSUMED, Fact
from core.profile.parse import NOTHING
from core.profile.profile import Profile

EHR = replace(
    NOTHING,
    base_url=Fact("https://ehr.example/r4/{tenant}", ASSUMED),
    auth_methods=Fact(("private_key_jwt",), ASSUMED),
    jwks_hosting=Fact("static", ASSUMED),
)


def told(profile: Profile, url: str, offered: list[str] | None = None) -> dict[str, Remark]:
    return {one.fact: one for one in remarks(profile, url, offered)}


@pytest.mark.parametrize(
    ("url", "fits"),
    [
        ("https://ehr.example/r4/abc", True),
        ("https://ehr.example/r4/abc/", True),
        ("https://ehr.example/r4", False),
        ("https://ehr.example/r4/", False),
        ("https://ehr.example/r4/a/b", False),
        ("https://ehrxexample/r4/abc", False),
        ("http://ehr.example/r4/abc", False),
        ("https://ehr.example.evil.example/r4/abc", False),
    ],
)
def test_an_address_is_one_of_the_template_or_it_is_not(url: str, fits: bool) -> None:
    assert is_at("https://ehr.example/r4/{tenant}", url) is fits
    assert told(EHR, url)["base_url"].fits is fits


def test_an_address_on_this_machine_is_a_sandbox() -> None:
    assert is_here("http://127.0.0.1:8080/fhir") and is_here("http://localhost/fhir")
    assert not is_here("http://127.0.0.1.example/fhir")
    assert "on this machine" in told(EHR, "http://[::1]:80/fhir")["base_url"].words


def test_a_method_that_is_not_ours_or_not_listed_is_noted() -> None:
    url = "https://ehr.example/r4/abc"
    assert told(EHR, url)["auth_methods"].fits is True
    assert told(EHR, url, ["private_key_jwt"])["auth_methods"].fits is True
    assert told(EHR, url, ["client_secret_basic"])["auth_methods"].fits is False
    secret = replace(EHR, auth_methods=Fact(("client_secret_basic",), ASSUMED))
    assert "authenticates by private_key_jwt" in told(secret, url)["auth_methods"].words
    assert told(secret, url, ["private_key_jwt"])["auth_methods"].fits is False


def test_what_is_not_known_is_not_remarked() -> None:
    assert remarks(NOTHING, "https://ehr.example/r4") == ()
    (kept,) = [one for one in remarks(EHR, "x") if one.fact == "jwks_hosting"]
    assert kept.fits is None and kept.as_json()["grade"] == "assumed"
