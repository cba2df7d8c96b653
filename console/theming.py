"""Themes: one TOML file each, read strictly, turned into Textual themes."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from textual.color import Color, ColorParseError
from textual.theme import Theme

from core.errors import BadInput, NotFound

DEFAULT = "ward-dark"
_COLOURS = frozenset(
    {
        "primary", "secondary", "accent", "success", "warning", "error",
        "foreground", "background", "surface", "panel", "boost",
    }
)  # fmt: skip
OWN_VARIABLES = (
    "diff-added", "diff-removed", "diff-changed", "risk-low", "risk-medium", "risk-high",
    "grounding-good", "grounding-bad", "urgent", "stale",
)  # fmt: skip
"""What every theme says besides Textual's own colours; styles use them as `$diff-added`."""
_KEYS = frozenset({"name", "dark", "ansi", "colours", "variables"})


def themes_folder() -> Path:
    """Return where the themes lie: in the installed package, else in the source tree."""
    here = Path(__file__).resolve().parent
    for folder in (here / "themes", here.parent / "themes"):
        if (folder / f"{DEFAULT}.toml").is_file():
            return folder
    raise NotFound("the themes are missing", remedy="Install the package again")


def load_themes(folder: Path | None = None) -> list[Theme]:
    """Return every theme, the default first; BadInput names the file and the key."""
    files = sorted((folder or themes_folder()).glob("*.toml"))
    themes = [read_theme(path) for path in files]
    return sorted(themes, key=lambda theme: (theme.name != DEFAULT, theme.name))


def read_theme(path: Path) -> Theme:
    """Return the theme in one file."""
    try:
        found = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError):
        raise BadInput("is not readable TOML", field=path.name) from None
    colours, variables = _table(path, found, "colours"), _table(path, found, "variables")
    strange = sorted((found.keys() - _KEYS) | (colours.keys() - _COLOURS))
    if strange:
        raise BadInput(f"does not know {strange[0]}", field=path.name, remedy="See themes/")
    missing = [name for name in OWN_VARIABLES if name not in variables]
    if missing:
        raise BadInput(f"lacks {missing[0]}", field=f"{path.name}: variables", remedy="See themes/")
    _check_colours(path, {**colours, **{name: variables[name] for name in OWN_VARIABLES}})
    if found.get("name") != path.stem or "primary" not in colours:
        raise BadInput("needs its file's name and a primary colour", field=path.name)
    theme = Theme(path.stem, colours["primary"], variables=variables)
    for name, value in colours.items():
        setattr(theme, name, value)
    theme.dark = bool(found.get("dark", True))
    theme.ansi = bool(found.get("ansi", False))
    return theme


def _check_colours(path: Path, colours: dict[str, str]) -> None:
    for name, value in colours.items():
        try:
            Color.parse(value)
        except ColorParseError:
            raise BadInput(
                "is not a colour", field=f"{path.name}: {name[:40]}", remedy='Write it as "#8fd18f"'
            ) from None


def _table(path: Path, found: dict[str, Any], key: str) -> dict[str, str]:
    table = found.get(key, {})
    if not isinstance(table, dict) or not all(isinstance(item, str) for item in table.values()):
        raise BadInput("is not a table of texts", field=f"{path.name}: {key}")
    return table
