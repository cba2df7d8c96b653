"""Building addresses from checked parts, and refusing those that leave the configured base."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urljoin, urlsplit

from core.errors import BadInput, Unreachable

_TYPE = re.compile(r"[A-Z][A-Za-z]{1,63}")
_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")


def split_reference(reference: str) -> tuple[str, str]:
    """Return type and id of `Type/id`; BadInput for anything else."""
    type_, _, id_ = reference.partition("/")
    if not _TYPE.fullmatch(type_) or not _ID.fullmatch(id_):
        raise BadInput("is not Type/id", field="reference", remedy="Use a relative reference")
    return type_, id_


def instance_path(type_: str, id_: str | None, version: str | None = None) -> str:
    """Return the path below the base for a type, an instance or a version of it."""
    if not _TYPE.fullmatch(type_):
        raise BadInput("is not a resource type", field="type")
    path = f"/{type_}"
    for part, before in ((id_, "/"), (version, "/_history/")):
        if part is None:
            continue
        if not _ID.fullmatch(part):
            raise BadInput("is not a FHIR id", field="id")
        path += before + part
    return path


def check_base(base_url: str) -> str:
    """Return the base without a trailing slash; BadInput unless https, or http on loopback."""
    parts = urlsplit(base_url)
    if parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname)):
        return base_url.rstrip("/")
    raise BadInput(
        "is neither https nor on this machine", field="base_url", remedy="Use the https address"
    )


def is_loopback(host: str | None) -> bool:
    """Tell whether a host is this machine."""
    if host is None:
        return False
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def within(base_url: str, link: str) -> str:
    """Return an absolute link that lies below the base; Unreachable for one that leaves it.

    Compares the parsed scheme, host, port and path segments, not the text.
    """
    base, found = urlsplit(base_url), urlsplit(urljoin(base_url + "/", link))
    same = (base.scheme, base.hostname, _port(base_url)) == (
        found.scheme,
        found.hostname,
        _port(found.geturl()),
    )
    segments = base.path.rstrip("/").split("/")
    if not same or found.path.split("/")[: len(segments)] != segments or ".." in found.path:
        raise Unreachable("the EHR answered with a link that leaves its own address")
    return found.geturl()


def reference_in(base_url: str, location: str) -> str | None:
    """Return `Type/id` of a Location below the base, with or without a version; else None."""
    try:
        found = within(base_url, location)
    except Unreachable:
        return None
    parts = found[len(base_url) :].split("?")[0].strip("/").split("/")
    if len(parts) in (2, 4) and _TYPE.fullmatch(parts[0]) and _ID.fullmatch(parts[1]):
        return f"{parts[0]}/{parts[1]}"
    return None


def _port(url: str) -> int | None:
    parts = urlsplit(url)
    return parts.port or {"http": 80, "https": 443}.get(parts.scheme)
