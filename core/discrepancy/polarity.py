"""Words that turn what a text says: no, not, denies; positive and negative; left and right.

A list of words is no understanding: it names the worst of what differs, and what it does not know
is still `changed`. Nothing is ever called harmless for the lack of such a word.
"""

from __future__ import annotations

import re
from itertools import zip_longest

from core.discrepancy.case import Case, Finding

_WORD = re.compile(r"[^\W\d_]+(?:['\u2019]t)?")
_DENYING = frozenset(
    """no not non never none nor without denies denied deny denying negative neg absent absence
    nil free refuted unlikely excluded cannot n't stop avoid discontinue discontinued
    kein keine nicht ohne pas sans ne""".split()
)
_PAIRS = """positive/negative present/absent with/without confirmed/refuted confirmed/unconfirmed
    reports/denies affirms/denies high/low increased/decreased increase/decrease raised/lowered
    upper/lower start/stop before/after normal/abnormal benign/malignant stable/unstable
    proximal/distal medial/lateral anterior/posterior hyper/hypo compatible/incompatible
    effective/ineffective responsive/unresponsive hypertension/hypotension
    hyperglycemia/hypoglycemia hyperkalemia/hypokalemia tachycardia/bradycardia more/less
    above/below daily/weekly hourly/daily"""
_OPPOSITE = frozenset(
    pair
    for text in _PAIRS.split()
    for one, _, other in [text.partition("/")]
    for pair in ((one, other), (other, one))
)
# Beyond this many words a text is compared as a whole only.
_MAX_WORDS = 20_000
_TELLING = re.compile(r"\d|[<>=\u2264\u2265%]")
# What a term starts with that says a thing is not so, not sure, or not of this patient now.
_OPENING = re.compile(
    r"\s*(?:(?:no|not|never|denies|denied|negative|absence|absent|lack|free of|without|ruled out|"
    r"rule out|r/o|excluded|refuted|entered in error|unlikely|doubtful|suspected|suspicion of|"
    r"possible|probable|questionable|query|history of|past|personal history|family history|"
    r"family hx|fh|hx of|h/o|previous|prior|former|risk of|at risk|resolved|inactive)\b|\?)",
    re.IGNORECASE,
)
_QUALIFYING = _DENYING | frozenset(
    """left right bilateral both except unless until only but if max maximum minimum suspected
    possible probable rule ruled out history family resolved mg mcg g ml""".split()
)


def turned_text(case: Case) -> Finding | None:
    """Know a text that differs only in a word that denies, or in a word for the opposite."""
    if case.texts is None or case.place.type not in ("string", "markdown", "xhtml"):
        return None
    ours, theirs = (_words(text) for text in case.texts)
    if ours == theirs or max(len(ours), len(theirs)) > _MAX_WORDS:
        return None
    plain = [[word for word in words if not denies(word)] for words in (ours, theirs)]
    turned = len(ours) != len(theirs) and plain[0] == plain[1]
    if turned or _is_opposite(ours, theirs):
        return Finding("critical", "A text became its denial or its opposite.")
    return None


def is_telling(tail: str) -> bool:
    """Tell whether the end of a text holds a number, a denial, a side or another limit."""
    return bool(_TELLING.search(tail)) or any(
        word in _QUALIFYING or denies(word) for word in _words(tail)
    )


def opens_otherwise(term: str) -> bool:
    """Tell whether a term starts with a denial, a doubt, another time or another person."""
    return _OPENING.match(term) is not None


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def denies(word: str) -> bool:
    """Tell whether a word, in lower case, says that a thing is not so."""
    return word in _DENYING or word.endswith(("n't", "n\u2019t"))


def _is_opposite(ours: list[str], theirs: list[str]) -> bool:
    differing = [pair for pair in zip_longest(ours, theirs, fillvalue="") if pair[0] != pair[1]]
    return bool(differing) and all(pair in _OPPOSITE for pair in differing)
