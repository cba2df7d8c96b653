"""FHIR URLs, built from checked parts, and links and locations, accepted only within the base.

Source: design §9 (no link that leaves the base), hub-protocol §8 (identity, fetch).
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from functools import lru_cache

from core.errors import BadInput
from core.fhir import is_resource_type
from sync.wire import httpx

MAX_URL = 8192
KEPT = 256
"""How many of its URLs a base keeps."""
_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
_NAMED = re.compile(
    r"/([A-Z][A-Za-z]{1,63})/([A-Za-z0-9.-]{1,64})(?:/_history/([A-Za-z0-9.-]{1,64}))?"
)
_PLAIN = re.compile(r"[\x21-\x5b\x5d-\x7e]+")
# Encoded dots, slashes and backslashes may be decoded by what stands before the server.
_DISGUISED = re.compile(r"%(?:2e|2f|5c|25|00)", re.IGNORECASE)
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Named:
    """A resource that a URL names, and perhaps one version of it."""

    type: str
    id: str
    version: str | None

    @property
    def reference(self) -> str:
        """`Type/id`."""
        return f"{self.type}/{self.id}"


def is_id(text: object) -> bool:
    """Tell whether `text` is a FHIR id that can stand in a path: `.` and `..` would climb."""
    return isinstance(text, str) and bool(_ID.fullmatch(text)) and text not in (".", "..")


def split_reference(reference: str) -> tuple[str, str]:
    """Return type and id of `Type/id`, or BadInput."""
    type_, _, id_ = reference.partition("/")
    if not is_resource_type(type_) or not is_id(id_):
        raise BadInput("a reference must be Type/id", remedy="Name an R4 resource of this EHR")
    return type_, id_


def endpoint(text: str, field: str) -> httpx.URL:
    """Return a configured URL: https, or http on loopback; else BadInput naming `field`."""
    problem = _problem(text)
    if problem is not None:
        raise BadInput(
            problem, field=field, remedy="Give an https URL, or http on this machine's loopback"
        )
    return httpx.URL(text)


def is_loopback(url: httpx.URL) -> bool:
    """Tell whether a URL names this machine: localhost, 127.0.0.0/8 or ::1."""
    if url.host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(url.host)
    except ValueError:
        return False
    return address.is_loopback and getattr(address, "ipv4_mapped", None) is None


class Base:
    """The base URL of a FHIR server, without trailing slash; BadInput for an unfit one."""

    def __init__(self, text: str) -> None:
        self.text = text.rstrip("/")
        self._url = endpoint(self.text, "base_url")
        self._path = "" if self._url.path == "/" else _raw_path(self._url)
        self._root = httpx.URL(self.text + "/")
        self.loopback = is_loopback(self._url)
        # Reading a URL takes a tenth of a request's time, and a write asks for the same few often.
        self._at = lru_cache(KEPT)(httpx.URL)

    def __repr__(self) -> str:
        return "Base(…)"

    def at(self, *parts: str) -> httpx.URL:
        """Return the URL below the base; the parts must be fixed words or checked."""
        return self._at("/".join((self.text, *parts)))

    def of_type(self, type_: str) -> httpx.URL:
        """Return the URL of a resource type, or BadInput."""
        if not is_resource_type(type_):
            raise BadInput("not an R4 resource type", field="type")
        return self.at(type_)

    def of_resource(self, type_: str, id_: str, version: str | None = None) -> httpx.URL:
        """Return the URL of a resource or of one version of it, or BadInput."""
        if not is_resource_type(type_):
            raise BadInput("not an R4 resource type", field="type")
        if not is_id(id_) or not (version is None or is_id(version)):
            raise BadInput("not a FHIR id", field="id" if version is None else "version")
        return self.at(type_, id_, *(() if version is None else ("_history", version)))

    def within(self, link: object) -> httpx.URL | None:
        """Return an absolute or relative link as a URL, or None when it leaves the base.

        Scheme, host, port and path prefix (whole segments) must be the base's.
        """
        if not isinstance(link, str) or len(link) > MAX_URL or not _PLAIN.fullmatch(link):
            return None
        try:
            url = self._root.join(link)
        except httpx.InvalidURL:
            return None
        path = _raw_path(url)
        inside = path == self._path or path.startswith(self._path + "/")
        if not inside or _origin(url) != _origin(self._url) or _DISGUISED.search(path):
            return None
        return None if url.userinfo or url.fragment else url

    def named(self, location: object) -> Named | None:
        """Return what a Location names, or None when it is no resource of this server."""
        path = self._path_of(location)
        found = None if path is None else _NAMED.fullmatch(path)
        if found is None or not is_resource_type(found[1]) or not is_id(found[2]):
            return None
        if not (found[3] is None or is_id(found[3])):
            return None
        return Named(found[1], found[2], found[3])

    def _path_of(self, location: object) -> str | None:
        """Return what stands behind the base in a link without a query, None when it leaves it."""
        if isinstance(location, str):
            below = location.startswith(self.text + "/")
            path = location[len(self.text) :] if below else f"/{location}"
            # Nothing here that reading it as a URL could change.
            if _NAMED.fullmatch(path) and "/." not in path:
                return path
        url = self.within(location)
        return None if url is None or url.query else _raw_path(url)[len(self._path) :]

    def is_type(self, url: httpx.URL, type_: str) -> bool:
        """Tell whether a URL of this base is that of a type or of its `_search`."""
        return _raw_path(url)[len(self._path) :] in (f"/{type_}", f"/{type_}/_search")


def _problem(text: str) -> str | None:
    if len(text) > MAX_URL or not _PLAIN.fullmatch(text):
        return "not a URL"
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        return "not a URL"
    if url.scheme not in _DEFAULT_PORTS or not url.host:
        return "not an https URL"
    if url.userinfo or url.query or url.fragment or "?" in text or "#" in text:
        return "a URL here has no user, query or fragment"
    if _DISGUISED.search(text) or any(part in (".", "..") for part in text.split("/")):
        return "a URL here has no dot segments and no encoded slashes"
    if url.scheme != "https" and not is_loopback(url):
        return "http is for this machine's loopback only"
    return None


def _raw_path(url: httpx.URL) -> str:
    return url.raw_path.partition(b"?")[0].decode("ascii")


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port or _DEFAULT_PORTS.get(url.scheme)
