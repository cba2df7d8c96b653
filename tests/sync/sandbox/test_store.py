"""The store under several connections: one file, more than one process's worth of writers."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlcipher3 import dbapi2 as sqlite

from sync.sandbox.store import Store, stamped

PATIENT: dict[str, Any] = {"resourceType": "Patient", "id": "p1"}


@pytest.fixture
def stores(tmp_path: Path, clock: Any) -> Iterator[list[Store]]:
    made = [Store(str(tmp_path / "chart.db"), clock) for _ in range(2)]
    yield made
    for store in made:
        store.close()


def test_writers_on_two_connections_take_turns(stores: list[Store]) -> None:
    stores[0].put("Patient", "p1", PATIENT, "PUT")
    barrier = threading.Barrier(16)
    found: Counter[str] = Counter()

    def update(store: Store) -> None:
        barrier.wait()
        with store.transaction():
            current = store.read("Patient", "p1")
            won = current is not None and current.version == 1
            if won:
                store.put("Patient", "p1", PATIENT, "PUT")
        found["won" if won else "lost"] += 1

    threads = [threading.Thread(target=update, args=(stores[n % 2],)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {"won": 1, "lost": 15}
    assert stores[1].history("Patient", "p1", 10, None).total == 2


def test_a_step_holds_the_file_from_its_first_read(stores: list[Store]) -> None:
    stores[1]._connection.execute("PRAGMA busy_timeout = 0")
    with stores[0].transaction():
        stores[0].read("Patient", "p1")
        with pytest.raises(sqlite.OperationalError, match="locked"), stores[1].transaction():
            pytest.fail("two at once")


def test_an_error_takes_back_the_whole_step(stores: list[Store]) -> None:
    def two_writes() -> None:
        with stores[0].transaction():
            stores[0].put("Patient", "p1", PATIENT, "PUT")
            stores[0].put("Patient", "p2", PATIENT, "PUT")
            raise KeyError

    with pytest.raises(KeyError):
        two_writes()
    assert stores[0].read("Patient", "p1") is None
    stores[0].put("Patient", "p1", PATIENT, "PUT")
    assert stores[1].read("Patient", "p1") is not None


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("resourceType x", "resourceType id meta x"),
        ("x resourceType y", "x resourceType id meta y"),
        ("resourceType x id y", "resourceType x id meta y"),
        ("meta resourceType x", "meta resourceType id x"),
        ("id x meta resourceType", "id x meta resourceType"),
    ],
)
def test_keys_keep_their_order(keys: str, expected: str) -> None:
    values = {"resourceType": "Patient", "id": "sent", "meta": {"source": "s"}, "x": 1, "y": 2}
    found = stamped({key: values[key] for key in keys.split()}, "given", 3, "now")
    assert list(found) == expected.split()
    assert found["id"] == "given"
    assert found["meta"]["versionId"] == "3"
    assert found["meta"]["lastUpdated"] == "now"
    assert found["meta"].get("source") == ("s" if "meta" in keys else None)
