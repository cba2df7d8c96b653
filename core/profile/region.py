"""In which country an EHR's national telephone numbers are at home.

Source: design §10 (ContactPoint), §7 (a document counts once it is adopted).
"""

from __future__ import annotations

from core.errors import BadInput
from core.ports import Reads
from core.profile.parse import profile_in_force
from core.trust import Untrusted, check_in_force


def region_in_force(reads: Reads, ehr: str) -> str | None:
    """Return the `telephone_region` of the profile that an admin adopted; None where none says.

    A profile that cannot be read or that no signed adoption backs says nothing here, which only
    calls more a change; the gateway stops on the one, `audit verify` tells of the other.
    """
    kind = f"profile.{ehr}"
    if reads.config(kind) is None:
        return None
    try:
        check_in_force(reads, kind)
        return profile_in_force(reads, ehr).telephone_region.value
    except (Untrusted, BadInput):
        return None
