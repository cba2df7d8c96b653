"""The EHR side of the ports: a FHIR client that trusts nothing it is told, and its tokens.

Source: design §9, §11; hub-protocol §6 step 7, §8 (Fetch), §10 (tokens).
"""

from sync.ehr.client import FhirClient
from sync.ehr.tokens import NoTokens, Token, TokenSource

__all__ = ["FhirClient", "NoTokens", "Token", "TokenSource"]
