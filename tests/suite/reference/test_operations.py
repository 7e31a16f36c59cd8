from __future__ import annotations

import hashlib

from box_client import Box, sha

SECOND = "second-user-token"


def test_a_file_goes_from_session_to_download(box: Box) -> None:
    data = bytes(range(40))
    upload = box.upload(data, name="report.bin")
    assert [part["offset"] for part in upload.parts] == [0, 16, 32]
    assert [part["size"] for part in upload.parts] == [16, 16, 8]
    assert upload.parts[2]["sha1"] == hashlib.sha1(data[32:]).hexdigest()
    answer = upload.commit()
    assert answer.status == 201
    assert answer.json["total_count"] == 1
    file = answer.file
    assert file["name"] == "report.bin"
    assert file["extension"] == "bin"
    assert file["sha1"] == hashlib.sha1(data).hexdigest() == file["file_version"]["sha1"]
    assert file["etag"] == "0"
    assert box.ask("GET", f"/files/{file['id']}").json == file
    assert box.ask("GET", f"/files/{file['id']}/content").body == data


def test_session_endpoints_repeat_host_and_prefix_of_the_request(box: Box) -> None:
    upload = box.upload()
    own = f"https://box.test/2.0/files/upload_sessions/{upload.session['id']}"
    assert upload.session["session_endpoints"] == {
        "upload_part": own,
        "commit": f"{own}/commit",
        "abort": own,
        "list_parts": f"{own}/parts",
        "status": own,
        "log_event": f"{own}/log",
    }
    for prefix in ("", "/2.0", "/api/2.0"):
        status = box.ask("GET", f"https://box.test{prefix}/files/upload_sessions/{upload.session['id']}")
        assert status.json["session_endpoints"]["abort"].startswith(f"https://box.test{prefix}/files/")


def test_a_session_counts_its_parts(box: Box) -> None:
    upload = box.upload(parts=slice(0))
    assert (upload.session["num_parts_processed"], upload.session["total_parts"]) == (0, 3)
    upload.put(16)
    assert box.ask("GET", upload.url).json["num_parts_processed"] == 1


def test_parts_are_listed_by_offset_and_page(box: Box) -> None:
    upload = box.upload(parts=slice(0))
    for offset in (32, 0, 16):
        upload.put(offset)
    page = box.ask("GET", f"{upload.url}/parts?offset=1&limit=1").json
    assert (page["total_count"], page["offset"], page["limit"]) == (3, 1, 1)
    assert [part["offset"] for part in page["entries"]] == [16]


def test_a_new_version_keeps_the_file(box: Box) -> None:
    first = box.commit_file()
    second = box.commit_file(b"other bytes", file=first["id"])
    assert second["id"] == first["id"]
    assert (second["etag"], second["version_number"]) == ("1", "2")
    assert second["file_version"]["id"] != first["file_version"]["id"]
    older = box.ask("GET", f"/files/{first['id']}/versions").json
    assert [version["id"] for version in older["entries"]] == [first["file_version"]["id"]]
    assert box.ask("GET", f"/files/{first['id']}/content").body == b"other bytes"


def test_a_new_version_may_rename_the_file(box: Box) -> None:
    file = box.commit_file()["id"]
    session = box.post(f"/files/{file}/upload_sessions", {"file_size": 3, "file_name": "b.txt"}).json
    headers = (("Digest", sha(b"abc")), ("Content-Range", "bytes 0-2/3"))
    part = box.ask("PUT", f"/files/upload_sessions/{session['id']}", *headers, body=b"abc").json["part"]
    url = f"/files/upload_sessions/{session['id']}/commit"
    assert box.post(url, {"parts": [part]}, ("Digest", sha(b"abc"))).file["name"] == "b.txt"
    assert box.names() == ["b.txt"]


def test_attributes_are_kept_as_instants(box: Box) -> None:
    given = {"content_modified_at": "2017-04-08T00:58:08Z", "content_created_at": "2016-01-01T00:00:00.25+02:00"}
    file = box.upload().commit(attributes=given | {"description": "about"}).file
    assert file["content_modified_at"] == "2017-04-07T17:58:08-07:00"
    assert file["content_created_at"] == "2015-12-31T15:00:00.250000-07:00"
    assert file["description"] == "about"


def test_parts_in_another_order_make_the_same_file(box: Box) -> None:
    upload = box.upload()
    file = upload.commit(upload.parts[::-1]).file
    assert box.ask("GET", f"/files/{file['id']}/content").body == upload.data


def test_parts_may_leave_out_their_sha1_or_write_it_in_capitals(box: Box) -> None:
    upload = box.upload()
    parts = [dict(part) for part in upload.parts]
    del parts[0]["sha1"]
    parts[1]["sha1"] = None
    parts[2]["sha1"] = parts[2]["sha1"].upper()
    assert upload.commit(parts).status == 201


def test_a_repeated_commit_answers_the_same_and_makes_nothing(box: Box) -> None:
    upload = box.upload()
    first, second = upload.commit(), upload.commit()
    assert (second.status, second.json) == (201, first.json)
    assert box.names() == ["a.txt"]
    assert upload.send(upload.parts[1:]).status == 400


def test_a_repeated_commit_of_a_deleted_file_is_not_found(box: Box) -> None:
    upload = box.upload()
    file = upload.commit().file["id"]
    assert box.ask("DELETE", f"/files/{file}").status == 204
    assert upload.commit().status == 404


def test_a_refused_commit_leaves_no_trace_and_the_session_alive(box: Box) -> None:
    upload = box.upload()
    assert upload.send(upload.parts[1:]).status == 400
    assert upload.send(digest=sha(b"x")).status == 400
    assert upload.send(body=b"{").status == 400
    assert box.names() == []
    assert upload.commit().status == 201


def test_an_aborted_session_is_gone(box: Box) -> None:
    upload = box.upload()
    answer = box.ask("DELETE", upload.url)
    assert (answer.status, answer.body) == (204, b"")
    assert [upload.send().status, box.ask("GET", upload.url).status, upload.put(0).status] == [404, 404, 404]
    assert box.names() == []


def test_a_committed_session_takes_nothing_more(box: Box) -> None:
    upload = box.upload()
    file = upload.commit().file["id"]
    assert [upload.put(0).status, box.ask("DELETE", upload.url).status] == [404, 404]
    assert box.ask("GET", f"/files/{file}").status == 200


def test_a_deleted_file_is_seen_no_more(box: Box) -> None:
    file = box.commit_file()["id"]
    assert box.ask("DELETE", f"/files/{file}").status == 204
    assert (box.ask("GET", f"/files/{file}").code, box.names()) == ("trashed", [])
    box.commit_file()


def test_a_file_can_be_renamed(box: Box) -> None:
    file = box.commit_file()["id"]
    box.commit_file(name="taken")
    assert box.put(f"/files/{file}", {"name": "B.txt"}).json["name"] == "B.txt"
    assert box.put(f"/files/{file}", {"name": "TAKEN"}).status == 409
    assert box.names() == ["B.txt", "taken"]


def test_folders_hold_folders_and_files(box: Box) -> None:
    outer = box.post("/folders", {"name": "outer", "parent": {"id": "0"}}).json["id"]
    inner = box.post("/folders", {"name": "inner", "parent": {"id": outer}}).json["id"]
    file = box.commit_file(folder=inner)
    assert [folder["id"] for folder in file["path_collection"]["entries"]] == ["0", outer, inner]
    assert box.post("/folders", {"name": "OUTER", "parent": {"id": "0"}}).code == "item_name_in_use"
    assert box.ask("DELETE", f"/folders/{outer}").status == 400
    assert box.ask("DELETE", f"/folders/{outer}?recursive=true").status == 204
    assert [box.ask("GET", path).status for path in (f"/folders/{inner}", f"/files/{file['id']}")] == [404, 404]


def test_folder_items_are_paged(box: Box) -> None:
    for name in "cab":
        box.commit_file(name=name)
    page = box.ask("GET", "/folders/0/items?offset=1&limit=1&fields=name").json
    assert (page["total_count"], [item["name"] for item in page["entries"]]) == (3, ["b"])
    assert box.ask("GET", "/folders/0/items?limit=1001").code == "invalid_limit"
    assert box.ask("GET", "/folders/0/items?offset=-1").code == "invalid_offset"


def test_users_see_only_what_is_theirs(box: Box) -> None:
    file = box.commit_file()["id"]
    assert box.ask("GET", "/users/me").json["id"] == "1"
    assert box.ask("GET", "/users/me", token=SECOND).json["id"] == "2"
    assert box.ask("GET", f"/files/{file}", token=SECOND).status == 404
    assert box.ask("GET", "/folders/0/items", token=SECOND).json["total_count"] == 0


def test_a_collaboration_lets_a_user_in_and_out(box: Box) -> None:
    folder = box.post("/folders", {"name": "shared", "parent": {"id": "0"}}).json["id"]
    guest = {"type": "user", "login": "user2@example.com"}
    document = {"item": {"type": "folder", "id": folder}, "accessible_by": guest, "role": "editor"}
    collaboration = box.post("/collaborations", document).json["id"]
    upload = box.upload(folder=folder, token=SECOND)
    assert upload.commit().status == 201
    late = box.upload(folder=folder, name="b", token=SECOND)
    assert box.ask("DELETE", f"/collaborations/{collaboration}").status == 204
    answer = late.commit()
    assert (answer.status, answer.code) == (403, "access_denied_insufficient_permissions")


def test_small_files_can_be_uploaded_at_once(box: Box) -> None:
    form = (
        b'--x\r\nContent-Disposition: form-data; name="attributes"\r\n\r\n{"name": "s", "parent": {"id": "0"}}\r\n'
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="s"\r\n\r\n\x00\xffbytes\r\n--x--\r\n'
    )
    headers = (("Content-Type", "multipart/form-data; boundary=x"),)
    answer = box.ask("POST", "/files/content", *headers, body=form)
    assert answer.status == 201, answer.body
    assert box.ask("GET", f"/files/{answer.file['id']}/content").body == b"\x00\xffbytes"
    assert box.ask("POST", "/files/content", *headers, body=form).status == 409


def test_the_preflight_of_direct_uploads_is_answered(box: Box) -> None:
    assert box.ask("OPTIONS", "/files/content").status == 200


def test_ids_are_repeatable_with_a_seed(box: Box, boxes: object) -> None:
    assert callable(boxes)
    assert box.upload().session["id"] == boxes().upload().session["id"]
