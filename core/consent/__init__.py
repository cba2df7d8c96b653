"""What a patient's Consents say of one change: read as FHIR R4, and denied where in doubt.

Source: FHIR R4 (4.0.1) §6.2 Consent; design §7.
"""

from core.consent.answer import denies, permits
from core.consent.asked import Asked, labels_of
from core.consent.evaluate import evaluate

__all__ = ["Asked", "denies", "evaluate", "labels_of", "permits"]
