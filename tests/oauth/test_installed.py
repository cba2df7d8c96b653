"""Where the server is not installed, the tests say so; CI does not let that pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.oauth.provider import installed


def test_without_the_server_the_reason_is_told() -> None:
    with pytest.raises(pytest.skip.Exception, match="skipped: COUNTERSIGN_OIDC_PROVIDER is not"):
        installed({})


def test_where_real_servers_are_required_a_skip_is_a_failure() -> None:
    with pytest.raises(pytest.fail.Exception, match="COUNTERSIGN_OIDC_PROVIDER is not set"):
        installed({"COUNTERSIGN_REQUIRE_REAL": "1"})


def test_the_named_folder_is_taken(tmp_path: Path) -> None:
    assert installed({"COUNTERSIGN_OIDC_PROVIDER": str(tmp_path)}) == tmp_path.resolve()
