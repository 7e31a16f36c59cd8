"""The one direction of imports, and that the oracle and the reference service share nothing."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.suite.runs.commands import clean_environment

ROOT = Path(__file__).parents[3]
PACKAGE = ROOT / "commit_conformance"
#: What each room may import of this project. A room may always import itself.
ALLOWED = {
    "model": set(),
    "strategies": {"commit_conformance.model"},
    "wire": {"commit_conformance.model"},
    "reference": set(),
    "mock": {"commit_conformance.reference"},
    "report": set(),
    "known": set(),
    "profiles": set(),
    "verdict": {
        "commit_conformance.known",
        "commit_conformance.model",
        "commit_conformance.wire",
        "commit_conformance.target",
        "commit_conformance.specs",
    },
    "trial": {
        "commit_conformance.model",
        "commit_conformance.wire",
        "commit_conformance.target",
        "commit_conformance.verdict",
        "strategies",
    },
    "compare": {
        "commit_conformance.model",
        "commit_conformance.wire",
        "commit_conformance.target",
        "commit_conformance.specs",
        "commit_conformance.options",
        "commit_conformance.settings",
        "commit_conformance.verdict.catalogue",
        "commit_conformance.report.plain",
        "strategies",
    },
    "static_mock": {
        "commit_conformance.model",
        "commit_conformance.wire",
        "commit_conformance.target",
        "commit_conformance.trial.evidence",
        "commit_conformance.verdict",
        "commit_conformance.specs",
        "strategies",
    },
    "syntax": {
        "commit_conformance.model",
        "commit_conformance.wire",
        "commit_conformance.target",
        "commit_conformance.trial",
        "commit_conformance.verdict",
        "commit_conformance.specs",
        "commit_conformance.options",
        "commit_conformance.settings",
        "strategies",
    },
    "load": {
        "commit_conformance.model",
        "commit_conformance.wire",
        "commit_conformance.target",
        "commit_conformance.specs",
        "commit_conformance.options",
        "commit_conformance.settings",
        "commit_conformance.compare.judging",
        "commit_conformance.compare.read_back",
        "commit_conformance.report.plain",
        "commit_conformance.trial.answered",
        "commit_conformance.verdict.catalogue",
        "commit_conformance.verdict.outcomes",
        "strategies",
    },
    "target": {"commit_conformance.model", "commit_conformance.wire", "commit_conformance.reference"},
    "clients": {
        "commit_conformance.known",
        "commit_conformance.mock",
        "commit_conformance.model",
        "commit_conformance.reference",
        "commit_conformance.report.fields",
        "commit_conformance.report.log",
        "commit_conformance.report.plain",
        "commit_conformance.specs",
        "commit_conformance.verdict.catalogue",
        "commit_conformance.verdict.events",
        "commit_conformance.verdict.rule_files",
    },
}


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative imports hide where a name comes from"
            yield node.module


@pytest.mark.parametrize("room", sorted(ALLOWED))
def test_a_room_imports_only_what_it_may(room: str) -> None:
    folder = ROOT / "strategies" if room == "strategies" else PACKAGE / room
    own = "strategies" if room == "strategies" else f"commit_conformance.{room}"
    files = sorted(folder.rglob("*.py"))
    assert files
    for path in files:
        for name in imports_of(path):
            if not name.startswith(("commit_conformance", "strategies", "tests", "benchmarks")):
                continue
            allowed = [own, *ALLOWED[room]]
            assert any(name == other or name.startswith(f"{other}.") for other in allowed), f"{path.name}: {name}"


def test_schemathesis_is_imported_in_one_room_only() -> None:
    found = {
        path.relative_to(PACKAGE).parts[0]
        for path in PACKAGE.rglob("*.py")
        if any(name.split(".")[0] == "schemathesis" for name in imports_of(path))
    }
    assert found == {"syntax"}


def test_locust_is_imported_in_one_module_and_by_nothing_but_what_locust_reads() -> None:
    """It patches threads and sockets of whatever process imports it."""
    modules = {str(path.relative_to(PACKAGE)): set(imports_of(path)) for path in PACKAGE.rglob("*.py")}
    patches = {name for name, found in modules.items() if {each.split(".")[0] for each in found} & {"locust", "gevent"}}
    assert patches == {"load/users.py"}
    users = {name for name, found in modules.items() if "commit_conformance.load.users" in found}
    assert users == {"load/locustfile.py"}
    assert not any("commit_conformance.load.locustfile" in found for found in modules.values())


def test_httpx_is_imported_in_one_place_only() -> None:
    """Besides the wire: the reference service's respx adapter, and the transport that reaches the embedded service."""
    found = {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        if any(name.split(".")[0] == "httpx" for name in imports_of(path))
    }
    assert found <= {"wire/client.py", "reference/respx_adapter.py", "target/embedded.py"}


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["run", "--help"],
        ["client", "--help"],
        ["load", "--help"],
        ["rules"],
        ["rules", "PART-GAP"],
        ["rules", "--client"],
        ["faults"],
    ],
)
def test_light_commands_import_nothing_heavy(arguments: list[str]) -> None:
    program = (
        "import sys\n"
        "from commit_conformance.cli import main\n"
        "try:\n    main(sys.argv[1:])\n"
        "except SystemExit as end:\n    assert not end.code\n"
        "heavy = {'pytest', 'hypothesis', 'schemathesis', 'httpx', 'aiohttp', 'locust', 'gevent'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_a_controller_knows_the_effort_without_what_talks_to_the_target() -> None:
    """Its workers wait meanwhile, all of them."""
    program = (
        "import sys\n"
        "from types import SimpleNamespace as Some\n"
        "from commit_conformance.session import effort_of_session\n"
        "assert effort_of_session(Some(option=Some())) == 'standard'\n"
        "assert effort_of_session(Some(option=Some(cc_effort='thorough'))) == 'thorough'\n"
        "heavy = {'hypothesis', 'schemathesis', 'jsonschema', 'httpx'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env=clean_environment(None), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
