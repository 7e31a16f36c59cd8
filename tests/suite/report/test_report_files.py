"""Reports as files, and what the rooms of the report may import."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from commit_conformance import report as room
from commit_conformance.report.formats import FORMATS, UnknownFormat, formats_of
from commit_conformance.report.log import BrokenLog
from commit_conformance.report.write import write as write_files
from tests.suite.report.event_logs import failed, footer, header, write


def test_the_page_and_the_junit_document_are_written_by_default(tmp_path: Path) -> None:
    events = write(tmp_path, header(), failed(), footer())

    written = write_files(events, directory=tmp_path / "new" / "folder")

    assert written == {
        "html": tmp_path / "new" / "folder" / "report.html",
        "junit": tmp_path / "new" / "folder" / "junit.xml",
    }
    assert all("PART-GAP" in path.read_text(encoding="utf-8") for path in written.values())


def test_the_same_log_gives_the_same_reports(tmp_path: Path) -> None:
    events = write(tmp_path, header(), failed(), footer())
    first = {kind: path.read_bytes() for kind, path in write_files(events, FORMATS).items()}

    assert {kind: path.read_bytes() for kind, path in write_files(events, FORMATS).items()} == first


def test_each_format_has_its_file(tmp_path: Path) -> None:
    events = write(tmp_path, header(), failed(), footer())

    written = write_files(events, ["html", "markdown", "junit", "sarif", "json", "har", "badge"], tmp_path / "out")

    assert list(written) == list(FORMATS)
    assert {path.name for path in (tmp_path / "out").iterdir()} == set(FORMATS.values())


def test_formats_are_read_from_lists_and_names() -> None:
    assert formats_of("html, JUnit,html,") == formats_of(["html", "junit"]) == ("html", "junit")
    assert formats_of("none") == formats_of("") == ()


def test_an_unknown_format_is_named_with_what_is_near_and_writes_nothing(tmp_path: Path) -> None:
    events = write(tmp_path, header(), footer())

    with pytest.raises(UnknownFormat, match=r"'markdwon' is no report format.*did you mean markdown"):
        write_files(events, ["html", "markdwon"], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_broken_log_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").write_text("")

    with pytest.raises(BrokenLog):
        write_files(tmp_path / "events.jsonl", directory=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_report_that_cannot_be_replaced_stays_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    events = write(tmp_path, header(), footer())
    (tmp_path / "report.html").write_text("former")

    def no_space(*_: object) -> Path:
        raise OSError("no space left on device")

    monkeypatch.setattr(Path, "replace", no_space)
    with pytest.raises(OSError, match="no space left"):
        write_files(events)

    assert (tmp_path / "report.html").read_text() == "former"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["events.jsonl", "report.html"]


_REPORT = Path(room.__file__).parent
_MODULES = sorted(
    ".".join(path.relative_to(_REPORT).with_suffix("").parts)
    for path in _REPORT.rglob("*.py")
    if path.stem != "__init__"
)


def loaded_by(*modules: str) -> set[str]:
    imports = "; ".join(f"import commit_conformance.report.{module}" for module in modules)
    code = f"import sys; {imports}; print('\\n'.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=_REPORT.parents[1]
    )
    return set(done.stdout.split())


def test_reports_import_nothing_of_ours_but_themselves() -> None:
    loaded = loaded_by(*_MODULES)
    ours = {name for name in loaded if name.split(".")[0] in ("commit_conformance", "strategies", "tests")}

    assert {f"commit_conformance.report.{module}" for module in _MODULES} <= ours
    assert {name for name in ours if not name.startswith("commit_conformance.report")} <= {"commit_conformance"}
    assert not {"pytest", "hypothesis", "httpx"} & loaded


def test_the_terminal_needs_no_templates() -> None:
    assert "jinja2" not in loaded_by("log", "summary", "terminal", "progress", "formats.junit", "runs.merge")
