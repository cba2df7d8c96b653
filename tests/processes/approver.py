"""A process that stages and approves one change for each of so many patients.

Called as `approver.py COUNT`; each second change is a create, the others are updates.
"""

import argparse
import asyncio
import sys

from console.bootstrap import open_here
from core.intake.stage import stage
from core.review.decide import Answer, decide
from core.workspace import Workspace
from tests.builders import CONDITION, document, proposal

AT_ONCE = 4


def change(number: int) -> dict:
    patient = f"Patient/p{number}"
    if number % 2:
        return {"op": "create", "resource": {**CONDITION, "subject": {"reference": patient}}}
    patch = [{"op": "replace", "path": "/telecom/1/value", "value": f"555 {number:04}"}]
    return {"op": "update", "target": patient, "base_version": "1", "patch": patch}


async def approve(workspace: Workspace, number: int) -> None:
    asked = proposal(
        change(number), patient=f"Patient/p{number}", evidence=[], correlation_id=f"c{number}"
    )
    found = await stage(workspace, document(asked))
    row = workspace.ledger.change(found.proposal.id, 0)
    assert found.outcome == "review" and row is not None
    decide(workspace, row.proposal, 0, Answer("approve", seen=row.change_digest))


async def main(count: int) -> None:
    with open_here(argparse.Namespace(workspace=None)) as opened:
        async with opened.connected() as workspace:
            for first in range(0, count, AT_ONCE):
                numbers = range(first, min(first + AT_ONCE, count))
                await asyncio.gather(*(approve(workspace, number) for number in numbers))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
