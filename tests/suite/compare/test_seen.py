from __future__ import annotations

import json

from commit_conformance.compare.differences import Blame, compare_step
from commit_conformance.compare.script import Scene, Step
from commit_conformance.compare.seen import Aspect, Seen, headers_of, members_apart, members_of
from commit_conformance.model import Answer, Problem

STEP = Step(scene=Scene.LISTS, subject="a hole", what="a list with a hole")


def answer(body: object, status: int = 201, **headers: str) -> Answer:
    named = {name.replace("_", "-"): (value,) for name, value in headers.items()}
    return Answer(status=status, headers=named, body=json.dumps(body).encode())


def seen(said: str, status: int, **aspects: str) -> Seen:
    return Seen(said=said, status=status, aspects={Aspect[name]: value for name, value in aspects.items()})


def test_ids_times_and_order_are_not_compared() -> None:
    one = {"id": "12", "at": "2020-01-01T00:00:00Z", "sha1": "ab" * 20}
    other = {"sha1": "cd" * 20, "at": "2021-05-06T07:08:09Z", "id": "f0"}
    assert members_apart(members_of(answer(one)), members_of(answer(other))) == []


def test_types_forms_and_members_are() -> None:
    one = {"id": "12", "at": "2020-01-01T00:00:00Z", "sha1": "ab" * 20, "tags": [{"a": 1}], "parent": {"id": "0"}}
    other = {"id": 12, "at": "2020-01-01T00:00:00+00:00", "sha1": "AB" * 20, "tags": [], "parent": None}
    apart = members_apart(members_of(answer(one)), members_of(answer(other)))
    assert apart == ["/id", "/at", "/sha1", "/tags", "/parent"], "and nothing below what is empty or null"


def test_a_body_that_is_not_json_has_no_members() -> None:
    assert members_of(Answer(status=200, body=b"<html>")) == {}


def test_members_of_a_hostile_body_are_bounded() -> None:
    deep: object = 1
    for _ in range(200):
        deep = {"a": deep}
    assert len(members_of(answer({"deep": deep, **{f"m{n}": n for n in range(5000)}}))) <= 401


def test_headers_are_told_by_what_clients_act_on() -> None:
    told = headers_of(answer({}, content_type="application/json; charset=utf-8", etag="1", date="now"))
    assert told == "application/json, etag"
    assert headers_of(Answer(status=200)) == "no content type"


def test_where_outcomes_differ_nothing_else_is_told() -> None:
    a = seen("400", 400, OUTCOME="refused", STATUS="400", HEADERS="json")
    b = Seen(
        said="201",
        status=201,
        aspects={Aspect.OUTCOME: "committed, wrongly", Aspect.STATUS: "201", Aspect.HEADERS: "text"},
        wrong={Aspect.OUTCOME: (Problem("", "allowed is a refusal"),)},
    )
    (found,) = compare_step(STEP, a, b)
    assert (found.aspect, found.blame) == (Aspect.OUTCOME, Blame.B)
    (turned,) = compare_step(STEP, b, a)
    assert turned.blame is Blame.A


def test_two_refusals_of_which_one_is_not_allowed_differ() -> None:
    a = seen("409", 409, OUTCOME="refused", STATUS="409")
    b = Seen(
        said="401",
        status=401,
        aspects={Aspect.OUTCOME: "refused, wrongly", Aspect.STATUS: "401"},
        wrong={Aspect.OUTCOME: (Problem("", ""),)},
    )
    (found,) = compare_step(STEP, a, b)
    assert (found.label, found.blame) == ("status", Blame.B)


def test_what_one_side_cannot_tell_is_compared_with_nothing() -> None:
    a = seen("201", 201, OUTCOME="committed", STORED="other bytes are stored")
    b = seen("201", 201, OUTCOME="committed")
    assert compare_step(STEP, a, b) == []
