"""Turns: by weight, between routes, then between agents; the old before the new; none for ever."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from core.traffic.fair import FairQueue
from core.traffic.work import WEIGHT, Kind, Work


def drained(queue: FairQueue[str], count: int) -> list[str]:
    return [item for _ in range(count) if (item := queue.pop()) is not None]


def test_routes_share_though_one_is_loud() -> None:
    queue: FairQueue[str] = FairQueue()
    for _ in range(100):
        queue.add(Work(Kind.WRITE, "loud"), "loud")
    for _ in range(10):
        queue.add(Work(Kind.WRITE, "quiet"), "quiet")
    assert Counter(drained(queue, 20)) == {"loud": 10, "quiet": 10}


def test_agents_share_their_route_and_many_of_them_gain_it_nothing() -> None:
    queue: FairQueue[str] = FairQueue()
    for number in range(40):
        queue.add(Work(Kind.WRITE, "crowded", f"agent-{number % 4}"), f"agent-{number % 4}")
        queue.add(Work(Kind.WRITE, "other", "single"), "single")
    found = Counter(drained(queue, 40))
    assert found == {"single": 20, **{f"agent-{number}": 5 for number in range(4)}}


def test_kinds_are_served_by_weight_and_the_least_of_them_too() -> None:
    queue: FairQueue[str] = FairQueue()
    for kind in Kind:
        for _ in range(200):
            queue.add(Work(kind), kind)
    found = Counter(drained(queue, 82))
    assert found == {kind: WEIGHT[kind] for kind in Kind}


def test_a_route_that_was_idle_has_saved_nothing_up() -> None:
    queue: FairQueue[str] = FairQueue()
    for number in range(50):
        queue.add(Work(Kind.WRITE, "busy"), f"busy-{number}")
    drained(queue, 20)
    for _ in range(50):
        queue.add(Work(Kind.WRITE, "late"), "late")
    assert Counter(drained(queue, 10))["late"] == 5


def test_who_may_not_go_keeps_the_place() -> None:
    queue: FairQueue[str] = FairQueue()
    queue.add(Work(Kind.READ), "read")
    queue.add(Work(Kind.WRITE), "write")
    assert queue.pop(lambda kind: kind != Kind.WRITE) == "read"
    assert queue.pop(lambda kind: kind != Kind.WRITE) is None
    assert queue.pop() == "write" and queue.pop() is None


@given(
    st.lists(st.tuples(st.sampled_from(list(Kind)), st.sampled_from("ab"), st.sampled_from("xy")))
)
def test_everything_comes_out_once_and_the_old_of_a_flow_first(
    works: list[tuple[Kind, str, str]],
) -> None:
    queue: FairQueue[int] = FairQueue()
    for number, (kind, route, agent) in enumerate(works):
        queue.add(Work(kind, route, agent), number)
    out = []
    while (item := queue.pop()) is not None:
        out.append(item)
    assert sorted(out) == list(range(len(works))) and len(queue) == 0
    for flow in set(works):
        mine = [number for number in out if works[number] == flow]
        assert mine == sorted(mine)


def test_what_gave_up_is_gone() -> None:
    queue: FairQueue[str] = FairQueue()
    queue.add(Work(Kind.READ), "one")
    queue.add(Work(Kind.READ), "two")
    queue.remove(Work(Kind.READ), "one")
    queue.remove(Work(Kind.READ), "never there")
    assert len(queue) == 1 and queue.pop() == "two"
