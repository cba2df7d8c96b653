"""`diff INTENDED PERSISTED`: compare two resources by meaning."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from console.commands.diff_pairs import as_json, pairs
from console.commands.output import print_json, say
from core.canonical import RESPONSE, JsonObject, parse_object
from core.concept_maps import NO_MAPS, Maps, parse_maps
from core.discrepancy import compare
from core.errors import BadInput, Failed, NotFound


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("intended", nargs="?", type=Path, metavar="INTENDED")
    parser.add_argument("persisted", nargs="?", type=Path, metavar="PERSISTED")
    parser.add_argument(
        "--base", metavar="URL", help="the EHR whose absolute references are its own"
    )
    parser.add_argument(
        "--region", metavar="CODE", help="the country of national telephone numbers, like US"
    )
    parser.add_argument(
        "--pairs", metavar="FILE|-", help="NDJSON lines {id, intended, persisted, base?, region?}"
    )
    parser.add_argument(
        "--maps",
        metavar="FILE",
        type=Path,
        help="a ConceptMap, or a Bundle of them: the codes that mean the same",
    )


def run(args: argparse.Namespace) -> int:
    """Print the class and every difference; 1 when nothing was examined."""
    maps = NO_MAPS if args.maps is None else _maps(args.maps)
    if args.pairs is not None:
        if args.intended is not None:
            raise BadInput("two files and --pairs exclude each other", remedy="Give either")
        return pairs(args.pairs, partial(compare, maps=maps), args.base, args.region)
    if args.intended is None or args.persisted is None:
        raise BadInput("two files are needed", field="INTENDED PERSISTED", remedy="Or use --pairs")
    sides = _load(args.intended), _load(args.persisted)
    found = compare(*sides, base_url=args.base, maps=maps, region=args.region)
    if found.examined == 0:
        raise Failed("nothing was examined")
    if args.json:
        print_json(as_json(found))
        return 0
    say(f"{found.class_} ({found.examined} values examined)")
    for item in found.differences:
        say(f"  {item.class_}: {item.path}: {item.reason}")
    return 0


def _load(path: Path) -> JsonObject:
    return parse_object(_bytes(path), RESPONSE)


def _maps(path: Path) -> Maps:
    try:
        return parse_maps(_bytes(path).decode("utf-8"))
    except UnicodeDecodeError:
        raise BadInput("is not UTF-8 text", field=path.name) from None


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise NotFound("there is no such file", field=path.name) from None
    except OSError as error:
        raise BadInput(f"cannot be read: {error.strerror}", field=path.name) from None
