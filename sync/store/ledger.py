"""The ledger on SQLite: every change of state is an append in one immediate transaction.

Source: design §4, hub-protocol §9. Size and frontier are read inside the transaction, so any
number of processes share one workspace; a transaction ends with a signed checkpoint.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from core.canonical import encode
from core.clock import interval
from core.errors import Conflict, Failed
from core.ledger import checkpoint, merkle
from core.ledger.event import (
    Entry,
    Event,
    Interval,
    commitment,
    instant,
    make_leaf,
    moment,
)
from core.ledger.projection import project
from core.lifecycle import State, check
from core.statement import Signer, unb64url
from sync.store import rows
from sync.store.connection import Busy, Connection
from sync.store.kept import Kept, rest_of
from sync.store.reads import StoreReads

if TYPE_CHECKING:
    from core.ports import Clock

HASH_BYTES = 32


@dataclass(frozen=True)
class CheckpointKey:
    """The ledger's own key; its thumbprint at the opening is the ledger's id."""

    signer: Signer
    x: str

    @cached_property
    def public(self) -> bytes:
        """The raw public key."""
        return unb64url(self.x)


class StoreTransaction(StoreReads):
    """Implements `core.ports.Transaction`."""

    def __init__(
        self,
        connection: Connection,
        now: Interval,
        ledger: str,
        size: int,
        tree: bytes,
        kept: Kept | None = None,
    ):
        super().__init__(connection, kept)
        self.clock = now
        self.size = size
        self.opened_at = size
        self.whole = True
        self.ledger = ledger
        self.frontier: merkle.Frontier = tuple(
            tree[start : start + HASH_BYTES] for start in range(0, len(tree), HASH_BYTES)
        )

    def append(self, event: Event) -> Entry:
        """Append one event and project it; raises IllegalTransition or Conflict."""
        self._check_transition(event)
        self._kept.check()
        self.whole = False
        salt, body = (None, None)
        if event.body is not None:
            salt, body = secrets.token_bytes(32), encode(event.body)
        committed = None if salt is None or body is None else commitment(salt, body)
        seq = self.size
        made = make_leaf(event, ledger=self.ledger, seq=seq, clock=self.clock, commitment=committed)
        leaf = encode(made)
        hashed = merkle.leaf_hash(leaf)
        self.connection.execute(
            "INSERT INTO leaf (seq, leaf, hash, proposal) VALUES (?, ?, ?, ?)",
            (seq, leaf, hashed, event.about.proposal),
        )
        if body is not None:
            self.connection.execute(
                "INSERT INTO body (seq, salt, body) VALUES (?, ?, ?)", (seq, salt, body)
            )
        operations = list(project(made, event.body))
        written = [rest_of(one) for one in operations if rows.apply(self.connection, one)]
        self._kept.written([("leaf", seq), *written])
        self.frontier = merkle.append(self.frontier, seq, hashed)
        self.size = seq + 1
        self.whole = True
        return Entry(seq, made, event.body)

    def holds_lease(self, epoch: int) -> bool:
        """Tell whether `epoch` is the newest lease of this workspace's gateway."""
        found = self.connection.execute("SELECT epoch FROM lease WHERE name = 'gateway'").fetchone()
        return found is not None and found[0] == epoch

    def erase_body(self, seq: int) -> None:
        """Delete a body and its salt; the caller appends `body.erased` in this transaction."""
        self.connection.execute("DELETE FROM body WHERE seq = ?", (seq,))

    def _check_transition(self, event: Event) -> None:
        if event.after is None:
            return
        if event.before is None:
            if event.after != State.PROPOSED:
                raise Failed(f"{event.type} enters {event.after} from nowhere")
            return
        about = event.about
        if about.proposal is None or about.index is None:
            raise Failed(f"{event.type} moves no change")
        found = self.connection.execute(
            "SELECT state FROM change WHERE proposal = ? AND idx = ?", (about.proposal, about.index)
        ).fetchone()
        if found is None or found[0] != event.before:
            raise Conflict(
                f"change {about.index} is no longer {event.before}",
                remedy="Look at it again with `countersign show`",
            )
        check(State(event.before), State(event.after), event.type)


class StoreLedger(StoreReads):
    """Implements `core.ports.Ledger`; without a checkpoint key it only reads."""

    def __init__(
        self,
        connection: Connection,
        clock: Clock,
        key: CheckpointKey | None,
        on_commit: Callable[[str], None] | None = None,
    ):
        super().__init__(connection)
        self._clock = clock
        self._key = key
        self._on_commit = on_commit
        self.locked = False
        """An older state of this store was put back: nothing is appended until it is recovered."""

    @property
    def id(self) -> str:
        """Thumbprint of the first checkpoint key."""
        found = self.connection.execute("SELECT ledger FROM tree").fetchone()
        if found is None:
            raise Failed("the ledger is not open", remedy="Run `countersign init`")
        return str(found[0])

    @property
    def size(self) -> int:
        """The number of events."""
        return int(self.connection.execute("SELECT size FROM tree").fetchone()[0])

    def interval(self) -> Interval:
        """Return the time as far as it is known: now, and the latest time of any event."""
        hi = self.connection.execute("SELECT hi FROM tree").fetchone()[0]
        return interval(self._clock.bounds(), moment(hi))

    def hashes(self, size: int) -> list[bytes]:
        """Return the leaf hashes of the first `size` events."""
        found = self.connection.execute(
            "SELECT hash FROM leaf WHERE seq < ? ORDER BY seq", (size,)
        ).fetchall()
        return [row[0] for row in found]

    def create(self, first: Event) -> None:
        """Open a new ledger with its first event."""
        key = self._required_key()
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            self.connection.execute(
                "INSERT INTO tree (id, ledger, size, frontier, hi) VALUES (1, ?, 0, ?, ?)",
                (key.signer.kid, b"", instant(self._clock.now())),
            )
            self.connection.execute("COMMIT")
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        with self.transaction() as transaction:
            transaction.append(first)

    @contextmanager
    def transaction(self) -> Iterator[StoreTransaction]:
        """Begin an immediate transaction; it commits durably when the block ends without error."""
        key = self._required_key()
        try:
            self.connection.execute("BEGIN IMMEDIATE")
        except Busy:
            raise Conflict(
                "another process holds the store", remedy="Wait for it to finish, then try again"
            ) from None
        try:
            with self._kept.locked():
                current = self._begin()
                yield current
                note = self._seal(current, key)
                self.connection.execute("COMMIT")
        except BaseException:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            raise
        if note is not None and self._on_commit is not None:
            self._on_commit(note)

    def _begin(self) -> StoreTransaction:
        ledger, size, frontier, hi = self.connection.execute(
            "SELECT ledger, size, frontier, hi FROM tree"
        ).fetchone()
        now = interval(self._clock.bounds(), moment(hi))
        return StoreTransaction(self.connection, now, ledger, size, frontier, self._kept)

    def _seal(self, current: StoreTransaction, key: CheckpointKey) -> str | None:
        """Write the tree and sign its head; None when nothing was appended."""
        if not current.whole:
            raise Failed("an append failed half-way, so its transaction is not committed")
        if current.size == current.opened_at:
            return None
        head = checkpoint.Checkpoint(current.ledger, current.size, merkle.root(current.frontier))
        note = checkpoint.sign(head, key.signer, key.public)
        self._kept.check()
        self.connection.execute(
            "UPDATE tree SET size = ?, frontier = ?, hi = ?",
            (current.size, b"".join(current.frontier), instant(current.clock.hi)),
        )
        self.connection.execute(
            "INSERT INTO checkpoint (size, note) VALUES (?, ?)", (current.size, note)
        )
        self._kept.written(())
        return note

    def _required_key(self) -> CheckpointKey:
        if self.locked:
            raise Failed(
                "an older state of this store was put back, or its tail was cut: the head file "
                "holds a head over more events than the store",
                remedy="Nothing is recorded; run `countersign recover`",
            )
        if self._key is None:
            raise Failed("this workspace was opened for reading only")
        return self._key

    def head(self) -> str | None:
        """Return the newest signed checkpoint."""
        found = self.connection.execute(
            "SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1"
        ).fetchone()
        return None if found is None else str(found[0])
