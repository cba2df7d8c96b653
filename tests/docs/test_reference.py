"""The generated pages are those that the code gives now."""

import pytest

from tests.tools.make_docs import REFERENCE, pages


@pytest.mark.parametrize("name", sorted(pages()))
def test_page_is_fresh(name: str) -> None:
    found = (REFERENCE / name).read_text("utf-8")
    assert found == pages()[name], "run: python -m tests.tools.make_docs"
