"""What a narrative's XHTML may hold.

Source: FHIR R4 Narrative (txt-1, txt-2): the basic formatting of HTML 4.0 chapters 7-11 (except
section 4 of chapter 9) and 15, links, images and style attributes; no scripts, forms, frames,
objects, events, external style sheets, document types or named HTML entities.
"""

from __future__ import annotations

from xml.parsers import expat

XHTML = "http://www.w3.org/1999/xhtml"
XML = "http://www.w3.org/XML/1998/namespace"


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


ELEMENTS = _names("""
    a abbr acronym address area b bdo big blockquote br caption cite code col colgroup dd dfn div dl
    dt em h1 h2 h3 h4 h5 h6 hr i img kbd li map ol p pre q samp small span strong sub sup table
    tbody td tfoot th thead tr tt ul var
""")
ATTRIBUTES = _names("""
    abbr accesskey align axis char charoff class colspan dir headers id lang rowspan scope span
    style tabindex title valign width
""") | {f"{XML} lang", f"{XML} space"}
ELEMENT_ATTRIBUTES = {
    "a": _names("charset coords href hreflang name rel rev shape type"),
    "area": _names("alt coords href nohref shape"),
    "blockquote": frozenset({"cite"}),
    "br": frozenset({"clear"}),
    "hr": _names("noshade size"),
    "img": _names("alt border height hspace ismap longdesc src usemap vspace"),
    "li": _names("type value"),
    "map": frozenset({"name"}),
    "ol": _names("compact start type"),
    "q": frozenset({"cite"}),
    "table": _names("bgcolor border cellpadding cellspacing frame rules summary"),
    "td": _names("bgcolor height nowrap"),
    "th": _names("bgcolor height nowrap"),
    "tr": frozenset({"bgcolor"}),
    "ul": _names("compact type"),
}
_ADDRESSES = _names("cite href longdesc src usemap")
_ACTIVE = ("javascript:", "vbscript:", "data:text/html")


class _NotAllowed(ValueError):
    """The XHTML holds something that a narrative may not hold."""


class _Reader:
    """Parses one div; `has_content` is known afterwards."""

    def __init__(self) -> None:
        self.has_content = False
        self._started = False
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.StartElementHandler = self._start
        self._parser.CharacterDataHandler = self._text
        # Without a document type there are no entities to expand.
        self._parser.StartDoctypeDeclHandler = self._refuse
        self._parser.ProcessingInstructionHandler = self._refuse

    def read(self, div: str) -> None:
        self._parser.Parse(div, True)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        namespace, _, local = name.rpartition(" ")
        if namespace != XHTML or local not in ELEMENTS:
            raise _NotAllowed
        if not self._started and local != "div":
            raise _NotAllowed
        self._started = True
        self.has_content = self.has_content or local == "img"
        allowed = ELEMENT_ATTRIBUTES.get(local, frozenset())
        for key, value in attributes.items():
            if key not in ATTRIBUTES and key not in allowed:
                raise _NotAllowed
            if key in _ADDRESSES and _is_active(value):
                raise _NotAllowed

    def _text(self, data: str) -> None:
        self.has_content = self.has_content or bool(data.strip())

    def _refuse(self, *_: object) -> None:
        raise _NotAllowed


def _is_active(address: str) -> bool:
    # Browsers ignore blanks and control characters in front of and inside a scheme.
    packed = "".join(char for char in address if char > " ").lower()
    return packed.startswith(_ACTIVE)


def is_basic_xhtml(div: str) -> bool:
    """Return whether `div` is one well-formed XHTML div with basic formatting only (txt-1)."""
    try:
        _Reader().read(div)
    except (expat.ExpatError, UnicodeEncodeError, _NotAllowed):
        return False
    return True


def has_content(div: str) -> bool:
    """Return whether `div` shows something: text that is not blank, or an image (txt-2)."""
    reader = _Reader()
    try:
        reader.read(div)
    except (expat.ExpatError, UnicodeEncodeError, _NotAllowed):
        # What can be read up to there may be blank; is_basic_xhtml reports the real fault.
        return True
    return reader.has_content
