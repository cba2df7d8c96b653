"""The ledger page by page, and the events that match: every read is bounded.

The number of an event is its place, so a page is found at once in a ledger of any size; nothing
counts rows. A page is one row of JSON: a thread that computes makes the reader wait once, not once
an event. Source: core.audit.search.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from core.audit.events import SHOWN_BYTES, StoredDetail, StoredEvent
from core.audit.search import STEP, Found
from core.audit.wanted import Wanted
from sync.store.connection import Connection

TAGS = 4_000
"""How many proposals one step of a search for a patient looks at."""

_PAGE = (
    "SELECT json_group_array(json_array(leaf.seq, hex(leaf.leaf), p.patient_label))"
    " FROM leaf LEFT JOIN proposal p ON p.id = leaf.proposal WHERE "
)
_ID = "instr(text, :{0}) > 0"
_WHERE = {
    "proposal": "asked = :{0}",
    "operation": _ID,
    "freeze": _ID,
    "id": _ID,
    "reviewer": (
        "(json_extract(text, '$.actor.id') = :{0}"
        " AND json_extract(text, '$.actor.kind') IN ('reviewer', 'admin'))"
        " OR json_extract(text, '$.data.reviewer') = :{0}"
    ),
    "agent": (
        "agent = :{0} OR json_extract(text, '$.data.agent') = :{0}"
        " OR json_extract(text, '$.data.scope.agent') = :{0}"
        " OR (json_extract(text, '$.actor.id') = :{0}"
        " AND json_extract(text, '$.actor.kind') = 'agent')"
    ),
    "by": "json_extract(text, '$.actor.id') = :{0}",
    "type": (
        "json_extract(text, '$.type') = :{0}"
        " OR substr(json_extract(text, '$.type'), 1, length(:{0}) + 1) = :{0} || '.'"
    ),
    "ehr": "json_extract(text, '$.ehr') = :{0}",
    "since": "json_extract(text, '$.at') >= :{0}",
    "until": "json_extract(text, '$.at') < :{0}",
}
"""Field of a term → its condition, the value's name in braces."""

_MENTIONED = frozenset({"operation", "freeze", "id"})
_TAGGED = "json_extract(text, '$.patient') IN (SELECT value FROM json_each(:tags))"


class AuditReads:
    """The reads of the audit, for `sync.store.reads.StoreReads`."""

    connection: Connection

    def events(self, low: int, high: int) -> list[StoredEvent]:
        """Return the events with `low ≤ seq < high`, newest first; one that is gone is told so."""
        found = self._page("leaf.seq >= ? AND leaf.seq < ?", (low, high))
        return [found.get(seq, StoredEvent(seq, None)) for seq in range(high - 1, low - 1, -1)]

    def events_at(self, seqs: Sequence[int]) -> list[StoredEvent]:
        """Return those events, in that order."""
        where = "leaf.seq IN (SELECT value FROM json_each(?))"
        found = self._page(where, (json.dumps(list(seqs)),))
        return [found.get(seq, StoredEvent(seq, None)) for seq in seqs]

    def event_detail(self, seq: int) -> StoredDetail | None:
        """Return one event with as much of its body as is shown."""
        found = self.connection.execute(
            "SELECT leaf.leaf, leaf.hash, substr(body.body, 1, ?), length(body.body),"
            " CASE WHEN json_valid(CAST(body.body AS TEXT))"
            " THEN json_extract(CAST(body.body AS TEXT), '$.statement') END, p.patient_label"
            " FROM leaf LEFT JOIN body USING (seq)"
            " LEFT JOIN proposal p ON p.id = leaf.proposal WHERE leaf.seq = ?",
            (SHOWN_BYTES, seq),
        ).fetchone()
        if found is None:
            return None
        leaf, hashed, body, size, statement, label = found
        signed = statement if isinstance(statement, str) else None
        return StoredDetail(seq, bytes(leaf), bytes(hashed), body, size or 0, signed, label)

    def find_events(self, wanted: Wanted, tags: Sequence[str] | None, low: int, high: int) -> Found:
        """Return what matches in `low ≤ seq < high`, from the top.

        One proposal is found by an index; else the newest STEP events are looked at.
        """
        proposal = wanted.first("proposal")
        floor = max(low, high - STEP) if proposal is None else low
        where, bound = _condition(wanted, tags)
        index = "" if proposal is None else "AND leaf.proposal = :the_proposal"
        # CASE: what is no JSON is never looked into, and an altered leaf stops no search.
        query = (
            "SELECT json_group_array(seq) FROM (SELECT seq FROM ("  # noqa: S608
            "SELECT leaf.seq AS seq, leaf.proposal AS asked, p.agent AS agent,"
            " CAST(leaf.leaf AS TEXT) AS text FROM leaf"
            " LEFT JOIN proposal p ON p.id = leaf.proposal"
            f" WHERE leaf.seq >= :low AND leaf.seq < :high {index})"
            f" WHERE CASE WHEN json_valid(text) THEN ({where}) ELSE 0 END"
            " ORDER BY seq DESC LIMIT :limit)"
        )
        given = {**bound, "low": floor, "high": high, "limit": STEP, "the_proposal": proposal}
        seqs = sorted(json.loads(self.connection.execute(query, given).fetchone()[0]), reverse=True)
        return Found(seqs, seqs[-1] if len(seqs) == STEP else floor)

    def patient_tags(self, name: str, after: str) -> tuple[list[str], str | None]:
        """Return the tags of patients whose shown name holds `name`, case apart.

        Looks at TAGS proposals after an id; the second is where to read on, None at the end.
        """
        found = self.connection.execute(
            "SELECT id, patient_tag, patient_label FROM proposal WHERE id > ? ORDER BY id LIMIT ?",
            (after, TAGS),
        ).fetchall()
        wanted = name.casefold()
        tags = {tag for _, tag, label in found if label and wanted in label.casefold()}
        return sorted(tags), found[-1][0] if len(found) == TAGS else None

    def first_since(self, at: str) -> int:
        """Return a seq before which no event happened at or after an instant.

        Halves the ledger by `clock.hi`, which never goes back; what was altered counts as later.
        """
        low, high = 0, int(self.connection.execute("SELECT size FROM tree").fetchone()[0])
        while low < high:
            middle = (low + high) // 2
            if self._hi(middle) < at:
                low = middle + 1
            else:
                high = middle
        return low

    def has_freeze(self, freeze: str) -> bool:
        """Tell whether a freeze of that id was ever set."""
        found = self.connection.execute("SELECT 1 FROM freeze WHERE id = ?", (freeze,)).fetchone()
        return found is not None

    def has_agent(self, agent: str) -> bool:
        """Tell whether a proposal of that agent is in the store."""
        query = "SELECT 1 FROM proposal WHERE agent = ? LIMIT 1"
        return self.connection.execute(query, (agent,)).fetchone() is not None

    def _hi(self, seq: int) -> str:
        found = self.connection.execute(
            "SELECT CASE WHEN json_valid(CAST(leaf AS TEXT))"
            " THEN json_extract(CAST(leaf AS TEXT), '$.clock.hi') END FROM leaf WHERE seq = ?",
            (seq,),
        ).fetchone()
        return "~" if found is None or found[0] is None else str(found[0])

    def _page(self, where: str, given: Sequence[object]) -> dict[int, StoredEvent]:
        (text,) = self.connection.execute(_PAGE + where, given).fetchone()
        return {
            seq: StoredEvent(seq, bytes.fromhex(leaf), label)
            for seq, leaf, label in json.loads(text)
        }


def _condition(wanted: Wanted, tags: Sequence[str] | None) -> tuple[str, dict[str, object]]:
    """Return the condition and its values; only constants stand in the text."""
    parts: list[str] = []
    bound: dict[str, object] = {}
    for number, term in enumerate(wanted.terms):
        if term.field == "patient":
            continue
        name = f"v{number}"
        parts.append(f"({_WHERE[term.field].format(name)})")
        bound[name] = json.dumps(term.value) if term.field in _MENTIONED else term.value
    if tags is not None:
        parts.append(_TAGGED)
        bound["tags"] = json.dumps(list(tags))
    return " AND ".join(parts) or "1", bound
