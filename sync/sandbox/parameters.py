"""The search parameters the sandbox knows: which types have them and where their values stand.

Source: the SearchParameter definitions of FHIR R4 (clinical, common and per resource); of those
only the ones whose values stand at a plain path. What is not here is answered with 400.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

_SUBJECT = """Account Basic CarePlan CareTeam ChargeItem ClinicalImpression Communication
    CommunicationRequest Composition Condition Contract DeviceRequest DeviceUseStatement
    DiagnosticReport DocumentManifest DocumentReference Encounter Flag Goal GuidanceResponse
    ImagingStudy Invoice List MeasureReport Media MedicationAdministration MedicationDispense
    MedicationRequest MedicationStatement Observation Procedure QuestionnaireResponse RequestGroup
    RiskAssessment ServiceRequest Specimen"""

_PATIENT = """AllergyIntolerance BodyStructure Claim ClaimResponse Consent
    CoverageEligibilityRequest CoverageEligibilityResponse DetectedIssue Device EpisodeOfCare
    ExplanationOfBenefit FamilyMemberHistory Immunization ImmunizationEvaluation
    ImmunizationRecommendation MolecularSequence NutritionOrder RelatedPerson SupplyDelivery
    VisionPrescription"""

_IDENTIFIER = """Account ActivityDefinition AllergyIntolerance Appointment AppointmentResponse
    Basic BodyStructure Bundle CarePlan CareTeam ChargeItem ChargeItemDefinition Claim
    ClaimResponse ClinicalImpression CodeSystem Communication CommunicationRequest Composition
    ConceptMap Condition Consent Contract Coverage CoverageEligibilityRequest
    CoverageEligibilityResponse DetectedIssue Device DeviceDefinition DeviceMetric DeviceRequest
    DeviceUseStatement DiagnosticReport DocumentManifest DocumentReference EffectEvidenceSynthesis
    Encounter Endpoint EnrollmentRequest EnrollmentResponse EpisodeOfCare EventDefinition Evidence
    EvidenceVariable ExampleScenario ExplanationOfBenefit FamilyMemberHistory Flag Goal Group
    GuidanceResponse HealthcareService ImagingStudy Immunization ImmunizationEvaluation
    ImmunizationRecommendation InsurancePlan Invoice Library List Location Measure MeasureReport
    Media Medication MedicationAdministration MedicationDispense MedicationRequest
    MedicationStatement MedicinalProduct MedicinalProductAuthorization MedicinalProductPackaged
    MedicinalProductPharmaceutical MessageDefinition MolecularSequence NutritionOrder Observation
    Organization OrganizationAffiliation Patient PaymentNotice PaymentReconciliation Person
    PlanDefinition Practitioner PractitionerRole Procedure Questionnaire QuestionnaireResponse
    RelatedPerson RequestGroup ResearchDefinition ResearchElementDefinition ResearchStudy
    ResearchSubject RiskAssessment RiskEvidenceSynthesis Schedule ServiceRequest Slot Specimen
    SpecimenDefinition StructureDefinition StructureMap Substance SupplyDelivery SupplyRequest
    Task TestReport TestScript ValueSet VisionPrescription"""

_CODE = """AllergyIntolerance Basic ChargeItem Condition DetectedIssue DiagnosticReport Group List
    Medication MedicationKnowledge Observation Procedure RequestGroup ServiceRequest Substance
    Task"""

_STATUS = """Account Appointment CarePlan CareTeam Claim ClaimResponse ClinicalImpression
    Communication CommunicationRequest Composition Consent Contract Coverage
    CoverageEligibilityRequest CoverageEligibilityResponse Device DeviceRequest DiagnosticReport
    DocumentManifest DocumentReference Encounter Endpoint EpisodeOfCare ExplanationOfBenefit
    FamilyMemberHistory ImagingStudy Immunization ImmunizationEvaluation Invoice Library List
    Location MeasureReport Media Medication MedicationAdministration MedicationDispense
    MedicationKnowledge MedicationRequest MedicationStatement NutritionOrder Observation Procedure
    QuestionnaireResponse RequestGroup ResearchStudy ResearchSubject ServiceRequest Slot Specimen
    Subscription Substance SupplyDelivery SupplyRequest Task VisionPrescription"""

# Parameter → element path → the types whose values stand at that path.
_TABLE: Mapping[str, Mapping[str, str]] = {
    "identifier": {
        "identifier": _IDENTIFIER,
        "masterIdentifier": "DocumentManifest DocumentReference",
    },
    "patient": {
        "subject": _SUBJECT,
        "patient": _PATIENT,
        "beneficiary": "Coverage",
        "participant.actor": "Appointment",
        "actor": "AppointmentResponse",
        "agent.who": "AuditEvent",
        "entity.what": "AuditEvent",
        "link.target": "Person",
        "target": "Provenance",
        "individual": "ResearchSubject",
        "for": "Task",
    },
    "subject": {"subject": _SUBJECT + " AdverseEvent", "for": "Task"},
    "target": {"target": "Provenance"},
    "code": {
        "code": _CODE,
        "reaction.substance": "AllergyIntolerance",
        "ingredient.substanceCodeableConcept": "Substance",
        "codeCodeableConcept": "DeviceRequest",
        "medicationCodeableConcept": "MedicationAdministration MedicationDispense"
        " MedicationRequest MedicationStatement",
    },
    "status": {"status": _STATUS},
}

TOKENS = frozenset({"identifier", "code", "status"})
REFERENCES = frozenset({"patient", "subject", "target"})


@cache
def parameters(kind: str) -> Mapping[str, tuple[str, ...]]:
    """Return the search parameters of resource type `kind`, each with its element paths."""
    found: dict[str, tuple[str, ...]] = {}
    for name, places in _TABLE.items():
        paths = tuple(path for path, types in places.items() if kind in types.split())
        if paths:
            found[name] = paths
    return found
