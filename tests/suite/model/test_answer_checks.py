"""What a 202, an error and any answer must hold."""

from __future__ import annotations

import json
from typing import Any

import pytest

from commit_conformance.model import NOT_JSON, Answer, Problem, check_accepted, check_any, check_error
from commit_conformance.model.answers import retry_after_seconds

TOKEN = "T0KEN-abcdef"


def error(answered: int = 400, **changes: Any) -> Answer:
    """A right error, but for what is given; ``...`` takes a member out."""
    body = {"type": "error", "status": answered, "code": "bad_request", "message": "no", "request_id": "abc"} | changes
    body = {name: value for name, value in body.items() if value is not ...}
    return Answer(status=answered, headers={"content-type": ("application/json",)}, body=json.dumps(body).encode())


def rules(problems: list[Problem]) -> list[tuple[str, str]]:
    return [(problem.rule, problem.pointer) for problem in problems]


@pytest.mark.parametrize("value", ["0", "1", "120", " 3 ", "999999999"])
def test_an_accepted_commit_says_when_to_come_back(value: str) -> None:
    answer = Answer(status=202, headers={"retry-after": (value,)})
    assert check_accepted(answer) == []
    assert retry_after_seconds(answer) == float(value)


@pytest.mark.parametrize(
    "values",
    [
        *((), ("",), ("-1",), ("1.5",), ("soon",), ("1, 2",), ("1", "2"), ("+1",), ("1s",), ("٣",), ("9999999999",)),
        ("Fri, 31 Dec 1999 23:59:59 GMT",),
    ],
)
def test_an_accepted_commit_without_whole_seconds_breaks_its_rule(values: tuple[str, ...]) -> None:
    answer = Answer(status=202, headers={"retry-after": values} if values else {})
    assert rules(check_accepted(answer)) == [("ACCEPTED-RETRY-AFTER", "")]


@pytest.mark.parametrize(("body", "empty"), [(b"", True), (b"\r\n ", True), (b"{}", False), (b"null", False)])
def test_an_accepted_commit_has_no_body(body: bytes, empty: bool) -> None:
    problems = check_accepted(Answer(status=202, headers={"retry-after": ("1",)}, body=body))
    assert rules(problems) == ([] if empty else [("ACCEPTED-EMPTY", "")])


@pytest.mark.parametrize("status", [400, 402, 404, 406, 409, 410, 412, 415, 416, 422])
@pytest.mark.parametrize(
    "changes", [{}, {"code": ...}, {"context_info": None}, {"context_info": {}}, {"message": ...}, {"x": [1]}]
)
def test_a_right_error_passes(status: int, changes: dict[str, Any]) -> None:
    assert check_error(error(status, **changes)) == []


@pytest.mark.parametrize(("status", "rule"), [(400, "ERROR-BODY"), (404, "ERROR-BODY"), (409, "CONFLICT-BODY")])
@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"type": "Error"}, "/type"),
        ({"type": ...}, "/type"),
        ({"type": None}, "/type"),
        ({"status": 418}, "/status"),
        ({"status": "400"}, "/status"),
        ({"status": True}, "/status"),
        ({"status": 400.5}, "/status"),
        ({"status": ...}, "/status"),
        ({"code": ""}, "/code"),
        ({"code": 7}, "/code"),
        ({"code": None}, "/code"),
        ({"message": {"en": "no"}}, "/message"),
        ({"request_id": 12}, "/request_id"),
        ({"help_url": []}, "/help_url"),
        ({"context_info": "no"}, "/context_info"),
        ({"context_info": []}, "/context_info"),
    ],
)
def test_one_change_to_an_error_breaks_one_rule_at_one_place(
    status: int, rule: str, changes: dict[str, Any], pointer: str
) -> None:
    assert rules(check_error(error(status, **changes))) == [(rule, pointer)]


@pytest.mark.parametrize("body", [b"", b"no", b"<html>", b"[]", b"null", b'"error"', b"{", b'{"x":NaN}', b"\xff"])
def test_an_error_is_a_json_object(body: bytes) -> None:
    assert rules(check_error(Answer(status=412, body=body))) == [("PRECONDITION-BODY", "")]


@pytest.mark.parametrize("status", [200, 201, 202, 302, 304, 401, 403, 405, 407, 408, 411, 413, 414, 429, 500, 503])
def test_what_gateways_and_success_answer_is_not_held_to_it(status: int) -> None:
    assert check_error(Answer(status=status, body=b"<html>")) == []


@pytest.mark.parametrize(
    "answer",
    [
        Answer(status=400, body=f'{{"message":"token {TOKEN} is bad"}}'.encode()),
        Answer(status=201, body=TOKEN.encode()),
        Answer(status=201, headers={"x-debug": ("a", f"Bearer {TOKEN}")}),
    ],
)
def test_a_token_is_not_given_back(answer: Answer) -> None:
    assert rules(check_any(answer, token=TOKEN)) == [("TOKEN-ECHO", "")]
    assert check_any(answer, token="another-token") == []
    assert check_any(answer, token=None) == []


def test_a_token_too_short_to_tell_is_not_looked_for() -> None:
    assert check_any(Answer(status=400, body=b"abcde"), token="abc") == []


TRACES = {
    "python": 'Traceback (most recent call last):\n  File "/app/main.py", line 3, in commit\nKeyError: 1',
    "python frame": 'oops\n  File "/app/main.py", line 3, in commit',
    "java": "java.lang.NullPointerException: null\n\tat com.example.Upload.commit(Upload.java:42)",
    "java module": "\tat java.base/java.lang.Thread.run(Thread.java:833)",
    "kotlin lambda": "\tat com.example.MainKt$main$1.invoke(Main.kt:12)",
    "dotnet": "System.Exception: x\n   at Box.Upload.Commit(String id) in C:\\src\\Upload.cs:line 42",
    "node": "TypeError: x\n    at commit (/srv/app/upload.js:3:9)\n    at node:internal/main:1:1",
    "node module": "    at commit (file:///srv/app/upload.mjs:3:9)",
    "node internal": "    at process.processTicks (node:internal/process/task_queues:95:5)",
    "node on windows": "    at commit (C:\\srv\\app\\upload.js:3:9)",
    "go": "panic: x\n\ngoroutine 1 [running]:\nmain.main()",
    "ruby": "upload.rb:10:in `commit': x (RuntimeError)",
    "ruby 3.4": "upload.rb:10:in 'Upload#commit': x (RuntimeError)",
    "php": "#0 /var/www/upload.php(12): commit()",
    "rust": "thread 'main' panicked at src/main.rs:2:5:\nx",
    "rust with id": "thread 'tokio-runtime-worker' (12) panicked at src/main.rs:2:5",
}


@pytest.mark.parametrize("trace", TRACES.values(), ids=TRACES)
def test_an_error_holds_no_stack_trace(trace: str) -> None:
    escaped = json.dumps({"message": trace}).encode()
    for body in (trace.encode(), escaped):
        problems = check_any(Answer(status=500, body=body), token=None)
        assert [problem.rule for problem in problems] == ["ERROR-LEAK"], body
    assert check_any(Answer(status=201, body=escaped), token=None) == []


@pytest.mark.parametrize(
    "message",
    [
        "Bad request at line 3, column 9",
        "at 10:30 (see the log)",
        "No matching part found on server for {'offset': 0}",
        'File "report.pdf", line 3',
        "meet me at office (room:12)",
        "#1 /folder/file.php",
        "the thread 'main' is about panicked customers",
        "at com.example",
    ],
)
def test_an_ordinary_message_is_no_stack_trace(message: str) -> None:
    assert check_any(error(400, message=message), token=TOKEN) == []


@pytest.mark.parametrize(
    ("answer", "rule"),
    [
        (Answer(status=301, headers={"location": ("/x",)}), "NO-REDIRECT"),
        (Answer(status=302), "NO-REDIRECT"),
        (Answer(status=303), "NO-REDIRECT"),
        (Answer(status=304, body=b"x"), "NOT-MODIFIED-EMPTY"),
        (Answer(status=401), "AUTH-CHALLENGE"),
        (Answer(status=429), "ERROR-RATE-LIMIT"),
        (Answer(status=429, headers={"retry-after": ("soon",)}), "ERROR-RATE-LIMIT"),
    ],
)
def test_an_answer_breaks_the_rule_of_its_status(answer: Answer, rule: str) -> None:
    assert [problem.rule for problem in check_any(answer, token=None)] == [rule]


@pytest.mark.parametrize(
    "answer",
    [
        Answer(status=307, headers={"location": ("/x",)}),
        Answer(status=308),
        Answer(status=304),
        Answer(status=401, headers={"www-authenticate": ("Bearer",)}),
        Answer(status=429, headers={"retry-after": ("1",)}),
        Answer(status=201),
        Answer(status=202),
        Answer(status=503),
    ],
)
def test_an_ordinary_answer_breaks_no_rule(answer: Answer) -> None:
    assert check_any(answer, token=TOKEN) == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"null", None),
        (b"{}", {}),
        (b"", NOT_JSON),
        (b"{", NOT_JSON),
        (b"NaN", NOT_JSON),
        (b"\xff", NOT_JSON),
        (b"[" * 100_000 + b"]" * 100_000, NOT_JSON),
    ],
    ids=range(7),
)
def test_a_body_is_decoded_or_not_json(body: bytes, expected: Any) -> None:
    answer = Answer(status=200, body=body)
    assert answer.json == expected
    assert answer.json is answer.json


def test_a_header_is_had_by_any_case_of_its_name() -> None:
    answer = Answer(status=200, headers={"content-type": ("Application/JSON; charset=utf-8", "text/html")})
    assert answer.header("Content-Type") == "Application/JSON; charset=utf-8"
    assert answer.media_type == "application/json"
    assert (answer.header("etag"), Answer(status=200).media_type) == (None, "")
