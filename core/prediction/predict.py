"""Applying what is known of an EHR to the resource that is to be written.

Pure: profile, resource and our own measurements in; what comes out, fact by fact, and the resource
as it is expected to be kept. Source: design §8 (what this EHR is known to do to it), §10.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.canonical import JsonObject, exact
from core.discrepancy import Class, worst
from core.prediction import words
from core.prediction.about import About
from core.prediction.doubts import doubts
from core.prediction.labels import Kept, Label, without
from core.prediction.predicted import Predicted
from core.profile.facts import Basis, Fact
from core.profile.places import ANY, is_of, places
from core.profile.profile import Profile
from core.profile.transforms import Transform, apply
from core.profile.work import SOMEWHERE, Around
from core.profile.writes import Answer, may_write

_DRAFTS = ("preliminary", "registered", "draft")
_KEEPS: tuple[tuple[Label, str, str], ...] = (
    ("security", "keeps_security", "Resource.meta.security"),
    ("tag", "keeps_tag", "Resource.meta.tag"),
    ("identifier", "keeps_identifier", "Resource.identifier"),
)
_QUIET = ("identical", "bookkeeping")


@dataclass(frozen=True, slots=True)
class Prediction:
    """Everything that is expected; `resource` is what will probably be kept."""

    facts: tuple[Predicted, ...]
    resource: JsonObject = field(repr=False)
    about: About = field(repr=False)

    @property
    def class_(self) -> Class:
        """How far what is expected lies from what is written; compared when it is asked."""
        return self.about.compared(self.about.resource, self.resource).class_

    @property
    def is_loud(self) -> bool:
        """Whether something of it may not be overlooked."""
        return any(one.is_loud for one in self.facts)

    def as_json(self, *, values: bool = True) -> JsonObject:
        """Return it for `show --json`; without `values` where labels hide them."""
        return {
            "class": self.class_,
            "warns": self.is_loud,
            "facts": [exact(one.as_json(values=values)) for one in self.facts],
        }


def predict(
    profile: Profile,
    op: str,
    resource: JsonObject,
    *,
    base_url: str = SOMEWHERE.base_url,
    seen: Mapping[Label, Kept] | None = None,
) -> Prediction:
    """Return what an EHR of this profile will make of a resource; `op` is create or update.

    `seen` is how our labels fared in resources of this type on this very EHR; what was measured
    counts before what the profile says.
    """
    about = About(profile, op, resource, Around(base_url=base_url), seen or {})
    walk = _Walk(about, resource)
    for one in profile.transforms:
        if op in one.interactions:
            walk.transformed(one)
    for label, name, path in _KEEPS:
        walk.labelled(label, getattr(profile, name), path)
    walk.provenance()
    walk.filed()
    walk.noted()
    walk.found.extend(doubts(about))
    walk.corrected()
    return Prediction(tuple(walk.found), walk.now, about)


def _leads_back(way: Answer) -> bool:
    """Tell whether some axis knows of a way and none refuses it."""
    return way.refusing is None and any(one.says == "yes" for one in way.told)


class _Walk:
    """Applies one thing after the other and keeps what each did."""

    def __init__(self, about: About, resource: JsonObject) -> None:
        self.about = about
        self.now = resource
        self.found: list[Predicted] = []

    def transformed(self, one: Transform) -> None:
        """Apply a transform of the profile."""
        made = apply(one, self.now, self.about.around)
        self._became(made, f"{one.do} {one.path}", words.of_transform(one), one.basis)

    def labelled(self, label: Label, fact: Fact[bool], path: str) -> None:
        """Drop what does not survive: by measurement, else by the profile's word."""
        seen, said = self.about.seen.get(label), words.DROPPED_LABELS[label]
        if seen is not None:
            if seen.last == "dropped":
                made = without(self.now, label)
                self._became(made, f"keeps_{label}", said, self.about.measured(seen))
        elif fact.value is False:
            made = without(self.now, label)
            if label != "identifier" or self.about.op == "create":
                # Whatever stands there is no label of the EHR's own.
                made = apply(Transform("drop", path), made)
            self._became(made, f"keeps_{label}", said, fact.basis)

    def provenance(self) -> None:
        """Say whether the Provenance beside it gets lost; that is no difference in it."""
        seen = self.about.seen.get("provenance")
        if seen is not None and seen.last != "kept":
            said = words.UNSEEN if seen.last == "unseen" else words.DROPPED_LABELS["provenance"]
            self._told("keeps_provenance", said, self.about.measured(seen))

    def filed(self) -> None:
        """Say in which state it is filed."""
        state = self.about.profile.persisted_state
        if state.value not in words.STATES:
            return
        said = words.STATES[str(state.value)]
        if state.value != "final-only":
            self._told("persisted_state", said, state.basis)
            return
        name = "docStatus" if "docStatus" in self.now else "status"
        if self.now.get(name) in _DRAFTS:
            self._became({**self.now, name: "final"}, "persisted_state", said, state.basis)

    def noted(self) -> None:
        """Say what no transform says, where it is about something that is there.

        What holds of every resource tells a reviewer nothing of this one: `profile show` has it.
        """
        for note in self.about.profile.notes:
            here = "." not in note.path or next(places(self.now, note.path), None) is not None
            if note.path != ANY and is_of(note.path, self.now) and here:
                self._told(f"note {note.path}", f"this EHR: {note.words}", note.basis)

    def corrected(self) -> None:
        """Say where nothing leads back through the API; an update can be updated once more."""
        profile, type_ = self.about.profile, str(self.now.get("resourceType"))
        ways = [may_write(profile, type_, how) for how in ("update", "patch")]
        if self.about.op != "create" or any(_leads_back(one) for one in ways):
            return
        if ways[0].refusing is not None:
            self._told("correctable", words.NO_WAY_BACK, ways[0].refusing.basis)
        elif profile.correctable.value is False:
            self._told("correctable", words.NO_WAY_BACK, profile.correctable.basis)

    def _told(self, fact: str, said: str, basis: Basis) -> None:
        self.found.append(Predicted(fact, said, basis))

    def _became(self, made: JsonObject, fact: str, said: str, basis: Basis) -> None:
        if made == self.now:
            return
        found = self.about.compared(self.now, made)
        kept = tuple(one for one in found.differences if one.class_ not in _QUIET)
        self.now = made
        if kept:
            class_ = worst(one.class_ for one in kept)
            self.found.append(Predicted(fact, said, basis, class_, kept))
