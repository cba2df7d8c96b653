"""How one gets in at an EHR, as its profile tells: its address, how a client proves who it is.

Each remark stands beside what is configured, or what the server itself offers, with its source. A
remark decides nothing: whether the server lets us in is seen when it is asked for a token.
Source: SMART App Launch 2.x "Backend Services"; docs/adr/0038.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.canonical import JsonObject
from core.profile.facts import Basis
from core.profile.profile import Profile

OURS = "private_key_jwt"
"""How this workspace's clients prove who they are."""
_GRANT = "client_credentials"
"""Named by a vendor that says which grant it takes, and not how a client proves who it is."""
_LOOPBACK = re.compile(r"http://(127\.\d+\.\d+\.\d+|localhost|\[::1\])(:\d+)?(/|$)")
_HOSTED = {
    "url": "takes this client's public keys from a URL that is registered, and from nowhere else",
    "url-allow-listed": "takes this client's public keys from a URL that the vendor has to allow",
    "static": "takes this client's public keys as they were registered, and from no URL",
}


@dataclass(frozen=True, slots=True)
class Remark:
    """What the profile says of one fact, and whether what is there agrees with it."""

    fact: str
    words: str
    basis: Basis
    fits: bool | None = None
    """None where there is nothing to compare."""

    def as_json(self) -> JsonObject:
        """Return the form of `doctor --json`."""
        day = self.basis.captured_on
        return {
            "fact": self.fact,
            "words": self.words,
            "fits": self.fits,
            "source": self.basis.source,
            "grade": self.basis.grade,
            "captured_on": None if day is None else day.isoformat(),
        }


def remarks(
    profile: Profile, base_url: str, offered: Sequence[str] | None = None
) -> tuple[Remark, ...]:
    """Return what is known of getting in at an EHR.

    `offered` is what the server's SMART configuration lists as ways to authenticate, None where
    it was not asked, or lists none.
    """
    found = [*_address(profile, base_url), *_method(profile, offered), *_hosting(profile)]
    return tuple(found)


def is_at(template: str, base_url: str) -> bool:
    """Tell whether an address is one of a template, whose `{…}` stand for one part of a path."""
    parts = re.split(r"\{[a-z]+\}", template.rstrip("/"))
    return re.fullmatch("[^/]+".join(map(re.escape, parts)), base_url.rstrip("/")) is not None


def is_here(base_url: str) -> bool:
    """Tell whether an address is on this machine, as that of a sandbox."""
    return _LOOPBACK.match(base_url) is not None


def _address(profile: Profile, base_url: str) -> Iterator[Remark]:
    known = profile.base_url
    if known.value is None:
        return
    fits = is_at(known.value, base_url)
    said = f"is known at {known.value}"
    if not fits:
        where = "on this machine" if is_here(base_url) else "another one"
        said = f"{said}; the address of this workspace is {where}"
    yield Remark("base_url", said, known.basis, fits)


def _method(profile: Profile, offered: Sequence[str] | None) -> Iterator[Remark]:
    known = profile.auth_methods
    if known.value is None:
        return
    says = bool({OURS, _GRANT} & set(known.value))
    lists = offered is None or OURS in offered
    said = f"is known to take {', '.join(known.value)}"
    if not says:
        said = f"{said}; this workspace authenticates by {OURS}"
    elif not lists:
        said = f"{said}; what the server lists now does not hold {OURS}"
    yield Remark("auth_methods", said, known.basis, says and lists)


def _hosting(profile: Profile) -> Iterator[Remark]:
    known = profile.jwks_hosting
    if known.value is not None:
        yield Remark("jwks_hosting", _HOSTED[known.value], known.basis)
