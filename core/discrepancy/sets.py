"""Which lists are sets, that is, carry no meaning in their order.

FHIR keeps the order of every list, but says element by element whether it means something. What is
a set here, and what is not:

- Items of a data type that says itself what it is (an identifier has its system, a telecom its rank
  and use, a coding its system, an extension its url) are a set wherever they stand. Of codings
  FHIR says itself that their order is undefined.
- Backbone elements are a set only where named in `_BACKBONES`: there each item is told apart by
  something inside it, as an observation's components by their codes, a claim's items by their
  `sequence`, an encounter's past states by their periods.
- Primitives are a set only where named in `_PRIMITIVES`. A name's `given` and an address's
  `line` are read in their order.
- Never a set, although their type would be one: `_ORDERED`. A composition's sections, a list's or a
  document's entries and a message's parts are read in sequence; doses without a `sequence` are too,
  so no Dosage list is a set.
- Contained resources are told apart by their id, so their order means nothing.

A list that is not named here is ordered: reordering it is reported until someone has ruled.
Source: FHIR R4 (https://hl7.org/fhir/R4/json.html, /datatypes.html#CodeableConcept).
"""

from __future__ import annotations

from typing import Final

from core.discrepancy.place import definition, element_paths

_TYPES: Final = element_paths("""
    Address Annotation Attachment CodeableConcept Coding ContactDetail ContactPoint Extension
    HumanName Identifier Period Reference Resource Signature UsageContext
""")

_BACKBONES: Final = element_paths("""
    AllergyIntolerance.reaction Appointment.participant AuditEvent.agent AuditEvent.entity
    AuditEvent.entity.detail CareTeam.participant Condition.evidence Condition.stage
    Consent.policy Consent.provision.actor Consent.provision.data Consent.provision.provision
    Consent.verification Coverage.class DocumentReference.content DocumentReference.relatesTo
    Dosage.doseAndRate Encounter.diagnosis Encounter.location Encounter.participant
    Goal.target Immunization.education Immunization.performer Immunization.reaction
    Location.hoursOfOperation Medication.ingredient MedicationAdministration.performer
    Observation.component Observation.component.referenceRange Observation.referenceRange
    Organization.contact Patient.communication Patient.contact Patient.link
    Practitioner.qualification PractitionerRole.availableTime PractitionerRole.notAvailable
    Procedure.focalDevice Procedure.performer Provenance.agent Provenance.entity
    Provenance.entity.agent RelatedPerson.communication Task.input Task.output
""") | element_paths("""
    Account.guarantor AdverseEvent.suspectEntity AdverseEvent.suspectEntity.causality
    CatalogEntry.relatedEntry ChargeItem.performer Claim.careTeam Claim.diagnosis Claim.insurance
    Claim.item Claim.item.detail Claim.item.detail.subDetail Claim.procedure Claim.related
    Claim.supportingInfo ClaimResponse.addItem.adjudication
    ClaimResponse.adjudication ClaimResponse.insurance ClaimResponse.item
    ClaimResponse.item.adjudication ClaimResponse.item.detail
    ClaimResponse.item.detail.adjudication ClaimResponse.item.detail.subDetail
    ClaimResponse.item.detail.subDetail.adjudication ClaimResponse.processNote ClaimResponse.total
    ClinicalImpression.finding ClinicalImpression.investigation Composition.attester
    Composition.event Composition.relatesTo Contract.signer Coverage.costToBeneficiary
    CoverageEligibilityRequest.insurance CoverageEligibilityRequest.supportingInfo
    DetectedIssue.evidence DetectedIssue.mitigation Device.deviceName Device.property
    Device.specialization Device.udiCarrier Device.version DeviceMetric.calibration
    DeviceRequest.parameter DocumentManifest.related Encounter.classHistory
    Encounter.statusHistory EpisodeOfCare.diagnosis EpisodeOfCare.statusHistory
    ExplanationOfBenefit.adjudication ExplanationOfBenefit.benefitBalance
    ExplanationOfBenefit.benefitBalance.financial ExplanationOfBenefit.careTeam
    ExplanationOfBenefit.diagnosis ExplanationOfBenefit.insurance ExplanationOfBenefit.item
    ExplanationOfBenefit.item.adjudication ExplanationOfBenefit.item.detail
    ExplanationOfBenefit.item.detail.adjudication ExplanationOfBenefit.item.detail.subDetail
    ExplanationOfBenefit.item.detail.subDetail.adjudication ExplanationOfBenefit.procedure
    ExplanationOfBenefit.processNote ExplanationOfBenefit.related
    ExplanationOfBenefit.supportingInfo ExplanationOfBenefit.total FamilyMemberHistory.condition
    Group.characteristic Group.member HealthcareService.availableTime
    HealthcareService.eligibility HealthcareService.notAvailable ImagingStudy.series.performer
    Immunization.protocolApplied ImmunizationRecommendation.recommendation
    ImmunizationRecommendation.recommendation.dateCriterion InsurancePlan.contact
    Invoice.participant Linkage.item Measure.group.stratifier.component
    MeasureReport.group.population
    MeasureReport.group.stratifier.stratum.component
    MeasureReport.group.stratifier.stratum.population MedicationDispense.performer
    MedicationKnowledge.ingredient NutritionOrder.oralDiet.nutrient
    NutritionOrder.oralDiet.texture Person.link PaymentReconciliation.detail
    RiskAssessment.prediction Specimen.container Substance.ingredient Substance.instance
    SupplyRequest.parameter TestReport.participant VerificationResult.primarySource
    VerificationResult.validator
    VisionPrescription.lensSpecification VisionPrescription.lensSpecification.prism
""")

_PRIMITIVES: Final = element_paths("""
    AllergyIntolerance.category Communication.instantiatesCanonical Communication.instantiatesUri
    MedicationRequest.instantiatesCanonical MedicationRequest.instantiatesUri Meta.profile
    Procedure.instantiatesCanonical Procedure.instantiatesUri ServiceRequest.instantiatesCanonical
    ServiceRequest.instantiatesUri Timing.event Timing.repeat.dayOfWeek Timing.repeat.timeOfDay
    Timing.repeat.when
    CarePlan.instantiatesCanonical CarePlan.instantiatesUri CoverageEligibilityRequest.purpose
    DeviceRequest.instantiatesCanonical DeviceRequest.instantiatesUri Endpoint.payloadMimeType
    HealthcareService.availableTime.daysOfWeek
    Location.alias Location.hoursOfOperation.daysOfWeek MedicationAdministration.instantiates
    NutritionOrder.instantiatesCanonical NutritionOrder.instantiatesUri Organization.alias
    PractitionerRole.availableTime.daysOfWeek Provenance.policy
""")

_ORDERED: Final = element_paths("""
    Account.coverage Bundle.entry Communication.payload Composition.section
    Composition.section.entry Composition.section.section List.entry
""")


def is_set(names: str) -> bool:
    """Tell whether the list at an element path without indexes is a set."""
    found = definition(names)
    if found is None or not found.is_list or found.path in _ORDERED:
        return False
    return found.path in _BACKBONES or found.path in _PRIMITIVES or found.types[0] in _TYPES
