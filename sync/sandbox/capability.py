"""What the sandbox says of itself: CapabilityStatement and SMART configuration.

Both claim what is built and nothing else. `versioned-update` means here that If-Match is
honoured; as on most servers an update without it is accepted.
Source: FHIR R4 capabilitystatement.html, SMART App Launch 2.x "Conformance".
"""

from __future__ import annotations

from core.canonical import JsonObject
from core.fhir.tables import resource_types
from sync.sandbox.bodies import is_type
from sync.sandbox.manner import PLAIN, Manner, Offer
from sync.sandbox.parameters import includes, reverse_includes, search_parameters

OAUTH_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
SECURITY_SERVICE = "http://terminology.hl7.org/CodeSystem/restful-security-service"
INTERACTIONS = tuple(
    "read vread update patch delete history-instance history-type create search-type".split()
)
OPERATIONS = "http://hl7.org/fhir/OperationDefinition/"


def capability_statement(
    base: str, token_url: str | None, date: str, manner: Manner = PLAIN
) -> JsonObject:
    """Return the CapabilityStatement; `token_url` is None where no authorization is asked for.

    `date` is the instant the sandbox was started, `manner` the server that it plays.
    """
    rest: JsonObject = {"mode": "server"}
    if token_url is not None:
        rest["security"] = _security(token_url)
    if manner.system_interactions:
        rest["interaction"] = [{"code": code} for code in manner.system_interactions]
    rest["operation"] = [_operation("validate", "Resource-validate")]
    rest["resource"] = [
        _resource(kind, offer)
        for kind in sorted(resource_types())
        if is_type(kind) and (offer := manner.offer(kind) or Offer(INTERACTIONS)).interactions
    ]
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": date,
        "kind": "instance",
        "software": {"name": manner.software},
        "implementation": {"description": manner.description, "url": base},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "json"],
        "patchFormat": ["application/json-patch+json"],
        "rest": [rest],
    }


def smart_configuration(token_url: str, manner: Manner = PLAIN) -> JsonObject:
    """Return the document of /.well-known/smart-configuration."""
    return {
        "token_endpoint": token_url,
        "token_endpoint_auth_methods_supported": list(manner.listed_methods or manner.auth_methods),
        "token_endpoint_auth_signing_alg_values_supported": list(manner.algorithms),
        "grant_types_supported": ["client_credentials"],
        "scopes_supported": ["system/*.cruds", "system/*.rs"],
        "capabilities": ["client-confidential-asymmetric", "permission-v2"],
    }


def _security(token_url: str) -> JsonObject:
    token = {"url": "token", "valueUri": token_url}
    return {
        "extension": [{"url": OAUTH_URIS, "extension": [token]}],
        "service": [{"coding": [{"system": SECURITY_SERVICE, "code": "SMART-on-FHIR"}]}],
    }


def _resource(kind: str, offer: Offer) -> JsonObject:
    operations = [_operation("validate", "Resource-validate")]
    if kind == "Patient":
        operations.append(_operation("everything", "Patient-everything"))
    found: JsonObject = {
        "type": kind,
        "interaction": [{"code": code} for code in offer.interactions],
        "versioning": offer.versioning,
        "readHistory": offer.read_history,
        "updateCreate": offer.update_create,
        "conditionalCreate": offer.conditional_create,
        "conditionalRead": "full-support",
        "conditionalUpdate": offer.conditional_update,
        "conditionalDelete": "not-supported",
    }
    if offer.versioning is None:
        del found["versioning"]
    # An empty list is no valid JSON of FHIR.
    for name, listed in (("searchInclude", includes(kind)), ("searchRevInclude", _reverse(kind))):
        if listed:
            found[name] = list(listed)
    found["searchParam"] = [
        {"name": name, "type": type_} for name, type_ in search_parameters(kind).items()
    ]
    found["operation"] = operations
    return found


def _reverse(kind: str) -> list[str]:
    return list(reverse_includes(kind))


def _operation(name: str, definition: str) -> JsonObject:
    return {"name": name, "definition": OPERATIONS + definition}
