"""What counts as the human text of a source (hub-protocol §8, grounding)."""

import base64

import pytest

from core.canonical import JsonObject, parse_object
from core.grounding import Segment, Unreadable, segments, unreadable


def document(data: bytes, content_type: str | None = "text/plain") -> JsonObject:
    attachment: JsonObject = {"data": base64.b64encode(data).decode()}
    if content_type is not None:
        attachment["contentType"] = content_type
    return {"resourceType": "DocumentReference", "content": [{"attachment": attachment}]}


PATH = "DocumentReference.content[0].attachment"


@pytest.mark.parametrize(
    ("data", "content_type", "text"),
    [
        ("BP 120\u2013130".encode(), "text/plain", "BP 120\u2013130"),
        ("caf\u00e9".encode(), "text/plain; charset=UTF-8", "caf\u00e9"),
        (b"\xef\xbb\xbfcaf\xc3\xa9", "text/plain", "caf\u00e9"),
        (b"caf\xe9", 'text/plain; format=flowed; charset="iso-8859-1"', "caf\u00e9"),
        ("caf\u00e9".encode("utf-16"), "text/plain;charset=utf-16", "caf\u00e9"),
        (b"# Plan", "text/markdown", "# Plan"),
        (b"<p>No <b>known</b> allergies</p>", "text/html", "No known allergies"),
        (b"<?xml version='1.0'?><p>a &amp; b</p>", "application/xhtml+xml", "a & b"),
        (b"<section><title>HPI</title><text>cough</text></section>", "text/xml", "HPI\ncough"),
    ],
)
def test_text_attachments_are_read(data: bytes, content_type: str, text: str) -> None:
    resource = document(data, content_type)
    assert segments(resource) == [Segment(PATH, text)]
    assert unreadable(resource) == []


@pytest.mark.parametrize(
    ("data", "content_type", "reason"),
    [
        (b"caf\xe9", "text/plain", "not-decodable"),
        (b"abc", "text/plain; charset=utf-7", "charset"),
        (b"%PDF-1.7", "application/pdf", "not-text"),
        (b"{\\rtf1 x}", "text/rtf", "not-text"),
        (b"<svg>x</svg>", "image/svg+xml", "not-text"),
        (b"abc", None, "not-text"),
    ],
)
def test_what_cannot_be_read_is_left_out_and_named(
    data: bytes, content_type: str | None, reason: str
) -> None:
    resource = document(data, content_type)
    assert segments(resource) == []
    assert unreadable(resource) == [Unreadable(PATH, reason)]


def test_broken_base64_and_text_kept_elsewhere_are_named() -> None:
    resource: JsonObject = {
        "resourceType": "DiagnosticReport",
        "presentedForm": [
            {"contentType": "text/plain", "data": "%%%"},
            {"contentType": "text/plain", "url": "Binary/1"},
        ],
    }
    assert [item.reason for item in unreadable(resource)] == ["not-base64", "elsewhere"]
    assert segments(resource) == []


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<div>one<br/>two<p>three</p></div>", "one\ntwo\nthree"),
        ("<table><tr><td>a</td><td>b</td></tr></table>", "a b"),
        ("x<script>alert('dose')</script>y<style>p{}</style>", "xy"),
        ("seen<!-- hidden -->", "seen"),
        ("<p>seen</p><p hidden>unseen <p>still</p></p><p>again</p>", "seen\nagain"),
        ("<p style='color:red; DISPLAY : none'>unseen</p><p>seen</p>", "seen"),
        ("<div style='display:none'>never closed<p>unseen</p>", ""),
        ("<img src='x' hidden>seen", "seen"),
        ("<p title='a > b' hidden>unseen</p>seen", "seen"),
        ("<p style='display:&#110;one'>unseen</p>seen", "seen"),
        ("<SCRIPT>if (a</b) '<p>'</SCRIPT >seen", "seen"),
        ("<p don't>seen</p>", "seen"),
        ("seen <a href='never closed>unseen</a>", "seen"),
        ("10 &lt;script&gt; mg", "10 <script> mg"),
        ("5 &lt; 6 &#8211; &eacute;", "5 < 6 \u2013 \u00e9"),
        ("a < b and c", "a < b and c"),
        ("one\n  two<br>three", "one two\nthree"),
        ("<pre>one\n  two</pre>three", "one\ntwo\nthree"),
    ],
)
def test_markup_gives_only_the_words_a_reader_sees(markup: str, text: str) -> None:
    found = segments(document(markup.encode(), "text/html"))
    assert "".join(item.text for item in found).strip() == text.strip()


@pytest.mark.parametrize("markup", ["<", "</", "<!", "<!--", "<![CDATA[x", "<?x", "<a b='", "&#x;"])
def test_malformed_markup_never_raises(markup: str) -> None:
    found = segments(document(f"seen {markup}".encode(), "text/html"))
    assert found[0].text.startswith("seen")


@pytest.mark.parametrize(
    "piece", ["<div ", "<!--", "<a x='", "</", "<", "<script>", "<a b = ", "&#x", "<td>"]
)
def test_large_malformed_markup_takes_linear_work(piece: str) -> None:
    """A parser of quadratic work does not return from these within any patience."""
    markup = "seen" + piece * 100_000
    assert segments(document(markup.encode(), "text/html"))[0].text.startswith("seen")


def test_a_chart_resource_gives_its_words_and_skips_its_machine_values() -> None:
    resource = parse_object(
        b"""{"resourceType": "Observation", "id": "abc-123", "status": "final",
        "meta": {"versionId": "4", "tag": [{"display": "label"}], "source": "urn:x"},
        "text": {"status": "generated",
                 "div": "<div xmlns='http://www.w3.org/1999/xhtml'>HbA1c <b>7.2</b> %</div>"},
        "identifier": [{"system": "urn:s", "value": "MRN-99"}],
        "code": {"coding": [{"system": "http://loinc.org", "code": "4548-4",
                             "version": "2.7", "display": "Hemoglobin A1c"}], "text": "HbA1c"},
        "subject": {"reference": "Patient/1", "display": "Ann Lee"},
        "effectiveDateTime": "2024-01-02", "issued": "2024-01-02T10:00:00Z",
        "valueQuantity": {"value": 7.20, "comparator": "<", "unit": "%", "code": "%",
                          "system": "http://unitsofmeasure.org"},
        "note": [{"time": "2024-01-02T10:00:00Z", "text": "fasting sample"}],
        "component": [{"valueString": "hand\\nwritten"}, {"valueCode": "skip-me"}],
        "extension": [{"url": "http://example.org/x", "valueString": "from a form"}],
        "contained": [{"resourceType": "Practitioner", "id": "p", "name": [{"text": "Dr Who"}]}]}"""
    )
    found = {item.path: item.text for item in segments(resource)}
    assert found == {
        "Observation.text.div": "HbA1c 7.2 %",
        "Observation.code.coding[0].display": "Hemoglobin A1c",
        "Observation.code.text": "HbA1c",
        "Observation.subject.display": "Ann Lee",
        "Observation.valueQuantity": "<7.20 %",
        "Observation.valueQuantity.unit": "%",
        "Observation.note[0].text": "fasting sample",
        "Observation.component[0].valueString": "hand\nwritten",
        "Observation.extension[0].valueString": "from a form",
        "Observation.contained[0].name[0].text": "Dr Who",
    }
    assert unreadable(resource) == []


def test_contact_and_address_text_is_human_text() -> None:
    resource: JsonObject = {
        "resourceType": "Patient",
        "birthDate": "1970-01-01",
        "gender": "female",
        "telecom": [{"system": "phone", "use": "home", "value": "555-0100"}],
        "address": [{"line": ["1 Elm St"], "city": "Springfield", "postalCode": "01101"}],
    }
    assert [item.text for item in segments(resource)] == [
        "555-0100",
        "1 Elm St",
        "Springfield",
        "01101",
    ]
