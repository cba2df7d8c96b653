"""What `audit trail` and `audit event` print.

A trail is found newest first and printed in the order of the ledger; what is left out before it is
said on stderr, with what to ask for.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable

from console.bodies import hidden_body
from console.bootstrap import Opened
from console.commands.line import narrate
from console.commands.output import print_json, say
from console.presenters.audit import HIDDEN
from core.audit.about import about, completed
from core.audit.events import StoredDetail, StoredEvent, body_of, leaf_of, line_or_none
from core.audit.search import search
from core.audit.statements import Checked, check_statement, statements_of
from core.audit.trail import Line
from core.audit.wanted import Wanted, parse_wanted
from core.canonical import encode
from core.errors import BadInput, CountersignError, NotFound
from core.intake.sensitive import label_words
from core.ledger import merkle
from core.ledger.event import Entry

MOST = 200
"""How many events are told where nothing bounds them."""

_PAGE = 200
_BOUNDED = frozenset({"proposal", "operation", "freeze", "id"})


def show_trail(opened: Opened, args: argparse.Namespace) -> int:
    """Print the events that are asked for, one a line."""
    wanted = _wanted(opened, args)
    limit = _limit(wanted, args)
    seqs = _found(opened, wanted, args.before, limit)
    if not seqs and args.id:
        raise NotFound(
            "no event is about it", field="ABOUT", remedy="See `countersign audit trail`"
        )
    if limit is not None and len(seqs) > limit:
        narrate(f"there are earlier ones: --before {seqs[limit - 1]}")
        seqs = seqs[:limit]
    one = wanted.first("proposal") is not None
    for event in _read(opened, seqs[::-1]):
        line = line_or_none(event)
        if args.json:
            print_json({"seq": event.seq, "unreadable": True} if line is None else line.as_json())
        else:
            say(f"{event.seq:>5}  {'NOT READABLE' if line is None else _text(line, one=one)}")
    return 0


def show_event(opened: Opened, args: argparse.Namespace) -> int:
    """Print one event with everything that is known of it; its body whole."""
    reads = opened.ledger
    detail = reads.event_detail(args.seq) if 0 <= args.seq < reads.size else None
    if detail is None:
        raise NotFound("there is no event of that number", field="SEQ")
    leaf = leaf_of(detail.leaf)
    texts = [] if leaf is None else statements_of(leaf, detail.statement)
    checked = [check_statement(reads, args.seq, leaf or {}, text) for text in texts]
    entry = None if leaf is None else _entry(opened, args.seq)
    hidden = hidden_body(opened.offline(), reads, detail)
    if args.json:
        told = _event_json(detail, entry, checked)
        print_json({**told, "body": None, "hidden": sorted(hidden)} if hidden else told)
        return 0
    line = line_or_none(StoredEvent(args.seq, detail.leaf))
    say(f"{args.seq:>5}  {'NOT READABLE' if line is None else _text(line, one=False)}")
    if detail.label:
        say(f"patient {detail.label}")
    for one in checked:
        say(f"signed {_signed(one)}")
    matches = "" if _hash_holds(detail) else "  IS NOT THAT OF ITS BYTES"
    say(f"hash {detail.hash.hex()}{matches}")
    say(f"leaf {detail.leaf.decode('utf-8', 'replace')}")
    say(f"body {HIDDEN.format(label_words(hidden)) if hidden else _body(detail, entry)}")
    return 0


def _wanted(opened: Opened, args: argparse.Namespace) -> Wanted:
    asked = completed(opened.ledger, parse_wanted(args.filter))
    named = about(opened.ledger, args.id) if args.id else Wanted()
    return Wanted((*named.terms, *asked.terms), asked.text)


def _limit(wanted: Wanted, args: argparse.Namespace) -> int | None:
    if args.limit is not None and args.limit < 1:
        raise BadInput("must be 1 or more", field="--limit")
    bounded = any(term.field in _BOUNDED for term in wanted.terms)
    return args.limit if args.limit is not None or bounded else MOST


def _found(opened: Opened, wanted: Wanted, before: int | None, limit: int | None) -> list[int]:
    """Return what matches, newest first; one more than `limit` where there are more."""
    size = opened.ledger.size
    high = size if before is None else max(0, min(size, before))
    seqs: list[int] = []
    for step in search(opened.ledger, wanted, high):
        seqs += step.seqs
        if limit is not None and len(seqs) > limit:
            return seqs[: limit + 1]
    return seqs


def _read(opened: Opened, seqs: list[int]) -> Iterable[StoredEvent]:
    for start in range(0, len(seqs), _PAGE):
        yield from opened.ledger.events_at(seqs[start : start + _PAGE])


def _text(line: Line, *, one: bool) -> str:
    """Return the line; where it is not one proposal's trail, the proposal stands in it too."""
    place = "" if line.index is None else f" change {line.index}"
    about = "" if one or line.proposal is None else f" {line.proposal[:8]}"
    return f"{line.at}  {line.type}{about}{place}  {line.actor}  {line.text}"


def _signed(checked: Checked) -> str:
    owner = checked.owner or "nobody in the roster"
    holds = "valid" if checked.problem is None else f"NOT VALID ({checked.problem})"
    revoked = ", revoked since" if checked.revoked else ""
    return f"{checked.kind or 'unknown'}: {holds}, key {checked.kid} of {owner}{revoked}"


def _hash_holds(detail: StoredDetail) -> bool:
    return merkle.leaf_hash(detail.leaf) == detail.hash


def _entry(opened: Opened, seq: int) -> Entry | None:
    """Return the event with its whole body, or None where that is no JSON."""
    try:
        return opened.ledger.entry(seq)
    except CountersignError:
        return None


def _body(detail: StoredDetail, entry: Entry | None) -> str:
    if detail.body is None:
        leaf = leaf_of(detail.leaf)
        return "erased" if leaf is not None and "body" in leaf else "none"
    body = body_of(detail.body) if entry is None else entry.body
    shown = detail.body if body is None else encode(body)
    return shown.decode("utf-8", "replace")


def _event_json(
    detail: StoredDetail, entry: Entry | None, checked: Iterable[Checked]
) -> dict[str, object]:
    return {
        "seq": detail.seq,
        "hash": detail.hash.hex(),
        "hash_holds": _hash_holds(detail),
        "leaf": leaf_of(detail.leaf),
        "body": None if entry is None else entry.body,
        "erased": _body(detail, entry) == "erased",
        "statements": [
            {
                "kind": one.kind,
                "kid": one.kid,
                "owner": one.owner,
                "valid": one.problem is None,
                "problem": one.problem,
                "revoked": one.revoked,
                "digest": one.digest,
            }
            for one in checked
        ],
    }
