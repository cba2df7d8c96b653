"""A process that appends to a store and says each seq aloud once it is durable.

Called as `appender.py STORE KEY_HEX NAME COUNT [unsaid]`. Before each round of appends it waits for
a line, or for the end of its input. With `unsaid` it speaks too early: before the commit, for which
it then waits for another line.
"""

from __future__ import annotations

import sys

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from console.bootstrap.system import SystemClock
from core.ledger.event import Actor, Event
from sync.keys.ring import Ed25519Signer
from sync.store.connection import connect
from sync.store.ledger import CheckpointKey, StoreLedger

ROUND = 10


def thing(name: str) -> Event:
    data = {"id": name, "scope": {}}
    return Event("freeze.set", Actor("system", "x"), data=data, body={"reason": f"why {name}"})


def ledger_on(path: str, key_hex: str) -> StoreLedger:
    signer = Ed25519Signer(Ed25519PrivateKey.from_private_bytes(bytes.fromhex(key_hex)))
    return StoreLedger(connect(path, None), SystemClock(), CheckpointKey(signer, signer.x))


def say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def main(path: str, key_hex: str, name: str, count: str, *unsaid: str) -> None:
    ledger = ledger_on(path, key_hex)
    for number in range(int(count)):
        if number % ROUND == 0:
            sys.stdin.readline()
        with ledger.transaction() as transaction:
            entry = transaction.append(thing(f"{name}-{number}"))
            if unsaid:
                say(entry.seq, f"{name}-{number}")
                sys.stdin.readline()
        if not unsaid:
            say(entry.seq, f"{name}-{number}")


if __name__ == "__main__":
    main(*sys.argv[1:])
