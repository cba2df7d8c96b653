"""The exception tree; every error that a person sees names what is wrong and the remedy.

CountersignError                exit code
├── Failed                      1  the work itself failed
├── BadInput                    2  the caller's input or usage is wrong
├── Refused                     3  policy, consent, a freeze or a role says no
├── NotFound                    4  no such thing
├── Conflict                    5  stale, already decided, or held by another process
└── Unreachable                 6  a server cannot be reached

Messages hold no chart content: they reach stderr, logs and agents.
"""

from __future__ import annotations

from typing import ClassVar


class CountersignError(Exception):
    """Base of all errors raised on purpose.

    `problem` says what is wrong in one sentence, `field` where in the input (a path such as
    `changes[0].target`), `remedy` what to do about it.
    """

    exit_code: ClassVar[int] = 1
    code: ClassVar[str] = "failed"

    def __init__(self, problem: str, *, field: str | None = None, remedy: str | None = None):
        self.problem = problem
        self.field = field
        self.remedy = remedy
        super().__init__(str(self))

    def __str__(self) -> str:
        """Return `field: problem Remedy.` on one line."""
        head = f"{self.field}: {self.problem}" if self.field else self.problem
        return f"{head}. {self.remedy}" if self.remedy else head


class Failed(CountersignError):
    """The work itself failed."""


class BadInput(CountersignError):
    """The caller's input or usage is wrong; nothing was stored."""

    exit_code = 2
    code = "bad-input"


class Refused(CountersignError):
    """Policy, consent, a freeze or a role says no."""

    exit_code = 3
    code = "refused"


class NotFound(CountersignError):
    """No such proposal, change, workspace or file."""

    exit_code = 4
    code = "not-found"


class Conflict(CountersignError):
    """What the caller saw is stale, already decided, or held by another process."""

    exit_code = 5
    code = "conflict"


class Unreachable(CountersignError):
    """A server cannot be reached or does not answer sensibly."""

    exit_code = 6
    code = "unreachable"


class Moved(Unreachable):
    """A server answers with a redirect, as for a merged patient: critical, and never followed."""

    code = "moved"
    to_record = False
    """The redirect leads to a record of the same server, and not to some page."""
