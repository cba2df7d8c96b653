"""A change field by field: base → intended, each effect with a mark and a word, never colour alone.

Source: design §8.
"""

from __future__ import annotations

from collections.abc import Iterator

from textual.content import Content

from console.commands.output import value_text
from console.presenters.emphasis import emphasised
from console.presenters.labels import hidden_text
from console.presenters.texts import foreign, joined, many, own
from core.canonical import Json
from core.delta import Difference
from core.grounding.segments import plain_text
from core.inert import confusable_change, suspicious_words
from core.view import ChangeView

_MARKS = {
    "added": ("+", "added  ", "$diff-added"),
    "changed": ("~", "changed", "$diff-changed"),
    "removed": ("-", "removed", "$diff-removed"),
}

TEXT_OF = " (as text)"
_FIRST = ("code", "medication", "value", "dosage")


def change_parts(view: ChangeView) -> Iterator[Content]:
    """Yield the lines of a change's content."""
    if view.content is None:
        yield own("The content of this change was erased; it can no longer be decided.", "bold")
        return
    if view.form is not None:
        yield joined("written by the form ", foreign(view.form), " from the agent's values")
    base = view.content.held
    if view.row.op == "update":
        yield joined(
            "on ",
            foreign(view.row.target or "(erased)"),
            " version ",
            foreign("unknown" if base is None else base.version),
        )
    for item in sorted(view.content.delta, key=_place):
        if view.hidden.values:
            yield joined(_mark(item.effect), foreign(item.path))
        else:
            yield from _difference(item)
    if view.hidden.values:
        yield hidden_text(view.hidden.values, view.hidden)
    for path in view.content.displays:
        yield joined(own("⚠ unverified wording of the agent: ", "bold $warning"), foreign(path))
    if view.content.narrative == "dropped":
        yield own(
            "The generated narrative is dropped, since it would contradict the change.", "dim"
        )
    elif view.content.narrative == "kept":
        yield own("⚠ A narrative written by hand is kept; it may contradict the change.",
                  "bold $warning")  # fmt: skip


def unchanged_parts(view: ChangeView, *, unfolded: bool) -> Iterator[Content]:
    """Yield what an update leaves as it is: folded to one line, or value by value."""
    content = view.content
    if content is None or content.base is None:
        return
    touched = {item.element.split(".")[1] for item in content.delta}
    rest = {
        key: value
        for key, value in content.base.items()
        if key.lstrip("_") not in touched and key not in ("resourceType", "id", "meta", "text")
    }
    if not rest:
        return
    if not unfolded:
        yield own(f"… {many(len(rest), 'unchanged element')}; u shows them", "dim")
        return
    yield own("unchanged; u folds them", "dim")
    for key, value in rest.items():
        for path, leaf in leaves(f"{view.row.type}.{key}", value):
            yield joined("  ", foreign(f"{path}: {value_text(leaf)}", "dim"))


def moved_parts(view: ChangeView) -> Iterator[Content]:
    """Yield why an approval became void, and what moved in the chart since."""
    if view.row.void:
        yield joined(own("⚠ The last approval became void: ", "bold $warning"),
                     foreign(view.row.void))  # fmt: skip
    for item in view.moved:
        where = joined(own("  moved since: ", "bold"), foreign(str(item["path"])))
        if view.hidden.values:
            yield where
            continue
        yield joined(
            where,
            ": ",
            foreign(value_text(item.get("before"))),
            " → ",
            foreign(value_text(item.get("after")), "bold"),
        )


def _place(item: Difference) -> int:
    """Put what the change is about before its bookkeeping; the rest keeps its order."""
    top = item.element.partition(".")[2]
    return next((place for place, word in enumerate(_FIRST) if top.startswith(word)), len(_FIRST))


def _difference(item: Difference) -> Iterator[Content]:
    if item.effect == "changed":
        before, after = emphasised(value_text(item.before), value_text(item.after))
        yield joined(_mark(item.effect), foreign(item.path), ": ", before, " → ", after)
        yield from _warnings(item.before, item.after)
        return
    value = item.after if item.effect == "added" else item.before
    for path, leaf in leaves(item.path, value):
        if path.endswith(TEXT_OF):
            # Each line behind a bar, so that none can pass for one of ours.
            yield joined(_mark(item.effect), foreign(path), ":")
            for row in value_text(leaf).splitlines():
                yield joined("  │ ", foreign(row, "bold"))
        else:
            yield joined(_mark(item.effect), foreign(path), ": ", foreign(value_text(leaf), "bold"))
        yield from _warnings(None, leaf)


def leaves(path: str, value: Json) -> Iterator[tuple[str, Json]]:
    """Yield every single value below an element with its path; plain text is decoded."""
    if isinstance(value, dict) and value:
        words = plain_text(value)
        for key, item in value.items():
            if key == "data" and words is not None:
                yield f"{path}.{key}{TEXT_OF}", words
                continue
            yield from leaves(f"{path}.{key}", item)
    elif isinstance(value, list) and value:
        for place, item in enumerate(value):
            yield from leaves(f"{path}[{place}]", item)
    else:
        yield path, value


def _mark(effect: str) -> Content:
    mark, word, colour = _MARKS[effect]
    return own(f"{mark} {word} ", f"bold {colour}")


def _warnings(before: Json, after: Json) -> Iterator[Content]:
    if not isinstance(after, str):
        return
    if isinstance(before, str) and confusable_change(before, after):
        yield own("  ⚠ both values look alike but differ in their characters", "bold $warning")
    mixed = suspicious_words(after)
    if mixed:
        yield joined(own("  ⚠ mixes scripts: ", "bold $warning"), foreign(", ".join(mixed)))
