"""The one place that imports httpx, the HTTP client; everything else says `from sync.wire import`.

httpx and httpcore log each request's full URL, and a URL can name a patient, so both speak only
of warnings from here on.
Source: design §3 (one import point) and §14.7 (no PHI in logs).
"""

from __future__ import annotations

import logging

import httpx

__all__ = ["FIRST_BYTE", "httpx"]

FIRST_BYTE = "http11.send_request_headers.started"
"""What the `trace` of a request hears when its connection stands, before its first byte.

The name is httpcore's.
"""

for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)
