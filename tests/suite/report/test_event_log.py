"""Reading event logs: whole ones, ones that end early, and ones that cannot be read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from commit_conformance.report.log import BrokenLog, read_log
from tests.suite.report.event_logs import exchange, failed, failure, footer, header, log_of, target, verdict, write


def test_a_whole_log_is_read(tmp_path: Path) -> None:
    log = read_log(write(tmp_path, header(), target(), verdict("PART-COMPLETE"), failed(), footer(exit_code=1)))

    assert log.truncated is None
    assert (log.header.target, log.header.gate) == ("https://upload.example.test/api/2.0", ("documented", "implied"))
    assert (log.header.seed, log.header.upload_requests, log.header.selected) == (123, 480, None)
    assert log.target is not None
    assert [(item.name, item.available) for item in log.target.capabilities] == [
        ("read_file", True),
        ("second_user", False),
    ]
    assert [line.verdict for line in log.verdicts] == ["passed", "failed"]
    found = log.verdicts[1].failure
    assert found is not None
    assert (found.got, found.problems[0].pointer) == ("201 Created", "/entries/0/size")
    assert log.verdicts[1].source == ("S0 parts, description",)
    assert log.footer is not None
    assert (log.footer.exit_code, log.footer.cost.upload_requests, log.footer.deleted) == (1, 300, 14)


def test_keys_and_events_of_a_later_version_are_passed_over(tmp_path: Path) -> None:
    log = read_log(write(tmp_path, header(colour="red"), {"event": "weather"}, verdict("PART-GAP", mood=1), footer()))

    assert [line.rule for line in log.verdicts] == ["PART-GAP"]
    assert log.skipped == 1


def test_optional_keys_may_be_missing(tmp_path: Path) -> None:
    bare = {"event": "verdict", "rule": "PART-GAP", "verdict": "failed", "failure": {}, "exchanges": [{}]}
    log = read_log(write(tmp_path, {"event": "header", "format": 1}, bare, {"event": "footer"}))

    line = log.verdicts[0]
    assert (line.group, line.gating, line.requests, line.statement) == ("other", False, 0, "")
    assert line.decisive is not None
    assert line.decisive.answer == "no answer"


@pytest.mark.parametrize("value", [None, True, 3, 1e400, 10**400, "text", [1, [2]], {"a": {}}], ids=repr)
def test_members_of_other_types_do_no_harm(tmp_path: Path, value: Any) -> None:
    keep = {"event", "format", "rule", "verdict"}
    events = [header(), target(), failed(), footer()]
    twisted = [{key: (kept if key in keep else value) for key, kept in event.items()} for event in events]

    log = read_log(write(tmp_path, *twisted))

    assert log.verdicts[0].rule == "PART-GAP"
    assert log.truncated is None


@pytest.mark.parametrize(("index", "number"), [(0, 16), (1, 17), (None, 17), (7, 17), (-1, 17)])
def test_the_decisive_exchange_is_the_one_named_else_the_last(tmp_path: Path, index: int | None, number: int) -> None:
    line = log_of(tmp_path, failed(failure=failure(exchange=index))).verdicts[0]

    assert line.decisive is not None
    assert line.decisive.number == number


def test_an_exchange_without_answer_tells_its_error(tmp_path: Path) -> None:
    silent = exchange(status=None, error="ReadTimeout: 30 s")

    assert log_of(tmp_path, failed(exchanges=[silent])).verdicts[0].exchanges[0].answer == "ReadTimeout: 30 s"


def test_a_log_without_footer_is_truncated(tmp_path: Path) -> None:
    log = log_of(tmp_path, verdict("PART-COMPLETE"), truncated=True)

    assert log.truncated == "the log ends before the run did"
    assert log.footer is None


def test_a_truncated_event_gives_its_reason_and_the_cost(tmp_path: Path) -> None:
    end = footer(event="truncated", reason="interrupted by Ctrl-C")
    log = read_log(write(tmp_path, header(), verdict("PART-COMPLETE"), end))

    assert log.truncated == "interrupted by Ctrl-C"
    assert log.footer is not None
    assert log.footer.cost.requests == 400


@pytest.mark.parametrize("kept", [1, 20, 400], ids="{} bytes of the last line".format)
def test_a_torn_last_line_is_tolerated(tmp_path: Path, kept: int) -> None:
    path = write(tmp_path, header(), verdict("PART-COMPLETE"))
    with path.open("ab") as file:
        file.write(json.dumps(failed(statement="naïve"), ensure_ascii=False).encode()[:kept])

    log = read_log(path)

    assert log.truncated == "the log breaks off in the middle of its last line"
    assert [line.rule for line in log.verdicts] == ["PART-COMPLETE"]


def test_a_line_torn_inside_a_character_is_tolerated(tmp_path: Path) -> None:
    path = write(tmp_path, header())
    with path.open("ab") as file:
        file.write('{"event":"verdict","rule":"ü'.encode()[:-1])

    assert read_log(path).truncated is not None


_HEADER = json.dumps(header()).encode() + b"\n"


@pytest.mark.parametrize(
    ("content", "line", "why"),
    [
        (b"", None, "the log is empty"),
        (b"\n\n", None, "the log is empty"),
        (b"{", 1, "is not JSON"),
        (b"<html>\n", 1, "is not JSON"),
        (b"\xff\xfe\n", 1, "is not UTF-8"),
        (b"[1]\n", 1, "is not a JSON object"),
        (b'{"event":"verdict"}\n', 1, "starts with a header, this one with 'verdict'"),
        (b'{"event":"header","format":2}\n', 1, "is of format 2; this version reads format 1"),
        (b'{"event":"header"}\n', 1, "is of format unknown"),
        (_HEADER + b"oops\n" + b'{"event":"footer"}\n', 2, "is not JSON"),
        (_HEADER + _HEADER, 2, "a second header"),
        (_HEADER + b'{"event":"verdict","verdict":"passed"}\n', 2, "a verdict without a rule"),
        (_HEADER + b'{"event":"verdict","rule":"A","verdict":"fine"}\n', 2, "no verdict is called 'fine'"),
        (_HEADER + b"[" * 100_000 + b"\n", 2, "nested too deeply"),
    ],
)
def test_a_broken_log_says_where_and_why(tmp_path: Path, content: bytes, line: int | None, why: str) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(content)

    with pytest.raises(BrokenLog) as caught:
        read_log(path)

    assert caught.value.line == line
    assert why in caught.value.why
    assert str(path) in str(caught.value)


def test_a_log_that_cannot_be_opened_is_broken(tmp_path: Path) -> None:
    with pytest.raises(BrokenLog, match="cannot be read: No such file"):
        read_log(tmp_path / "nowhere.jsonl")
    with pytest.raises(BrokenLog, match="cannot be read: Is a directory"):
        read_log(tmp_path)
