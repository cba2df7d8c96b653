"""The embedded EHR: FHIR R4 over Starlette and SQLite, on loopback or within the process."""

from sync.sandbox.clients import IssuedClient
from sync.sandbox.inprocess import BASE_URL, TOKEN_URL, InProcessTransport
from sync.sandbox.sandbox import Sandbox
from sync.sandbox.serve import Serving, serve, serving

__all__ = [
    "BASE_URL",
    "TOKEN_URL",
    "InProcessTransport",
    "IssuedClient",
    "Sandbox",
    "Serving",
    "serve",
    "serving",
]
