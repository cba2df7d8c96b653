"""Evidence in the source's own words: badge, facts, cues, context with the quote marked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from textual.content import Content

from console.presenters.beside import painted
from console.presenters.labels import hidden_text
from console.presenters.texts import foreign, joined, lines, many, own
from core.beside.lines import newer_lines, newest_words
from core.canonical import JsonObject
from core.grounding import Hit, cues
from core.review.hidden import Hidden

QUOTE = "bold reverse"
CUE = "bold underline"
_BADGES = {
    "verified": ("QUOTE VERIFIED", "bold $grounding-good"),
    "weak": ("QUOTE FOUND, BUT SHORT", "bold $warning"),
    "not-found": ("QUOTE NOT FOUND IN THE SOURCE", "bold reverse $grounding-bad"),
    "unavailable": ("SOURCE NOT AVAILABLE", "bold reverse $grounding-bad"),
}
_CUES = {
    "negation": "negated",
    "history": "of the past",
    "family": "about family",
    "hypothetical": "hypothetical",
    "superseded": "superseded",
}
_MARKS = (
    ("ai_label", " AI-LABELLED "),
    ("agent_written", " WRITTEN BY A DEVICE OR AGENT "),
    ("patient_written", " WRITTEN BY THE PATIENT "),
)


Blocks = Sequence[tuple[int | None, Content]]
"""Pieces of text below each other; the index of the quote that each shows, or None."""


def evidence_blocks(
    evidence: Sequence[JsonObject], index: int, hidden: Hidden | None = None
) -> Blocks:
    """Return the evidence for one change, each quote that is shown with its index in the proposal.

    What supports only siblings is counted, not shown; `hidden` is what the labels hide of the
    change.
    """
    mine = [(number, item) for number, item in enumerate(evidence) if index in _supports(item)]
    parts: list[tuple[int | None, Content]] = [
        (None if item.get("hidden") else at, lines([*_item(item, hidden or Hidden())]))
        for at, item in mine
    ]
    if not mine:
        parts.append((None, own("No evidence was given for this change.", "bold $warning")))
    elsewhere = len(evidence) - len(mine)
    if elsewhere:
        words = f"({many(elsewhere, 'quote')} for other changes of this proposal)"
        parts.append((None, own(words, "dim")))
    return parts


def _supports(item: JsonObject) -> list[int]:
    return [int(getattr(index, "text", index)) for index in item.get("supports") or []]


def _item(item: JsonObject, hidden: Hidden) -> Iterator[Content]:
    if item.get("hidden"):
        yield joined(_badge(item), "  ", _source(item))
        yield from painted(newer_lines(item.get("newer")))
        yield hidden_text(map(str, item["hidden"]), hidden)
        yield own("")
        return
    hits = [_read_hit(found) for found in item.get("hits") or []]
    yield joined(_badge(item), "  ", _source(item))
    yield from _facts(item.get("facts") or {}, newest_words(item.get("newer")))
    yield from painted(newer_lines(item.get("newer")))
    for place, hit in enumerate(hits):
        if len(hits) > 1:
            yield own(f"place {place + 1} of {len(hits)}:", "dim")
        yield from _hit(hit)
    if not hits:
        yield own("The agent's quote, not confirmed by the source:", "bold")
        yield joined("  “", foreign(str(item.get("quote", ""))), "”")
    yield own("")


def _badge(item: JsonObject) -> Content:
    word, style = _BADGES.get(str(item.get("grounding")), ("QUOTE NOT CHECKED", "bold reverse"))
    return own(word, style)


def _source(item: JsonObject) -> Content:
    version = item.get("version")
    return joined(
        foreign(str(item.get("source", ""))),
        " version ",
        foreign(str(version)) if version else own("unknown"),
    )


def _facts(facts: JsonObject, newest: str) -> Iterator[Content]:
    if not facts:
        return
    authors = [_author(item) for item in facts.get("authors") or []]
    status = ", ".join(str(facts[key]) for key in ("status", "doc_status") if facts.get(key))
    yield joined(
        foreign(str(facts.get("kind") or "unknown kind")),
        ", ",
        foreign(str(facts.get("date") or "undated")),
        ", ",
        foreign(status or "no status"),
        ", by ",
        Content(", ").join(authors) if authors else own("an unnamed author"),
        own(f"; {newest}" if newest else ""),
    )
    marks = [
        own(text, "bold reverse")
        for key, text in _MARKS
        if facts.get(key) and not (key == "agent_written" and facts.get("ai_label"))
    ]
    if marks:
        yield Content(" ").join(marks)


def _author(item: JsonObject) -> Content:
    name = item.get("display") or item.get("reference") or item.get("type") or "?"
    return foreign(str(name))


def _read_hit(found: JsonObject) -> Hit:
    return Hit(
        path=str(found["path"]),
        start=int(found["start"].text),
        end=int(found["end"].text),
        before=str(found["before"]),
        text=str(found["text"]),
        after=str(found["after"]),
    )


def _hit(hit: Hit) -> Iterator[Content]:
    """Yield the cues first, so that no scrolling hides them, then the context."""
    marks = cues(hit)
    for cue in marks:
        kind = _CUES.get(cue.kind, cue.kind)
        yield joined(own(f"⚠ {kind}? ", "bold $warning"), "“", foreign(cue.text, "bold"), "”")
    origin = hit.start - len(hit.before)
    spans = [(cue.start - origin, cue.end - origin) for cue in marks]
    quote = (len(hit.before), len(hit.before) + len(hit.text))
    yield joined("…", _marked(hit.before + hit.text + hit.after, quote, spans), "…")


def _marked(whole: str, quote: tuple[int, int], spans: Sequence[tuple[int, int]]) -> Content:
    """Return the context piece by piece, so that making it inert cannot move a mark."""
    edges = {0, len(whole), *quote}
    for span in spans:
        edges.update(edge for edge in span if 0 <= edge <= len(whole))
    cuts = sorted(edges)
    pieces = []
    for start, end in pairwise(cuts):
        styles = []
        if quote[0] <= start < quote[1]:
            styles.append(QUOTE)
        if any(first <= start < last for first, last in spans):
            styles.append(CUE)
        pieces.append(foreign(whole[start:end], " ".join(styles), newlines=True))
    return Content("").join(pieces)
