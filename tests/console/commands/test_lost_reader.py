"""Output that cannot be written is a failure: a part of it must not be taken for all of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PERSON = {"resourceType": "Patient", "gender": "female"}


def run(output: int, *arguments: str | Path, unbuffered: bool) -> tuple[int, str]:
    """Run the command with its output going to a file descriptor; return exit code and stderr."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONUNBUFFERED"}
    if unbuffered:
        environment["PYTHONUNBUFFERED"] = "1"
    done = subprocess.run(
        [sys.executable, "-m", "console", *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.PIPE,
        env=environment,
        check=False,
    )
    return done.returncode, done.stderr.decode("utf-8")


@pytest.fixture
def deserted() -> int:
    """Return the end of a pipe into which nobody looks any more."""
    reader, writer = os.pipe()
    os.close(reader)
    return writer


@pytest.mark.parametrize("unbuffered", [True, False])
@pytest.mark.parametrize("command", ["pairs", "pair"])
def test_a_reader_that_went_away_is_a_failure_in_one_line(
    command: str, deserted: int, tmp_path: Path, *, unbuffered: bool
) -> None:
    person, pairs = tmp_path / "person.json", tmp_path / "pairs"
    person.write_text(json.dumps(PERSON))
    line = json.dumps({"id": "a", "intended": PERSON, "persisted": PERSON})
    pairs.write_text(f"{line}\n" * 3)
    words = ["--pairs", pairs] if command == "pairs" else [person, person]
    code, told = run(deserted, "diff", *words, unbuffered=unbuffered)
    os.close(deserted)
    assert code == 1
    assert told == "countersign: the output could not all be written: Broken pipe\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
@pytest.mark.parametrize("unbuffered", [True, False])
def test_a_full_disk_is_a_failure_in_one_line(tmp_path: Path, *, unbuffered: bool) -> None:
    person = tmp_path / "person.json"
    person.write_text(json.dumps(PERSON))
    with Path("/dev/full").open("wb") as full:
        code, told = run(full.fileno(), "diff", person, person, unbuffered=unbuffered)
    assert code == 1
    assert told == "countersign: the output could not all be written: No space left on device\n"
