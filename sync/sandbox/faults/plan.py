"""What a fault plan says: kinds of fault, the requests that they strike, and how often."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

from core.errors import BadInput
from core.fhir import is_resource_type

READ = "GET"
WRITES = ("POST", "PUT", "PATCH", "DELETE")
METHODS = (READ, *WRITES)
PLACES = ("token", "metadata")
"""What is no resource type; these are struck only by rules that name them."""
MAX_SECONDS = 86_400.0
DEFAULT_SEED = 1

STATUSES = ("408", "409", "412", "422", "429", "500", "502", "503", "504")
AFTER = "-after-commit"
AFTER_COMMIT = tuple(f"{status}{AFTER}" for status in ("408", "500", "502", "503", "504"))


@dataclass(frozen=True, slots=True)
class Kind:
    """What one kind of fault does, in words, and what it takes."""

    does: str
    seconds: str = "none"
    """`none`, `may` or `must` be given."""
    writes: bool = False
    """It means something for a write only."""


KINDS: Mapping[str, Kind] = {
    "lost-request": Kind("the connection closes before the server sees the request"),
    "lost-response": Kind("the server acts, then the connection closes without an answer"),
    "duplicate": Kind("the request is delivered twice; the first answer arrives", writes=True),
    "duplicate-second-answer": Kind(
        "the request is delivered twice; the second answer arrives", writes=True
    ),
    "slow": Kind("the server acts, and answers so many seconds later", "must"),
    "reset": Kind("the server acts; the connection is reset in the middle of the body"),
    "truncated": Kind("the server acts; the body ends before its Content-Length"),
    "cut-json": Kind("the server acts; the body is half a JSON document, rightly counted"),
    "not-json": Kind("the server acts; the body is a web page that calls itself FHIR JSON"),
    "wrong-type": Kind("the server acts; the body calls itself a web page"),
    "expired-token": Kind("401: the token has expired; nothing is done"),
    "clock-skew": Kind("Date and meta.lastUpdated are so many seconds off", "must"),
    **{
        status: Kind(f"{status}; nothing is done", "may" if status in ("429", "503") else "none")
        for status in STATUSES
    },
    **{
        name: Kind(f"the server acts, and answers {name[:3]}", writes=True) for name in AFTER_COMMIT
    },
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request is to a plan: its method, and its resource type or one of PLACES.

    A search by POST is a read, so its method is GET; a Bundle sent to the base is a POST of Bundle.
    """

    method: str
    type: str

    @property
    def is_write(self) -> bool:
        """Whether it asks for a change of the chart."""
        return self.method in WRITES and self.type not in PLACES


@dataclass(frozen=True, slots=True)
class Fault:
    """A kind of KINDS; `seconds` is the delay, the skew, or what Retry-After says."""

    kind: str
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A fault, the requests that it may strike, and either its share of them or which ones.

    Without `method` or `type` any will do. `nth` counts, from 1, the requests that the rule fits.
    """

    fault: Fault
    method: str | None = None
    type: str | None = None
    share: float | None = None
    nth: tuple[int, ...] = ()

    def fits(self, asked: Asked) -> bool:
        """Tell whether the rule speaks of such a request."""
        if KINDS[self.fault.kind].writes and not asked.is_write:
            return False
        if self.type is None and asked.type in PLACES:
            return False
        return self.method in (None, asked.method) and self.type in (None, asked.type)


@dataclass(frozen=True, slots=True)
class Plan:
    """Rules and the seed of every draw; of the rules that strike a request the first one does."""

    rules: tuple[Rule, ...]
    seed: int = DEFAULT_SEED

    def told(self) -> str:
        """Return the plan in one line for the people at the terminal."""
        return f"{', '.join(_told(rule) for rule in self.rules)}; seed {self.seed}"


def checked_fault(kind: str, seconds: float | None, field: str) -> Fault:
    """Return a fault; BadInput that names `field` for one that does not exist."""
    if kind not in KINDS:
        raise BadInput("is no fault", field=field, remedy=f"Use one of: {', '.join(KINDS)}")
    takes = KINDS[kind].seconds
    if seconds is None and takes == "must":
        raise BadInput(f"{kind} needs its seconds", field=field, remedy="Say for example @5s")
    if seconds is not None and takes == "none":
        raise BadInput(f"{kind} takes no seconds", field=field, remedy="Leave them out")
    least = -MAX_SECONDS if kind == "clock-skew" else 0.0
    if seconds is not None and not least <= seconds <= MAX_SECONDS:
        raise BadInput(
            f"{kind} takes {least:.0f} to {MAX_SECONDS:.0f} seconds",
            field=field,
            remedy="Use fewer",
        )
    return Fault(kind, seconds)


def checked_rule(rule: Rule, field: str) -> Rule:
    """Return the rule; BadInput that names `field` when it cannot mean anything."""
    if rule.method is not None and rule.method not in METHODS:
        raise BadInput("is no method", field=field, remedy=f"Use one of: {', '.join(METHODS)}")
    if rule.type is not None and rule.type not in PLACES and not is_resource_type(rule.type):
        raise BadInput(
            "is no resource type", field=field, remedy=f"Use one of FHIR R4, or {PLACES[0]}"
        )
    if (rule.share is None) == (not rule.nth):
        raise BadInput("has neither or both of share and nth", field=field, remedy="Give one")
    if rule.share is not None and not 0 < rule.share <= 1:
        raise BadInput("a share is above 0 and at most 1", field=field, remedy="0.1 is one in ten")
    if any(number < 1 for number in rule.nth):
        raise BadInput("requests are counted from 1", field=field, remedy="The first one is 1")
    if not any(rule.fits(asked) for asked in _possible(rule.type)):
        raise BadInput(
            f"{rule.fault.kind} strikes writes, and this is none", field=field,
            remedy=f"Name one of {', '.join(WRITES)}, or no method",
        )  # fmt: skip
    return rule


def checked_plan(rules: tuple[Rule, ...], seed: int, field: str) -> Plan:
    """Return the plan; BadInput when it is empty or its shares add up to more than 1."""
    if not rules:
        raise BadInput("names no fault", field=field, remedy="Say for example lost-response=0.2")
    if not 0 <= seed < 2**63:
        raise BadInput("a seed is a whole number", field=field, remedy="Use 1")
    types = {rule.type for rule in rules}
    for asked in {asked for type_ in types for asked in _possible(type_)}:
        total = sum(rule.share for rule in rules if rule.share is not None and rule.fits(asked))
        if total > 1 + 1e-9:
            raise BadInput(
                f"the shares for {asked.method} {asked.type} add up to {total:g}", field=field,
                remedy="At most 1: a request meets one fault",
            )  # fmt: skip
    return Plan(rules, seed)


def _possible(type_: str | None) -> list[Asked]:
    # Basic stands for every type that no rule names.
    return [Asked(*found) for found in product(METHODS, [type_ or "Basic"])]


def _told(rule: Rule) -> str:
    named = " ".join(word for word in (rule.method, rule.type) if word)
    seconds = "" if rule.fault.seconds is None else f" {rule.fault.seconds:g} s"
    often = f"{rule.share:.3%}".replace(".000", "") if rule.share is not None else ""
    which = "" if not rule.nth else " #" + ",".join(str(number) for number in rule.nth)
    return f"{often} {rule.fault.kind}{seconds}{f' of {named}' if named else ''}{which}".strip()
