from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from core.errors import BadInput, NotFound
from sync.workspace.config import make_config, parse_config, read_config, render_config

TEXT = """
version = 1
team = "north"
reviewer = "dr-lee"
keys = "file"

[ehr.north-ehr]
base_url = "https://ehr.example.org/fhir/"
token_url = "https://ehr.example.org/token"
profile = "generic-r4"

[ehr.north-ehr.clients]
read = "c-1"
write = "c-2"
"""


def test_a_configuration_is_read() -> None:
    config = parse_config(TEXT)
    ehr = config.ehr["north-ehr"]
    assert (config.team, config.reviewer) == ("north", "dr-lee")
    assert ehr.base_url == "https://ehr.example.org/fhir"
    assert (ehr.clients.read, ehr.clients.write, ehr.clients.approve) == ("c-1", "c-2", None)


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("version = 1", "version = 2", "version"),
        ("version = 1", "version = '1'", "version"),
        ("version = 1\n", "", "version"),
        ('team = "north"', 'taem = "north"', "taem"),
        ('team = "north"', 'team = "no rth"', "team"),
        ('reviewer = "dr-lee"', 'reviewer = ""', "reviewer"),
        ('keys = "file"', 'keys = "plain"', "keys"),
        ("[ehr.north-ehr]", "[ehr.'north ehr']", "ehr.north ehr"),
        ("https://ehr.example.org/fhir/", "ftp://ehr.example.org", "ehr.north-ehr.base_url"),
        ("https://ehr.example.org/fhir/", "/fhir", "ehr.north-ehr.base_url"),
        ("https://ehr.example.org/fhir/", "https://", "ehr.north-ehr.base_url"),
        ("https://ehr.example.org/fhir/", "https://a:b@ehr.example.org", "ehr.north-ehr.base_url"),
        ("https://ehr.example.org/fhir/", "https://ehr.example.org?x=1", "ehr.north-ehr.base_url"),
        ("https://ehr.example.org/fhir/", "https://ehr.example.org#x", "ehr.north-ehr.base_url"),
        ("https://ehr.example.org/fhir/", "https://ehr example.org", "ehr.north-ehr.base_url"),
        ("https://ehr.example.org/fhir/", "https://ehr:99999/", "ehr.north-ehr.base_url"),
        ("https://ehr.example.org/token", "token", "ehr.north-ehr.token_url"),
        ("profile =", "profil =", "ehr.north-ehr.profil"),
        ("profile =", "secret = 'x'\nprofile =", "ehr.north-ehr.secret"),
        ('read = "c-1"', 'raed = "c-1"', "ehr.north-ehr.clients.raed"),
        ('read = "c-1"', 'read = ""', "ehr.north-ehr.clients.read"),
        ('read = "c-1"', "read = 1", "ehr.north-ehr.clients.read"),
    ],
)
def test_a_wrong_value_is_refused_with_field_and_remedy(old: str, new: str, field: str) -> None:
    changed = TEXT.replace(old, new)
    assert changed != TEXT
    with pytest.raises(BadInput) as caught:
        parse_config(changed)
    assert caught.value.field == field
    assert caught.value.remedy


def test_a_configuration_needs_an_ehr() -> None:
    head = TEXT.partition("[ehr")[0]
    for text, problem in ((head, "required"), (head + "[ehr]", "at least 1")):
        with pytest.raises(BadInput, match=problem) as caught:
            parse_config(text)
        assert caught.value.field == "ehr"


def test_what_is_not_toml_is_refused() -> None:
    with pytest.raises(BadInput, match="not TOML"):
        parse_config("version = ")


@pytest.mark.parametrize("name", ["north-ehr", "a.b", "_", "7"])
@pytest.mark.parametrize("token_url", [None, "https://ehr.example.org/token"])
@pytest.mark.parametrize("clients", [{}, {"read": 'q"\\uote', "approve": "x" * 256}])
def test_what_is_rendered_reads_back_the_same(
    name: str, token_url: str | None, clients: dict[str, str]
) -> None:
    ehr: dict[str, object] = {"base_url": "https://ehr.example.org/a%20b", "profile": "p"}
    ehr |= {"clients": clients} | ({"token_url": token_url} if token_url else {})
    values = {"version": 1, "team": "t", "reviewer": "r", "keys": "file", "ehr": {name: ehr}}
    config = make_config(values)
    text = render_config(config)
    assert parse_config(text) == config
    assert tomllib.loads(text)["ehr"][name].get("token_url") == token_url
    assert text.count("\n#") > 5


def test_a_url_cannot_break_out_of_its_string() -> None:
    sly = 'https://ehr.example.org/"\nkeys="keyring'
    with pytest.raises(BadInput):
        make_config(
            {
                "version": 1,
                "team": "t",
                "reviewer": "r",
                "keys": "file",
                "ehr": {"e": {"base_url": sly, "profile": "p"}},
            }
        )
    config = parse_config(TEXT.replace("org/fhir/", "org/fhir/\\u0022x"))
    assert config.ehr["north-ehr"].base_url.endswith('"x')
    assert parse_config(render_config(config)) == config


def test_a_folder_without_configuration_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"countersign\.toml"):
        read_config(tmp_path)


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "countersign.toml").write_bytes(b"\xff")
    with pytest.raises(BadInput, match="UTF-8"):
        read_config(tmp_path)
