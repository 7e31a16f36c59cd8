"""Reports as files, and what the rooms of the report may import."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from commit_conformance.report import write as writing
from commit_conformance.report.log import BrokenLog
from commit_conformance.report.write import write_reports
from tests.suite.report.event_logs import failed, footer, header, write


def test_both_reports_are_written_into_the_folder(tmp_path: Path) -> None:
    events = write(tmp_path, header(), failed(), footer())

    written = write_reports(events, tmp_path / "new" / "folder")

    assert written == {
        "html": tmp_path / "new" / "folder" / "report.html",
        "junit": tmp_path / "new" / "folder" / "junit.xml",
    }
    assert all("PART-GAP" in path.read_text(encoding="utf-8") for path in written.values())


def test_the_same_log_gives_the_same_reports(tmp_path: Path) -> None:
    events = write(tmp_path, header(), failed(), footer())
    first = {kind: path.read_bytes() for kind, path in write_reports(events, tmp_path).items()}

    assert {kind: path.read_bytes() for kind, path in write_reports(events, tmp_path).items()} == first


def test_a_broken_log_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").write_text("")

    with pytest.raises(BrokenLog):
        write_reports(tmp_path / "events.jsonl", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_report_that_cannot_be_replaced_stays_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    events = write(tmp_path, header(), footer())
    (tmp_path / "report.html").write_text("former")

    def no_space(*_: object) -> Path:
        raise OSError("no space left on device")

    monkeypatch.setattr(Path, "replace", no_space)
    with pytest.raises(OSError, match="no space left"):
        write_reports(events, tmp_path)

    assert (tmp_path / "report.html").read_text() == "former"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["events.jsonl", "report.html"]


_REPORT = Path(writing.__file__).parent
_MODULES = sorted(path.stem for path in _REPORT.glob("*.py") if path.stem != "__init__")


def loaded_by(module: str) -> set[str]:
    code = f"import sys, commit_conformance.report.{module}; print('\\n'.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=_REPORT.parents[1]
    )
    return set(done.stdout.split())


@pytest.mark.parametrize("module", _MODULES)
def test_reports_import_nothing_of_ours_but_themselves(module: str) -> None:
    ours = {name for name in loaded_by(module) if name.split(".")[0] in ("commit_conformance", "strategies", "tests")}

    assert {name for name in ours if not name.startswith("commit_conformance.report")} <= {"commit_conformance"}


@pytest.mark.parametrize("module", ["log", "summary", "terminal", "progress", "junit"])
def test_the_terminal_needs_no_templates_and_no_test_tools(module: str) -> None:
    assert not {"jinja2", "pytest", "hypothesis", "httpx"} & loaded_by(module)
