"""Typed forms: an agent gives values, the gateway writes the FHIR.

What a form makes is an ordinary resource: it is validated, shown, hashed, approved and sent like
one that an agent wrote itself. Source: design §5; the names and their versions are API.
"""

from core.forms.fill import FORMS, check, fill, form_names, json_schemas
from core.forms.form import Form, Given

__all__ = ["FORMS", "Form", "Given", "check", "fill", "form_names", "json_schemas"]
