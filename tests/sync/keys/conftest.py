from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from joserfc.jwk import ECKey

from sync.store.connection import connect, migrate


@pytest.fixture(scope="session")
def jwk() -> dict[str, Any]:
    return dict(ECKey.generate_key("P-384", {"kid": "k1", "alg": "ES384"}).as_dict(private=True))


@pytest.fixture
def connection() -> Iterator[Any]:
    opened = connect(":memory:", None)
    migrate(opened)
    yield opened
    opened.close()
