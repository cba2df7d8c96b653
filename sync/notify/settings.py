"""`[notify]` in countersign.toml: who tells people outside the console. No secret stands in it."""

from __future__ import annotations

import json
from pathlib import PurePath
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, model_validator

LOOPBACK = ("127.0.0.1", "::1", "localhost")
MAX_WORDS = 32


def _command(words: list[str]) -> list[str]:
    if not 1 <= len(words) <= MAX_WORDS or not all(word.isprintable() for word in words):
        raise ValueError(f"a command has 1 to {MAX_WORDS} printable words")
    if not PurePath(words[0]).is_absolute():
        raise ValueError("the command's first word must be the whole path of a program")
    return words


def _webhook(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or not url.isprintable():
        raise ValueError("not an https URL")
    if parts.username is not None or parts.query or parts.fragment or " " in url:
        raise ValueError("a URL with a user name, query or fragment cannot stand here")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise ValueError("http is allowed on this machine only; use https")
    return url


class NotifyConfig(BaseModel):
    """One way to tell people: exactly one of the two."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    command: Annotated[list[str], AfterValidator(_command)] | None = None
    """A program and its arguments, run without a shell; it gets one JSON line on standard input."""
    webhook: Annotated[str, AfterValidator(_webhook)] | None = None
    """An address that the same JSON is posted to."""

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.command is None) == (self.webhook is None):
            raise ValueError("name a command or a webhook, one of them")
        return self

    @property
    def kind(self) -> str:
        """`command` or `webhook`."""
        return "webhook" if self.command is None else "command"


def render_notify(found: NotifyConfig | None) -> str:
    """Return the table, or the comment that says how to write one."""
    if found is None:
        return _NONE
    if found.command is None:
        return f"{_HEAD}[notify]\nwebhook = {json.dumps(found.webhook, ensure_ascii=False)}\n"
    words = ", ".join(json.dumps(word, ensure_ascii=False) for word in found.command)
    return f"{_HEAD}[notify]\ncommand = [{words}]\n"


_HEAD = """
# Who is told outside the console what waits too long: ids and times, never chart content.
"""
_NONE = f"""{_HEAD}# Without it nobody is told outside.
# [notify]
# command = ["/usr/local/bin/page-on-call"]  # gets one JSON object on standard input
# webhook = "https://pager.example.org/hook"  # or gets it posted
"""
