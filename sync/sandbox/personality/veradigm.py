"""Veradigm, beyond its profile: its SMART configuration contradicts its documentation.

Source: developer.veradigm.com/Fhir/BulkData (keys by JWKS); its smart-configuration, which lists a
secret and mutual TLS instead.
"""

from __future__ import annotations

from sync.sandbox.personality.product import Product


class Veradigm(Product):
    """Takes private_key_jwt and does not list it."""

    listed_methods = ("client_secret_basic", "tls_client_auth")
