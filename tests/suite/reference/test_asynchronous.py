from __future__ import annotations

from collections.abc import Callable

import pytest
from box_client import Box, sha

Boxes = Callable[..., Box]


def test_every_fourth_session_answers_202_once(box: Box) -> None:
    first = [box.upload(name=str(number)).send().status for number in range(8)]
    assert first == [201, 201, 201, 202, 201, 201, 201, 202]


@pytest.mark.parametrize("times", [0, 1, 3])
def test_processing_says_how_often(times: int, boxes: Boxes) -> None:
    box = boxes(f"processing={times}", "retry-after=5")
    upload = box.upload()
    for _ in range(times):
        answer = upload.send()
        assert (answer.status, answer.header("retry-after"), answer.body) == (202, "5", b"")
        assert box.names() == []
    assert upload.send().status == 201
    assert box.names() == ["a.txt"]


def test_progress_grows_and_is_full_before_201(boxes: Boxes) -> None:
    box = boxes("processing=2")
    upload = box.upload()

    def processed() -> int:
        return box.ask("GET", upload.url).json["num_parts_processed"]

    seen = [processed(), processed()]
    while upload.send().status == 202:
        seen += [processed(), processed()]
    assert seen == [1, 1, 1, 2, 2, 3]


def test_a_wrong_commit_does_not_count_as_one(boxes: Boxes) -> None:
    upload = boxes("processing=1").upload()
    assert [upload.send([]).status, upload.send(digest=sha(b"x")).status] == [400, 400]
    assert [upload.send().status, upload.send().status] == [202, 201]


def test_preconditions_are_judged_while_processing_and_after(boxes: Boxes) -> None:
    box = boxes("processing=1")
    file = box.commit_file()["id"]
    upload = box.upload(file=file)
    assert upload.send(None, ("If-Match", "9")).status == 412
    assert upload.send(None, ("If-Match", "0")).status == 202
    box.commit_file(b"meanwhile", file=file)
    assert upload.send(None, ("If-Match", "0")).status == 412


def test_asynchronous_validation_puts_a_refusal_off_once(boxes: Boxes) -> None:
    box = boxes("async-validation", "processing=0")
    upload = box.upload()
    for wrong in ({"parts": upload.parts[1:]}, {"digest": sha(b"x")}):
        assert [upload.send(**wrong).status for _ in range(3)] == [202, 400, 400]
    assert upload.send(body=b"{").status == 400
    assert upload.send().status == 201


def test_the_rate_limit_refuses_every_nth_upload_request_without_effect(boxes: Boxes) -> None:
    box = boxes("rate-limit=3")
    document = {"folder_id": "0", "file_size": 40, "file_name": "n"}
    answers = [box.post("/files/upload_sessions", document) for _ in range(6)]
    assert [answer.status for answer in answers] == [201, 201, 429, 201, 201, 429]
    assert (answers[2].code, answers[2].header("retry-after")) == ("rate_limit_exceeded", "0")
    assert box.ask("GET", "/folders/0").status == 200
