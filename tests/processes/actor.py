"""A process that proposes, approves and runs without end, saying aloud what it was promised.

Called as `actor.py SEED ROUNDS`; each line of its output is an acknowledgement that must hold
though the process is killed at any moment.
"""

import contextlib
import io
import json
import random
import sys

from console.__main__ import main
from tests.builders import problem_of, proposal


def call(*arguments: str, data: bytes = b"") -> tuple[int, list[dict]]:
    out = io.StringIO()
    sys.stdin = io.TextIOWrapper(io.BytesIO(data))
    with contextlib.redirect_stdout(out):
        code = main([*arguments, "--json"])
    return code, [json.loads(line) for line in out.getvalue().splitlines()]


def say(*words: str) -> None:
    sys.stdout.write(" ".join(words) + "\n")
    sys.stdout.flush()


def propose(tag: str) -> None:
    value = proposal(problem_of(tag), evidence=[], correlation_id=tag)
    code, found = call("propose", "-", data=json.dumps(value).encode())
    assert code == 0, code
    say("proposed", found[0]["id"])


def approve(rng: random.Random) -> None:
    waiting = call("queue")[1]
    if not waiting:
        return
    change = rng.choice(waiting)
    code, found = call("approve", change["id"], "--hash", change["hash"])
    assert code in (0, 5), code
    if code == 0:
        say("approved", found[0]["id"], found[0]["decision"])


def run() -> None:
    code, _ = call("run", "--once")
    assert code == 0, code
    say("ran")


def act(seed: str, rounds: int) -> None:
    rng = random.Random(seed)
    for count in range(rounds):
        propose(f"{seed}-{count}")
        approve(rng)
        if rng.random() < 0.6:
            run()


if __name__ == "__main__":
    act(sys.argv[1], int(sys.argv[2]))
