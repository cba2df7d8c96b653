"""A prediction compares telephone numbers as a reconciliation on that EHR would."""

from __future__ import annotations

import pytest

from core.prediction.about import About
from core.profile.work import SOMEWHERE
from tests.builders import PATIENT, exact_object
from tests.core.prediction.scenes import profile
from tests.core.prediction.test_predict import fact


@pytest.mark.parametrize(("country", "class_"), [('"US"', "equivalent"), ('"SE"', "changed")])
def test_national_numbers_are_read_in_the_country_of_the_profile(country: str, class_: str) -> None:
    about = About(profile(fact("telephone_region", country)), "update", {}, SOMEWHERE, {})
    phone = {"system": "phone", "value": "555 0199"}
    ours = exact_object({**PATIENT, "telecom": [phone]})
    theirs = exact_object({**PATIENT, "telecom": [{**phone, "value": "+1 555 0199"}]})
    assert about.compared(ours, theirs).class_ == class_
