"""The example files are fresh, valid FHIR, and carry signatures that hold."""

from __future__ import annotations

import ast
import base64
from pathlib import Path

import pytest

from core.canonical import JsonObject, parse_object
from core.fhir import problems
from core.hub.task import inputs, outputs
from core.proposal import read
from core.statement import InvalidStatement, thumbprint, unb64url, verify
from tests.tools.make_examples import EXAMPLES, pages

RESOURCES = [
    "task.json", "task-answered.json", "provenance-decision.json", "library-register.json",
]  # fmt: skip
LINES = 40


def example(name: str) -> JsonObject:
    return parse_object((EXAMPLES / name).read_bytes())


def keys() -> dict[str, str]:
    return {key["kid"]: key["x"] for key in example("keys.json")["keys"]}


def jws(attachment: JsonObject) -> str:
    return base64.b64decode(attachment["data"], validate=True).decode("ascii")


@pytest.mark.parametrize("name", sorted(pages()))
def test_example_is_fresh(name: str) -> None:
    found = (EXAMPLES / name).read_text("utf-8")
    assert found == pages()[name], "run: python -m tests.tools.make_examples"


@pytest.mark.parametrize("name", RESOURCES)
def test_example_is_valid_r4(name: str) -> None:
    resource = example(name)
    assert problems(resource) == []
    # Control: the check sees a wrong one.
    assert problems({**resource, "status": "no such", "target": "none"})


def test_every_signature_holds_for_its_kind_alone() -> None:
    answered = example("task-answered.json")
    carried = [(item.kind, str(item.text)) for item in [*inputs(answered), *outputs(answered)]]
    signature = example("provenance-decision.json")["signature"][0]
    content = example("library-register.json")["content"][0]
    carried += [("decision", jws(signature)), ("roster", jws(content))]
    assert [kind for kind, _ in carried] == [
        "proposal", "admission", "outcome", "decision", "roster",
    ]  # fmt: skip
    for kind, text in carried:
        assert verify(text, kind, keys()).payload["team"] == "north"
        with pytest.raises(InvalidStatement):
            verify(text, "freeze", keys())


def test_example_keys_are_named_by_their_thumbprints() -> None:
    assert all(thumbprint(x) == kid and len(unb64url(x)) == 32 for kid, x in keys().items())
    assert all("d" not in key for key in example("keys.json")["keys"])


def test_the_example_proposal_is_one() -> None:
    found = read(example("proposal.json"))
    assert found.agent.id == "scribe-1"


def test_the_agent_is_short_and_needs_only_common_libraries() -> None:
    source = (EXAMPLES / "agent.py").read_text("utf-8")
    tree = ast.parse(source)
    imported = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {name.name for node in imported if isinstance(node, ast.Import) for name in node.names}
    names |= {str(node.module) for node in imported if isinstance(node, ast.ImportFrom)}
    assert names == {
        "base64", "datetime", "httpx", "joserfc", "json", "pathlib", "sys", "time", "uuid",
    }  # fmt: skip
    text = [line.strip() for line in source.splitlines()]
    code = [line for line in text if line and not line.startswith(("#", '"""', "import ", "from "))]
    assert len(code) <= LINES


def test_no_private_key_lies_among_the_examples() -> None:
    for path in Path(EXAMPLES).iterdir():
        assert '"d"' not in path.read_text("utf-8"), path.name
