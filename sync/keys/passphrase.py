"""The key file: the workspace key, wrapped under a passphrase that the user chose.

Source: design §11, §13; scrypt (RFC 7914), AES key wrap (RFC 3394), normalisation of passphrases
as in NIST SP 800-63B §5.1.1.2.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap
from pydantic import BaseModel, ConfigDict, ValidationError

from core.canonical import encode, exact, parse_object, plain
from core.errors import BadInput, NotFound
from core.statement import InvalidStatement, b64url, unb64url
from sync.keys import private_file
from sync.keys.seal import KEY_BYTES

MIN_LENGTH = 8
MAX_BYTES = 4096
SALT_BYTES = 16
_WRAPPED_BYTES = KEY_BYTES + 8
_MAX_MEMORY = 256 * 1024 * 1024
_MAX_P = 16
_RESTORE = "Restore the key file from a backup"


class WrongPassphrase(BadInput):
    """The key file does not open with this passphrase."""

    code = "wrong-passphrase"


@dataclass(frozen=True, slots=True)
class Cost:
    """scrypt parameters: memory is 128·n·r bytes; the defaults take 32 MiB and about 0.1 s."""

    n: int = 2**15
    r: int = 8
    p: int = 1

    def __post_init__(self) -> None:
        """Refuse what scrypt cannot do, or what would exhaust the machine that opens the file."""
        power_of_two = self.n >= 2 and self.n & (self.n - 1) == 0
        if not power_of_two or self.r < 1 or not 1 <= self.p <= _MAX_P:
            raise BadInput("the scrypt parameters are out of range", field="kdf", remedy=_RESTORE)
        if 128 * self.n * self.r > _MAX_MEMORY:
            raise BadInput("the scrypt parameters ask for too much", field="kdf", remedy=_RESTORE)


class _Kdf(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    name: Literal["scrypt"]
    n: int
    r: int
    p: int
    salt: str


class _KeyFile(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    version: Literal[1]
    kdf: _Kdf
    wrapped: str


def check_new(passphrase: str) -> None:
    """Raise BadInput for a passphrase too short to protect a new key file."""
    if len(passphrase) < MIN_LENGTH or not passphrase.strip():
        raise BadInput(
            f"the passphrase has fewer than {MIN_LENGTH} characters",
            field="passphrase",
            remedy=f"Choose one of at least {MIN_LENGTH} characters; several words are good",
        )


def write_key_file(
    path: Path, workspace_key: bytes, passphrase: str, cost: Cost | None = None
) -> None:
    """Create the key file, readable by its owner only; BadInput for a weak passphrase."""
    check_new(passphrase)
    cost = cost or Cost()
    salt = secrets.token_bytes(SALT_BYTES)
    document = {
        "version": 1,
        "kdf": {"name": "scrypt", "n": cost.n, "r": cost.r, "p": cost.p, "salt": b64url(salt)},
        "wrapped": b64url(aes_key_wrap(_wrapping_key(passphrase, salt, cost), workspace_key)),
    }
    private_file.create(path, encode(exact(document)) + b"\n")


def read_key_file(path: Path, passphrase: str) -> bytes:
    """Return the workspace key; WrongPassphrase, or BadInput for a damaged file, or NotFound."""
    cost, salt, wrapped = _parse(path)
    try:
        return aes_key_unwrap(_wrapping_key(passphrase, salt, cost), wrapped)
    except InvalidUnwrap:
        raise WrongPassphrase(
            "the passphrase does not open this workspace's key file",
            remedy="Enter it again, or check the file that COUNTERSIGN_PASSPHRASE_FILE names",
        ) from None


def read_passphrase_file(path: Path) -> tuple[str, str | None]:
    """Return the passphrase in the file that COUNTERSIGN_PASSPHRASE_FILE names, and a warning.

    One newline at the end does not count. The warning, for the caller to show, says that others on
    this machine can read the file; it is None when they cannot. Raises NotFound or BadInput.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
            mode = os.fstat(file.fileno()).st_mode
    except OSError as error:
        raise NotFound(
            f"the passphrase file cannot be read: {error.strerror}",
            field="COUNTERSIGN_PASSPHRASE_FILE",
            remedy="Name a readable file",
        ) from None
    text = _decoded(data)
    if not text:
        raise BadInput(
            "the passphrase file is empty",
            field="COUNTERSIGN_PASSPHRASE_FILE",
            remedy="Write the passphrase on its first line",
        )
    shared = stat.S_ISREG(mode) and mode & (stat.S_IRGRP | stat.S_IROTH)
    return text, "others can read the passphrase file; run `chmod 600` on it" if shared else None


def _decoded(data: bytes) -> str:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = "\n\n"
    text = text.removesuffix("\n").removesuffix("\r")
    if len(data) > MAX_BYTES or "\n" in text:
        raise BadInput(
            "the passphrase file holds more than one line, too much, or no UTF-8",
            field="COUNTERSIGN_PASSPHRASE_FILE",
            remedy="Write the passphrase alone on its first line",
        )
    return text


def _parse(path: Path) -> tuple[Cost, bytes, bytes]:
    try:
        found = _KeyFile.model_validate(plain(parse_object(path.read_bytes())))
        salt, wrapped = unb64url(found.kdf.salt), unb64url(found.wrapped)
    except FileNotFoundError:
        raise NotFound("the workspace has no key file", remedy=_RESTORE) from None
    except (BadInput, ValidationError, InvalidStatement):
        raise BadInput("the key file is damaged", field=path.name, remedy=_RESTORE) from None
    if len(salt) != SALT_BYTES or len(wrapped) != _WRAPPED_BYTES:
        raise BadInput("the key file is damaged", field=path.name, remedy=_RESTORE)
    return Cost(found.kdf.n, found.kdf.r, found.kdf.p), salt, wrapped


def _wrapping_key(passphrase: str, salt: bytes, cost: Cost) -> bytes:
    # Keyboards and editors differ in how they compose the same characters.
    normal = unicodedata.normalize("NFKC", passphrase).encode("utf-8", "surrogatepass")
    memory = 128 * cost.r * (cost.n + cost.p + 2)
    return hashlib.scrypt(
        normal, salt=salt, n=cost.n, r=cost.r, p=cost.p, maxmem=memory + 65536, dklen=KEY_BYTES
    )
