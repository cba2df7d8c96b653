"""What an approval must attest: that the reviewer did something no screen can see.

A route names codes; the approval carries them, signed, and counts only with all of them.
Source: design §2 (route), §8.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from core.errors import BadInput
from core.records import ChangeRow

SENTENCES = {
    "document-seen": "I saw the document itself, not only the quote",
    "identity-checked": "it is the right person, by two identifiers",
    "patient-agrees": "I spoke with the patient, who agrees",
    "patient-by-callback": "I called them on a number that was on record",
    "source-asked": "I asked whoever wrote the source",
}
"""What a reviewer says with each known code; a policy may ask for codes of its own.

Short enough to be read whole in a dialog of 80 columns.
"""

FIELD = "attest"


def sentence(code: str) -> str:
    """Return what a code says; a code that only a policy knows speaks for itself."""
    return SENTENCES.get(code, code)


def wanted(route: dict[str, Any] | None) -> list[str]:
    """Return the codes that an approval on this route must attest, in their order."""
    return [str(code) for code in (route or {}).get("attestation") or ()]


def check_attested(change: ChangeRow, given: Collection[str]) -> list[str]:
    """Return the codes to sign; raises BadInput unless they are exactly those of the route."""
    asked = wanted(change.route_json)
    for code in given:
        if code not in asked:
            raise BadInput(
                f"change {change.idx} does not ask for it: {code}",
                field=FIELD,
                remedy=f"It asks for: {', '.join(asked)}" if asked else "Leave it out",
            )
    missing = [code for code in asked if code not in given]
    if missing:
        raise BadInput(
            f"change {change.idx} asks you to attest {' and '.join(missing)}",
            field=FIELD,
            remedy="Do it, then say so, such as " + " ".join(f"--attest {code}" for code in asked),
        )
    return asked


def attested(route: dict[str, Any] | None, signed: object) -> bool:
    """Tell whether a signed list of codes holds all that the route asks for."""
    return set(wanted(route)) <= {
        code for code in (signed if isinstance(signed, list) else ()) if isinstance(code, str)
    }
