"""What each rule is about, seen on the reference service: a short scene whose outcome a fault must change.

A scene gets a fresh service and returns what was observed. It decides nothing: the outcome on the correct service is
compared with the outcome on one with a fault.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Callable
from typing import Any

from box_client import Answer, Box, Upload, sha

Scene = Callable[[Box], object]
SCENES: dict[str, Scene] = {}

SECOND = "second-user-token"


def scene(*rules: str) -> Callable[[Scene], Scene]:
    def register(function: Scene) -> Scene:
        for rule in rules:
            assert rule not in SCENES, rule
            SCENES[rule] = function
        return function

    return register


def refused(rule: str, *requests: Callable[[Upload], Answer]) -> None:
    """A scene of wrong requests to one complete session each."""

    def run(box: Box) -> object:
        found = []
        for index, request in enumerate(requests):
            upload = box.upload(name=f"{rule}-{index}")
            answer = request(upload)
            for _ in range(3):
                answer = request(upload) if answer.status == 202 else answer
            found.append(answer.status)
        return found

    SCENES[rule] = run


def changed(upload: Upload, index: int, **members: Any) -> list[dict[str, Any]]:
    parts = [dict(part) for part in upload.parts]
    parts[index] = parts[index] | members
    return parts


def without(upload: Upload, index: int, member: str) -> list[dict[str, Any]]:
    parts = [dict(part) for part in upload.parts]
    del parts[index][member]
    return parts


def raw(data: bytes) -> bytes:
    return hashlib.sha1(data).digest()


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def twos(count: int) -> bytes:
    """Bytes whose digest in base64 has both a plus and a slash."""
    return next(data for n in range(count, 100_000) if {"+", "/"} <= set(sha(data := str(n).encode() * 8)))


# -- digests --------------------------------------------------------------------------------------------------------

refused("DIGEST-MISSING", lambda u: u.send(digest=None))
refused("DIGEST-MISMATCH", lambda u: u.send(digest="sha=" + b64(raw(u.data)[:-1] + bytes([raw(u.data)[-1] ^ 1]))))
refused("DIGEST-OF-PARTS", lambda u: u.send(digest=sha(u.data[32:])))
refused("DIGEST-HEX", lambda u: u.send(digest="sha=" + raw(u.data).hex()))
refused("DIGEST-NO-ALGORITHM", lambda u: u.send(digest=b64(raw(u.data))))
refused("DIGEST-ALGORITHM-CASE", lambda u: u.send(digest=sha(u.data).replace("sha", "SHA")))
refused("DIGEST-ALGORITHM-UNSUPPORTED", lambda u: u.send(digest="md5=" + b64(hashlib.md5(u.data).digest())))
refused(
    "DIGEST-BASE64",
    lambda u: u.send(digest=sha(u.data).rstrip("=")),
    lambda u: u.send(digest=sha(u.data)[:9] + " " + sha(u.data)[9:]),
)
refused("DIGEST-LENGTH", lambda u: u.send(digest="sha=" + b64(raw(u.data)[:19])))
# The last character is left alone: it holds bits that must be zero.
refused("DIGEST-CASE", lambda u: u.send(digest="sha=" + b64(raw(u.data))[:26].swapcase() + b64(raw(u.data))[26:]))
refused("DIGEST-HEADER-NAME", lambda u: u.send(None, ("DIGEST", sha(u.data)), digest=None))
refused("DIGEST-LIST", lambda u: u.send(digest=f"{sha(b'x')},md5=1B2M2Y8AsgTpgAmY7PhCfg=="))
refused("DIGEST-TWICE", lambda u: u.send(None, ("Digest", sha(b"x"))))
refused("DIGEST-SUBSTITUTE", lambda u: u.send(None, ("Repr-Digest", f"sha=:{b64(raw(u.data))}:"), digest=None))


@scene("DIGEST-ACCEPTED")
def _(box: Box) -> object:
    return box.upload(twos(0)).commit().status


@scene("DIGEST-OF-BODY")
def _(box: Box) -> object:
    upload = box.upload()
    body = json.dumps({"parts": upload.parts}).encode()
    return upload.send(body=body, digest=sha(body)).status


@scene("DIGEST-RETRY")
def _(box: Box) -> object:
    upload = box.upload()
    return upload.send(digest=sha(b"x")).status, upload.commit().status


# -- part lists -----------------------------------------------------------------------------------------------------

refused("PART-COMPLETE", lambda u: u.send())
refused("PART-REQUIRED", lambda u: u.send(body=b"{}"))
refused("PART-ARRAY", lambda u: u.send([1, None]), lambda u: u.send("parts"))
refused("PART-EMPTY", lambda u: u.send([]))
refused("PART-MISSING-LAST", lambda u: u.send(u.parts[:-1]))
refused("PART-GAP", lambda u: u.send(u.parts[1:]), lambda u: u.send([u.parts[0], u.parts[2]]))
refused("PART-UNKNOWN", lambda u: u.send(changed(u, 1, part_id="01234567")))
refused("PART-OFFSET", lambda u: u.send(changed(u, 1, offset=17)))
refused("PART-SIZE", lambda u: u.send(changed(u, 0, size=15)))
refused("PART-SUM", lambda u: u.send(changed(u, 2, size=9)))
refused("PART-SHA1", lambda u: u.send(changed(u, 1, sha1="0" * 40)))
refused("PART-SHA1-FORM", lambda u: u.send(changed(u, 1, sha1=7)))
refused("PART-DUPLICATE", lambda u: u.send([*u.parts, u.parts[-1]]))
refused("PART-OVERLAP", lambda u: u.send(changed(u, 1, offset=15, size=17)))
refused("PART-PAST-END", lambda u: u.send([*u.parts, {"part_id": "01234567", "offset": 40, "size": 8}]))
refused("PART-COUNT", lambda u: u.send([*u.parts, {"part_id": "01234567", "offset": 40, "size": 0}]))
refused("PART-MEMBER-MISSING", lambda u: u.send(without(u, 1, "size")), lambda u: u.send(without(u, 1, "part_id")))
refused("PART-NUMBER-TYPE", lambda u: u.send(changed(u, 1, offset="16")), lambda u: u.send(changed(u, 1, size=None)))
refused("PART-NEGATIVE", lambda u: u.send(changed(u, 1, offset=-16)))
refused("PART-INT64", lambda u: u.send(changed(u, 1, size=2**70)))
refused(
    "PART-WIDE-NUMBERS",
    lambda u: u.send(changed(u, 1, offset=16 + 2**32)),
    lambda u: u.send(changed(u, 1, size=16 + 2**32)),
)
refused("PART-UNKNOWN-MEMBER", lambda u: u.send(changed(u, 1, flavour="mint")))


@scene("PART-BOUNDARY")
def _(box: Box) -> object:
    upload = box.upload()
    parts = changed(upload, 0, size=15)
    parts[1] |= {"offset": 15, "size": 17}
    return upload.send(parts).status


@scene("PART-FOREIGN")
def _(box: Box) -> object:
    other, upload = box.upload(name="other"), box.upload()
    return upload.send(changed(upload, 0, part_id=other.parts[0]["part_id"])).status


def shared_folder(box: Box) -> tuple[str, str]:
    folder = box.post("/folders", {"name": "shared", "parent": {"id": "0"}}).json["id"]
    document = {
        "item": {"type": "folder", "id": folder},
        "accessible_by": {"type": "user", "id": "2"},
        "role": "editor",
    }
    answer = box.post("/collaborations", document)
    assert answer.status == 201, answer.body
    return folder, answer.json["id"]


@scene("PART-OTHER-USER")
def _(box: Box) -> object:
    folder, _ = shared_folder(box)
    other = box.upload(name="other", folder=folder, token=SECOND)
    upload = box.upload()
    return upload.send(changed(upload, 0, part_id=other.parts[0]["part_id"])).status


@scene("PART-ORDER")
def _(box: Box) -> object:
    answer = (upload := box.upload()).commit(upload.parts[::-1])
    return answer.status, answer.file["sha1"]


@scene("PART-SIZES")
def _(box: Box) -> object:
    sizes = (40, 33, 32, 16)
    return [box.upload(bytes(range(size)), name=str(size)).commit().status for size in sizes]


@scene("PART-MANY")
def _(box: Box) -> object:
    return box.upload(bytes(16 * 1001)).commit().status


@scene("PART-NOT-UPLOADED", "ACCEPTED-COMPLETE")
def _(box: Box) -> object:
    upload = box.upload(parts=slice(0, 2))
    return upload.send().status


# -- bodies ---------------------------------------------------------------------------------------------------------

refused("BODY-MALFORMED", lambda u: u.send(body=b'{"parts": ['))
refused("BODY-EMPTY", lambda u: u.send(body=b""))
refused("BODY-TOP-LEVEL", lambda u: u.send(body=b"[]"))
refused("BODY-UNKNOWN-MEMBER", lambda u: u.send(flavour="mint"))
refused("BODY-CONTENT-TYPE", lambda u: u.send(content_type="text/plain"))
refused("BODY-CHARSET", lambda u: u.send(content_type="application/json; charset=utf-8"))
refused("BODY-LARGE", lambda u: u.send(body=b'{"parts":' + b"[" * 100_000))
refused("BODY-CHUNKED", lambda u: u.send(None, ("Transfer-Encoding", "chunked")))
refused("ATTR-ABSENT", lambda u: u.send())
refused("ATTR-DATE-INVALID", lambda u: u.send(attributes={"content_modified_at": "yesterday"}))
refused("SYNTAX-NEGATIVE", lambda u: u.send(changed(u, 1, part_id=0)))
refused("SYNTAX-POSITIVE", lambda u: u.send(attributes={"flavour": "mint"}))
refused("ATTR-TYPE", lambda u: u.send(attributes=[1]))


@scene("BODY-DUPLICATE-KEYS")
def _(box: Box) -> object:
    upload = box.upload()
    good = json.dumps(upload.parts)
    return upload.send(body=f'{{"parts":{good},"parts":[]}}'.encode()).status


@scene("ATTR-MODIFIED-AT", "ATTR-CREATED-AT", "ATTR-DESCRIPTION")
def _(box: Box) -> object:
    date = "2017-04-08T00:58:08+05:30"
    given = {"content_modified_at": date, "content_created_at": date, "description": "about"}
    file = box.upload().commit(attributes=given).file
    return file["content_modified_at"], file["content_created_at"], file["description"]


@scene("ATTR-DEFAULTS")
def _(box: Box) -> object:
    file = box.commit_file()
    return file["content_modified_at"] == file["created_at"], file["content_created_at"] == file["created_at"]


@scene("ATTR-DESTINATION")
def _(box: Box) -> object:
    return box.upload(name="a").commit(attributes={"name": "b", "parent": {"id": "7"}}).file["name"]


# -- preconditions --------------------------------------------------------------------------------------------------


def conditional(*headers: tuple[str, str], digest: str = "") -> Scene:
    def run(box: Box) -> object:
        file = box.commit_file()["id"]
        box.commit_file(bytes(33), file=file)
        upload = box.upload(file=file)
        first = upload.commit(None, *headers, digest=digest)
        return first.status, bool(first.body), upload.commit().status

    return run


SCENES["IF-MATCH-CURRENT"] = conditional(("If-Match", "1"))
SCENES["IF-MATCH-STALE"] = conditional(("If-Match", "10"))
SCENES["PRECONDITION-RETRY"] = conditional(("If-Match", "7"))
SCENES["IF-NONE-MATCH-CURRENT"] = conditional(("If-None-Match", "1"))
SCENES["IF-NONE-MATCH-OTHER"] = conditional(("If-None-Match", "0"))
SCENES["IF-MATCH-ANY"] = conditional(("If-Match", "*"))
SCENES["PRECONDITION-ORDER"] = conditional(("If-Match", "7"), ("If-None-Match", "1"))
SCENES["PRECONDITION-LAST"] = conditional(("If-Match", "7"), digest=sha(b"x"))
SCENES["NOT-MODIFIED-EMPTY"] = conditional(("If-None-Match", "1"))
SCENES["ERROR-NO-5XX"] = lambda box: [
    conditional(("If-Match", 'W/"1", "2"'))(box),
    *(box.upload(name=f"odd-{n}").send(parts).status for n, parts in enumerate(("x", [{"part_id": 1}]))),
    (upload := box.upload(name="odd")).send(changed(upload, 0, sha1=[])).status,
    upload.send(changed(upload, 0, size=10**40)).status,
]


@scene("PRECONDITION-AT-COMMIT")
def _(box: Box) -> object:
    file = box.commit_file()["id"]
    uploads = [box.upload(file=file) for _ in range(2)]
    uploads[1].send(None, ("If-Match", "0"))  # a 202, where there are any
    box.commit_file(bytes(33), file=file)
    return [upload.commit(None, ("If-Match", "0")).status for upload in uploads]


@scene("PRECONDITION-BODY")
def _(box: Box) -> object:
    answer = box.upload(file=box.commit_file()["id"]).commit(None, ("If-Match", "7"))
    return answer.status, answer.body and answer.json["status"]


# -- 201 ------------------------------------------------------------------------------------------------------------


@scene("CREATED-STATUS", "CREATED-CONTENT-TYPE", "CREATED-LIST")
def _(box: Box) -> object:
    answer = box.upload().commit()
    return answer.status, answer.header("content-type"), answer.body[:20]


def member(*names: str) -> Scene:
    def run(box: Box) -> object:
        first = box.commit_file()
        second = box.commit_file(bytes(33), file=first["id"]) if "id" in first else {}
        return [(file.get(name), type(file.get(name))) for file in (first, second) for name in names]

    return run


SCENES["CREATED-SCHEMA"] = member("comment_count", "sequence_id", "created_at")
SCENES["CREATED-FIELDS"] = lambda box: sorted((box.upload().commit().json.get("entries") or [{}])[0])
SCENES["CREATED-SHA1"] = member("sha1")
SCENES["CREATED-SIZE"] = member("size")
SCENES["CREATED-NAME"] = lambda box: [
    (file := box.commit_file())["name"],
    box.commit_file(bytes(33), file=file["id"], name="new")["name"],
]
SCENES["CREATED-PARENT"] = member("parent")
SCENES["CREATED-PATH"] = member("path_collection")
SCENES["CREATED-VERSION-SHA1"] = member("file_version")
SCENES["CREATED-NEW-VERSION"] = member("file_version", "etag")
SCENES["CREATED-STRING-IDS"] = member("sequence_id")
SCENES["CREATED-DATES"] = member("created_at")
SCENES["CREATED-ACTIVE"] = member("trashed_at")
SCENES["CREATED-OWNER"] = member("created_by")


@scene("CREATED-CONTENT")
def _(box: Box) -> object:
    usual = bytes(range(40))
    alike = [box.commit_file(usual, name="a"), box.commit_file(usual[:20] + b"x" + usual[21:], name="b")]
    return [box.ask("GET", f"/files/{file['id']}/content").body for file in alike]


@scene("CREATED-READ-BACK", "CREATED-LISTED")
def _(box: Box) -> object:
    answer = box.ask("GET", f"/files/{box.commit_file()['id']}")
    return answer.status, answer.json.get("size"), box.names()


@scene("CREATED-UNIQUE-ID")
def _(box: Box) -> object:
    return len({box.commit_file(name=str(n))["id"] for n in range(4)})


# -- 202 ------------------------------------------------------------------------------------------------------------


def fourth(box: Box) -> Upload:
    """A complete session that answers 202."""
    return [box.upload(name=str(n)) for n in range(4)][-1]


@scene("ACCEPTED-RETRY-AFTER", "ACCEPTED-EMPTY", "ACCEPTED-NO-FILE", "ACCEPTED-SESSION-STAYS", "ACCEPTED-PROGRESS")
def _(box: Box) -> object:
    upload = fourth(box)
    answer = upload.send()
    status = [box.ask("GET", upload.url) for _ in range(2)]
    progress = [0 <= one.json.get("num_parts_processed", 0) <= 3 for one in status]
    known = (answer.header("retry-after") or "").isdigit()
    return answer.status, known, answer.body, status[0].status, progress, box.names()


@scene("ACCEPTED-COMPLETES", "ACCEPTED-ONE-FILE")
def _(box: Box) -> object:
    return fourth(box).commit().status, box.names()


@scene("ACCEPTED-IN-TURNS")
def _(box: Box) -> object:
    two = [box.upload(name=f"in turns {n}") for n in range(2)]
    return [upload.send().status for _ in range(4) for upload in two], box.names()


@scene("ACCEPTED-EARLY-RETRY")
def _(box: Box) -> object:
    return fourth(box).commit().status


@scene("ACCEPTED-BAD-ENDS")
def _(box: Box) -> object:
    return box.upload().commit(digest=sha(b"x")).status


# -- conflicts ------------------------------------------------------------------------------------------------------


@scene("CONFLICT-NAME", "CONFLICT-BODY", "CONFLICT-UNTOUCHED")
def _(box: Box) -> object:
    late = box.upload()
    first = box.commit_file()
    answer = late.commit()
    etag = box.ask("GET", f"/files/{first['id']}").json["etag"]
    return answer.status, answer.body and answer.json.get("status"), etag


@scene("CONFLICT-CASE")
def _(box: Box) -> object:
    late = box.upload(name="A.TXT")
    box.commit_file()
    return late.commit().status


@scene("CONFLICT-FOLDER")
def _(box: Box) -> object:
    late = box.upload(name="one")
    box.post("/folders", {"name": "one", "parent": {"id": "0"}})
    return late.commit().status


@scene("CONFLICT-OWN-NAME")
def _(box: Box) -> object:
    file = box.commit_file()["id"]
    return [box.upload(file=file).commit().status for _ in range(3)]


@scene("CONFLICT-TRASHED")
def _(box: Box) -> object:
    file = box.commit_file()["id"]
    upload = box.upload(file=file)
    box.ask("DELETE", f"/files/{file}")
    return upload.commit().status


@scene("CONFLICT-LOCKED")
def _(box: Box) -> object:
    folder, _ = shared_folder(box)
    file = box.commit_file(folder=folder)["id"]
    upload = box.upload(file=file)
    assert box.put(f"/files/{file}", {"lock": {"type": "lock"}}, token=SECOND).status == 200
    return upload.commit().status


def at_once(*actions: Callable[[], Any]) -> list[Any]:
    found: list[Any] = [None] * len(actions)

    def run(index: int) -> None:
        found[index] = actions[index]()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(actions))]
    for thread in threads:
        thread.start()
        # Each is well under way, and in its window if it has one, when the next starts.
        time.sleep(0.005)
    for thread in threads:
        thread.join()
    return found


@scene("IF-MATCH-RACE")
def _(box: Box) -> object:
    file = box.commit_file()
    uploads = [box.upload(bytes([n]) * 40, file=file["id"]) for n in range(2)]
    sends = [lambda upload=upload: upload.commit(None, ("If-Match", file["etag"])) for upload in uploads]
    return sorted(answer.status for answer in at_once(*sends))


@scene("CONFLICT-RACE")
def _(box: Box) -> object:
    one, two = box.upload(), box.upload()
    return sorted(answer.status for answer in at_once(one.commit, two.commit))


# -- errors ---------------------------------------------------------------------------------------------------------


@scene("ERROR-BODY", "ERROR-LEAK", "TOKEN-ECHO")
def _(box: Box) -> object:
    upload = box.upload()
    answers = [upload.send([]), upload.send(digest=None)]
    shown = [
        (a.header("content-type"), a.body and json.dumps(a.json["status"]) if a.body[:1] == b"{" else 0)
        for a in answers
    ]
    late, _ = box.upload(name="b"), box.commit_file(name="b")
    conflict = late.commit()
    file = box.commit_file(name="c")["id"]
    failed = box.upload(file=file).commit(None, ("If-Match", "7"))
    shown += [(one.body and one.json["status"], 0) for one in (conflict, failed)]
    said = [*box.log[-1].response.headers, *upload.commit().response.headers]
    texts = b"".join(answer.body for answer in answers) + repr(said).encode()
    return shown, b"Traceback" in texts, box.token.encode() in texts


@scene("ERROR-REQUEST-ID")
def _(box: Box) -> object:
    upload = box.upload()
    return len({upload.send([]).json["request_id"] for _ in range(3)})


def commit_at(session_id: str, *, token: str | None = "") -> Callable[[Box], int]:
    return lambda box: box.post(f"/files/upload_sessions/{session_id}/commit", {"parts": []}, token=token).status


SCENES["ERROR-SESSION-MALFORMED"] = commit_at("not-an-id")
SCENES["ERROR-SESSION-UNKNOWN"] = commit_at("A" * 32)
SCENES["ERROR-EXPIRED"] = commit_at("E0" * 16)
SCENES["PATH-TRICKS"] = commit_at("..%2f..%2ffolders%2f0")
SCENES["AUTH-FIRST"] = commit_at("A" * 32, token=None)


@scene("ERROR-ABORTED")
def _(box: Box) -> object:
    upload = box.upload()
    box.ask("DELETE", upload.url)
    return upload.commit().status, box.names()


@scene("ERROR-FAILED-TERMINAL")
def _(box: Box) -> object:
    upload = box.upload()
    return upload.send([*upload.parts, upload.parts[0]]).status, upload.commit().status


@scene("ERROR-METHOD")
def _(box: Box) -> object:
    answer = box.ask("PATCH", box.upload().url + "/commit")
    return answer.status, answer.header("allow")


@scene("ERROR-RATE-LIMIT")
def _(box: Box) -> object:
    answers = [box.ask("GET", "/files/upload_sessions/" + "A" * 32) for _ in range(90)]
    return [answer.header("retry-after") for answer in answers if answer.status == 429]


@scene("RATE-LIMIT-NO-LOSS")
def _(box: Box) -> object:
    document = {"folder_id": "0", "file_size": 16, "file_name": "a"}
    session = box.post("/files/upload_sessions", document).json
    upload = Upload(box=box, data=bytes(16), session=session)
    upload.parts = [upload.put(0).json["part"]]
    for _ in range(6):
        box.ask("GET", upload.url)
    first = upload.send()
    return first.status == 429, box.names(), upload.send().status


# -- life of a session ----------------------------------------------------------------------------------------------


@scene("REJECTED-SESSION-LIVES", "REJECTED-NO-TRACE")
def _(box: Box) -> object:
    upload = box.upload()
    first = upload.send(upload.parts[1:]).status
    names = box.names()
    return first, names, upload.commit().status


@scene("SESSION-NO-EARLY-FILE")
def _(box: Box) -> object:
    box.upload()
    return box.names()


@scene("SESSION-CLOSED")
def _(box: Box) -> object:
    upload = box.upload()
    upload.commit()
    return upload.put(0).status


@scene("SESSION-ABORT-AFTER")
def _(box: Box) -> object:
    upload = box.upload()
    file = upload.commit().file["id"]
    box.ask("DELETE", upload.url)
    return box.ask("GET", f"/files/{file}").status


@scene("SESSION-PROGRESS", "SESSION-ENDPOINTS")
def _(box: Box) -> object:
    upload = box.upload(parts=slice(0))
    endpoints = {
        name: url.replace(upload.session["id"], "ID") for name, url in upload.session["session_endpoints"].items()
    }
    status = box.ask("GET", upload.url).json["session_endpoints"]
    return upload.session["num_parts_processed"], upload.session["total_parts"], endpoints, status


@scene("SESSION-LIST-PARTS")
def _(box: Box) -> object:
    upload = box.upload()
    page = box.ask("GET", f"{upload.url}/parts?offset=1&limit=2").json
    return [part["offset"] for part in page["entries"]], page["total_count"]


# -- many parts and many bytes: what has 32 bits ends behind part 512, see faults.large ------------------------------

MANY = bytes(number % 251 for number in range(1000 * 16 + 5))
LARGE = MANY[: 520 * 16 + 5]


@scene("PART-MANY-WRONG")
def _(box: Box) -> object:
    upload = box.upload(MANY)
    return upload.send(changed(upload, 1000, sha1="0" * 40)).status


@scene("SESSION-LIST-PARTS-PAGES")
def _(box: Box) -> object:
    upload = box.upload(MANY)
    return [part["offset"] for part in box.ask("GET", f"{upload.url}/parts?offset=1000&limit=1000").json["entries"]]


@scene("SESSION-LARGE")
def _(box: Box) -> object:
    upload = box.upload(LARGE, parts=slice(0, 1))
    answer = upload.put(512 * 16)
    return answer.status, answer.json.get("part", {}).get("offset"), upload.session["total_parts"]


@scene("PART-LARGE")
def _(box: Box) -> object:
    return box.upload(LARGE).commit().status


@scene("PART-LARGE-WRONG")
def _(box: Box) -> object:
    upload = box.upload(LARGE)
    first, far = upload.parts[0]["offset"], upload.parts[512]["offset"]
    parts = changed(upload, 0, offset=far)
    parts[512] = parts[512] | {"offset": first}
    return upload.send(parts).status


@scene("DIGEST-LARGE")
def _(box: Box) -> object:
    return box.upload(LARGE).send(digest=sha(b"x")).status


@scene("CREATED-LARGE-SIZE")
def _(box: Box) -> object:
    return box.commit_file(LARGE)["size"]


@scene("SESSION-PART-IMMUTABLE", "SESSION-PART-DIGEST")
def _(box: Box) -> object:
    upload = box.upload(parts=slice(0, 2))
    bad = upload.put(32, digest=sha(b"x")).status
    count = box.ask("GET", f"{upload.url}/parts").json["total_count"]
    return bad, count, upload.put(0, bytes(16)).status


@scene("LIFE-CYCLE-MODEL")
def _(box: Box) -> object:
    one, two = box.upload(), box.upload(bytes(40))
    seen: list[object] = [one.put(0).status, len(box.ask("GET", f"{one.url}/parts").json["entries"])]
    seen += [box.ask("DELETE", two.url).status, box.ask("GET", one.url).status]
    if one.commit().status != 201:
        return seen
    file = one.commit().file["id"]
    first, second = box.upload(file=file), box.upload(file=file)
    seen += [box.ask("DELETE", second.url).status, box.ask("GET", first.url).status]
    seen += [box.put(f"/files/{file}", {"name": "b.txt"}).status, first.commit().status, box.names()]
    again = box.post("/files/upload_sessions", {"folder_id": "0", "file_size": 40, "file_name": "a.txt"})
    seen += [again.status, again.status == 201 and box.ask("GET", f"{session_path(again)}/parts").json["total_count"]]
    seen += [box.ask("DELETE", f"/files/{file}").status, one.commit().status, box.names()]
    seen.append(box.post("/files/upload_sessions", {"folder_id": "0", "file_size": 9, "file_name": "b.txt"}).status)
    return seen


def session_path(answer: Answer) -> str:
    return f"/files/upload_sessions/{answer.json['id']}"


# -- repeats --------------------------------------------------------------------------------------------------------


@scene("REPEAT-ONE-FILE", "NO-REDIRECT")
def _(box: Box) -> object:
    upload = box.upload()
    return upload.commit().status, upload.commit().status, box.names()


@scene("REPEAT-LOST-ANSWER")
def _(box: Box) -> object:
    upload = box.upload()
    lost = upload.commit().response.undelivered
    if lost is not None:
        lost()
    return upload.commit().status, box.names()


@scene("REPEAT-CONCURRENT")
def _(box: Box) -> object:
    upload = box.upload()
    answers = at_once(upload.commit, upload.commit)
    return sorted(answer.status for answer in answers), box.names()


@scene("REPEAT-ABORT-RACE")
def _(box: Box) -> object:
    upload = box.upload()
    committed, _ = at_once(upload.commit, lambda: box.ask("DELETE", upload.url))
    return (committed.status == 201) == bool(box.names())


@scene("REPEAT-UPLOAD-RACE")
def _(box: Box) -> object:
    upload = box.upload(parts=slice(0, 2))
    _, committed = at_once(lambda: upload.put(32), upload.send)
    return committed.status == 201 and committed.file["size"] != len(upload.data)


# -- tokens and limits ----------------------------------------------------------------------------------------------


@scene("AUTH-MISSING")
def _(box: Box) -> object:
    return box.upload().send(token=None).status


@scene("AUTH-CHALLENGE")
def _(box: Box) -> object:
    return box.upload().send(token=None).header("www-authenticate")


@scene("AUTH-INVALID")
def _(box: Box) -> object:
    return box.upload().send(token="nobody").status


@scene("AUTH-OTHER-USER")
def _(box: Box) -> object:
    return box.upload().send(token=SECOND).status


@scene("AUTH-SCOPE")
def _(box: Box) -> object:
    return box.upload().send(token="limited-token").status


@scene("AUTH-REVOKED")
def _(box: Box) -> object:
    folder, collaboration = shared_folder(box)
    upload = box.upload(folder=folder, token=SECOND)
    assert box.ask("DELETE", f"/collaborations/{collaboration}").status == 204
    return upload.commit().status


refused("ACCEPT-ANY", lambda u: u.send(None))
refused("VERSION-CURRENT", lambda u: u.send(None, ("Box-Version", "2024.0")))


@scene("ACCEPT-ENCODING")
def _(box: Box) -> object:
    return box.upload().send(None, ("Accept-Encoding", "gzip")).header("content-encoding")
