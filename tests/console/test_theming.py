"""Themes are files, strict, readable, and meaning never rests on colour."""

from pathlib import Path

import pytest
from textual.color import Color
from textual.theme import Theme

from console.theming import DEFAULT, OWN_VARIABLES, load_themes, read_theme, themes_folder
from core.errors import BadInput
from tests.console.desk import Desk, text_of

WHOLE = "[variables]\n" + "\n".join(f'{name} = "#ffffff"' for name in OWN_VARIABLES)
TRUE_COLOUR = [theme for theme in load_themes() if not theme.ansi]


def test_the_default_is_first_and_the_others_are_there() -> None:
    names = [theme.name for theme in load_themes()]
    assert names[0] == DEFAULT == "ward-dark"
    assert set(names) >= {"high-contrast", "ansi", "ward-light", "colour-blind-safe"}


@pytest.mark.parametrize("theme", TRUE_COLOUR, ids=lambda theme: theme.name)
def test_every_text_colour_is_readable_on_every_background(theme: Theme) -> None:
    wanted = 7 if theme.name == "high-contrast" else 4.5
    fronts = [theme.foreground, theme.accent, theme.success, theme.warning, theme.error]
    fronts += [theme.variables[name] for name in OWN_VARIABLES]
    for back in (theme.background, theme.surface, theme.panel):
        for front in fronts:
            assert front and back
            assert contrast(front, back) >= wanted, (theme.name, front, back)


# Machado, Oliveira and Fernandes 2009, severity 1.0, on linear RGB.
SIGHT = {
    "protan": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216),
               (-0.003882, -0.048116, 1.051998)),
    "deutan": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413),
               (-0.011820, 0.042940, 0.968881)),
    "tritan": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602),
               (0.004733, 0.691367, 0.303900)),
}  # fmt: skip
APART = (
    ("diff-added", "diff-removed"), ("diff-added", "diff-changed"),
    ("diff-removed", "diff-changed"), ("risk-low", "risk-high"), ("risk-low", "risk-medium"),
    ("risk-medium", "risk-high"), ("grounding-good", "grounding-bad"),
)  # fmt: skip
CLEAR = 20.0
"""A difference in CIE Lab that nobody overlooks between two words."""


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("pair", APART, ids="/".join)
def test_colour_blind_safe_keeps_meanings_apart(pair: tuple[str, str], sight: str) -> None:
    theme = next(theme for theme in load_themes() if theme.name == "colour-blind-safe")
    one, other = (_seen(theme.variables[name], sight) for name in pair)
    assert _distance(one, other) >= CLEAR, (pair, sight)


def test_control_red_and_green_of_the_default_run_together() -> None:
    theme = next(theme for theme in load_themes() if theme.name == "ward-dark")
    close = [
        _distance(*(_seen(theme.variables[name], sight) for name in pair))
        for pair in APART for sight in ("protan", "deutan")
    ]  # fmt: skip
    assert min(close) < CLEAR


def _seen(text: str, sight: str) -> list[float]:
    """Return linear RGB as an eye of that kind sees it."""
    linear = _linear(text)
    return [
        min(1.0, max(0.0, sum(part * value for part, value in zip(row, linear, strict=True))))
        for row in SIGHT[sight]
    ]


def _distance(one: list[float], other: list[float]) -> float:
    """Return the CIE 1976 difference of two colours in linear RGB, D65."""
    return sum((a - b) ** 2 for a, b in zip(_lab(one), _lab(other), strict=True)) ** 0.5


def _lab(linear: list[float]) -> tuple[float, float, float]:
    red, green, blue = linear
    x = (0.4124564 * red + 0.3575761 * green + 0.1804375 * blue) / 0.95047
    y = 0.2126729 * red + 0.7151522 * green + 0.0721750 * blue
    z = (0.0193339 * red + 0.1191920 * green + 0.9503041 * blue) / 1.08883

    def curve(value: float) -> float:
        return value ** (1 / 3) if value > 0.008856 else 7.787 * value + 16 / 116

    fx, fy, fz = curve(x), curve(y), curve(z)
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def test_control_a_poor_pair_is_found() -> None:
    assert contrast("#777777", "#999999") < 4.5
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


def contrast(front: str, back: str) -> float:
    """WCAG 2 contrast, reckoned here and not by the library that draws."""
    light, dark = sorted((_luminance(front), _luminance(back)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _linear(text: str) -> list[float]:
    parts = [part / 255 for part in Color.parse(text).rgb]
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def _luminance(text: str) -> float:
    linear = _linear(text)
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
        'name = "x"\n[colours]\nprimary = "#fff"',
        'name = "x"\n[colours]\nprimary = "nocolour"\n' + WHOLE,
        'name = "x"\n[colours]\nprimary = "#fff"\n' + WHOLE.replace("urgent", "urgently"),
    ],
)
def test_a_wrong_theme_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.toml"
    path.write_text(text)
    with pytest.raises(BadInput, match=r"^x\.toml"):
        read_theme(path)


def test_control_a_whole_theme_file_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text('name = "x"\n[colours]\nprimary = "#fff"\n' + WHOLE)
    assert read_theme(path).variables["urgent"] == "#ffffff"


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
