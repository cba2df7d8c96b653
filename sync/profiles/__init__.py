"""What is known of EHR products, one TOML document each; every fact says where it comes from.

A workspace adopts a copy of the document, signed, when it is made. Source: design §2, §7, §13.
"""

from __future__ import annotations

from importlib import resources

from core.errors import BadInput

NAMES = (
    "advancedmd", "athenahealth", "eclinicalworks", "epic", "generic-r4", "hapi", "medplum",
    "oracle-health", "sandbox", "veradigm",
)  # fmt: skip


def load_profile(name: str) -> str:
    """Return the profile document called `name`; BadInput listing those there are."""
    if name not in NAMES:
        raise BadInput(
            "there is no such EHR profile", field="profile", remedy=f"Use one of {', '.join(NAMES)}"
        )
    return resources.files("sync.profiles").joinpath(f"{name}.toml").read_text(encoding="utf-8")
