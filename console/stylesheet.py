"""The styles of the console, parsed once for as long as a theme lasts."""

from __future__ import annotations

from textual.css.stylesheet import Stylesheet


class KeptStylesheet(Stylesheet):
    """A stylesheet that parses again only what is new, or everything once a variable changed.

    Textual asks for a reparse whenever a screen or a mode is opened, and then parses all styles
    anew.
    """

    def __init__(self, *, variables: dict[str, str] | None = None) -> None:
        super().__init__(variables=variables)
        self._known = dict(variables or {})

    def set_variables(self, variables: dict[str, str]) -> None:
        """Set the variables of a theme; what was parsed with the same ones is kept."""
        if variables != self._known:
            self._known = dict(variables)
            super().set_variables(variables)

    def reparse(self) -> None:
        """Parse what is new; where that fails the rules stay as they were.

        Raises StylesheetError or StylesheetParseError.
        """
        self.parse()
