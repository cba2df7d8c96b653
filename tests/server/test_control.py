"""The contract's own control: its tests fail against a server that is broken in their matter."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.scale import in_ci
from tests.server import (
    test_bundles,
    test_claimed_searches,
    test_claims,
    test_conditional,
    test_history,
    test_operations,
    test_patch,
    test_races,
    test_refusals,
    test_search_results,
    test_search_values,
    test_writing,
)
from tests.server.broken import (
    Exchange,
    Fault,
    broken,
    changed_answer,
    changed_request,
    deletes_nothing,
    half_done,
    none,
    racy,
    refuses_in_plain_text,
    without_header,
)
from tests.server.contract import Server

pytestmark = in_ci

Test = tuple[Callable[..., None], dict[str, Any]]


@dataclass(frozen=True)
class Case:
    """A fault and the tests that must notice it."""

    fault: Fault
    tests: tuple[Test, ...]


def _test(function: Callable[..., None], **arguments: Any) -> Test:
    return function, arguments


def _history(change: Callable[[list[Any]], list[Any]]) -> Fault:
    def of(exchange: Exchange, found: Any) -> Any:
        if found.get("type") == "history" and found.get("entry"):
            found["entry"] = change(found["entry"])
        return found

    return changed_answer(of)


def _searchset(change: Callable[[dict[str, Any]], Any]) -> Fault:
    def of(exchange: Exchange, found: Any) -> Any:
        if found.get("type") == "searchset":
            change(found)
        return found

    return changed_answer(of)


def _untagged(found: dict[str, Any]) -> None:
    for entry in found.get("entry", []):
        entry["resource"]["meta"].pop("tag", None)


def _unmodified(exchange: Exchange) -> None:
    for modifier in ("exact", "not", "contains", "Patient"):
        exchange.query = exchange.query.replace(f":{modifier}", "").replace(f"%3A{modifier}", "")


def _unprefixed(exchange: Exchange) -> None:
    exchange.query = re.sub(r"=(?:gt|lt|ge|le|sa|eb|ne)(?=\d)", "=", exchange.query)


def _untested(exchange: Exchange) -> None:
    if exchange.method == "PATCH" and exchange.body.startswith(b"[{"):
        left = [one for one in json.loads(exchange.body) if one.get("op") != "test"]
        exchange.body = json.dumps(left).encode()


def _stripped(exchange: Exchange) -> None:
    """Drop an element that is unknown, as lenient parsers do."""
    exchange.body = exchange.body.replace(b'"nonsense":"x",', b"")


def _lenient(exchange: Exchange) -> None:
    exchange.headers["prefer"] = "handling=lenient"


def _statement(change: Callable[[dict[str, Any], dict[str, Any]], Any]) -> Fault:
    """Change what is claimed: `rest` and the Patient's part of it."""

    def of(exchange: Exchange, found: Any) -> Any:
        if found.get("resourceType") == "CapabilityStatement":
            rest = found["rest"][0]
            change(rest, next(one for one in rest["resource"] if one["type"] == "Patient"))
        return found

    return changed_answer(of)


def _drop(listed: list[dict[str, Any]], key: str, value: str) -> None:
    listed[:] = [one for one in listed if one[key] != value]


def _approving(exchange: Exchange, found: Any) -> Any:
    if exchange.path.endswith("$validate"):
        exchange.status = 200
        found["issue"] = [{"severity": "information", "code": "informational"}]
    return found


INTERACTIONS = test_claims.test_each_interaction_works_if_it_is_claimed_and_only_then
FLAGS = test_claims.test_each_flag_says_what_is_done
PARAMETERS = test_claimed_searches.test_each_claimed_parameter_filters
SYSTEM = test_claims.test_each_system_interaction_works_if_it_is_claimed_and_only_then
UNDONE = test_bundles.test_one_failing_entry_undoes_the_whole_transaction
PAGES = test_search_results.test_pages_miss_and_repeat_nothing_while_others_insert
STALE = test_writing.test_update_with_the_current_version_succeeds_and_with_a_stale_one_is_412
ONCE = test_conditional.test_if_none_exist_creates_where_nothing_matches
CASES: dict[str, Case] = {
    "ignores If-Match": Case(
        without_header("if-match"),
        (
            _test(STALE),
            _test(
                test_writing.test_an_if_match_that_is_no_entity_tag_is_refused_never_ignored,
                bad="bogus",
            ),
            _test(test_patch.test_a_patch_honours_if_match),
            _test(test_conditional.test_a_conditional_update_honours_if_match),
            _test(test_races.test_one_of_sixteen_updates_of_a_version_wins),
        ),
    ),
    "compares, then writes": Case(
        racy,
        (
            _test(test_races.test_one_of_sixteen_updates_of_a_version_wins),
            _test(test_races.test_one_of_sixteen_patches_of_a_version_wins),
        ),
    ),
    "ignores If-None-Match": Case(
        without_header("if-none-match"),
        (
            _test(test_writing.test_put_if_none_match_any_creates_once),
            _test(test_conditional.test_a_read_of_the_known_version_is_304),
            _test(test_races.test_one_of_sixteen_creates_by_put_wins),
            _test(FLAGS, kind="Patient"),
        ),
    ),
    "ignores If-None-Exist": Case(
        without_header("if-none-exist"),
        (
            _test(ONCE),
            _test(test_races.test_one_of_sixteen_conditional_creates_creates),
            _test(FLAGS, kind="Task"),
        ),
    ),
    "ignores Prefer": Case(
        without_header("prefer"),
        tuple(
            _test(
                test_operations.test_a_write_answers_what_is_preferred, method="POST", wanted=wanted
            )
            for wanted in ("minimal", "OperationOutcome")
        ),
    ),
    "does not roll back": Case(
        half_done,
        (
            _test(UNDONE, bad="invalid", first=False),
            _test(UNDONE, bad="stale", first=True),
            _test(test_bundles.test_a_failed_transaction_leaves_no_trace_in_a_history),
        ),
    ),
    "forgets history": Case(
        _history(lambda entries: entries[:1]),
        (
            _test(test_history.test_every_version_newest_first),
            _test(test_writing.test_deleted_is_gone_and_its_history_is_kept),
            _test(test_races.test_sixteen_unconditional_updates_all_stand_in_the_history),
        ),
    ),
    "tells history from the oldest": Case(
        _history(lambda entries: entries[::-1]),
        (
            _test(test_history.test_every_version_newest_first),
            _test(
                test_history.test_the_wider_histories_show_all_kinds_of_writes_newest_first,
                level="history-type",
            ),
        ),
    ),
    "loses the last match of a page": Case(
        _searchset(lambda found: found.get("entry", [0])[2:3] and found["entry"].pop()),
        (_test(PAGES, sort=None), _test(PAGES, sort="family")),
    ),
    "repeats a match on a page": Case(
        _searchset(
            lambda found: found.get("entry") and found["entry"].insert(0, found["entry"][0])
        ),
        (_test(PAGES, sort="_lastUpdated"),),
    ),
    "ignores unknown parameters": Case(
        changed_request(_lenient),
        (
            _test(
                test_search_results.test_an_unknown_parameter_is_refused_by_strict_handling,
                name="nonsense",
            ),
            _test(
                test_claimed_searches.test_a_parameter_that_is_not_claimed_is_refused,
                kind="Patient",
            ),
        ),
    ),
    "ignores modifiers": Case(
        changed_request(_unmodified),
        (
            _test(test_search_values.test_string, query=[("family:exact", "Anders")], wanted=""),
            _test(test_search_values.test_token, query=[("code:not", "8867-4")], wanted="be"),
        ),
    ),
    "ignores prefixes": Case(
        changed_request(_unprefixed),
        (
            _test(test_search_values.test_date, query=["sa2020-01-15"], wanted="fg"),
            _test(test_search_values.test_birthdate, value="lt1975", wanted="ab"),
        ),
    ),
    "numbers through floats": Case(
        changed_answer(lambda exchange, found: found),
        (
            _test(test_writing.test_numbers_keep_their_text, text="1.10"),
            _test(test_bundles.test_numbers_within_a_transaction_keep_their_text),
        ),
    ),
    "deletes nothing": Case(
        deletes_nothing,
        (
            _test(test_writing.test_deleted_is_gone_and_its_history_is_kept),
            _test(test_writing.test_the_deleted_are_not_found),
        ),
    ),
    "ignores the tests of a patch": Case(
        changed_request(_untested),
        (
            _test(
                test_patch.test_a_patch_that_fails_changes_nothing,
                operations=[
                    {"op": "replace", "path": "/gender", "value": "male"},
                    {"op": "test", "path": "/gender", "value": "female"},
                ],
            ),
        ),
    ),
    "drops unknown elements": Case(
        changed_request(_stripped),
        (_test(test_refusals.test_an_invalid_resource_is_refused, name="unknown element"),),
    ),
    "refuses in plain text": Case(
        refuses_in_plain_text,
        (
            _test(test_refusals.test_a_body_that_is_no_resource_is_400, name="cut"),
            _test(test_refusals.test_a_type_or_path_that_is_none_is_refused),
        ),
    ),
    "does not say SUBSETTED": Case(
        _searchset(_untagged),
        (_test(test_search_results.test_elements_leaves_out_the_rest_and_says_so),),
    ),
    "validates everything": Case(
        changed_answer(_approving),
        (
            _test(
                test_operations.test_validate_finds_what_is_wrong,
                bad=test_operations.INVALID[0],
                wrapped=False,
            ),
        ),
    ),
    "claims a parameter too many": Case(
        _statement(
            lambda rest, one: one["searchParam"].append({"name": "near", "type": "special"})
        ),
        (_test(PARAMETERS, kind="Patient"),),
    ),
    "claims a parameter too few": Case(
        _statement(lambda rest, one: _drop(one["searchParam"], "name", "gender")),
        (
            _test(
                test_claimed_searches.test_a_parameter_that_is_not_claimed_is_refused,
                kind="Patient",
            ),
        ),
    ),
    "claims an interaction too few": Case(
        _statement(lambda rest, one: _drop(one["interaction"], "code", "delete")),
        (_test(INTERACTIONS, kind="Patient"),),
    ),
    "claims a system interaction too many": Case(
        _statement(
            lambda rest, one: rest.setdefault("interaction", []).append({"code": "search-system"})
        ),
        (_test(SYSTEM, name="search-system"),),
    ),
    "claims a system interaction too few": Case(
        _statement(lambda rest, one: _drop(rest["interaction"], "code", "transaction")),
        (_test(SYSTEM, name="transaction"),),
    ),
    "claims a flag too few": Case(
        _statement(lambda rest, one: one.update(updateCreate=False)),
        (_test(FLAGS, kind="Patient"),),
    ),
    "claims an operation too few": Case(
        _statement(
            lambda rest, one: [
                _drop(of.setdefault("operation", []), "name", "validate") for of in (rest, one)
            ]
        ),
        (
            _test(
                test_claims.test_each_operation_works_if_it_is_claimed_and_only_then,
                kind="Patient",
            ),
        ),
    ),
    "claims an include too few": Case(
        _statement(lambda rest, one: one.update(searchInclude=[])),
        (
            _test(
                test_claimed_searches.test_each_claimed_include_is_taken_and_no_other,
                kind="Patient",
                way="_include",
            ),
        ),
    ),
}
TRANSPARENT = {
    (one[0], str(one[1])): one
    for case in CASES.values()
    for one in case.tests
    if one[0].__module__ != test_races.__name__
}


@pytest.mark.parametrize("name", CASES)
def test_a_broken_server_is_noticed(name: str) -> None:
    with broken(CASES[name].fault) as server:
        for function, arguments in CASES[name].tests:
            with pytest.raises(AssertionError):
                function(server, **arguments)


@pytest.fixture(scope="module")
def unbroken() -> Iterator[Server]:
    with broken(none) as server:
        yield server


@pytest.mark.parametrize(
    ("function", "arguments"),
    [pytest.param(*one, id=f"{one[0].__name__} {one[1]}"[:90]) for one in TRANSPARENT.values()],
)
def test_without_a_fault_the_same_tests_pass(
    unbroken: Server, function: Callable[..., None], arguments: dict[str, Any]
) -> None:
    """It is the fault that is noticed above, not the wrapper."""
    function(unbroken, **arguments)
