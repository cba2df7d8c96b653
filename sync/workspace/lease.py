"""The gateway lease: at most one process of a workspace sends, and a late one is fenced off.

A file lock, which the system drops when its holder dies, says whether the holder lives; the epoch
in the store says which holder is the newest (`Transaction.holds_lease`). Source: design §9,
hub-protocol §6 step 9 (solo: local).
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

from filelock import FileLock, Timeout

from core.errors import Conflict, Failed
from sync.keys import private_file
from sync.store.connection import Connection

FILE = "gateway.lock"
NAME = "gateway"


class LeaseHeld(Conflict):
    """Another process is this workspace's gateway."""

    code = "lease-held"


class GatewayLease:
    """The right to send for one workspace; as a context manager it takes it at once or raises."""

    def __init__(self, folder: Path, connection: Connection):
        self._connection = connection
        self._epoch: int | None = None
        # An existence lock, filelock's substitute where flock is missing, would outlive its holder.
        self._lock = FileLock(
            folder / FILE,
            mode=private_file.MODE,
            thread_local=False,
            fallback_to_soft=False,
        )

    @property
    def epoch(self) -> int | None:
        """The epoch that is held, None when none is."""
        return self._epoch

    def acquire(self, timeout_s: float = 0) -> int:
        """Return a new epoch, higher than any before; Conflict when another holder lives.

        Waits for the other holder up to `timeout_s` seconds.
        """
        if self._epoch is not None:
            return self._epoch
        try:
            self._lock.acquire(timeout=max(timeout_s, 0))
        except Timeout:
            raise LeaseHeld(
                "another process is this workspace's gateway",
                remedy="Let it send, or stop it first",
            ) from None
        except OSError as error:
            raise Failed(
                f"the gateway lock cannot be taken: {error.strerror}",
                remedy="Put the workspace on a local disk that you may write to",
            ) from error
        try:
            self._epoch = self._next_epoch()
        except BaseException:
            self._lock.release()
            raise
        return self._epoch

    def release(self) -> None:
        """Give the lease up, if it is held."""
        if self._epoch is not None:
            self._epoch = None
            self._lock.release()

    def _next_epoch(self) -> int:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            self._connection.execute(
                "INSERT INTO lease (name, epoch) VALUES (?, 1)"
                " ON CONFLICT (name) DO UPDATE SET epoch = epoch + 1",
                (NAME,),
            )
            found = self._connection.execute(
                "SELECT epoch FROM lease WHERE name = ?", (NAME,)
            ).fetchone()
            self._connection.execute("COMMIT")
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        return int(found[0])

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()
