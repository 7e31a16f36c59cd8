from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from box_client import Answer, Box, sha

CREATE = {"folder_id": "0", "file_size": 40, "file_name": "n"}
SPAN = ("Content-Range", "bytes 0-15/40")


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"folder_id": None}, 400, "missing_destination"),
        ({"folder_id": "x"}, 400, "invalid_folder_id"),
        ({"folder_id": "12345"}, 404, "not_found"),
        ({"file_name": None}, 400, "item_name_invalid"),
        ({"file_name": "a/b"}, 400, "item_name_invalid"),
        ({"file_name": "x" * 256}, 400, "item_name_too_long"),
        ({"file_size": "40"}, 400, "invalid_file_size"),
        ({"file_size": True}, 400, "invalid_file_size"),
        ({"file_size": 2**70}, 400, "invalid_file_size"),
        ({"file_size": -1}, 400, "invalid_file_size"),
        ({"file_size": 0}, 400, "file_size_too_small"),
        ({"file_size": 2**40}, 403, "file_size_limit_exceeded"),
        ({"file_name": "TAKEN"}, 409, "item_name_in_use"),
    ],
)
def test_a_session_is_refused(changes: dict[str, Any], status: int, code: str, box: Box) -> None:
    box.commit_file(name="taken")
    answer = box.post("/files/upload_sessions", CREATE | changes)
    assert (answer.status, answer.code) == (status, code)


@pytest.mark.parametrize(
    ("member", "code"),
    [("folder_id", "missing_destination"), ("file_size", "missing_file_size"), ("file_name", "missing_file_name")],
)
def test_a_session_needs_all_its_members(member: str, code: str, box: Box) -> None:
    document = {name: value for name, value in CREATE.items() if name != member}
    assert box.post("/files/upload_sessions", document).code == code


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([("Digest", sha(bytes(16)))], 400),
        ([SPAN], 400),
        ([SPAN, ("Digest", "md5=AAAA")], 400),
        ([SPAN, ("Digest", "sha=@@@")], 400),
        ([("Content-Range", "0-15/40"), ("Digest", sha(bytes(16)))], 400),
        ([("Content-Range", "bytes 0-14/40"), ("Digest", sha(bytes(16)))], 416),
        ([("Content-Range", "bytes 1-16/40"), ("Digest", sha(bytes(16)))], 416),
        ([("Content-Range", "bytes 0-15/41"), ("Digest", sha(bytes(16)))], 416),
        ([("Content-Range", "bytes 32-47/40"), ("Digest", sha(bytes(16)))], 416),
        ([("Content-Range", "bytes 32-39/40"), ("Digest", sha(bytes(16)))], 400),
        ([SPAN, ("Digest", sha(b"other"))], 412),
    ],
)
def test_a_part_is_refused_and_not_stored(headers: list[tuple[str, str]], status: int, box: Box) -> None:
    upload = box.upload(parts=slice(0))
    answer = box.ask("PUT", upload.url, *headers, body=bytes(16))
    assert answer.status == status, answer.body
    assert box.ask("GET", f"{upload.url}/parts").json["total_count"] == 0


def test_a_part_never_changes(box: Box) -> None:
    upload = box.upload()
    answer = upload.put(0, bytes(16))
    assert (answer.status, answer.code) == (409, "range_overlaps_existing_part")
    assert upload.put(0).status == 409
    assert upload.commit().status == 201


def test_a_part_longer_than_parts_are_is_refused_without_being_kept(box: Box) -> None:
    upload = box.upload(parts=slice(0))
    headers = (SPAN, ("Digest", sha(bytes(16))))
    endless = (bytes(8) for _ in range(10**6))
    assert box.ask("PUT", upload.url, *headers, body=endless).status == 400


COMMITS: dict[str, tuple[Callable[[Box], Answer], int, str]] = {
    "malformed id": (lambda box: box.post("/files/upload_sessions/x/commit", {}), 400, "invalid_upload_session_id"),
    "unknown id": (lambda box: box.post(f"/files/upload_sessions/{'A' * 32}/commit", {}), 404, "not_found"),
    "expired": (lambda box: box.post(f"/files/upload_sessions/{'E0' * 16}/commit", {}), 410, "session_expired"),
    "no digest": (lambda box: box.upload().send(digest=None), 400, "bad_digest"),
    "other digest": (lambda box: box.upload().send(digest=sha(b"x")), 400, "digest_mismatch"),
    "no parts": (lambda box: box.upload().send(body=b"{}"), 400, "bad_request"),
    "empty list": (lambda box: box.upload().send([]), 400, "parts_mismatch"),
    "parts missing": (lambda box: box.upload(parts=slice(0, 2)).send(), 400, "parts_mismatch"),
    "form data": (lambda box: box.upload().send(content_type="text/plain"), 415, "unsupported_media_type"),
    "no token": (lambda box: box.upload().send(token=None), 401, "unauthorized"),
    "wrong token": (lambda box: box.upload().send(token="nobody"), 401, "unauthorized"),
    "other user": (lambda box: box.upload().send(token="second-user-token"), 403, "forbidden"),
    "no scope": (lambda box: box.upload().send(token="limited-token"), 403, "insufficient_scope"),
    "if-match": (
        lambda box: box.upload(file=box.commit_file()["id"]).send(None, ("If-Match", "9")),
        412,
        "precondition_failed",
    ),
    "if-none-match": (
        lambda box: box.upload(file=box.commit_file()["id"]).send(None, ("If-None-Match", "0")),
        412,
        "precondition_failed",
    ),
    "long description": (lambda box: box.upload().send(attributes={"description": "x" * 256}), 400, "bad_request"),
    "early date": (
        lambda box: box.upload().send(attributes={"content_modified_at": "1969-12-31T23:59:59Z"}),
        400,
        "bad_request",
    ),
}


@pytest.mark.parametrize("name", COMMITS)
def test_a_commit_is_refused_with_its_document(name: str, box: Box) -> None:
    request, status, code = COMMITS[name]
    answer = request(box)
    assert (answer.status, answer.code) == (status, code), answer.body
    assert answer.header("content-type") == "application/json"
    assert answer.json["type"] == "error"
    assert answer.json["status"] == status
    assert answer.json["message"]
    assert answer.json["request_id"]


def test_a_401_has_a_challenge(box: Box) -> None:
    assert (box.upload().send(token=None).header("www-authenticate") or "").startswith("Bearer")


def test_without_a_token_nothing_is_known(box: Box) -> None:
    paths = (box.upload().url, "/files/upload_sessions/x", "/nowhere")
    assert [box.ask("POST", f"{path}/commit", token=None).status for path in paths] == [401, 401, 401]


def test_a_taken_name_is_a_conflict_that_names_the_file(box: Box) -> None:
    late = box.upload(name="A.TXT")
    file = box.commit_file()
    answer = late.commit()
    assert (answer.status, answer.code) == (409, "item_name_in_use")
    conflict = answer.json["context_info"]["conflicts"]
    assert (conflict["id"], conflict["sha1"], conflict["etag"]) == (file["id"], file["sha1"], "0")
    box.ask("DELETE", f"/files/{file['id']}")
    assert late.commit().status == 201


def test_a_locked_file_gets_no_version_of_another_user(box: Box) -> None:
    folder = box.post("/folders", {"name": "shared", "parent": {"id": "0"}}).json["id"]
    document = {"item": {"type": "folder", "id": folder}, "accessible_by": {"id": "2"}, "role": "editor"}
    box.post("/collaborations", document)
    file = box.commit_file(folder=folder)["id"]
    upload = box.upload(file=file)
    lock = {"lock": {"type": "lock", "is_download_prevented": False}}
    assert box.put(f"/files/{file}", lock, token="second-user-token").json["lock"]["created_by"]["id"] == "2"
    assert upload.send().code == "access_denied_item_locked"
    box.put(f"/files/{file}", {"lock": None}, token="second-user-token")
    assert upload.commit().status == 201


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"])
def test_other_methods_of_the_commit_are_refused_with_allow(method: str, box: Box) -> None:
    answer = box.ask(method, box.upload().url + "/commit")
    assert (answer.status, answer.header("allow")) == (405, "POST")


def test_foreign_origins_are_refused(box: Box) -> None:
    answer = box.ask("OPTIONS", box.upload().url + "/commit", ("Origin", "https://elsewhere.invalid"), token=None)
    assert (answer.status, answer.code) == (403, "cors_origin_not_whitelisted")


@pytest.mark.parametrize("trick", ["..%2f..%2f0", "%00", "..", "%2e%2e", "A" * 10**6, "\u00e9", "%ff", ""])
def test_tricks_in_the_session_id_are_refused(trick: str, box: Box) -> None:
    answer = box.post(f"/files/upload_sessions/{trick}/commit", {"parts": []})
    assert 400 <= answer.status < 500
    assert answer.json["type"] == "error"
    assert len(answer.body) < 1000


def test_sessions_expire(boxes: Callable[..., Box]) -> None:
    now = [1_800_000_000.0]
    box = boxes(clock=lambda: now[0])
    upload = box.upload()
    now[0] += 7 * 24 * 3600
    assert [upload.send().code, upload.put(0).code] == ["session_expired", "session_expired"]
    assert box.names() == []


def test_request_ids_differ(box: Box) -> None:
    upload = box.upload()
    assert len({upload.send([]).json["request_id"] for _ in range(5)}) == 5


def test_the_first_token_is_trusted_when_none_is_configured(boxes: Callable[..., Box]) -> None:
    box = boxes(tokens={})
    assert box.ask("GET", "/users/me", token="one").json["id"] == "1"
    assert box.ask("GET", "/users/me", token="two").status == 401
    assert box.ask("GET", "/users/me", token="one").status == 200
