"""`countersign.toml`: where the EHRs are, and who sits at this terminal. No secret stands in it.

Source: design §11, §13 (`init`). Read strictly: an unknown or misspelt key is an error.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)

from core.errors import BadInput, NotFound
from core.roster import Id
from sync.notify.settings import NotifyConfig, render_notify

FILE = "countersign.toml"


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("not an http or https URL")
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("a URL with a user name, query or fragment cannot stand here")
    if not text.isprintable() or " " in text or parts.port == 0:
        raise ValueError("not a URL")
    return text.rstrip("/")


Url = Annotated[str, AfterValidator(_url)]
WorkspaceId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f-]{36}$")]
ClientId = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,256}$")]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Clients(_Table):
    """The client ids of the four planes; their private keys lie sealed in the store."""

    read: ClientId | None = None
    propose: ClientId | None = None
    approve: ClientId | None = None
    write: ClientId | None = None


class EhrConfig(_Table):
    """One EHR; without `token_url` it is discovered, without `clients` it is asked anonymously."""

    base_url: Url
    """Without a slash at the end."""
    token_url: Url | None = None
    profile: Id
    clients: Clients = Clients()


class Config(_Table):
    """A whole `countersign.toml`, version 1."""

    version: Literal[1]
    id: WorkspaceId | None = None
    """What this workspace's entries in the OS keyring are found by."""
    team: Id
    reviewer: Id
    keys: Literal["file", "keyring"]
    keyring_backend: str | None = None
    """Module and class of the keyring that was chosen; another one is refused."""
    ehr: Annotated[dict[Id, EhrConfig], Field(min_length=1)]
    notify: NotifyConfig | None = None
    """Who tells people outside the console."""


_REMEDIES = {
    "missing": "Add it",
    "extra_forbidden": "Remove it or correct its spelling",
    "string_pattern_mismatch": "Use 1 to 64 letters, digits, dots, hyphens and underscores",
    "value_error": "Write the whole address, such as https://ehr.example.org/fhir",
    "too_short": "Add a table [ehr.<name>]",
}


def parse_config(text: str) -> Config:
    """Return the configuration in a TOML document, or BadInput naming the field and its remedy."""
    try:
        return make_config(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"not TOML: {error}", field=FILE, remedy="Correct it there") from None


def make_config(values: object) -> Config:
    """Return the configuration that plain values (a table, as TOML holds it) state, or BadInput."""
    try:
        return Config.model_validate(values)
    except ValidationError as error:
        # A misspelt key is also a missing one; naming the spelling helps more.
        defects = sorted(
            error.errors(include_input=False, include_url=False),
            key=lambda defect: defect["type"] != "extra_forbidden",
        )
        kind, where = defects[0]["type"], defects[0]["loc"]
        remedy = _REMEDIES.get(kind, "Correct the value")
        if "clients" in where and kind == "string_pattern_mismatch":
            remedy = "Use 1 to 256 visible ASCII characters"
        if where and where[0] == "notify" and kind != "extra_forbidden":
            remedy = "Name the path of a program, or an https address"
        problem = "unknown key" if kind == "extra_forbidden" else _sentence(defects[0]["msg"])
        field = ".".join(str(part) for part in where if part != "[key]")
        raise BadInput(problem, field=field or FILE, remedy=remedy) from None


def _sentence(message: str) -> str:
    return message.removeprefix("Value error, ")


def read_config(folder: Path) -> Config:
    """Return the configuration of the workspace in `folder`; NotFound or BadInput."""
    try:
        return parse_config((folder / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NotFound(f"there is no {FILE} in this folder", remedy="Run `countersign init`") from (
            None
        )
    except UnicodeDecodeError:
        raise BadInput("not UTF-8", field=FILE, remedy="Save it as UTF-8") from None


def render_config(config: Config) -> str:
    """Return a commented document that `parse_config` reads back as the same configuration."""
    head = _HEAD.format(
        team=_quoted(config.team),
        reviewer=_quoted(config.reviewer),
        id="" if config.id is None else _ID.format(id=_quoted(config.id)),
        keys=_quoted(config.keys),
        backend=""
        if config.keyring_backend is None
        else f"keyring_backend = {_quoted(config.keyring_backend)}\n",
    )
    ehrs = "".join(_render_ehr(name, ehr) for name, ehr in config.ehr.items())
    return head + ehrs + render_notify(config.notify)


_HEAD = """\
# A Countersign workspace. This file says where things are; it holds no secret.
#
# What agents may do, and who may decide, stands in policy.toml and roster.toml. Editing those
# changes nothing by itself: `countersign policy adopt` and `countersign roster adopt` put them in
# force, signed.

version = 1
{id}
# Every signed statement names the team. "solo": this workspace shares no hub.
team = {team}

# Who sits at this terminal: an id in the adopted roster.
reviewer = {reviewer}

# Where the key lies that opens the store: "file" is keys.json, protected by a passphrase;
# "keyring" is the keyring of the operating system, and of it only this back end.
keys = {keys}
{backend}"""

_ID = """
# What the entries of this workspace in the OS keyring are found by.
id = {id}
"""

_EHR = """
# An EHR: a FHIR R4 server that is read and written.
[ehr.{name}]
base_url = {base_url}
# The OAuth 2.0 token endpoint. Left out, the server's SMART configuration names it.
{token_url}
# What is known of this product; profile.toml is the copy that this workspace adopted.
profile = {profile}
"""

_CLIENTS = """
# The OAuth 2.0 client of each plane. Their private keys lie sealed in the store.
[ehr.{name}.clients]
"""


def _render_ehr(name: str, ehr: EhrConfig) -> str:
    key = name if name.replace("-", "").replace("_", "").isalnum() else _quoted(name)
    token_url = (
        '# token_url = "https://ehr.example.org/token"'
        if ehr.token_url is None
        else f"token_url = {_quoted(ehr.token_url)}"
    )
    text = _EHR.format(
        name=key, base_url=_quoted(ehr.base_url), token_url=token_url, profile=_quoted(ehr.profile)
    )
    clients = ehr.clients.model_dump(exclude_none=True)
    if not clients:
        return text
    listed = "".join(f"{plane} = {_quoted(client)}\n" for plane, client in clients.items())
    return text + _CLIENTS.format(name=key) + listed


def _quoted(text: str) -> str:
    # JSON's string escapes are TOML's; only DEL must be escaped besides.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
