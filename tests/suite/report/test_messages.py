"""Request and answer side by side: JSON laid out as it was written, and what is wrong in it marked."""

from __future__ import annotations

import json
from typing import Any

import pytest

from commit_conformance.report.exchanges import Exchange
from commit_conformance.report.html.messages import Message, answer_of, request_of
from commit_conformance.report.html.timeline import timeline
from commit_conformance.report.verdicts import Failure
from tests.suite.report.event_logs import exchange, failure, part_list, uploaded


def talk(**changes: Any) -> Exchange:
    return Exchange.from_event(exchange(**changes))


def broken(**changes: Any) -> Failure:
    return Failure.from_event(failure(**{"problems": [], "part_list": None, "sent": "", **changes}))


def marked(message: Message) -> list[str]:
    return [line.text.strip() for line in (message.first, *message.headers, *message.body) if line.wrong]


def shown(body: str) -> list[str]:
    return [line.text for line in request_of(talk(request_body=body), None).body]


def test_json_is_laid_out_with_plain_objects_on_a_line() -> None:
    assert shown('{"parts":[{"part_id":"A","offset":0},{}],"n":[1,2]}') == [
        "{",
        '  "parts": [',
        '    {"part_id": "A", "offset": 0},',
        "    {}",
        "  ],",
        '  "n": [1, 2]',
        "}",
    ]


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ('{"parts": 1, "parts": 2}', ['  "parts": 1,', '  "parts": 2']),
        ('{"size": 65536.0, "big": 1e400, "x": NaN}', ['  "size": 65536.0,', '  "big": 1e400,', '  "x": NaN']),
        (r'{"name": "\u0041\"{[,:"}', [r'  "name": "\u0041\"{[,:"']),
    ],
    ids=["repeated members", "odd numbers", "escapes"],
)
def test_what_was_written_stays_as_it_was_written(body: str, kept: list[str]) -> None:
    assert shown(body)[1:-1] == kept


@pytest.mark.parametrize("body", ["{", "<html>\n<p>", '{"a": 1} trailing', "[" * 5000 + "]" * 5000], ids=len)
def test_what_is_no_json_or_too_deep_is_shown_as_it_is(body: str) -> None:
    assert "\n".join(shown(body)) == body


def test_long_bodies_are_cut() -> None:
    assert len(shown(json.dumps([*range(5000), {}]))) < 500
    assert len("".join(shown("x" * 100_000))) < 30_000


def test_the_entries_of_a_part_list_that_are_wrong_are_marked() -> None:
    parts = uploaded(3)
    claimed = [parts[0], {**parts[1], "size": 9}, parts[2]]
    defects = [
        {"kind": "wrong size", "index": 1, "message": "it has 65536"},
        {"kind": "gap", "index": None, "message": "m"},
    ]
    found = broken(part_list=part_list(claimed, parts, defects))

    message = request_of(talk(request_body=json.dumps({"parts": claimed})), found)

    assert [line.note for line in message.body if line.wrong] == ["m", "it has 65536"]
    assert marked(message)[0] == '"parts": ['
    assert '"size": 9' in marked(message)[1]


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("digest: the digest of the body", ["digest: sha=fpRyg5eVQletdZqEKaFlqwBXJzM="]),
        ("a right commit, as documented", []),
        ("attributes {}", ['"attributes": {}']),
        ("content type left out", ["content-type: application/json"]),
    ],
)
def test_the_header_or_member_that_was_made_wrong_is_marked(sent: str, expected: list[str]) -> None:
    body = '{"parts": [], "attributes": {}}'

    assert marked(request_of(talk(request_body=body), broken(sent=sent))) == expected


def test_a_problem_is_marked_where_its_pointer_leads() -> None:
    problems = [{"pointer": "/entries/0/size", "message": "not 3"}]
    body = '{"total_count": 1, "entries": [{"type": "file", "size": 4, "path": {"entries": [{"size": 5}]}}]}'

    message = answer_of(talk(response_body=body), broken(problems=problems))

    assert [(line.text.strip(), line.note) for line in message.body if line.wrong] == [('"size": 4,', "not 3")]
    assert not message.first.wrong


def test_what_is_missing_is_marked_where_it_should_be() -> None:
    nested = broken(problems=[{"pointer": "/entries/0/etag", "message": "the File has no etag"}])
    absent = broken(problems=[{"pointer": "/entries", "message": "the body has no entries"}])
    header = broken(problems=[{"pointer": "", "message": "the 202 has no Retry-After header"}])

    assert marked(answer_of(talk(response_body='{"entries": [{"id": "1"}]}'), nested)) == ['{"id": "1"}']
    assert marked(answer_of(talk(response_body='{"total_count": 1}'), absent)) == ["{"]
    assert marked(answer_of(talk(status=202), header)) == ["retry-after: (missing)"]


def test_a_header_that_a_problem_speaks_of_is_marked() -> None:
    headers = [["content-type", "application/json"], ["retry-after", "1.5"]]
    found = broken(problems=[{"pointer": "", "message": "Retry-After is '1.5', not a whole number of seconds"}])

    assert marked(answer_of(talk(response_headers=headers), found)) == ["retry-after: 1.5"]


def test_the_message_says_which_header_where_there_is_no_list_of_problems() -> None:
    missing = broken(message="the 401 has no WWW-Authenticate header")
    wrong = broken(message="the content type is text/html, not application/json")
    headers = [["server", "nginx"], ["content-type", "text/html"]]

    assert marked(answer_of(talk(status=401), missing)) == ["www-authenticate: (missing)"]
    assert marked(answer_of(talk(response_headers=headers), wrong)) == ["content-type: text/html"]
    assert marked(answer_of(talk(response_headers=headers), broken(message="the server committed it"))) == [
        "201 Created"
    ]


def test_what_a_message_quotes_from_the_body_is_marked() -> None:
    found = broken(message="the error holds a stack trace: 'Traceback (most recent call last)'")
    body = '{"code": "x", "message": "Traceback (most recent call last): File"}'

    assert marked(answer_of(talk(response_body=body), found)) == [
        '"message": "Traceback (most recent call last): File"'
    ]


def test_a_status_that_the_message_tells_is_marked_beside_what_it_quotes() -> None:
    found = broken(message="a right commit was answered 400 Bad Request, code 'parts_mismatch'")
    answer = answer_of(talk(status=400, reason="Bad Request", response_body='{"code": "parts_mismatch"}'), found)

    assert marked(answer) == ["400 Bad Request", '"code": "parts_mismatch"']


def test_no_answer_is_marked_where_the_order_of_several_is_what_matters() -> None:
    assert marked(answer_of(talk(), broken(history=["1. commit", "2. list: two files"]))) == []


def test_if_nothing_else_is_wrong_it_is_the_status() -> None:
    assert marked(answer_of(talk(), broken())) == ["201 Created"]
    assert marked(answer_of(talk(), None)) == []


def test_the_excerpt_of_a_long_body_keeps_what_is_marked() -> None:
    body = json.dumps({f"member{n}": n for n in range(100)})
    found = broken(problems=[{"pointer": "/member70", "message": "wrong"}])

    excerpt = answer_of(talk(response_body=body), found).excerpt

    assert len(excerpt) < 20
    assert [line.text.strip() for line in excerpt if line.wrong] == ['"member70": 70,']
    assert sum(int(line.text.split()[1]) for line in excerpt if "⋮" in line.text) + len(excerpt) - 2 == 102


def test_a_time_line_places_exchanges_by_when_they_took_place() -> None:
    rows = timeline(
        [
            talk(at="2026-11-21T20:00:00Z", seconds=1.0),
            talk(at="2026-11-21T20:00:01.000Z", seconds=1.0),
            talk(at="2026-11-21T20:00:03Z", seconds=1.0),
        ]
    )

    assert [(row.left, row.width) for row in rows] == [(0, 0.25), (0.25, 0.25), (0.75, 0.25)]
    assert [row.when for row in rows] == [
        "at 0 ms, took 1,000 ms",
        "at 1,000 ms, took 1,000 ms",
        "at 3,000 ms, took 1,000 ms",
    ]


@pytest.mark.parametrize("at", ["", "yesterday", "2026-11-21T20:00:00Z"])
@pytest.mark.parametrize("seconds", [0, -1, 1e300])
def test_no_time_is_too_strange_for_a_time_line(at: str, seconds: float) -> None:
    for row in timeline([talk(at=at, seconds=seconds), talk(at="", seconds=0.1)]):
        assert 0 <= row.left <= 1
        assert 0 <= row.width <= 1
