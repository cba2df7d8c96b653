"""`countersign`: the console without arguments, its plain twin with a command."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run the console or one command; return the exit code of design §13."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    from console.commands.line import run_line

    return run_line(arguments)


if __name__ == "__main__":
    sys.exit(main())
