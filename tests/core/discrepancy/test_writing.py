"""One thing written in two ways: texts, names, addresses, numbers to call, bytes, contained ids."""

from __future__ import annotations

import base64
import hashlib
import sys
import unicodedata
from typing import Any

import pytest

from core.canonical import JsonObject, Number
from core.discrepancy import compare, contained, phones, polarity, rules


def patient(**members: Any) -> JsonObject:
    return {"resourceType": "Patient", **members}


def text(value: str) -> JsonObject:
    return {"resourceType": "Observation", "code": {"text": "a"}, "note": [{"text": value}]}


def call(value: str, system: str = "phone") -> JsonObject:
    return patient(telecom=[{"system": system, "value": value}])


def name(**parts: Any) -> JsonObject:
    return patient(name=[parts])


def home(**parts: Any) -> JsonObject:
    return patient(address=[parts])


def file(**members: Any) -> JsonObject:
    return patient(photo=[members])


def said(inner: str) -> JsonObject:
    div = f'<div xmlns="http://www.w3.org/1999/xhtml">{inner}</div>'
    return patient(text={"status": "additional", "div": div})


ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
ERROR = {"extension": [{"url": ABSENT, "valueCode": "error"}]}
DATA = base64.b64encode(b"a scan of some length, in two lines").decode()
SIZE = Number("35")
HASH = base64.b64encode(
    hashlib.sha1(b"a scan of some length, in two lines", usedforsecurity=False).digest()
).decode()

SAME = [
    ("equivalent", text("no growth"), text(" no  growth\n")),
    ("equivalent", text("a\nb"), text("a\r\nb")),
    ("equivalent", text("café"), text(unicodedata.normalize("NFD", "café"))),
    ("equivalent", name(family="Sandoval"), name(family="SANDOVAL ")),
    ("equivalent", name(given=["Ines", "Maria"]), name(given=["Ines Maria"])),
    ("equivalent", name(text="Smith, John"), name(text="John Smith")),
    (
        "enriched",
        name(family="Smith", given=["Jo"]),
        name(family="Smith", given=["Jo"], text="Jo Smith"),
    ),
    ("equivalent", home(line=["12 Elm St", "Floor 3"]), home(line=["12 Elm St, Floor 3"])),
    (
        "equivalent",
        home(city="Lund", postalCode="SW1A 1AA"),
        home(city="LUND", postalCode="sw1a1aa"),
    ),
    ("enriched", home(postalCode="12345"), home(postalCode="12345-6789")),
    ("equivalent", home(text="1 Elm St\nLund"), home(text="1 Elm St, Lund")),
    ("equivalent", call("(555) 123-4567"), call("555.123.4567")),
    ("equivalent", call("+44 (0)20 7946 0958"), call("+442079460958")),
    ("equivalent", call("tel:+1-201-555-0123"), call("+1 201 555 0123")),
    ("equivalent", call("+1 201 555 0123 ext. 9"), call("+12015550123x9")),
    ("equivalent", call("Ines@Mail.Example", "email"), call("mailto:ines@mail.example", "email")),
    ("equivalent", file(data=DATA), file(data=f"{DATA[:20]}\r\n{DATA[20:]}")),
    ("enriched", file(data=DATA), file(data=DATA, hash=HASH, size=SIZE)),
    ("enriched", file(data=DATA), file(url="https://a.example/Binary/1", hash=HASH, size=SIZE)),
    ("equivalent", said("<p>a  b &#233;</p>"), said("<p>a b é</p>")),
    ("equivalent", said('<p id="x" title="y">a</p>'), said("<p title='y' id='x'>a</p>")),
    ("enriched", patient(active=True), patient(active=True, language="sv")),
]
OTHER = [
    (text("no growth"), text("growth")),
    (text("a\nb"), text("a b")),
    (text("cafe"), text("c\u0430fe")),
    (text("a"), text("a\x00")),
    (text("fi"), text("\ufb01")),
    (name(family="Weiss"), name(family="Weiß")),
    (name(family="Oneill"), name(family="O'Neill")),
    (name(given=["Ines", "Maria"]), name(given=["Maria Ines"])),
    (name(given=["Ines", "Maria"]), name(given=["Ines"])),
    (name(text="Smith, John"), name(text="Smith John")),
    (name(family="Smith", given=["Jo"]), name(family="Smith", given=["Jo"], text="Jo Smyth")),
    (home(line=["12 Elm St"]), home(line=["12 Elm Street"])),
    (home(line=["1", "2 Elm St"]), home(line=["12 Elm St"])),
    (home(postalCode="12345-6789"), home(postalCode="12345")),
    (home(postalCode="12345"), home(postalCode="12346-6789")),
    (call("555 123 4567"), call("555 123 4568")),
    (call("555 123 4567"), call("+1 555 123 4567")),
    (call("+1 201 555 0123 ext. 9"), call("+1 201 555 0123 ext. 8")),
    (call("+1 201 555 0123"), call("+1 201 555 0123, not after five")),
    (call("+1 201 555 0123", "phone"), call("+1 201 555 0123", "fax")),
    (call("ines@mail.example", "email"), call("ines@mail.example.org", "email")),
    (file(data=DATA), file(data=DATA[:-4] + "AAAA")),
    (file(data=DATA), file(data=DATA, hash="AAAA", size=SIZE)),
    (file(data=DATA), file(url="https://a.example/Binary/1", hash="AAAA", size=SIZE)),
    (file(data=DATA), file(url="https://a.example/Binary/1")),
    (file(data=DATA), file(contentType="image/png")),
    (said("<p>a</p>"), said("<p>b</p>")),
    (said("<p>a b</p>"), said("<p>ab</p>")),
    (said("<pre>a  b</pre>"), said("<pre>a b</pre>")),
    (home(city="New York"), home(city="New")),
    (home(line=["12 Elm St, B"]), home(line=["12 Elm St"])),
    (name(text="Jo Smith Berg"), name(text="Jo Smith")),
    (patient(birthDate="1990-01-02"), patient(birthDate="1990-01-02", _birthDate=ERROR)),
    (patient(language="en"), patient(language="sv")),
]


@pytest.mark.parametrize(("class_", "intended", "persisted"), SAME)
def test_one_thing_written_in_two_ways_is_the_same(
    class_: str, intended: JsonObject, persisted: JsonObject
) -> None:
    found = compare(intended, persisted)
    assert found.class_ == class_, found


@pytest.mark.parametrize(("intended", "persisted"), OTHER)
def test_what_only_looks_alike_is_another_thing(
    intended: JsonObject, persisted: JsonObject
) -> None:
    assert compare(intended, persisted).class_ in ("changed", "critical")


def test_a_national_number_is_read_where_the_region_is_known_and_only_there() -> None:
    sides = call("(201) 555-0123"), call("+1 201 555 0123")
    assert compare(*sides).class_ == "changed"
    assert compare(*sides, region="US").class_ == "equivalent"
    assert compare(*sides, region="SE").class_ == "changed"


def test_a_long_text_is_no_telephone_number_and_costs_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(phones, "_parsed", lambda *_: pytest.fail("was read"))
    assert not phones.is_same_number("+1" * 40, "+1" * 41, "US")


NEGATED = [
    ("Chest pain", "No chest pain"),
    ("Patient reports chest pain", "Patient denies chest pain"),
    ("No known allergies", "Known allergies"),
    ("Culture positive", "Culture negative"),
    ("Fracture of left wrist", "Fracture of right wrist"),
    ("She didn't fall", "She fall"),
]


@pytest.mark.parametrize(("ours", "theirs"), NEGATED)
def test_a_text_that_became_its_denial_is_critical(ours: str, theirs: str) -> None:
    assert compare(text(ours), text(theirs)).class_ == "critical"
    assert compare(text(theirs), text(ours)).class_ == "critical"


def test_a_denial_at_the_tail_of_a_long_text_is_found() -> None:
    long = " ".join(f"word{n}" for n in range(15_000))
    assert compare(text(f"{long} pain"), text(f"{long} no pain")).class_ == "critical"


@pytest.mark.parametrize(
    ("ours", "theirs", "class_"),
    [
        ("Asthma since childhood", "Asthma since", "lossy"),
        ("Asthma, ruled out", "Asthma", "changed"),
        ("Fracture, left", "Fracture", "changed"),
        ("Ward 12", "Ward 1", "changed"),
    ],
)
def test_a_cut_is_a_change_where_its_tail_tells(ours: str, theirs: str, class_: str) -> None:
    sides = ({"resourceType": "Condition", "code": {"text": one}} for one in (ours, theirs))
    assert compare(*sides).class_ == class_


def test_without_its_guard_a_telling_tail_is_only_lossy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.discrepancy.loss.is_telling", lambda _: False)
    sides = ({"resourceType": "Condition", "code": {"text": one}} for one in ("A, left", "A"))
    assert compare(*sides).class_ == "lossy"
    assert polarity.is_telling(", left")


def held(first: str, second: str, **references: str) -> JsonObject:
    """Return an observation that holds a patient and a practitioner under two ids."""
    return {
        "resourceType": "Observation",
        "code": {"text": "a"},
        "contained": [
            {"resourceType": "Patient", "id": first, "name": [{"family": "Berg"}]},
            {"resourceType": "Practitioner", "id": second, "name": [{"family": "Holm"}]},
        ],
        **{to: {"reference": f"#{id_}"} for to, id_ in references.items()},
    }


def test_contained_resources_may_have_other_ids_where_references_follow() -> None:
    ours = held("p", "d", subject="p", focus="d")
    found = compare(ours, held("c1", "c2", subject="c1", focus="c2"))
    assert [(one.path, one.reason) for one in found.differences] == [
        ("Observation.contained", rules.RENAMED.reason)
    ]
    assert compare(ours, held("d", "p", subject="d", focus="p")).class_ == "equivalent"


@pytest.mark.parametrize(
    "theirs",
    [
        held("c1", "c2", subject="p", focus="d"),
        held("c1", "c2", subject="c2", focus="c1"),
        held("d", "p", subject="p", focus="d"),
        held("c1", "d", subject="p", focus="d"),
    ],
)
def test_a_reference_that_did_not_follow_is_found(theirs: JsonObject) -> None:
    assert compare(held("p", "d", subject="p", focus="d"), theirs).class_ in ("changed", "critical")


def test_a_renamed_resource_is_still_compared_in_full() -> None:
    theirs = held("c1", "c2", subject="c1", focus="c2")
    theirs["contained"][0]["name"] = [{"family": "Bergh"}]
    found = compare(held("p", "d", subject="p", focus="d"), theirs)
    assert "Observation.contained[0].name[0].family" in {one.path for one in found.differences}
    assert found.class_ == "changed"


def test_renaming_leaves_what_it_was_given_alone() -> None:
    theirs = held("c1", "c2", subject="c1")
    before = repr(theirs)
    contained.follow_ids(held("p", "d", subject="p"), theirs, None)
    assert repr(theirs) == before


def test_an_extension_alone_on_a_primitive_is_its_value() -> None:
    unknown = {"extension": [{"url": "http://a.example/why", "valueCode": "unknown"}]}
    assert compare(patient(_birthDate=unknown), patient()).class_ == "changed"
    assert compare(patient(), patient(_birthDate=unknown)).class_ == "changed"
    given = {"given": ["A", None], "_given": [None, unknown]}
    assert compare(name(**given), name(given=["A"])).class_ == "changed"


def test_a_display_alone_is_the_fact_and_beside_a_code_it_is_not() -> None:
    coded = {"coding": [{"system": "urn:s", "code": "1", "display": "a"}]}
    bare = {"coding": [{"system": "urn:s", "display": "a"}]}
    for concept, class_ in ((coded, "lossy"), (bare, "changed")):
        left = {"coding": [{k: v for k, v in concept["coding"][0].items() if k != "display"}]}
        sides = ({"resourceType": "Condition", "code": one} for one in (concept, left))
        assert compare(*sides).class_ == class_


def test_an_extension_under_another_name_is_another_one() -> None:
    one, other = ({"url": f"http://a.example/{n}", "valueString": "x"} for n in "ab")
    assert compare(patient(extension=[one]), patient(extension=[other])).class_ == "changed"


def test_a_merged_record_is_critical() -> None:
    link = {"other": {"reference": "Patient/p2"}, "type": "replaced-by"}
    assert compare(patient(), patient(link=[link])).class_ == "critical"
    older = {**link, "type": "seealso"}
    assert compare(patient(link=[older]), patient(link=[link])).class_ == "critical"


def test_another_patient_is_found_in_a_bundle_too() -> None:
    sides = ({"resourceType": "Bundle", "entry": [{"resource": patient(id=one)}]} for one in "12")
    assert compare(*sides).class_ == "critical"


def test_another_author_has_words_of_its_own() -> None:
    sides = (
        {"resourceType": "DocumentReference", "author": [{"reference": f"Practitioner/{n}"}]}
        for n in "12"
    )
    found = compare(*sides).differences[0]
    assert (found.class_, found.reason) == (
        "changed",
        "Who wrote, did or reported it is another one.",
    )


def many(count: int, kind: str) -> tuple[JsonObject, JsonObject]:
    """Return two sides with a long list; `kind` says in what they differ."""
    ours = [{"code": {"text": f"c{n}"}, "valueInteger": Number(str(n))} for n in range(count)]
    changes: dict[str, Any] = {
        "turned": [dict(one) for one in ours[::-1]],
        "numbered": [{"id": f"e{n}", **one} for n, one in enumerate(ours[::-1])],
        "dropped": ours[::2],
        "strangers": [{"code": {"text": f"z{n}"}} for n in range(count)],
    }
    base: JsonObject = {"resourceType": "Observation", "status": "final"}
    return {**base, "component": ours}, {**base, "component": changes[kind]}


@pytest.mark.parametrize(
    ("kind", "class_"),
    [
        ("turned", "equivalent"),
        ("numbered", "equivalent"),
        ("dropped", "changed"),
        ("strangers", "changed"),
    ],
)
def test_the_work_on_long_lists_is_linear(kind: str, class_: str) -> None:
    def calls(count: int) -> int:
        sides, made = many(count, kind), 0

        def counted(_: object, event: str, __: object) -> None:
            nonlocal made
            made += event in ("call", "c_call")

        sys.setprofile(counted)
        try:
            found = compare(*sides)
        finally:
            sys.setprofile(None)
        assert found.class_ == class_
        return made

    # Eight times the items; quadratic work would be 64 times.
    assert calls(2_000) < 12 * calls(250)
