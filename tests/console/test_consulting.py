"""Asking a colleague from a review: whom and in what words, and nothing else happens."""

from core.adoption import adopt
from sync.keys.ring import generate
from tests.builders import phone_change
from tests.console.desk import Desk, text_of
from tests.scale import in_ci

pytestmark = in_ci


def join(desk: Desk, name: str) -> None:
    other = generate()
    adopted = desk.ledger.config("roster")
    assert adopted is not None
    key = f'{{kid = "{other.signer("reviewer").kid}", x = "{other.public("reviewer")}"}}'
    person = f'[[people]]\nid = "{name}"\nroles = ["nurse"]\nkeys = [{key}]\n'
    adopt(desk.offline(), "roster", f"{adopted.document}\n{person}")


async def test_a_colleague_is_asked_and_both_read_it_in_the_history(desk: Desk) -> None:
    join(desk, "dr-okafor")
    id_ = await desk.propose(phone_change())
    app = desk.app()
    async with app.run_test(size=(160, 40)) as pilot:
        await pilot.press("enter", "c", "1", "n", *"hers?", "enter")
        await pilot.pause()
        assert not [one for one in desk.ledger.notices(id_, 0) if one.kind == "consult"]
        await pilot.press("y")
        await pilot.pause()
        assert "Asked: dr-okafor is told." in text_of(app)
        await pilot.press("ctrl+r", "t", "t")
        await pilot.pause()
        assert "dr-lee to dr-okafor: hers?" in text_of(app)
    assert desk.states(id_) == ["pending-human-review"]
    assert [one.kind for one in desk.ledger.notices(id_, 0)] == ["consult"]


async def test_alone_there_is_nobody_to_ask(desk: Desk) -> None:
    await desk.propose(phone_change())
    app = desk.app()
    async with app.run_test() as pilot:
        await pilot.press("enter", "c")
        await pilot.pause()
        assert "nobody else in the roster" in text_of(app)
