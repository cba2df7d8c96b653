"""A chart whose note, or whose patient, bears the label HIV, and a policy that takes it."""

from __future__ import annotations

from dataclasses import replace

from core.adoption import adopt
from core.records import ChangeRow
from core.workspace import Workspace
from sync.keys.ring import generate
from tests.builders import NOTE, PATIENT, Bench, exact_object

HIV = {"meta": {"security": [{"code": "HIV"}]}}
SECRET = "555 0199"
"""What the note says and the change writes."""


def take_labels(bench: Bench, more: str = "") -> None:
    """Let the rule about contact data take what is labelled; `more` ends the document."""
    row = bench.ledger.config("policy")
    assert row is not None
    before, start, after = row.document.partition('id = "patient-contact"\n')
    assert start
    named = 'named = ["label:hiv", "label:restricted"]\n'
    adopt(bench.workspace, "policy", f"{before}{start}{named}{after}\n{more}")


def label_note(bench: Bench, *codes: str) -> None:
    bench.ehr.put(exact_object({**NOTE, **_labelled(*codes)}))


def label_patient(bench: Bench, *codes: str) -> str:
    """Label the Patient; return its version."""
    bench.ehr.put(exact_object({**PATIENT, **_labelled(*codes)}))
    return str(bench.ehr.current("Patient/example")["meta"]["versionId"])


def colleague(bench: Bench, *roles: str, name: str = "dr-okafor") -> Workspace:
    """Return the workspace as somebody else has it, who holds these roles alone."""
    row = bench.ledger.config("roster")
    assert row is not None
    ring = generate()
    kid, x = ring.signer("reviewer").kid, ring.public("reviewer")
    listed = ", ".join(f'"{role}"' for role in roles)
    key = f'{{kid = "{kid}", x = "{x}"}}'
    person = f'[[people]]\nid = "{name}"\nroles = [{listed}]\nkeys = [{key}]\n'
    adopt(bench.workspace, "roster", f"{row.document}\n{person}")
    return replace(bench.workspace, reviewer=name, keys=ring)


def only(bench: Bench) -> ChangeRow:
    """Return the one change that waits."""
    (found,) = bench.ledger.changes_in("pending-human-review")
    return found


def _labelled(*codes: str) -> dict[str, object]:
    return {"meta": {"security": [{"code": code} for code in codes or ("HIV",)]}}
