"""What is looked at again, corrected, held up or answered, over rows in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from core.lifecycle import State
from core.profile.observed import tells
from core.records import ChangeRow, ExceptionRow, WriteRow
from core.records_failure import RefusedRow, refuses_access
from core.records_pause import UnsettledRow
from core.records_profile import NOT_THERE, RECENT, AnswerRow
from core.records_recheck import CorrectionRow, RecheckRow


class AgainReads:
    book: Any
    _rows: Callable[..., list[Any]]

    def open_exceptions(self) -> Sequence[ExceptionRow]:
        return self._rows("exception", lambda row: row.closed_at is None, "id")

    def recheck(self, operation: str) -> RecheckRow | None:
        return self.book.tables["recheck"].get((operation,))

    def rechecks_due(self, at: str, limit: int) -> Sequence[ChangeRow]:
        due = self._rows(
            "recheck", lambda row: row.due is not None and row.due <= at, "due operation"
        )
        found = [(row, self.change(row.proposal, row.idx)) for row in due]
        return [
            change
            for row, change in found
            if change is not None
            and change.operation == row.operation
            and (change.state == State.VERIFIED or (row.asked and change.state == State.EXCEPTION))
        ][:limit]

    def writes_at(self, ehr: str, location: str) -> Sequence[WriteRow]:
        standing = ("persisted", "verified", "exception")
        mine = self._rows(
            "write",
            lambda row: row.location == location and row.state in standing,
            "receipt_seq",
        )
        owned = [(row, self.change(row.proposal, row.idx)) for row in mine]
        return [row for row, change in owned if change is not None and change.ehr == ehr]

    def entered(self, ehr: str, patient_tag: str) -> Sequence[ChangeRow]:
        matched = self._rows("manual", lambda row: row.found == "matched")
        by_hand = {row.operation for row in matched}
        return self._rows(
            "change",
            lambda row: (
                (row.ehr, row.patient_tag) == (ehr, patient_tag) and row.operation in by_hand
            ),
            "state_seq",
        )

    def open_corrections(self) -> Sequence[CorrectionRow]:
        return self._rows("correction", lambda row: row.proposed is row.failed is None, "id")

    def corrects(self, proposal: str) -> CorrectionRow | None:
        found = self._rows("correction", lambda row: row.proposed == proposal)
        return found[0] if found else None

    def corrections(self, proposal: str, index: int) -> Sequence[CorrectionRow]:
        mine = (proposal, index)
        return self._rows("correction", lambda row: (row.proposal, row.idx) == mine, "id")

    def unsettled(self, ehr: str) -> Sequence[UnsettledRow]:
        changes = self.book.tables["change"]
        found = self._rows("exception", lambda row: row.closed_at is None, "id")
        return [
            UnsettledRow(
                one.proposal, one.idx, row.patient_tag, row.route,
                one.kind, one.class_, one.opened_at,
            )
            for one in found
            for row in [changes[one.proposal, one.idx]]
            if row.ehr == ehr and row.state in ("exception", "dead-letter")
        ]  # fmt: skip

    def answers(
        self, ehr: str, most: int, type_: str | None = None, op: str | None = None
    ) -> Sequence[AnswerRow]:
        newest = self._rows("write", lambda _: True, "intent_seq")[-most:]
        changes, failed = self.book.tables["change"], self.book.tables["failure"]
        found = []
        for row in (one for one in newest if one.receipt_seq is not None):
            change, failure = changes[row.proposal, row.idx], failed.get((row.operation,))
            if change.ehr == ehr and type_ in (None, change.type) and op in (None, change.op):
                code = None if failure is None else failure.code
                found.append(
                    AnswerRow(row.receipt_seq, row.receipt_at, change.type, change.op,
                              change.rung, row.state, row.status, row.failure, code,
                              row.reconciled_class)
                )  # fmt: skip
        return sorted(found, key=lambda row: -row.seq)

    def telling(self, ehr: str, type_: str, op: str, since: int, most: int) -> Sequence[AnswerRow]:
        answered = self._rows("write", lambda row: row.receipt_seq is not None, "receipt_seq")
        oldest = max(since, -1 if len(answered) <= RECENT else answered[-RECENT - 1].receipt_seq)
        found = self.answers(ehr, len(self.book.tables["write"]), type_, op)
        return [row for row in found if row.seq > oldest and tells(row)][:most]

    def not_there(self, since: int) -> bool:
        answered = self._rows("write", lambda row: row.status in NOT_THERE, "receipt_seq")
        return any(row.receipt_seq > since for row in answered)

    def refused_access(self) -> Sequence[RefusedRow]:
        found: dict[tuple[str, str], list[str]] = {}
        for row in self.book.tables["failure"].values():
            if row.ended is None and refuses_access(row.failure, row.tries):
                ehr = self.book.tables["change"][row.proposal, row.idx].ehr
                found.setdefault((ehr, row.failure), []).append(row.since)
        return [RefusedRow(*key, min(since), len(since)) for key, since in sorted(found.items())]
