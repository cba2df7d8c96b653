"""Our side of `keys`: the console over a workspace, opened as a user does, until it is ended."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from console.commands import console

if __name__ == "__main__":
    console.run(argparse.Namespace(workspace=Path(sys.argv[1]), read_only=False))
