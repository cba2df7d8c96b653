"""A hub and EHR with 10,000 signed Tasks in a process of its own: the sandbox, on loopback.

Prints its base URL when it accepts connections; serves until it is ended.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.keys.ring import Ed25519Signer
from sync.sandbox import Sandbox, serve
from tests.builders import Bench
from tests.hub import HubAgent

TASKS = 10_000
AGENT = "scribe-1"


def signer() -> Ed25519Signer:
    """Return the key of the agent that made all of them."""
    return Ed25519Signer(Ed25519PrivateKey.from_private_bytes(b"b" * 32))


def main() -> None:
    """Serve on a free port of loopback."""
    agent = HubAgent(id=AGENT, signer=signer())
    with Sandbox(no_auth=True) as sandbox, tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        sandbox.seed([chain[-1] for chain in bench.ehr.versions.values()])
        sandbox.seed({**agent.task(), "id": f"t{number}"} for number in range(TASKS))

        def ready(base_url: str, _token_url: str) -> None:
            sys.stdout.write(f"{base_url}\n")
            sys.stdout.flush()

        serve(sandbox.app, 0, ready)


if __name__ == "__main__":
    main()
