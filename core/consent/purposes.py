"""Which purpose of use is part of which: a provision about one covers all that specialise it.

Source: HL7 Terminology, CodeSystem v3-ActReason, concepts below PurposeOfUse (`subsumedBy`).
"""

from __future__ import annotations

_CHILDREN: dict[str, str] = {
    "PurposeOfUse": "HMARKT HOPERAT HPAYMT HRESCH PATRQT PUBHLTH TREAT",
    "HOPERAT": "CAREMGT DONAT FRAUD GOV HACCRED HCOMPL HDECD HDIRECT HDM HLEGAL HOUTCOMS HPRGRP"
    " HQUALIMP HSYSADMIN MEMADMIN MILCDM PATADMIN PATSFTY PERFMSR RECORDMGT SYSDEV TRAIN",
    "HSYSADMIN": "LABELING METAMGT",
    "SYSDEV": "HTEST",
    "HPAYMT": "CLMATTCH COVAUTH COVERAGE REMITADV",
    "COVERAGE": "ELIGDTRM ELIGVER ENROLLM MILDCRG",
    "HRESCH": "BIORCH CLINTRCH DSRCH POARCH TRANSRCH",
    "CLINTRCH": "CLINTRCHNPC CLINTRCHPC PRECLINTRCH",
    "PATRQT": "FAMRQT PWATRNY SUPNWK",
    "PUBHLTH": "DISASTER THREAT",
    "TREAT": "CLINTRL COC ETREAT POPHLTH",
    "ETREAT": "BTG ERTREAT",
}

PARENTS: dict[str, str] = {
    child: parent for parent, children in _CHILDREN.items() for child in children.split()
}
"""Purpose → the one that it directly specialises."""


_PERHAPS = {"TREATDS": "TREAT", "PMTDS": "HPAYMT", "MLTRAINING": "PurposeOfUse"}
# By their definitions: decision support used in treatment, in payment; training of a model.


def covering(purpose: str) -> frozenset[str]:
    """Return the purpose and all that it is a part of; just itself for one that is not known."""
    found = {purpose}
    while (parent := PARENTS.get(purpose)) is not None and parent not in found:
        found.add(parent)
        purpose = parent
    return frozenset(found)


def perhaps_covering(purpose: str) -> frozenset[str]:
    """Return what may cover a purpose of version 4.0.0 whose place we have not read."""
    perhaps = _PERHAPS.get(purpose)
    return frozenset() if perhaps is None else covering(perhaps)


def is_known(purpose: str) -> bool:
    """Tell whether this is a purpose of the code system."""
    return purpose in PARENTS or purpose in _CHILDREN or purpose in _PERHAPS
