"""`run --once` with one guard of the write path switched off, for the controls.

Called as `unguarded.py GUARD`: `none`, `read-back` (what is unknown counts as stored) or
`operation-id` (a create is posted with nothing that tells it from another, and sent again when its
outcome is unknown).
"""

import sys
from dataclasses import replace

import core.gateway.run as run_module
import core.gateway.send as send_module
from console.__main__ import main
from core.canonical import encode
from core.gateway import events
from core.gateway.readback import resolve
from core.gateway.request import write_request
from core.lifecycle import State
from core.ports import Request
from core.records import ChangeRow
from core.review.content import Content
from core.stamps import bare
from core.workspace import Workspace


async def believe(workspace: Workspace, change: ChangeRow) -> None:
    target = f"{change.type}/{change.operation}"
    events.resolve(workspace, change, State.PERSISTED, "read-back", "1", target)


def anonymous(content: Content, operation: str) -> Request:
    request = write_request(content, operation)
    if content.base is not None:
        return request
    plain = bare(content.resource, None, operation)
    return replace(request, method="POST", id=None, headers={}, body=encode(plain))


async def again(workspace: Workspace, change: ChangeRow) -> None:
    if change.op == "update":
        await resolve(workspace, change)
    else:
        events.resolve(workspace, change, State.READY, "not-applied")


def switch_off(guard: str) -> None:
    if guard == "read-back":
        run_module.resolve = believe
    if guard == "operation-id":
        send_module.write_request = anonymous
        run_module.resolve = again


if __name__ == "__main__":
    switch_off(sys.argv[1])
    sys.exit(main(["run", "--once", "--json"]))
