"""Verification of a whole ledger from its stored bytes, naming where it fails.

Pure: the store hands in rows, this says what is wrong with them. Examining nothing is a failure.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from core.canonical import Json, JsonObject, Number
from core.errors import CountersignError
from core.ledger import checkpoint, merkle
from core.ledger.checkpoint import Checkpoint
from core.ledger.event import ERASED, commitment, read_leaf
from core.statement import thumbprint

Tell = Callable[[str, int, int], None]
"""Told now and then what is done, how much of it is done, and of how much; raising stops it."""

TOLD_EACH = 1_000
"""After how many events it is told again."""


@dataclass(frozen=True, slots=True)
class StoredLeaf:
    """One row of the ledger as stored; `body` and `salt` are None once erased or never there."""

    seq: int
    leaf: bytes
    hash: bytes
    salt: bytes | None
    body: bytes | None


@dataclass(frozen=True, slots=True)
class StoredTree:
    """What the store says of its own tree."""

    ledger: str
    size: int
    frontier: bytes


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, and the seq where it shows (None: the ledger as a whole)."""

    what: str
    seq: int | None = None

    def __str__(self) -> str:
        """Return `event N: what`."""
        return self.what if self.seq is None else f"event {self.seq}: {self.what}"


@dataclass
class Report:
    """What was examined and what is wrong with it."""

    events: int = 0
    checkpoints: int = 0
    bodies: int = 0
    roots: dict[int, bytes] = field(default_factory=dict)
    """Tree heads at the sizes that somebody signed."""
    problems: list[Problem] = field(default_factory=list)
    matched: list[str] = field(default_factory=list)
    """Where the heads are kept, outside the store, that the events found agree with."""
    given_up: int = 0
    """Heads over lost events that admins gave up, signed, when a backup had been restored."""

    @property
    def ok(self) -> bool:
        """True when something was examined and nothing is wrong."""
        return self.events > 0 and not self.problems

    def add(self, what: str, seq: int | None = None) -> None:
        """Note a problem."""
        self.problems.append(Problem(what, seq))


@dataclass(frozen=True, slots=True)
class Verified:
    """A report with what it was compared with outside the store."""

    report: Report
    anchored: int
    """How many of the events a published head covers."""
    compared: str
    """Our own words on the EHR's copy of the head."""

    @property
    def unanchored(self) -> int:
        """How many of the events examined no published head covers."""
        return self.report.events - self.anchored


def heads_words(report: Report) -> str:
    """Return in words which of the heads kept outside the store the events agree with."""
    gone = (
        f"; {report.given_up} given up when a backup was restored: see type:ledger.recovered"
        if report.given_up
        else ""
    )
    if not report.matched:
        return f"no head that was kept outside the store was matched{gone}"
    return f"matches {', '.join(report.matched)}{gone}"


def quiet(_what: str, _done: int, _of: int) -> None:
    """Tell nobody."""


def verify_ledger(
    tree: StoredTree | None,
    leaves: Iterable[StoredLeaf],
    notes: Sequence[tuple[int, str]],
    heads: Sequence[tuple[str, str]] = (),
    tell: Tell = quiet,
) -> Report:
    """Verify leaves, bodies, tree, checkpoints, and heads that were kept elsewhere.

    `leaves` can be gone through more than once, in the order of their seq. `notes` are (size,
    signed note) of the store; `heads` are (place, signed note) from outside it: a head larger than
    the store shows a cut tail or a restored backup.
    """
    report = Report()
    if tree is None:
        report.add("there is no ledger in this store")
        return report
    key = _opening_key(tree, next(iter(leaves), None), report)
    wanted = _signed_sizes(tree, notes, heads, key, report)
    frontier = _walk(tree, leaves, {head.size for _, head in wanted}, report, tell)
    if b"".join(frontier) != tree.frontier or report.events != tree.size:
        report.add(
            f"the stored tree has {tree.size} events; the events found are {report.events} "
            "or their hashes differ"
        )
    kept = {place for place, _ in heads}
    for place, head in wanted:
        if _check_head(place, head, report) and place in kept:
            report.matched.append(place)
    _check_gaps(tree, notes, report)
    if report.events == 0:
        report.add("no events were examined")
    return report


def _opening_key(tree: StoredTree, first: StoredLeaf | None, report: Report) -> str | None:
    """Return the ledger's public key from its first event; its thumbprint must be the ledger id."""
    try:
        x = None if first is None else read_leaf(first.leaf)["data"]["checkpoint"]["x"]
    except (KeyError, TypeError, CountersignError):
        first = None
    if first is None:
        report.add("the opening event is missing or unreadable", 0)
        return None
    if not isinstance(x, str) or thumbprint(x) != tree.ledger:
        report.add("the opening event names another key than the ledger's id", 0)
        return None
    return x


def _signed_sizes(
    tree: StoredTree,
    notes: Sequence[tuple[int, str]],
    heads: Sequence[tuple[str, str]],
    key: str | None,
    report: Report,
) -> list[tuple[str, Checkpoint]]:
    """Return the heads whose signature holds; others are problems."""
    if key is None:
        return []
    found: list[tuple[str, Checkpoint]] = []
    named: list[tuple[str, str, int | None]] = [
        (f"checkpoint {size}", note, size) for size, note in notes
    ]
    named += [(place, note, None) for place, note in heads]
    for place, note, size in named:
        try:
            head = checkpoint.verify(note, tree.ledger, key)
        except CountersignError as error:
            report.add(f"{place}: {error.problem}")
            continue
        if size is not None and head.size != size:
            report.add(f"{place} is filed under another size")
            continue
        report.checkpoints += size is not None
        found.append((place, head))
    return found


def _walk(
    tree: StoredTree, leaves: Iterable[StoredLeaf], sizes: set[int], report: Report, tell: Tell
) -> merkle.Frontier:
    frontier: merkle.Frontier = ()
    bodies = _Bodies()
    for expected, stored in enumerate(leaves):
        if expected % TOLD_EACH == 0:
            tell("events", expected, tree.size)
        if stored.seq != expected:
            report.add(f"event {expected} is missing; the next one found is {stored.seq}", expected)
            break
        hashed = merkle.leaf_hash(stored.leaf)
        if not hmac.compare_digest(hashed, stored.hash):
            report.add("its bytes differ from its stored hash", stored.seq)
        _check_leaf(tree, stored, bodies, report)
        frontier = merkle.append(frontier, expected, hashed)
        report.events += 1
        if report.events in sizes:
            report.roots[report.events] = merkle.root(frontier)
    _check_erasures(bodies, report)
    return frontier


@dataclass
class _Bodies:
    """The events that committed to a body: with it, without it, and erased by a later event."""

    held: set[int] = field(default_factory=set)
    lacking: set[int] = field(default_factory=set)
    erased: set[int] = field(default_factory=set)


def _check_leaf(tree: StoredTree, stored: StoredLeaf, bodies: _Bodies, report: Report) -> None:
    try:
        leaf = read_leaf(stored.leaf)
    except CountersignError:
        report.add("its bytes are not a readable event", stored.seq)
        return
    if leaf.get("ledger") != tree.ledger or _seq(leaf) != stored.seq:
        report.add("it names another ledger or place", stored.seq)
    if leaf.get("type") == ERASED:
        bodies.erased |= _erased(leaf)
    if stored.body is None or stored.salt is None:
        bodies.lacking |= {stored.seq} if "body" in leaf else set()
        return
    bodies.held.add(stored.seq)
    report.bodies += 1
    if "body" not in leaf or not hmac.compare_digest(
        str(leaf["body"]), commitment(stored.salt, stored.body)
    ):
        report.add("its body is not the one that it committed to", stored.seq)


def _check_erasures(bodies: _Bodies, report: Report) -> None:
    for seq in sorted(bodies.lacking - bodies.erased):
        report.add("its body is gone, and no event says that it was erased", seq)
    for seq in sorted(bodies.held & bodies.erased):
        report.add("its body was erased, and is there again", seq)


def _erased(leaf: JsonObject) -> set[int]:
    data = leaf.get("data")
    found = _natural(data.get("erased")) if isinstance(data, dict) else None
    return set() if found is None else {found}


def _seq(leaf: JsonObject) -> int | None:
    return _natural(leaf.get("seq"))


def _natural(value: Json) -> int | None:
    found = value.text if isinstance(value, Number) else ""
    return int(found) if found.isdigit() else None


def _check_head(place: str, head: Checkpoint, report: Report) -> bool:
    if head.size > report.events:
        report.add(
            f"{place} was signed over {head.size} events; the store has {report.events}: "
            "its tail was cut or an old backup restored",
            report.events,
        )
        return False
    if head.size and report.roots.get(head.size) != head.root:
        report.add(
            f"{place} was signed over other events than the first {head.size}", head.size - 1
        )
        return False
    return True


def _check_gaps(tree: StoredTree, notes: Sequence[tuple[int, str]], report: Report) -> None:
    newest = max((size for size, _ in notes), default=0)
    if newest != tree.size:
        report.add(f"the newest checkpoint covers {newest} of {tree.size} events")
