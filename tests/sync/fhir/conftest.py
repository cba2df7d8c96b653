"""Keys made once, and a token endpoint with a clock for each test."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sync.fhir.servers import Clock, Issuer, ec_key, rsa_key


@pytest.fixture(scope="session")
def rsa() -> dict[str, Any]:
    return rsa_key()


@pytest.fixture(scope="session")
def ec() -> dict[str, Any]:
    return ec_key()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()
