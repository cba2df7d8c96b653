"""The sample policy that a new workspace starts with. Source: design §13 (`init`)."""

from __future__ import annotations

import re
from importlib import resources

from core.errors import BadInput

_PLACE = "EHR-NAME"


def sample_policy(ehr: str) -> str:
    """Return the sample document, commented, with its rules bound to one EHR.

    Raises BadInput when the name holds anything but letters, digits, dots, hyphens, underscores.
    """
    template = resources.files("core.policy").joinpath("sample.toml").read_text(encoding="utf-8")
    return bind(template, ehr)


def bind(template: str, ehr: str) -> str:
    """Return a document with the EHR's name in its place; BadInput as `sample_policy`."""
    if re.fullmatch(r"[A-Za-z0-9._-]{1,64}", ehr) is None:
        raise BadInput(
            "an EHR name has 1 to 64 letters, digits, dots, hyphens and underscores",
            field="ehr",
            remedy="Choose another name",
        )
    return template.replace(_PLACE, ehr)
