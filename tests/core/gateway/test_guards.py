"""No byte leaves without valid, unspent, unexpired approvals for exactly those bytes."""

import json
from pathlib import Path

import pytest

from core.gateway import guards
from core.incident import freeze
from core.ledger.event import Actor, Event
from core.review import approval
from core.statement import sign
from sync.keys.ring import generate
from sync.store.verify import verify_store
from tests.builders import Bench, phone_change, problem_change
from tests.core.gateway.scenario import approve, approved_phone, change, run, staged


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def test_state_forged_in_the_database_does_not_write(bench: Bench) -> None:
    id_ = await staged(bench, phone_change())
    bench.connection.execute("UPDATE change SET state = 'ready-for-write'")

    done = await run(bench)

    assert not bench.ehr.sent and done.sent == 0
    assert change(bench, id_).state == "pending-human-review"


def _forge(bench: Bench, id_: str, ring, **changed: object) -> None:
    """Write a decision row into the database, signed by `ring`'s reviewer key."""
    row = change(bench, id_)
    proposal = bench.ledger.proposal(id_)
    assert proposal is not None
    payload = {
        "id": "forged", "outcome": "approve", "proposal": proposal.digest, "task": id_,
        "index": _n(0), "revision": _n(0), "operation": row.operation, "ehr": row.ehr,
        "verdict": row.verdict_digest, "change": row.change_digest, "bytes": row.bytes_digest,
        "reviewer": "dr-lee", "role": "coordinator", "expires": row.expires, **changed,
    }  # fmt: skip
    statement = sign("decision", payload, ring.signer("reviewer"))
    bench.connection.execute(
        "INSERT INTO decision (id, proposal, idx, revision, seq, at, outcome, reviewer, role, kid,"
        " change_digest, bytes_digest, expires, statement, digest)"
        " VALUES ('forged', ?, 0, 0, 99, ?, 'approve', 'dr-lee', 'coordinator', ?, ?, ?, ?, ?, ?)",
        (
            id_, row.since, statement.kid, row.change_digest, row.bytes_digest, row.expires,
            statement.text, statement.digest,
        ),
    )  # fmt: skip
    bench.connection.execute("UPDATE change SET state = 'ready-for-write'")


def _n(value: int):
    from core.canonical import Number

    return Number(str(value))


async def test_approval_signed_by_an_unknown_key_does_not_write(bench: Bench) -> None:
    id_ = await staged(bench, phone_change())
    _forge(bench, id_, generate())
    await run(bench)
    assert not bench.ehr.sent
    assert change(bench, id_).void == "signature-invalid"


@pytest.mark.parametrize(
    ("member", "value", "why"),
    [
        ("change", "0" * 64, "change-altered"),
        ("bytes", "0" * 64, "bytes-altered"),
        ("verdict", "0" * 64, "verdict-changed"),
        ("operation", "other", "other-change"),
        ("proposal", "0" * 64, "other-change"),
        ("outcome", "reject", "other-change"),
        ("role", "physician", "role-changed"),
        ("reviewer", "someone-else", "signature-invalid"),
        ("expires", "2026-11-23T08:59:59.000Z", "expired"),
    ],
)
async def test_true_signature_over_anything_else_does_not_write(
    bench: Bench, member: str, value: str, why: str
) -> None:
    id_ = await staged(bench, phone_change())
    _forge(bench, id_, bench.ring, **{member: value})
    await run(bench)
    assert not bench.ehr.sent
    assert change(bench, id_).void == why


async def test_control_a_true_signature_over_exactly_this_writes(bench: Bench) -> None:
    id_ = await staged(bench, phone_change())
    _forge(bench, id_, bench.ring)
    await run(bench)
    assert len(bench.ehr.sent) == 2  # the write and its Provenance


async def test_control_without_the_signature_check_a_forged_approval_would_write(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = await staged(bench, phone_change())
    bench.connection.execute("UPDATE change SET state = 'ready-for-write'")
    monkeypatch.setattr(guards, "approvals_hold", lambda *_: approval.Holding(("dr-lee",), None))
    await run(bench)
    assert bench.ehr.sent and change(bench, id_).state == "verified"


async def test_bytes_altered_in_the_body_do_not_write(bench: Bench) -> None:
    id_ = await approved_phone(bench)
    seq = change(bench, id_).body_seq
    (body,) = bench.connection.execute("SELECT body FROM body WHERE seq = ?", (seq,)).fetchone()
    altered = body.replace(b"555 0199", b"555 0666")
    bench.connection.execute("UPDATE body SET body = ? WHERE seq = ?", (altered, seq))
    await run(bench)
    assert not bench.ehr.sent
    assert not verify_store(bench.connection).ok


async def test_expired_approval_does_not_write(bench: Bench) -> None:
    id_ = await approved_phone(bench)
    bench.clock.advance(hours=9)
    await run(bench)
    assert not bench.ehr.sent
    assert change(bench, id_).void == "expired"


@pytest.mark.parametrize(
    "scope",
    [
        {"agent": "scribe-1"}, {"model": "model-a@1"}, {"prompt": "intake@3"}, {"type": "Patient"},
        {"op": "update"}, {"path": "Patient.telecom"}, {"route": "coordinator"},
        {"workflow": "visit"}, {"ehr": "sandbox"}, {}, {"agent": "scribe-1", "type": "Patient"},
    ],
    ids=json.dumps,
)  # fmt: skip
async def test_freeze_stops_a_matching_write_and_thaw_lets_it_go(
    bench: Bench, scope: dict[str, str]
) -> None:
    id_ = await approved_phone(bench)
    frozen = freeze.declare(bench.workspace, scope, "looks wrong")
    await run(bench)
    assert not bench.ehr.sent and change(bench, id_).state == "ready-for-write"
    freeze.lift(bench.workspace, frozen, "was right")
    await run(bench)
    assert change(bench, id_).state == "verified"


@pytest.mark.parametrize(
    "scope", [{"agent": "front-desk-1"}, {"type": "Condition"}, {"path": "Patient.name"}]
)
async def test_freeze_of_something_else_stops_nothing(bench: Bench, scope: dict) -> None:
    id_ = await approved_phone(bench)
    freeze.declare(bench.workspace, scope, "elsewhere")
    await run(bench)
    assert change(bench, id_).state == "verified"


async def test_freeze_between_the_guards_and_the_first_byte_stops_it(bench: Bench) -> None:
    await approved_phone(bench)
    bench.ehr.before_bytes = lambda: freeze.declare(bench.workspace, {}, "now") and None
    await run(bench)
    assert not bench.ehr.sent


async def test_unreadable_freeze_stops_everything(bench: Bench) -> None:
    await approved_phone(bench)
    bench.connection.execute(
        "INSERT INTO freeze (id, scope, \"by\", at) VALUES ('x', '{not json', 'me', 'now')"
    )
    await run(bench)
    assert not bench.ehr.sent


async def test_older_lease_holder_cannot_send(bench: Bench) -> None:
    await approved_phone(bench)
    old = bench.epoch
    bench.take_lease()
    bench.epoch = old
    await run(bench)
    assert not bench.ehr.sent


@pytest.mark.parametrize("answer", ["deny", "not-read:deny", "unreadable", ""])
async def test_consent_that_does_not_permit_stops(bench: Bench, answer: str) -> None:
    await approved_phone(bench)
    bench.consents.answer = answer
    await run(bench)
    assert not bench.ehr.sent


async def test_policy_edit_that_alters_the_verdict_voids(bench: Bench) -> None:
    from core.adoption import adopt

    id_ = await approved_phone(bench)
    text = bench.ledger.config("policy").document
    adopt(bench.workspace, "policy", text.replace('expires = "8h"', 'expires = "7h"', 1))
    await run(bench)
    now = change(bench, id_)
    assert not bench.ehr.sent and now.void == "verdict-changed"
    assert now.state == "pending-human-review" and now.revision == 1
    assert now.route_json is not None and now.route_json["expiry_s"] == 7 * 3600
    approve(bench, id_)
    await run(bench)
    assert change(bench, id_).state == "verified"


async def test_policy_edit_that_denies_ends_the_change(bench: Bench) -> None:
    from core.adoption import adopt

    id_ = await approved_phone(bench)
    text = bench.ledger.config("policy").document
    adopt(bench.workspace, "policy", text.replace('"TREAT"', '"HPAYMT"'))
    await run(bench)
    assert not bench.ehr.sent and change(bench, id_).state == "denied"


async def test_policy_edit_that_leaves_the_verdict_voids_nothing(bench: Bench) -> None:
    from core.adoption import adopt

    id_ = await approved_phone(bench)
    text = bench.ledger.config("policy").document
    adopt(bench.workspace, "policy", text + "\n# a remark\n")
    await run(bench)
    assert change(bench, id_).state == "verified"


async def test_roster_forged_in_the_database_lets_nothing_through(bench: Bench) -> None:
    """An intruder who enrols a key of their own in the read table gets nothing written."""
    id_ = await staged(bench, phone_change())
    intruder = generate()
    mine, theirs = bench.ring, intruder
    text = bench.ledger.config("roster").document
    text = text.replace(mine.signer("reviewer").kid, theirs.signer("reviewer").kid)
    text = text.replace(mine.public("reviewer"), theirs.public("reviewer"))
    bench.connection.execute("UPDATE config SET document = ? WHERE kind = 'roster'", (text,))
    _forge(bench, id_, intruder)
    await run(bench)
    assert not bench.ehr.sent


async def test_control_without_the_document_check_a_forged_roster_would_write(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guards, "check_documents", lambda *_: None)
    with pytest.raises(AssertionError):
        await test_roster_forged_in_the_database_lets_nothing_through(bench)


async def test_dependent_change_waits_for_what_it_rests_on(bench: Bench) -> None:
    id_ = await staged(bench, phone_change(), problem_change(depends_on=[0]), evidence=[])
    approve(bench, id_, 1)
    await run(bench)
    assert not bench.ehr.sent and change(bench, id_, 1).state == "ready-for-write"
    approve(bench, id_, 0)
    await run(bench)
    assert [item.state for item in bench.ledger.changes(id_)] == ["verified", "verified"]


async def test_unknown_event_keeps_the_store_shut(bench: Bench) -> None:
    from core.ledger.event import UnknownEvent

    with pytest.raises(UnknownEvent), bench.ledger.transaction() as transaction:
        transaction.append(Event("from.the.future", Actor("system", "x")))
