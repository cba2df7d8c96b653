"""The EHR side of the ports: a FHIR R4 client, its tokens and its errors."""

from sync.fhir.channel import Bounds
from sync.fhir.client import FhirClient
from sync.fhir.discovery import SmartConfiguration, discover
from sync.fhir.errors import Redirected, Throttled, Unreadable, WrongAnswer
from sync.fhir.tokens import NoAuth, Token, Tokens, TokenSource

__all__ = [
    "Bounds",
    "FhirClient",
    "NoAuth",
    "Redirected",
    "SmartConfiguration",
    "Throttled",
    "Token",
    "TokenSource",
    "Tokens",
    "Unreadable",
    "WrongAnswer",
    "discover",
]
