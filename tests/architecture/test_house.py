"""The house keeps its shape: who may import whom, how long files get, what the lock may say."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOREIGN = {
    "cryptography",
    "deepdiff",
    "fhir",
    "jsonpatch",
    "phonenumbers",
    "jsonpointer",
    "pydantic",
    "pydantic_core",
}
IMPURE = {
    "asyncio", "httpx", "keyring", "os", "pathlib", "random", "secrets", "socket", "sqlcipher3",
    "sqlite3", "sqlmodel", "ssl", "starlette", "subprocess", "textual", "threading", "time",
}  # fmt: skip


def sources(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


def test_core_imports_only_itself_and_the_listed_libraries() -> None:
    for path in sources("core"):
        strange = imported(path) - FOREIGN - {"core"} - (set(sys.stdlib_module_names) - IMPURE)
        assert not strange, f"{path.relative_to(ROOT)} imports {strange}"


def test_only_one_file_knows_the_network_below_httpx() -> None:
    knowing = [path.name for path in sources("console", "core", "sync")
               if imported(path) & {"aiohttp", "yarl", "httpcore"}]  # fmt: skip
    assert knowing == ["sockets.py"]


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("core.gateway.run", ["textual", "httpx", "sqlmodel", "sqlcipher3", "keyring", "sync"]),
        ("core.intake.stage", ["textual", "httpx", "sqlmodel", "sqlcipher3", "keyring", "sync"]),
        ("sync.store.ledger", ["textual", "httpx", "sqlmodel", "console", "fhir"]),
        ("sync.fhir.client", ["textual", "sqlmodel", "console", "aiohttp"]),
    ],
)
def test_importing_brings_nothing_from_above_or_outside(module: str, absent: list[str]) -> None:
    code = f"import sys, {module}; print([name for name in {absent} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_no_file_is_over_400_lines_and_the_median_is_small() -> None:
    lengths = sorted(
        (len(path.read_text("utf-8").splitlines()), path)
        for path in sources("core", "sync", "console")
    )
    assert lengths[-1][0] <= 400, lengths[-1]
    assert lengths[len(lengths) // 2][0] <= 160


def test_no_function_is_over_60_lines() -> None:
    for path in sources("core", "sync", "console"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or 0) - node.lineno
                assert length <= 60, f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"


def test_lock_has_hashes_and_no_address() -> None:
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    assert "--hash=sha256:" in lock
    assert "://" not in lock
    assert "index-url" not in lock
