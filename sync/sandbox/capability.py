"""What the sandbox says of itself: CapabilityStatement and SMART configuration.

Both claim what is built and nothing else. `versioned-update` means here that If-Match is
honoured; as on most servers an update without it is accepted.
Source: FHIR R4 capabilitystatement.html, SMART App Launch 2.x "Conformance".
"""

from __future__ import annotations

from core.canonical import JsonObject
from core.fhir.tables import resource_types
from sync.sandbox.bodies import is_type
from sync.sandbox.parameters import REFERENCES, parameters

OAUTH_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
SECURITY_SERVICE = "http://terminology.hl7.org/CodeSystem/restful-security-service"
INTERACTIONS = ("read", "vread", "update", "history-instance", "create", "search-type")


def capability_statement(base: str, token_url: str | None, date: str) -> JsonObject:
    """Return the CapabilityStatement; `token_url` is None where no authorization is asked for.

    `date` is the instant the sandbox was started.
    """
    rest: JsonObject = {"mode": "server"}
    if token_url is not None:
        rest["security"] = _security(token_url)
    rest["resource"] = [_resource(kind) for kind in sorted(resource_types()) if is_type(kind)]
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": date,
        "kind": "instance",
        "software": {"name": "Countersign sandbox"},
        "implementation": {"description": "An EHR for trying things out", "url": base},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "json"],
        "rest": [rest],
    }


def smart_configuration(token_url: str) -> JsonObject:
    """Return the document of /.well-known/smart-configuration."""
    return {
        "token_endpoint": token_url,
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS384", "ES384"],
        "grant_types_supported": ["client_credentials"],
        "scopes_supported": ["system/*.crus", "system/*.rs"],
        "capabilities": ["client-confidential-asymmetric", "permission-v2"],
    }


def _security(token_url: str) -> JsonObject:
    token = {"url": "token", "valueUri": token_url}
    return {
        "extension": [{"url": OAUTH_URIS, "extension": [token]}],
        "service": [{"coding": [{"system": SECURITY_SERVICE, "code": "SMART-on-FHIR"}]}],
    }


def _resource(kind: str) -> JsonObject:
    types = {"_id": "token", "_lastUpdated": "date"}
    for name in parameters(kind):
        types[name] = "reference" if name in REFERENCES else "token"
    return {
        "type": kind,
        "interaction": [{"code": code} for code in INTERACTIONS],
        "versioning": "versioned-update",
        "readHistory": True,
        "updateCreate": True,
        "conditionalCreate": True,
        "conditionalRead": "not-match",
        "conditionalUpdate": False,
        "conditionalDelete": "not-supported",
        "searchParam": [{"name": name, "type": found} for name, found in types.items()],
    }
