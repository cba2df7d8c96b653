"""What a change does to its base: no difference missed, none called by a milder name."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import delta as module
from core.canonical import JsonObject, c14n, exact
from core.delta import Difference, content, delta, disturbed, element_path, is_guard, touched
from core.digests import fingerprint

HOME = {"system": "phone", "value": "1", "use": "home"}
MOBILE = {"system": "phone", "value": "2", "use": "mobile"}
WORK = {"system": "phone", "value": "3", "use": "work"}


def patient(**elements: Any) -> JsonObject:
    found = exact({"resourceType": "Patient", "id": "p", **elements})
    assert isinstance(found, dict)
    return found


def effects(base: JsonObject, intended: JsonObject) -> list[tuple[str, str]]:
    return [(item.path.removeprefix("Patient."), item.effect) for item in delta(base, intended)]


def test_values_and_effects() -> None:
    base = patient(gender="female", birthDate="1970", active=True)
    found = delta(base, patient(gender="male", active=True, language="de"))
    assert found == (
        Difference("Patient.birthDate", "removed", "1970", None),
        Difference("Patient.gender", "changed", "female", "male"),
        Difference("Patient.language", "added", None, "de"),
    )
    assert [item.as_json() for item in found] == [
        {"path": "Patient.birthDate", "before": "1970"},
        {"path": "Patient.gender", "before": "female", "after": "male"},
        {"path": "Patient.language", "after": "de"},
    ]


def test_create_adds_each_element_whole() -> None:
    found = delta(None, patient(name=[{"family": "A"}], active=True))
    assert [(item.path, item.effect, item.after) for item in found] == [
        ("Patient.active", "added", True),
        ("Patient.name", "added", [{"family": "A"}]),
    ]


LISTS: list[tuple[list[Any], list[Any], list[tuple[str, str]]]] = [
    ([HOME], [HOME], []),
    ([HOME], [HOME, MOBILE], [("telecom[1]", "added")]),
    ([HOME], [MOBILE, HOME], [("telecom[0]", "added")]),
    ([HOME, MOBILE], [HOME], [("telecom[1]", "removed")]),
    ([HOME, MOBILE], [MOBILE], [("telecom[0]", "removed")]),
    ([HOME, MOBILE, WORK], [HOME, WORK], [("telecom[1]", "removed")]),
    ([HOME, MOBILE], [], [("telecom[0]", "removed"), ("telecom[1]", "removed")]),
    ([], [HOME], [("telecom[0]", "added")]),
    ([HOME, MOBILE], [HOME, {**MOBILE, "value": "9"}], [("telecom[1].value", "changed")]),
    ([HOME], [{**HOME, "rank": 1}], [("telecom[0].rank", "added")]),
    ([{**HOME, "rank": 1}], [HOME], [("telecom[0].rank", "removed")]),
    # A member that goes while its neighbour changes: the removal is told beside the change.
    (
        [HOME, MOBILE],
        [{**HOME, "value": "9"}],
        [("telecom[0].value", "changed"), ("telecom[1]", "removed")],
    ),
    # One goes, another comes elsewhere: the member between them aligns.
    ([HOME, MOBILE], [MOBILE, WORK], [("telecom[0]", "removed"), ("telecom[1]", "added")]),
    # One goes before the changed one: the change names the place in the intended list.
    (
        [HOME, MOBILE, WORK],
        [MOBILE, {**WORK, "value": "9"}],
        [("telecom[0]", "removed"), ("telecom[1].value", "changed")],
    ),
    # Order can carry meaning, so a move is a removal and an addition.
    ([HOME, MOBILE], [MOBILE, HOME], [("telecom[0]", "added"), ("telecom[1]", "removed")]),
    # A doubled member that is made single has lost one.
    ([HOME, HOME], [HOME], [("telecom[1]", "removed")]),
    ([HOME], [HOME, HOME], [("telecom[1]", "added")]),
]


@pytest.mark.parametrize(("before", "after", "wanted"), LISTS)
def test_list_alignment(before: list[Any], after: list[Any], wanted: list[tuple[str, str]]) -> None:
    found = effects(patient(telecom=before), patient(telecom=after))
    assert sorted(found) == sorted(wanted)


def test_nested_lists_are_aligned_within_their_member() -> None:
    base = patient(name=[{"given": ["Ada", "May"]}, {"family": "B"}])
    intended = patient(name=[{"given": ["Ada"]}, {"family": "B"}])
    assert effects(base, intended) == [("name[0].given[1]", "removed")]


@pytest.mark.parametrize(
    ("before", "after", "wanted"),
    [
        ([HOME], "none", ["added", "removed"]),
        ([HOME], None, ["removed"]),
        ([HOME], HOME, ["added", "removed"]),
        (HOME, "x", ["added", "removed"]),
        (None, [HOME], ["added"]),
        (HOME, None, ["removed"]),
        ("x", None, ["removed"]),
        ("x", "y", ["changed"]),
        (True, False, ["changed"]),
        (True, "true", ["changed"]),
    ],
    ids=str,
)
def test_what_loses_its_shape_or_value_is_removed(
    before: Any, after: Any, wanted: list[str]
) -> None:
    found = effects(patient(contact=before), patient(contact=after))
    assert sorted({effect for _, effect in found}) == wanted
    assert {path for path, _ in found} == {"contact"}
    inside = effects(patient(contact=["a", before]), patient(contact=["a", after]))
    assert sorted({effect for _, effect in inside}) == wanted


def test_extension_of_a_primitive_in_a_list_that_becomes_null_is_removed() -> None:
    extension = {"extension": [{"url": "u", "valueCode": "c"}]}
    base = patient(name=[{"given": ["A", "B"], "_given": [None, extension]}])
    gone = patient(name=[{"given": ["A", "B"], "_given": [None, None]}])
    assert touched(delta(base, gone)) == (("Patient.name.given", "removed"),)
    assert touched(delta(gone, base)) == (("Patient.name.given", "added"),)


def test_number_texts_differ_though_the_values_do_not() -> None:
    one, other = patient(x={"value": 1}), patient(x={"value": 1})
    other["x"]["value"] = type(one["x"]["value"])("1.0")
    assert effects(one, other) == [("x.value", "changed")]


def test_a_number_is_not_its_text() -> None:
    assert effects(patient(x=1), patient(x="1")) == [("x", "changed")]
    assert effects(patient(x=[1, True]), patient(x=["1", "true"])) == [
        ("x[0]", "changed"), ("x[1]", "changed"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("Patient.telecom[1].value", "Patient.telecom.value"),
        ("Patient._birthDate.extension[0].valueCode", "Patient.birthDate.extension.valueCode"),
        ("Patient.name[0]._given[12]", "Patient.name.given"),
        ("Patient.name[0].given[0]", "Patient.name.given"),
        ("Patient.under_score", "Patient.under_score"),
    ],
)
def test_element_paths_have_no_indexes_and_companions_count_as_their_element(
    path: str, wanted: str
) -> None:
    assert element_path(path) == wanted == Difference(path, "added", None, True).element


def test_companion_alone_touches_its_element() -> None:
    base = patient(birthDate="1970")
    intended = patient(birthDate="1970", _birthDate={"extension": [{"url": "u"}]})
    assert touched(delta(base, intended)) == (("Patient.birthDate", "added"),)


def test_touched_is_distinct_and_sorted() -> None:
    found = delta(patient(telecom=[HOME, WORK]), patient(telecom=[MOBILE, HOME, WORK, MOBILE]))
    assert touched(found) == (("Patient.telecom", "added"),)


BOOKKEEPING = {"versionId": "7", "lastUpdated": "2026-11-23T09:00:00Z"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"meta": BOOKKEEPING}, {}),
        ({"meta": BOOKKEEPING}, {"meta": {"versionId": "8"}}),
        ({"meta": {**BOOKKEEPING, "profile": ["p"]}}, {"meta": {"profile": ["p"]}}),
        ({"meta": {"_lastUpdated": {"id": "x"}}}, {}),
    ],
)
def test_bookkeeping_of_the_server_is_no_difference(one: Any, other: Any) -> None:
    assert delta(patient(**one), patient(**other)) == ()
    assert fingerprint(patient(**one)) == fingerprint(patient(**other))


def test_other_meta_is_a_difference() -> None:
    base, intended = patient(meta=BOOKKEEPING), patient(meta={"security": [{"code": "R"}]})
    assert effects(base, intended) == [("meta", "added")]
    assert effects(intended, base) == [("meta", "removed")]
    both = patient(meta={**BOOKKEEPING, "profile": ["p"]}), patient(meta={"tag": [{"code": "t"}]})
    assert effects(*both) == [("meta.profile", "removed"), ("meta.tag", "added")]
    assert fingerprint(both[0]) != fingerprint(both[1])


def test_neither_delta_nor_content_alters_what_it_is_given() -> None:
    base, intended = patient(meta=BOOKKEEPING, telecom=[HOME]), patient(telecom=[MOBILE])
    copies = copy.deepcopy((base, intended))
    delta(base, intended)
    content(base)
    assert (base, intended) == copies


def test_guards_and_touched_elements_disturb_and_others_do_not() -> None:
    old = patient(telecom=[HOME, MOBILE], active=True, language="de")
    approved = delta(old, patient(telecom=[HOME, WORK], active=True, language="de"))
    assert not disturbed(old, patient(**{**old, "language": "fr"}), approved)
    for moved in ({"telecom": [WORK, MOBILE]}, {"active": False}, {"deceasedBoolean": True}):
        assert disturbed(old, patient(**{**old, **moved}), approved), moved
    # The neighbour of the touched value inside the same element counts.
    assert disturbed(old, patient(**{**old, "telecom": [{**HOME, "rank": "1"}, MOBILE]}), approved)


@pytest.mark.parametrize(
    ("element", "wanted"),
    [
        ("value", True),
        ("valueQuantity", True),
        ("medicationReference", True),
        ("deceasedDateTime", True),
        ("status", True),
        ("statusReason", True),
        ("valued", False),
        ("note", False),
        ("codes", False),
    ],
)
def test_guard_elements(element: str, wanted: bool) -> None:
    assert is_guard(element) is wanted


_keys = st.sampled_from(["a", "b", "value", "_a", "code"])
_scalars = st.one_of(st.booleans(), st.sampled_from(["x", "y", ""]), st.integers(0, 3))
_values = st.recursive(
    _scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(_keys, inner, max_size=3)),
    max_leaves=12,
)
_resources = st.dictionaries(_keys, _values, max_size=4).map(lambda found: patient(**found))


def undone(intended: JsonObject, differences: tuple[Difference, ...]) -> JsonObject:
    """Take every difference back, innermost first: what is left must be the base."""
    found = copy.deepcopy(intended)
    order = {"changed": 0, "added": 1, "removed": 2}

    def key(item: Difference) -> tuple[int, int, int]:
        steps = _steps(item.path)
        last = steps[-1] if isinstance(steps[-1], int) else 0
        return -len(steps), order[item.effect], last if item.effect == "removed" else -last

    for item in sorted(differences, key=key):
        *way, last = _steps(item.path)
        holder: Any = found
        for step in way:
            holder = holder[step]
        if item.effect == "added":
            assert holder[last] == item.after
            del holder[last]
        elif item.effect == "changed":
            assert holder[last] == item.after
            holder[last] = item.before
        elif isinstance(holder, list):
            assert isinstance(last, int) and last <= len(holder)
            holder.insert(last, item.before)
        else:
            assert last not in holder
            holder[last] = item.before
    return found


def _steps(path: str) -> list[str | int]:
    parts = re.findall(r"\.([^.\[]+)|\[(\d+)\]", path)
    return [name or int(index) for name, index in parts]


@given(_resources, _resources)
def test_taking_the_delta_back_gives_the_base(base: JsonObject, intended: JsonObject) -> None:
    assert c14n(undone(intended, delta(base, intended))) == c14n(base)


@given(_resources, _resources)
def test_empty_delta_means_equal_content(base: JsonObject, intended: JsonObject) -> None:
    assert (delta(base, intended) == ()) == (c14n(base) == c14n(intended))
    assert (fingerprint(base) == fingerprint(intended)) == (delta(base, intended) == ())


@given(st.lists(_values, max_size=5), st.lists(_values, max_size=5))
def test_shorter_list_always_tells_a_removal(before: list[Any], after: list[Any]) -> None:
    found = delta(patient(a=before), patient(a=after))
    own = [item.effect for item in found if re.fullmatch(r"Patient\.a\[\d+\]", item.path)]
    assert own.count("added") - own.count("removed") == len(after) - len(before)


def test_control_comparing_lists_place_by_place_hides_a_removal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def careless(path: str, before: list[Any], after: list[Any]) -> Any:
        for index, (old, new) in enumerate(zip(before, after, strict=False)):
            yield from module._values(f"{path}[{index}]", f"{path}[{index}]", old, new)

    monkeypatch.setattr(module, "_lists", careless)
    assert delta(patient(a=["x", "y"]), patient(a=["x"])) == ()
    with pytest.raises(AssertionError):
        test_shorter_list_always_tells_a_removal.hypothesis.inner_test(["x", "y"], ["x"])
    with pytest.raises(AssertionError):
        test_taking_the_delta_back_gives_the_base.hypothesis.inner_test(
            patient(a=["x", "y"]), patient(a=["x"])
        )
