"""Taking a change in again as a new revision, judged anew: one event, whoever has it judged.

Source: design §6, §8; hub-protocol §6 step 4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from core.canonical import JsonObject
from core.intake.admit import revision_data
from core.intake.judge import trace_data
from core.ledger.event import About, Actor, Event
from core.policy import Verdict
from core.ports import Transaction
from core.records import ChangeRow, ProposalRow
from core.review.content import Content
from core.review.voiding import about
from core.workspace import Workspace


def append_readmitted(
    workspace: Workspace,
    transaction: Transaction,
    row: ProposalRow,
    change: ChangeRow,
    content: Content,
    verdict: Verdict,
    why: str | None,
    moved: Sequence[JsonObject] = (),
) -> tuple[About, tuple[str, str]]:
    """Append the change's next revision; return what it is about and its digests, to be admitted.

    `content` has a nonce of its own. `why` is a static code, for which the approvals before are
    void; None where there were none. `moved` is what others changed meanwhile, to be shown.
    """
    following = replace(change, revision=change.revision + 1)
    judged = replace(content, trace=trace_data(verdict.trace))
    digests = judged.digests(
        row, following, workspace.base_url(change.ehr), verdict.digest(), workspace.team
    )
    transaction.append(
        Event(
            "change.readmitted",
            Actor("gateway", "gateway", workspace.keys.signer("gateway").kid),
            about(following),
            data={"void": why, **revision_data(judged, digests)},
            body=judged.as_json(change.patient_label) | {"moved": list(moved)},
        )
    )
    return about(following), digests
