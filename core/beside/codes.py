"""The LOINC codes by which a chart's weight, renal function and pregnancy status are found.

Source: LOINC 2.77, term pages at loinc.org/CODE. Kidney: estimated glomerular filtration rate per
1.73 m² by the formulas in use, and creatinine in serum or plasma.
"""

from __future__ import annotations

LOINC = "http://loinc.org"

WEIGHT = {
    "29463-7": "body weight",
    "3141-9": "body weight, measured",
}
EGFR = {
    "33914-3": "eGFR, MDRD, serum or plasma",
    "48642-3": "eGFR, MDRD, non-Black",
    "48643-1": "eGFR, MDRD, Black",
    "50044-7": "eGFR, MDRD, female",
    "62238-1": "eGFR, CKD-EPI",
    "69405-9": "eGFR, formula not stated",
    "70969-1": "eGFR, MDRD, male",
    "77147-7": "eGFR, MDRD, serum, plasma or blood",
    "88293-6": "eGFR, CKD-EPI, Black",
    "98979-8": "eGFR, CKD-EPI 2021",
}
CREATININE = {"2160-0": "creatinine, serum or plasma"}
PREGNANCY = {"82810-3": "pregnancy status"}

OBSERVED = {"weight": WEIGHT, "egfr": EGFR, "creatinine": CREATININE, "pregnancy": PREGNANCY}
"""Part of the context → the codes that it is charted under."""
