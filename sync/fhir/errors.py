"""Ways in which a server answers without giving what was asked; all are kinds of Unreachable.

Their texts name the server as the workspace does and hold no URL, id, token or chart content.
"""

from __future__ import annotations

from core.errors import Moved, Unreachable
from core.ports import AskedLess


class Redirected(Moved):
    """The server answered with a redirect, which is never followed (a merged patient may do so)."""


class WrongAnswer(Unreachable):
    """The server answered with another resource or version than was asked for: critical."""


class Unreadable(Unreachable):
    """The answer is too large, cut short, of another content type, or not the JSON it should be."""


class Throttled(AskedLess):
    """The server asks for fewer requests, by 429 or 503."""
