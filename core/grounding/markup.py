"""The words of an HTML, XHTML or XML document, without its tags; nothing is ever rendered.

What a reader of the rendered page would not see is left out, so that a quote cannot be grounded
in it: comments, scripts, styles, templates, and elements hidden by attribute or inline style. The
standard library's parser needs quadratic time on some malformed input, and sources are foreign;
this scanner reads every character a bounded number of times.
Source: hub-protocol §8 (never render XHTML, show its text).
"""

from __future__ import annotations

import html
import re

_VOID = frozenset(
    {
        "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source",
        "track", "wbr",
    }
)  # fmt: skip
_UNSEEN = frozenset({"head", "noscript", "script", "style", "svg", "template"})
# HTML blocks and the section, list and table elements of CDA documents.
_BLOCKS = frozenset(
    {
        "address", "article", "aside", "blockquote", "br", "caption", "dd", "div", "dl", "dt",
        "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "item", "li", "list", "main",
        "nav", "ol", "p", "paragraph", "pre", "section", "table", "tbody", "text", "tfoot", "thead",
        "title", "tr", "ul",
    }
)  # fmt: skip
_CELLS = frozenset({"td", "th"})
_RAW = frozenset({"script", "style"})
_NAME = re.compile(r"<(/?)([A-Za-z][^\s/>]*)")
_TAG_PART = re.compile(r">|=\s*[\"']")
_ATTRIBUTE = re.compile(r"([^\s=/\"'>]+)(?:\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s>]+))?")
_SPACES = re.compile(r"[ \t\r\n\f]+")
_HIDING_STYLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|font-size\s*:\s*0|opacity\s*:\s*0",
    re.IGNORECASE,
)


def strip_tags(markup: str) -> str:
    """Return the visible words of `markup`, one block a line; malformed markup never raises.

    What is opened and never closed (a tag, a comment, an element that hides its content) hides the
    rest: a quote there is not found, which is the safe answer.
    """
    reader = _Words()
    index = 0
    while index < len(markup):
        start = markup.find("<", index)
        start = len(markup) if start < 0 else start
        reader.words(markup[index:start])
        index = _construct(markup, start, reader)
    return reader.text()


def _construct(markup: str, start: int, reader: _Words) -> int:
    """Read what begins with the `<` at `start` and return the index behind it."""
    rest = len(markup)
    if markup.startswith("<!--", start):
        return _behind(markup, "-->", start + 4)
    if markup.startswith(("<!", "<?"), start):
        return _behind(markup, ">", start)
    name = _NAME.match(markup, start)
    if name is None:
        reader.words(markup[start : start + 1])
        return start + 1
    end = _tag_end(markup, name.end())
    tag = name.group(2).lower()
    if end == rest and not markup.endswith(">"):
        return rest
    if name.group(1):
        reader.close(tag)
        return end
    reader.open(tag, markup[name.end() : end - 1])
    if tag in _RAW:
        closing = re.compile(f"</{tag}(?=[\\s/>])", re.IGNORECASE).search(markup, end)
        return closing.start() if closing else rest
    return end


def _behind(markup: str, mark: str, start: int) -> int:
    found = markup.find(mark, start)
    return len(markup) if found < 0 else found + len(mark)


def _tag_end(markup: str, index: int) -> int:
    while (found := _TAG_PART.search(markup, index)) is not None:
        if found.group() == ">":
            return found.end()
        index = _behind(markup, found.group()[-1], found.end())
    return len(markup)


class _Words:
    """Collects the words outside hidden elements."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._hiding: str | None = None
        self._depth = 0
        self._preformatted = 0

    def open(self, tag: str, attributes: str) -> None:
        self._preformatted += tag == "pre"
        if self._hiding is not None:
            self._depth += tag == self._hiding
        elif tag not in _VOID and (tag in _UNSEEN or _is_hidden(attributes)):
            self._hiding, self._depth = tag, 1
        self._separate(tag)

    def close(self, tag: str) -> None:
        self._preformatted -= tag == "pre" and self._preformatted > 0
        if tag == self._hiding:
            self._depth -= 1
            self._hiding = self._hiding if self._depth else None
        self._separate(tag)

    def words(self, raw: str) -> None:
        if raw and self._hiding is None:
            words = html.unescape(raw)
            self._parts.append(words if self._preformatted else _SPACES.sub(" ", words))

    def text(self) -> str:
        lines = (line.strip(" \t\r") for line in "".join(self._parts).split("\n"))
        return "\n".join(line for line in lines if line)

    def _separate(self, tag: str) -> None:
        if self._hiding is not None:
            return
        if tag in _BLOCKS:
            self._parts.append("\n")
        elif tag in _CELLS and not (self._parts and self._parts[-1].endswith((" ", "\n"))):
            self._parts.append(" ")


def _is_hidden(attributes: str) -> bool:
    for match in _ATTRIBUTE.finditer(attributes):
        name, value = match.group(1).lower(), html.unescape(match.group(2) or "")
        if name == "hidden" or (name == "style" and _HIDING_STYLE.search(value)):
            return True
    return False
