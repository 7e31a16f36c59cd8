"""Wrong use and bad input: one clear message, the right exit code, no traceback."""

from __future__ import annotations

import http.server
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from commit_conformance.cli import main
from commit_conformance.reference import Service, Settings
from commit_conformance.reference.server import ServerThread
from tests.suite.runs.commands import commit_conformance


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (
            ["run", "--effort", "standart"],
            2,
            "--effort 'standart' is not one of quick, standard, thorough; did you mean",
        ),
        (["run", "--gate", "documented,implide"], 2, "'implide' is not a level"),
        (["run", "--gate", "observed"], 2, "observed rules never gate"),
        (["run", "--rule", "PART-GAPP"], 2, "there is no rule 'PART-GAPP'; did you mean PART-GAP"),
        (["run", "--rule", "NOTHING-*"], 2, "NOTHING-*"),
        (["run", "--seed", "many"], 2, "--seed 'many' is not a whole number"),
        (["run", "--shard", "0/3"], 2, "--shard '0/3': there is no shard 0 of 3; they are 1/3 to 3/3"),
        (["run", "--shard", "4/3"], 2, "--shard '4/3': there is no shard 4 of 3; they are 1/3 to 3/3"),
        (["run", "--shard", "1/0"], 2, "--shard '1/0': there have to be shards; write it as I/N"),
        (["run", "--shard", "a/b"], 2, "--shard 'a/b' is not understood; write it as I/N, like 1/4 for the first of"),
        (["run", "--shard", "1/2", "--known-failures", "k.toml", "--update-known-failures"], 2, "without --shard"),
        (["run", "--examples", "-3"], 2, "--examples -3 is negative"),
        (["run", "--target", "upload.example"], 2, "neither 'mock' nor an absolute http:// or https:// URL"),
        (["run", "--target", "ftp://upload.example"], 2, "neither 'mock' nor an absolute http:// or https:// URL"),
        (["run", "--target", "https://upload.example/2.0"], 2, "no token for https://upload.example/2.0: set COMMIT"),
        (["run", "--token-file", "/nowhere/token", "--target", "http://127.0.0.1:9"], 2, "--token-file /nowhere/token"),
        (["run", "--target", "https://upload.box.com/api/2.0"], 2, "add --allow-production"),
        (["run", "--target", "http://127.0.0.1:9", "--api-url", "https://api.box.com/2.0"], 2, "production host"),
        (["run", "--fault", "accepts-gapp"], 2, "did you mean"),
        (["run", "--behaviour", "procesing=2"], 2, "did you mean"),
        (["run", "--behaviour", "processing=often"], 2, "processing"),
        (["run", "--fault", "accepts-gap", "--target", "http://127.0.0.1:9"], 2, "embedded service only"),
        (["rules", "PART-GAPP"], 2, "there is no rule 'PART-GAPP'; did you mean PART-GAP"),
        (["rules", "--level", "implide"], 2, "--level 'implide' is not one of"),
        (["rules", "--group", "part-lists"], 2, "part-list"),
        (["faults", "--rule", "PART-GAPP"], 2, "did you mean"),
        (["serve", "--fault", "accepts-gapp"], 2, "did you mean"),
        (["serve", "--part-size", "large"], 2, "large"),
        (["report", "/nowhere/events.jsonl"], 2, "/nowhere/events.jsonl"),
        (["sweep", "/nowhere/ledger.jsonl"], 2, "cannot read the ledger /nowhere/ledger.jsonl"),
    ],
)
def test_wrong_use_is_told_in_one_message(arguments: list[str], code: int, said: str, tmp_path: Path) -> None:
    out = ["--out", str(tmp_path)] if arguments[0] == "run" else []
    environment: dict[str, str | None] = {key: None for key in os.environ if key.startswith("COMMIT_CONFORMANCE_")}
    done = CliRunner().invoke(main, [*arguments, *out], env=environment)
    assert done.exit_code == code, done.stderr + done.stdout
    assert said in done.stderr
    assert isinstance(done.exception, SystemExit), "anything else would have been a traceback"
    assert len(done.stderr.strip().splitlines()) <= 3


def test_an_unwritable_report_folder(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("not a folder")
    done = commit_conformance("run", "--out", str(in_the_way / "reports"))
    assert done.returncode == 2
    assert f"--out {in_the_way / 'reports'}: cannot write there" in done.stderr


def test_a_token_file_that_holds_more_than_a_token(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("two words\n")
    target = ["--target", "http://127.0.0.1:9", "--out", str(tmp_path / "out")]
    done = commit_conformance("run", *target, "--token-file", str(file), token=None)
    assert done.returncode == 2
    assert "has to hold one token" in done.stderr


def test_a_port_where_nothing_listens(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    done = commit_conformance("run", "--target", f"http://127.0.0.1:{port}", "--out", str(tmp_path))
    assert done.returncode == 3, done.stdout + done.stderr
    assert "does not answer" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


class Page(http.server.BaseHTTPRequestHandler):
    """A web site: the same page for everything."""

    def _answer(self) -> None:
        body = b"<!doctype html><title>Welcome</title>"
        self.send_response(200)
        self.send_header("content-type", "text/html; charset=utf-8")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = _answer  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Says nothing."""


@pytest.fixture
def page() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


def test_a_url_that_answers_html(page: str, tmp_path: Path) -> None:
    done = commit_conformance("run", "--target", page, "--out", str(tmp_path))
    assert done.returncode == 3
    said = flat(done.stdout)
    assert "with a web page (text/html), not with the API; does the target's URL lack its path prefix" in said


def test_a_wrong_token(tmp_path: Path) -> None:
    with ServerThread(Service(Settings(tokens={"the-right-token": "1"}))) as server:
        done = commit_conformance("run", "--target", server.url, "--out", str(tmp_path), token="another-token")
    assert done.returncode == 3
    assert "the token is not accepted" in flat(done.stdout)
    assert "another-token" not in done.stdout + (tmp_path / "events.jsonl").read_text()


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with ServerThread(Service()) as server:
        done = commit_conformance("run", "--target", server.url, "--folder-id", "4711", "--out", str(tmp_path))
    assert done.returncode == 3
    assert "there is no folder '4711' that this token can see" in flat(done.stdout)


def test_a_port_that_is_taken() -> None:
    with ServerThread(Service()) as server:
        done = commit_conformance("serve", "--port", server.url.rsplit(":", 1)[1])
    assert done.returncode == 3
    assert "cannot listen there" in done.stderr


@pytest.mark.parametrize(
    "content", ["", "rubbish\n", '{"event":"verdict"}\n', '{"event":"header","format":99}\n', "\x00\x01"]
)
def test_a_broken_event_log(content: str, tmp_path: Path) -> None:
    log = tmp_path / "events.jsonl"
    log.write_text(content)
    done = commit_conformance("report", str(log))
    assert done.returncode == 2
    assert str(log) in done.stderr.replace("\n", "")
    assert "Traceback" not in done.stderr


def flat(text: str) -> str:
    """Text without the line breaks a narrow terminal made."""
    return " ".join(text.split())


def test_environment_variables_are_options(tmp_path: Path) -> None:
    environment = {**os.environ, "COMMIT_CONFORMANCE_EFFORT": "much", "COMMIT_CONFORMANCE_OUT": str(tmp_path)}
    done = commit_conformance("run", environment=environment)
    assert done.returncode == 2
    assert "COMMIT_CONFORMANCE_EFFORT 'much' is not one of" in done.stderr
