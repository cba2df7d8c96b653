"""Trigger words for cues, English, in the manner of NegEx and ConText.

A small list that points a reader's eye at a word; it decides nothing, it misses much, and a
sentence without a cue is not thereby affirmed. Longer phrases win over the shorter ones inside
them, so `family history of` is no `history of` and `no change` is no `no`.
"""

from __future__ import annotations

import re
from typing import Literal

CueKind = Literal["negation", "history", "family", "hypothetical", "superseded"]
# A `before` trigger speaks of what follows it, an `after` trigger of what precedes it.
Side = Literal["before", "after", "either"]

_NOT_A_CUE = (
    "no change", "no further", "not only", "no increase", "not necessarily", "without difficulty",
    "nothing by mouth", "if any", "if applicable", "family medicine", "family physician",
    "family doctor", "family practice", "family meeting", "if needed",
)  # fmt: skip
_TRIGGERS: tuple[tuple[CueKind, Side, tuple[str, ...]], ...] = (
    ("negation", "before", (
        "no", "not", "non-", "never", "never had", "denies", "denied", "deny", "denying",
        "without", "w/o", "negative for", "neg for", "no evidence of", "no sign of", "no signs of",
        "no history of", "no hx of", "no family history of", "no known", "absence of", "free of",
        "ruled out for", "rules out", "ruled out", "fails to show", "failed to show", "declines",
        "declined", "refuses", "refused", "doesn't", "does not", "didn't", "did not", "isn't",
        "is not", "wasn't", "was not", "hasn't", "has not", "cannot", "can't", "lack of", "lacks",
    )),
    ("negation", "after", (
        "ruled out", "was ruled out", "is ruled out", "has been ruled out", "not seen",
        "not present", "not detected", "not found", "not demonstrated", "is absent", "absent",
        "negative", "denied", "excluded", "unlikely", ": no", ": none", ": denies", ": negative",
    )),
    ("history", "before", (
        "history of", "h/o", "hx of", "hx", "past medical history", "past history", "pmh", "pmhx",
        "previous", "previously", "prior", "former", "formerly", "in the past", "status post",
        "s/p", "remote", "childhood", "used to", "last year", "history", "ex-",
    )),
    ("history", "after", (
        "in the past", "years ago", "year ago", "months ago", "weeks ago", "as a child",
        "in childhood", "resolved", "has resolved", "in remission", "by history", "last year",
    )),
    ("family", "either", (
        "family history", "family history of", "family hx", "fhx", "fh", "family", "familial",
        "maternal", "paternal", "mother", "father", "mom", "mum", "dad", "parent", "parents",
        "brother", "brothers", "sister", "sisters", "sibling", "siblings", "grandmother",
        "grandfather", "grandparent", "grandparents", "aunt", "uncle", "cousin", "niece", "nephew",
        "son", "daughter", "husband", "wife", "spouse", "partner",
    )),
    ("hypothetical", "before", (
        "if", "in case of", "should", "rule out", "r/o", "to rule out", "possible", "possibly",
        "probable", "probably", "suspected", "suspect", "suspicion for", "suspicion of",
        "concern for", "concerning for", "worried about", "question of", "evaluate for",
        "assess for", "screen for", "risk of", "risk for", "at risk for", "may", "might", "could",
        "to exclude", "differential", "monitor for", "watch for", "return for", "unless", "vs",
        "when needed", "consider", "planned", "prevention of", "prophylaxis for",
    )),
    ("hypothetical", "after", (
        "is possible", "possible", "suspected", "not excluded", "cannot be excluded",
        "not ruled out", "cannot be ruled out", "to be ruled out", "versus", "vs", "?",
        "is considered", "unconfirmed",
    )),
    ("superseded", "before", (
        "no longer", "discontinued", "d/c", "d/c'd", "stopped", "stop", "was on", "was taking",
        "switched from", "changed from", "instead of", "entered in error", "correction",
        "erroneous", "old address", "old number", "former address",
    )),
    ("superseded", "after", (
        "discontinued", "was discontinued", "stopped", "was stopped", "on hold", "held",
        "entered in error", "changed to", "switched to", "replaced by", "replaced with",
        "is incorrect", "is wrong", "no longer", "corrected to", "superseded",
    )),
)  # fmt: skip

# What ends the reach of a trigger inside a sentence.
TERMINATORS = re.compile(
    r"(?<!\w)(?:but|however|although|though|except|apart from|aside from|nevertheless|whereas|yet)"
    r"(?!\w)|;",
    re.IGNORECASE,
)

# Section headings speak for the lines below them.
HEADINGS: tuple[tuple[CueKind, re.Pattern[str]], ...] = (
    ("family", re.compile(r"family (?:medical )?(?:history|hx)|fhx?", re.IGNORECASE)),
    (
        "history",
        re.compile(r"(?:past |previous )?(?:medical|surgical) (?:history|hx)|pmhx?|psh", re.I),
    ),
)
HEADING = re.compile(r"^[ \t]*([A-Z][A-Za-z/ ]{1,40}?)[ \t]*:", re.MULTILINE)


def sides_of(phrase: str) -> dict[Side, CueKind]:
    """Return which kind of cue `phrase` is, by the side of the quote on which it stands."""
    return _BY_PHRASE.get(_normal(phrase), {})


def _normal(phrase: str) -> str:
    return " ".join(phrase.lower().replace("\u2019", "'").split())


def _by_phrase() -> dict[str, dict[Side, CueKind]]:
    found: dict[str, dict[Side, CueKind]] = {phrase: {} for phrase in _NOT_A_CUE}
    for kind, side, phrases in _TRIGGERS:
        for phrase in phrases:
            found.setdefault(phrase, {})[side] = kind
    return found


def _spelled(phrase: str) -> str:
    pattern = re.escape(phrase).replace(r"\ ", r"\s+").replace("'", "['\u2019]")
    left = r"(?<!\w)" if phrase[0].isalnum() else ""
    right = r"(?!\w)" if phrase[-1].isalnum() else ""
    return f"{left}{pattern}{right}"


_BY_PHRASE = _by_phrase()
TRIGGER = re.compile(
    "|".join(_spelled(phrase) for phrase in sorted(_BY_PHRASE, key=len, reverse=True)),
    re.IGNORECASE,
)
