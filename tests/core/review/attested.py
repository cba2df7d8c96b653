"""A policy whose coordinator route asks for attestations."""

from __future__ import annotations

from core.adoption import adopt
from tests.builders import Bench

CODES = ("document-seen", "patient-by-callback")


def ask_to_attest(bench: Bench, codes: tuple[str, ...] = CODES) -> None:
    """Adopt the policy in force with attestations on its first route."""
    adopted = bench.ledger.config("policy")
    assert adopted is not None
    head, mark, tail = adopted.document.partition('id = "coordinator"\n')
    assert mark
    listed = ", ".join(f'"{code}"' for code in codes)
    adopt(bench.workspace, "policy", f"{head}{mark}attestation = [{listed}]\n{tail}")
