"""What the scripted agents propose, case by case, and how each should end.

A case names the second of the script at which it is proposed (0: before the first paint), the
proposal, and the end in words; one whose machinery is not built yet says what it waits for.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from core.canonical import JsonObject, Number
from sync.clinic import building
from sync.clinic.building import HL7, concept, subject
from sync.clinic.writing import create, proposal, quote, replace, update

DISCHARGE = "2026-11-14T09:00:00Z"


@dataclass(frozen=True, slots=True)
class Case:
    """One scripted proposal."""

    name: str
    at: int
    """Seconds after the console was opened."""
    document: JsonObject
    """The proposal as the agent signs it; its correlation id is the case's name."""
    outcome: str
    pending: str | None = None
    """What is missing before it can end as it should; None where everything is there."""

    @property
    def agent(self) -> str:
        """Who proposes it."""
        return str(self.document["agent"]["id"])

    @property
    def patient(self) -> str:
        """The patient's id."""
        return str(self.document["patient"]).partition("/")[2]


@cache
def _cases() -> tuple[Case, ...]:
    return (*_at_first(), *_contacts(), *_notes(), *_orders(), *_faults())


def _at_first() -> list[Case]:
    phone = proposal(
        "phone-change", "front-desk-1", "syn-0001",
        [update("Patient/syn-0001", replace("/telecom/1/value", "555-0199"))],
        [quote("note-0001", "She has a new mobile number, 555-0199", 0)],
        "The patient gave a new mobile number at the visit.",
    )  # fmt: skip
    sound = proposal(
        "problem-sound-quote", "scribe-1", "syn-0001",
        [create(_problem("syn-0001", "59621000", "Essential hypertension"))],
        [quote("note-0001", "essential hypertension, newly diagnosed today", 0)],
        "Newly diagnosed hypertension belongs on the problem list.", confidence="0.97",
    )  # fmt: skip
    negated = proposal(
        "problem-negated-quote", "scribe-1", "syn-0002",
        [create(_problem("syn-0002", "233604007", "Pneumonia"))],
        [quote("note-0002", "evidence of pneumonia", 0)],
        "Pneumonia is mentioned in the note.", confidence="0.88", urgency="urgent",
    )  # fmt: skip
    vital = proposal(
        "vital-sign", "scribe-1", "syn-0003",
        [create(_weight("syn-0003", "68.40", "2026-11-21T11:05:00Z"))],
        [quote("note-0003", "Body weight 68.40 kg", 0)],
        "Weight from the annual visit.",
    )  # fmt: skip
    return [
        Case("phone-change", 0, phone, "approved, held for 20 s, written, verified"),
        Case("problem-sound-quote", 0, sound, "approved, written, verified"),
        Case("problem-negated-quote", 0, negated, "the negation is marked; rejected"),
        Case("vital-sign", 0, vital, "approved, written, verified; 68.40 stays 68.40"),
    ]


def _contacts() -> list[Case]:
    insurance = proposal(
        "insurance-and-phone", "insurance-1", "syn-0012",
        [update("Patient/syn-0012", replace("/telecom/1/value", "555-0219")),
         update("Coverage/cov-0012", replace("/payor/0/display", "New Example Plan (synthetic)"))],
        [quote("note-0014", "phone is 555-0219 now", 0),
         quote("note-0014", "New insurance card to follow", 1)],
        "New phone, and a new insurance whose card is to follow.", purpose="HPAYMT",
    )  # fmt: skip
    cancelled = proposal(
        "cancelled-appointment", "front-desk-1", "syn-0008",
        [update("Appointment/app-0008", replace("/status", "cancelled"))],
        [quote("note-0008", "Cancels the visit of 3 December", 0)],
        "The patient cancelled.",
    )  # fmt: skip
    outside = proposal(
        "field-outside-allow-list", "front-desk-1", "syn-0004",
        [update("Patient/syn-0004", replace("/birthDate", "2003-01-31"))], [],
        "The birth date looks wrong.",
    )  # fmt: skip
    stale = proposal(
        "stale-base", "front-desk-1", "syn-0009",
        [update("Patient/syn-0009", replace("/telecom/0/value", "555-0189"))],
        [quote("note-0009", "family phone is 555-0189 from December", 0)],
        "The family has a new phone.",
    )  # fmt: skip
    transformed = proposal(
        "ehr-transforms", "front-desk-1", "syn-0007",
        [update("Patient/syn-0007", replace("/telecom/0/value", "555-0169"))],
        [quote("note-0007", "New home phone 555-0169", 0)],
        "The patient has a new home phone.",
    )  # fmt: skip
    return [
        Case("insurance-and-phone", 0, insurance, "the phone approved, the insurance deferred"),
        Case("ehr-transforms", 0, transformed, "written; the EHR cut the number: an exception"),
        Case("cancelled-appointment", 20, cancelled, "approved, written, verified"),
        Case("field-outside-allow-list", 30, outside, "denied by policy"),
        Case("stale-base", 40, stale, "denied: somebody else changed the phone since"),
    ]


def _notes() -> list[Case]:
    nowhere = proposal(
        "problem-quote-nowhere", "scribe-1", "syn-0004",
        [create(_problem("syn-0004", "195967001", "Asthma"))],
        [quote("note-0004", "known asthma since childhood", 0)],
        "Asthma is mentioned in the note.", confidence="0.71",
    )  # fmt: skip
    superseded = proposal(
        "problem-superseded-note", "scribe-1", "syn-0010",
        [create(_problem("syn-0010", "84114007", "Heart failure"))],
        [quote("note-0011", "heart failure with reduced ejection fraction", 0)],
        "Heart failure is named in the note of 2 June.",
    )  # fmt: skip
    follow_up = proposal(
        "note-with-follow-up", "scribe-1", "syn-0010",
        [create(_draft_note()), create(_follow_up_task()), create(_apixaban(), depends_on=[0])],
        [quote("note-0010", "atrial fibrillation, rate controlled", 0),
         quote("note-0010", "Follow-up in two weeks", 1)],
        "A draft note of the discharge, its follow-up, and a lower dose.",
        encounter="Encounter/enc-0010",
    )  # fmt: skip
    coding = proposal(
        "coding-suggestion", "coding-1", "syn-0002",
        [update("Condition/cond-0002", replace("/code/coding/0/code", "313296004"))], [],
        "The note speaks of mild disease; this code says so.", purpose="HOPERAT",
    )  # fmt: skip
    duplicate = proposal(
        "semantic-duplicate", "scribe-1", "syn-0010",
        [create(_problem("syn-0010", "49436004", "Atrial fibrillation"))],
        [quote("note-0010", "atrial fibrillation, rate controlled", 0)],
        "Atrial fibrillation belongs on the problem list.",
    )  # fmt: skip
    return [
        Case("note-with-follow-up", 0, follow_up,
             "note and follow-up approved, the dose rejected; only part deserves approval"),
        Case("coding-suggestion", 10, coding, "approved, written, verified"),
        Case("problem-quote-nowhere", 25, nowhere, "denied: the quote stands nowhere"),
        Case("problem-superseded-note", 50, superseded, "the source is superseded; rejected"),
        Case("semantic-duplicate", 90, duplicate, "denied: the chart has this problem already"),
    ]  # fmt: skip


def _orders() -> list[Case]:
    medication = proposal(
        "medication-change", "meds-1", "syn-0001",
        [create(_draft_order("syn-0001", "Amlodipine 5 mg oral tablet", "1 tablet once a day"))],
        [quote("note-0001", "Blood pressure again above target on three visits", 0)],
        "A first drug against high blood pressure.", confidence="0.82",
    )  # fmt: skip
    message = proposal(
        "message-to-patient", "message-1", "syn-0012",
        [create(_message("syn-0012", "Your results are in. Please call us to talk about them."))],
        [quote("note-0014", "Asks for her results by message", 0)],
        "The patient asked for her results by message.",
    )  # fmt: skip
    urgent = proposal(
        "urgent-running-out", "lab-1", "syn-0005",
        [create(_potassium())], [quote("note-0005", "Potassium 6.4 mmol/L", 0)],
        "A critical potassium was called through.", urgency="stat",
    )  # fmt: skip
    return [
        Case("medication-change", 0, medication, "two clinicians approve; written as a draft"),
        Case("urgent-running-out", 15, urgent, "STAT; nobody decides it within 4 minutes: expired"),
        Case("message-to-patient", 60, message, "two clinicians; the recipient is shown"),
    ]  # fmt: skip


def _faults() -> list[Case]:
    outage = proposal(
        "ehr-outage", "front-desk-1", "syn-0011",
        [update("Patient/syn-0011", replace("/telecom/1/value", "555-0209"))],
        [quote("note-0013", "New mobile number 555-0209", 0)],
        "The patient has a new mobile number.",
    )  # fmt: skip
    return [
        Case("ehr-outage", 120, outage, "the EHR is away for half a minute; written afterwards"),
        Case("resubmission", 70, cases_document("phone-change"),
             "the same proposal again: known, nothing new waits"),
        Case("resubmission-altered", 75, {**cases_document("phone-change"), "rationale": "Other."},
             "the same correlation id with another body: set aside"),
    ]  # fmt: skip


def cases_document(name: str) -> JsonObject:
    """Return the proposal of one of the first cases, which others repeat."""
    return next(one.document for one in _at_first() if one.name == name)


def _problem(of: str, code: str, text: str) -> JsonObject:
    return building.problem(of, {"code": code, "text": text, "verification": "provisional"})


def _weight(of: str, value: str, date: str) -> JsonObject:
    item = {"code": "29463-7", "text": "Body weight", "value": value, "unit": "kg", "date": date}
    return building.observation(of, item)


def _potassium() -> JsonObject:
    item = {
        "code": "2823-3", "text": "Potassium", "value": "6.4", "unit": "mmol/L",
        "date": "2026-11-19T08:15:00Z", "category": "laboratory",
    }  # fmt: skip
    return building.observation("syn-0005", item)


def _draft_note() -> JsonObject:
    text = "SYNTHETIC DRAFT. Discharged in good condition; atrial fibrillation, rate controlled."
    return {
        "resourceType": "DocumentReference",
        "status": "current",
        "docStatus": "preliminary",
        "type": concept(building.LOINC, "18842-5", "Discharge summary"),
        "subject": subject("syn-0010"),
        "date": DISCHARGE,
        "content": [{"attachment": building.attachment(text)}],
        "context": {"encounter": [{"reference": "Encounter/enc-0010"}]},
    }


def _follow_up_task() -> JsonObject:
    return {
        "resourceType": "Task",
        "status": "requested",
        "intent": "order",
        "code": {"text": "Follow-up visit in two weeks"},
        "for": subject("syn-0010"),
        "encounter": {"reference": "Encounter/enc-0010"},
        "restriction": {"period": {"end": "2026-11-28"}},
    }


def _apixaban() -> JsonObject:
    return _draft_order("syn-0010", "Apixaban 2.5 mg oral tablet", "1 tablet twice a day")


def _draft_order(of: str, text: str, dose: str) -> JsonObject:
    item = {"text": text, "dose": dose, "status": "draft", "intent": "proposal"}
    return building.medicine(of, item)


def _message(of: str, text: str) -> JsonObject:
    return {
        "resourceType": "Communication",
        "status": "preparation",
        "category": [concept(f"{HL7}/communication-category", "notification")],
        "subject": subject(of),
        "recipient": [subject(of)],
        "payload": [{"contentString": text}],
    }


CASES: tuple[Case, ...] = _cases()
"""Every case, the ones that are there from the start first."""


def case(name: str) -> Case:
    """Return the case of that name; KeyError for another."""
    return {one.name: one for one in CASES}[name]


def variation(number: int, choice: int) -> JsonObject:
    """Return one of the endless proposals after the script: `choice` picks patient and kind."""
    patient = f"syn-{choice % 12 + 1:04}"
    name = f"live-{number:04}"
    if choice % 3 == 0:
        value = Number(f"{50 + choice % 60}.{choice % 10}")
        item = {"code": "29463-7", "text": "Body weight", "value": value.text, "unit": "kg",
                "date": "2026-11-23T09:00:00Z"}  # fmt: skip
        return proposal(name, "scribe-1", patient, [create(building.observation(patient, item))],
                        [], "A weight from the scales.")  # fmt: skip
    if choice % 3 == 1:
        path = "/telecom/0/value"
        changes = [update(f"Patient/{patient}", replace(path, f"555-0{choice % 900 + 100}"))]
        return proposal(name, "front-desk-1", patient, changes, [], "A new phone, by telephone.")
    problem = _problem(patient, "386661006", "Fever")
    return proposal(name, "scribe-1", patient, [create(problem)], [], "Fever was mentioned.")
