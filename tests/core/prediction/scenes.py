"""A made-up EHR's profile, and a server that does what it says."""

from __future__ import annotations

from core.canonical import JsonObject
from core.profile.parse import parse_profile
from core.profile.profile import Profile
from core.profile.transforms import apply_all

HEAD = """
version = 2
name = "sandbox"
description = "A made-up EHR."
correctable = {correctable}

[sources.S]
source = "made up for this test"
captured_on = 2026-11-01

[facts.correctable]
source = "S"
"""

CUTS = """
[[fields]]
path = "Patient.telecom.value"
chars = 6
over = "truncate"
source = "S"
"""

KEEPS_NO_LABEL = """
[facts.keeps_security]
value = false
source = "S"
"""


def document(*parts: str, correctable: str = "true") -> str:
    """Return a profile document made of parts."""
    return HEAD.format(correctable=correctable) + "".join(parts)


def profile(*parts: str, correctable: str = "true") -> Profile:
    return parse_profile(document(*parts, correctable=correctable))


def doing(found: Profile, resource: JsonObject) -> JsonObject:
    """Return what a server of this profile stores."""
    return apply_all(found.transforms, resource, "update").resource


def unlabelled(resource: JsonObject) -> JsonObject:
    """Return the resource without its security labels."""
    meta = {key: value for key, value in resource.get("meta", {}).items() if key != "security"}
    return {**resource, "meta": meta}
