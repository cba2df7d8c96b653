"""The article's five patterns of agent write-back, as policy documents to start from.

Source: `reference/source-article.txt` §2, table of patterns. Each is data: a TOML file beside this.
"""

from __future__ import annotations

from importlib import resources

from core.errors import NotFound
from core.policy.sample import bind

PRESETS = {
    "read-only-summarization": "chart review and intake preparation; nothing is written",
    "draft-and-approve": "notes and coding suggestions as drafts, approved by a clinician",
    "scoped-administrative": "contact details, element by element, approved by a coordinator",
    "conditional-clinical": "observations within bounds and tasks, with recent evidence",
    "direct-autonomous": "one low-risk element of one registered agent, without a person",
}
"""By name, what each is for."""


def preset(name: str, ehr: str) -> str:
    """Return the document of that name with its rules bound to one EHR.

    Raises NotFound for another name, BadInput for a name that no EHR can have.
    """
    if name not in PRESETS:
        raise NotFound(
            "there is no preset of that name",
            field="NAME",
            remedy=f"Use one of {', '.join(PRESETS)}",
        )
    place = resources.files("core.policy.presets").joinpath(f"{name}.toml")
    return bind(place.read_text(encoding="utf-8"), ehr)
