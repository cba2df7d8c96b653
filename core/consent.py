"""What a consent check may answer. Source: design §7; unreadable or unknown never allows."""

from __future__ import annotations

PERMITTED = frozenset({"permit", "not-read:permit"})
"""The answers that allow; any other does not. `not-read:` is the workspace's stated default."""
