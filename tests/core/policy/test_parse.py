from __future__ import annotations

from decimal import Decimal

import pytest

from core.errors import BadInput
from core.policy import Route, parse_policy
from tests.core.policy.builders import HEAD, allow, document, forbid

AUTO_ON = '[auto]\nenabled = true\npaths = ["Patient.telecom.rank"]\n'


def test_a_document_becomes_a_policy_with_durations_in_seconds() -> None:
    policy = parse_policy(document(allow(min_confidence="0.80"), forbid()))

    assert policy.tiers == ("low", "medium", "high")
    assert policy.consent_default == "permit"
    assert policy.not_found == "deny"
    assert policy.route("pair") == Route("pair", ("nurse", "physician"), 2, 14400, 0, False, 1800)
    assert policy.route("clinic") == Route(
        "clinic", ("nurse", "physician"), 1, 86400, 300, True, None
    )
    assert policy.highest_route.id == "pair"
    assert policy.allows[0].min_confidence == Decimal("0.80")
    assert policy.allows[0].match.effects == {"added", "changed"}
    assert policy.forbids[0].match.effects == {"added", "changed", "removed"}


def test_a_document_without_rules_is_valid_and_a_strange_route_name_is_not_served() -> None:
    policy = parse_policy(document())

    assert policy.allows == policy.forbids == ()
    with pytest.raises(KeyError):
        policy.route("elsewhere")


@pytest.mark.parametrize(
    ("text", "field", "problem", "remedy"),
    [
        (document(allow(agent='["x"]')), "allow[0].agent", "unknown key", "agents"),
        (document(top="colour = 1"), "colour", "unknown key", "tiers"),
        (document(forbid(where="{}")), "forbid[0].where", "unknown key", "reason"),
        (document(auto="[auto]\non = true"), "auto.on", "unknown key", "enabled"),
        (document(allow(models=None)), "allow[0].models", "missing", "Add"),
        (document(forbid(reason=None)), "forbid[0].reason", "missing", "Add"),
        (document(allow(agents='"desk-1"')), "allow[0].agents", "list", "[ ]"),
        (document(allow(agents="[1]")), "allow[0].agents[0]", "string", "quotes"),
        (document(allow(agents='["a b"]')), "allow[0].agents[0]", "cannot stand", "letters"),
        (document(allow(ehrs="[]")), "allow[0].ehrs", "empty", "at least one"),
        (document(allow(paths="[]")), "allow[0].paths", "at least 1", "Name more"),
        (document(allow(ehrs='["a", "a"]')), "allow[0].ehrs", "twice", "Keep one"),
        (document(allow(ehrs='["*", "a"]')), "allow[0].ehrs", "beside", "only '*'"),
        (document(allow(ehrs='["a\\u001b"]')), "allow[0].ehrs[0]", "one line", "printable"),
        (document(allow(types='["patient"]')), "allow[0].types[0]", "cannot", "resource type"),
        (document(allow(purposes='["treat"]')), "allow[0].purposes[0]", "cannot", "ActReason"),
        (document(allow(operations='["delete"]')), "allow[0].operations[0]", "create", "one of"),
        (document(allow(effects='["gone"]')), "allow[0].effects[0]", "removed", "one of"),
        (document(allow(needs='["luck"]')), "allow[0].needs[0]", "evidence", "one of"),
        (document(allow(id='"A"')), "allow[0].id", "cannot", "small letters"),
        (document(allow(tier='"lo"')), "allow[0].tier", "no tier lo", "low, medium"),
        (document(allow(route='"x"')), "allow[0].route", "no route x", "Name a route"),
        (document(allow(min_confidence="1.1")), "allow[0].min_confidence", "less", "Lower"),
        (document(allow(min_confidence="-1")), "allow[0].min_confidence", "greater", "Raise"),
        (document(allow(min_confidence="nan")), "allow[0].min_confidence", "finite", "0 to 1"),
        (document(allow(min_confidence="true")), "allow[0].min_confidence", "number", "0.8"),
        (document(allow(where='{Status = ["x"]}')), "allow[0].where.Status", "cannot", "status"),
        (document(allow(where="{status = []}")), "allow[0].where.status", "empty", "at least"),
        (document(allow(named='["magic"]')), "allow[0].named[0]", "no special", "contained"),
        (document(allow(named='["extension:"]')), "allow[0].named[0]", "no special", "<url>"),
        (document(allow(named='["extension:*"]')), "allow[0].named[0]", "no special", "<url>"),
        (
            document(allow(medication_orders="true")),
            "allow[0].medication_orders",
            "not about",
            "Name MedicationRequest",
        ),
    ],
)
def test_a_defect_is_refused_with_its_field_and_remedy(
    text: str, field: str, problem: str, remedy: str
) -> None:
    with pytest.raises(BadInput) as caught:
        parse_policy(text)

    assert caught.value.field == field
    assert problem in caught.value.problem
    assert remedy in (caught.value.remedy or "")


@pytest.mark.parametrize(
    "path",
    [
        "telecom",
        "patient.telecom",
        "Patient",
        "Patient.",
        "Patient.telecom[0]",
        "Patient.telecom.*",
        "Patient..telecom",
        "Patient._birthDate",
        "*",
        "Patient.telecom ",
        "Patient.Telecom",
    ],
)
def test_an_implausible_element_path_is_refused(path: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_policy(document(allow(paths=f'["Patient.name", "{path}"]')))

    assert caught.value.field == "allow[0].paths[1]"
    assert "Patient.telecom" in (caught.value.remedy or "")


@pytest.mark.parametrize("rule", [allow, forbid])
def test_paths_and_types_of_a_rule_must_belong_together(rule: object) -> None:
    table = rule.__name__  # type: ignore[attr-defined]
    foreign = rule(types='["Patient"]', paths='["Patient.name", "Condition.code"]')  # type: ignore[operator]
    idle = rule(types='["Patient", "Condition"]', paths='["Patient.name"]')  # type: ignore[operator]

    with pytest.raises(BadInput, match=rf"{table}\[0\]\.paths\[1\].*Add Condition"):
        parse_policy(document(foreign))
    with pytest.raises(BadInput, match=rf"{table}\[0\]\.types\[1\].*Condition"):
        parse_policy(document(idle))
    parse_policy(document(rule(types='["*"]', paths='["Patient.name", "Condition.code"]')))  # type: ignore[operator]


@pytest.mark.parametrize(
    ("old", "new", "field", "problem"),
    [
        ("version = 1", "version = 2", "version", "not known"),
        ("version = 1", "version = true", "version", "integer"),
        ("version = 1", "", "version", "missing"),
        ('tiers = ["low", "medium", "high"]', 'tiers = ["low"]', "tiers", "at least 2"),
        ('tiers = ["low", "medium", "high"]', 'tiers = ["low", "low"]', "tiers", "twice"),
        ('highest_route = "pair"', 'highest_route = "x"', "highest_route", "no route x"),
        ('highest_route = "pair"', 'highest_route = "desk"', "highest_route", "more people"),
        ('default = "permit"', 'default = "maybe"', "consent.default", "deny"),
        ('[consent]\ndefault = "permit"', "", "consent", "missing"),
        ('not_found = "{not_found}"', 'not_found = "allow"', "evidence.not_found", "deny"),
        ('id = "clinic"', 'id = "desk"', "route[1].id", "already stands at route[0]"),
        ('id = "clinic"', 'id = "auto"', "route[1].id", "no route"),
        ("quorum = 1", "quorum = 0", "route[0].quorum", "greater"),
        ("quorum = 1", "quorum = 1.0", "route[0].quorum", "integer"),
        ("quorum = 1", "quorum = true", "route[0].quorum", "integer"),
        ('roles = ["coordinator"]', 'roles = ["*"]', "route[0].roles[0]", "cannot stand"),
        ('roles = ["coordinator"]', "roles = []", "route[0].roles", "empty"),
        ('expires = "8h"', 'expires = "8 hours"', "route[0].expires", "not a duration"),
        ('expires = "8h"', "expires = 8", "route[0].expires", "not a duration"),
        ('expires = "8h"', 'expires = "0s"', "route[0].hold", "before expiry"),
        ('hold = "5m"', 'hold = "2d"', "route[1].hold", "before expiry"),
        ('reach_by = "30m"', 'reach_by = "0s"', "route[2].reach_by", "within the hold"),
        ("rebase = false", "rebase = 0", "route[2].rebase", "boolean"),
        ("rebase = false", 'rebase = false\nwarn_before = "4h"', "route[2].warn_before", "between"),
        ("rebase = false", 'rebase = false\nwarn_before = "0s"', "route[2].warn_before", "between"),
        (
            "rebase = false",
            'rebase = false\nescalate_to = ["supervisor"]',
            "route[2].escalate_to",
            "when",
        ),
        ("rebase = false", "rebase = false\nattestation = []", "route[2].attestation", "empty"),
        ("rebase = false", "rebase = false\nreassign_by = []", "route[2].reassign_by", "empty"),
    ],
)
def test_the_head_of_a_document_is_checked(old: str, new: str, field: str, problem: str) -> None:
    assert old in HEAD
    text = HEAD.replace(old, new, 1).format(top="", auto="", not_found="deny")

    with pytest.raises(BadInput) as caught:
        parse_policy(text)

    assert caught.value.field == field
    assert problem in caught.value.problem
    assert caught.value.remedy


@pytest.mark.parametrize(
    "text",
    ["version = ", "a = 1\na = 2", "x = " + "[" * 5000, "x = 1e99999999999999999999", "\x00"],
)
def test_what_is_not_toml_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="not TOML") as caught:
        parse_policy(text)

    assert caught.value.field == "policy"
    assert caught.value.remedy


def test_a_rule_id_is_unique_across_allow_and_forbid() -> None:
    with pytest.raises(BadInput, match=r"forbid\[0\]\.id: the id contact .* allow\[0\]"):
        parse_policy(document(allow(), forbid(id='"contact"')))


@pytest.mark.parametrize("auto", ["", "[auto]\nenabled = false", AUTO_ON.replace("true", "false")])
def test_automatic_approval_is_refused_while_it_is_off(auto: str) -> None:
    rule = allow(route='"auto"', paths='["Patient.telecom.rank"]')

    with pytest.raises(BadInput, match="switched off") as caught:
        parse_policy(document(rule, auto=auto))

    assert caught.value.field == "allow[0].route"


def test_automatic_approval_is_granted_per_element_and_in_the_lowest_tier_only() -> None:
    parse_policy(document(allow(route='"auto"', paths='["Patient.telecom.rank"]'), auto=AUTO_ON))

    for paths in ('["Patient.telecom"]', '["Patient.*"]'):
        with pytest.raises(BadInput, match=r"allow\[0\]\.paths\[0\].*\[auto\]"):
            parse_policy(document(allow(route='"auto"', paths=paths), auto=AUTO_ON))
    with pytest.raises(BadInput, match=r"allow\[0\]\.paths\[0\]"):
        whole = AUTO_ON.replace("Patient.telecom.rank", "Patient.*")
        parse_policy(document(allow(route='"auto"'), auto=whole))
    with pytest.raises(BadInput, match=r"allow\[0\]\.paths\[0\]"):
        parse_policy(document(allow(route='"auto"'), auto="[auto]\nenabled = true"))
    with pytest.raises(BadInput, match=r"allow\[0\]\.tier: .*lowest"):
        parse_policy(
            document(
                allow(route='"auto"', tier='"medium"', paths='["Patient.telecom.rank"]'),
                auto=AUTO_ON,
            )
        )
