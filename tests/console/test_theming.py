"""Themes are files, strict, readable, and meaning never rests on colour."""

from pathlib import Path

import pytest
from textual.color import Color
from textual.theme import Theme

from console.theming import DEFAULT, load_themes, read_theme, themes_folder
from core.errors import BadInput
from tests.console.desk import Desk, text_of

TRUE_COLOUR = [theme for theme in load_themes() if not theme.ansi]


def test_the_default_is_first_and_the_others_are_there() -> None:
    names = [theme.name for theme in load_themes()]
    assert names[0] == DEFAULT == "ward-dark"
    assert set(names) >= {"high-contrast", "ansi", "ward-light"}


@pytest.mark.parametrize("theme", TRUE_COLOUR, ids=lambda theme: theme.name)
def test_every_text_colour_is_readable_on_every_background(theme: Theme) -> None:
    for back in (theme.background, theme.surface, theme.panel):
        for front in (theme.foreground, theme.accent, theme.success, theme.warning, theme.error):
            assert front and back
            assert contrast(front, back) >= 4.5, (theme.name, front, back)


def test_control_a_poor_pair_is_found() -> None:
    assert contrast("#777777", "#999999") < 4.5
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


def contrast(front: str, back: str) -> float:
    """WCAG 2 contrast, reckoned here and not by the library that draws."""
    light, dark = sorted((_luminance(front), _luminance(back)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(text: str) -> float:
    parts = [part / 255 for part in Color.parse(text).rgb]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(
    "text",
    [
        'name = "x"\n[colours]\nprimary = "#fff"\npurple = "#f0f"',
        'name = "x"\nshiny = true\n[colours]\nprimary = "#fff"',
        'name = "other"\n[colours]\nprimary = "#fff"',
        'name = "x"\n[colours]\nforeground = "#fff"',
        'name = "x"\n[colours]\nprimary = 7',
        "name = ",
    ],
)
def test_a_wrong_theme_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.toml"
    path.write_text(text)
    with pytest.raises(BadInput, match=r"^x\.toml"):
        read_theme(path)


def test_themes_are_found_in_the_source_tree_or_the_package() -> None:
    assert (themes_folder() / "ward-dark.toml").is_file()


async def test_theme_key_goes_through_all_of_them(desk: Desk) -> None:
    app = desk.app()
    async with app.run_test() as pilot:
        seen = [app.theme]
        for _ in range(len(load_themes())):
            await pilot.press("ctrl+t")
            seen.append(app.theme)
        assert seen[0] == seen[-1] and len(set(seen)) == len(load_themes())
        await pilot.pause()
        assert "Theme: ward-dark." in text_of(app)


async def test_no_color_leaves_no_colour(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    await desk.propose()
    app = desk.app()
    assert app.no_color
    async with app.run_test() as pilot:
        await pilot.press("enter")
        await pilot.pause()
        shown = text_of(app)
        assert "QUOTE VERIFIED" in shown and "~ changed" in shown
        colours = {
            style.color.triplet
            for strip in app.screen._compositor.render_strips(app.size)
            for _, style, _ in strip.apply_filter(app._filters[-1], Color(0, 0, 0))
            if style and style.color and style.color.triplet
        }
        assert colours
        for red, green, blue in colours:
            assert max(red, green, blue) - min(red, green, blue) <= 1
