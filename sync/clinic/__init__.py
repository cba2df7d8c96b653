"""The embedded clinic: synthetic patients, labelled so, and what scripted agents propose.

Every resource carries the v3 ActReason label HTEST (test health data), and every name says so too.
"""

from sync.clinic.cases import CASES, Case, case
from sync.clinic.charts import chart, labelled
from sync.clinic.staff import AGENTS, STAFF, clinic_policy, clinic_roster

__all__ = [
    "AGENTS",
    "CASES",
    "STAFF",
    "Case",
    "case",
    "chart",
    "clinic_policy",
    "clinic_roster",
    "labelled",
]
