"""Code and identifier systems that HL7 registered under two names, an address and an OID.

Products that grew up with version 2 and CDA name a system by its OID. Both names are one system's,
so neither says more. Only systems that HL7's registries list with both are here; nothing is
guessed from the look of an address.
Source: FHIR R4 https://hl7.org/fhir/R4/terminologies-systems.html and
https://hl7.org/fhir/R4/identifier-registry.html, ICD-10-CM from https://terminology.hl7.org.
"""

from __future__ import annotations

from typing import Final

from core.discrepancy.place import element_paths

_NAMES: Final = """
http://snomed.info/sct 2.16.840.1.113883.6.96
http://loinc.org 2.16.840.1.113883.6.1
http://unitsofmeasure.org 2.16.840.1.113883.6.8
http://www.nlm.nih.gov/research/umls/rxnorm 2.16.840.1.113883.6.88
http://ncimeta.nci.nih.gov 2.16.840.1.113883.3.26.1.2
http://www.ama-assn.org/go/cpt 2.16.840.1.113883.6.12
http://hl7.org/fhir/ndfrt 2.16.840.1.113883.6.209
http://fdasis.nlm.nih.gov 2.16.840.1.113883.4.9
http://hl7.org/fhir/sid/ndc 2.16.840.1.113883.6.69
http://hl7.org/fhir/sid/cvx 2.16.840.1.113883.12.292
http://hl7.org/fhir/sid/icd-10 2.16.840.1.113883.6.3
http://hl7.org/fhir/sid/icd-10-cm 2.16.840.1.113883.6.90
http://dicom.nema.org/resources/ontology/DCM 1.2.840.10008.2.16.4
http://hl7.org/fhir/sid/us-ssn 2.16.840.1.113883.4.1
http://hl7.org/fhir/sid/us-npi 2.16.840.1.113883.4.6
"""
_BY_OID: Final = {
    f"urn:oid:{oid}": name for name, oid in (line.split() for line in _NAMES.strip().splitlines())
}
SYSTEMS: Final = element_paths("Coding.system Identifier.system Quantity.system")
"""The elements that name a system, by HL7's paths."""


def one_name(system: str) -> str:
    """Return the address of a system that is named by its OID, else the name as it stands."""
    return _BY_OID.get(system, system)


def is_one_system(one: str, other: str) -> bool:
    """Tell whether both names are those of one system."""
    return one_name(one) == one_name(other)
