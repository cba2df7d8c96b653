"""A version makes the same bytes for ever: what would make others is another version."""

from __future__ import annotations

import hashlib

import pytest

from core.canonical import c14n
from core.forms import Given, fill
from tests.builders import PATIENT, exact_object
from tests.core.forms.samples import GOOD

MADE = {
    "vital-sign@1": "4a527fba590787c0",
    "problem@1": "497f44d061cc4ef9",
    "note@1": "7cbd9d8e33486365",
    "appointment@1": "e846be2b95464690",
    "task@1": "f7c84a48ff038787",
    "contact-details@1": "b64355ae61557780",
}


@pytest.mark.parametrize("name", GOOD)
def test_a_version_does_not_change(name: str) -> None:
    base = exact_object(PATIENT) if name.startswith("contact-details") else None
    given = Given("Patient/example", "Encounter/e1", base)
    found = fill(name, exact_object(GOOD[name]), given, "changes[0]")
    assert hashlib.sha256(c14n(found)).hexdigest()[:16] == MADE[name]
