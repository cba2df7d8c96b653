"""Styles are parsed once, until a theme has other colours."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from textual.css import stylesheet
from textual.css.stylesheet import StylesheetParseError

from console.stylesheet import KeptStylesheet
from tests.console.desk import Desk

PLACE = ("place", "")


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> Counter[object]:
    """How often each source was parsed at each place in the order of precedence."""
    counted: Counter[object] = Counter()
    true = stylesheet.parse

    def parse(scope: str, css: str, read_from: Any, **options: Any) -> Any:
        counted[css, options["tie_breaker"]] += 1
        return true(scope, css, read_from, **options)

    monkeypatch.setattr(stylesheet, "parse", parse)
    return counted


async def test_opening_screens_parses_nothing_twice(desk: Desk, parsed: Counter[object]) -> None:
    app = desk.app()
    async with app.run_test(size=(80, 24)) as pilot:
        for key in "2345":
            await pilot.press(key)
            await pilot.pause()
        assert parsed and [one for one, times in parsed.items() if times > 1] == []
        before, colour = sum(parsed.values()), app.screen.styles.background
        app.theme = "ward-light"
        await pilot.pause()
        assert sum(parsed.values()) > before
        assert app.screen.styles.background != colour


def test_a_variable_that_changed_is_seen_and_bad_styles_change_nothing() -> None:
    sheet = KeptStylesheet(variables={"far": "#111111"})
    sheet.add_source("Label { color: $far; }", PLACE)
    sheet.reparse()
    sheet.set_variables({"far": "#222222"})
    sheet.reparse()
    (rule,) = sheet.rules
    assert rule.styles.color.hex == "#222222"
    sheet.add_source("Label { colour-of-it: red; }", ("other", ""))
    with pytest.raises(StylesheetParseError):
        sheet.reparse()
    sheet.source.pop(("other", ""))
    sheet.reparse()
    assert [one.styles.color.hex for one in sheet.rules] == ["#222222"]
