from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from box_client import Box, sha
from scenarios import SCENES

from commit_conformance.reference import BEHAVIOURS, Settings, apply_behaviours, parse_behaviour
from commit_conformance.reference.behaviours import parse_size
from commit_conformance.reference.routes import CAPABILITIES

Boxes = Callable[..., Box]

# What no scene about a rule asks for.
MORE: dict[str, Callable[[Box], object]] = {
    "async-validation": lambda box: box.upload().send([]).status,
    "retry-after": lambda box: [box.upload(name=str(n)).send().header("retry-after") for n in range(4)],
    "quoted-etags": lambda box: box.upload(file=box.commit_file()["id"]).send(None, ("If-Match", '"7", "0"')).status,
    "digest-lists": lambda box: (upload := box.upload()).send(digest=f"md5=AAAA,{sha(upload.data)}").status,
    "error-code": lambda box: box.upload().send([]).code,
    "conflicts": lambda box: (late := box.upload(), box.commit_file(), late.send().json["context_info"])[-1],
    "sha1-required": lambda box: [
        (upload := box.upload()).send([part | {"sha1": None} for part in upload.parts]).status
    ],
    "repeat": lambda box: ((upload := box.upload()).commit(), upload.commit().status)[-1],
    "min-file-size": lambda box: (
        box.post("/files/upload_sessions", {"folder_id": "0", "file_size": 40, "file_name": "n"}).status
    ),
    "part-size": lambda box: box.post(
        "/files/upload_sessions", {"folder_id": "0", "file_size": 40, "file_name": "n"}
    ).json["part_size"],
    "no-listing": lambda box: box.ask("GET", "/folders/0/items").status,
    "no-versions": lambda box: box.ask("GET", f"/files/{box.commit_file()['id']}/versions").status,
    "no-whoami": lambda box: box.ask("GET", "/users/me").status,
    "no-delete": lambda box: box.ask("DELETE", f"/files/{box.commit_file()['id']}").status,
    "no-locks": lambda box: box.put(f"/files/{box.commit_file()['id']}", {"lock": {}}).status,
    "no-trash": lambda box: [
        box.ask(method, f"/files/{file}").body and box.log[-1].code
        for file in [box.commit_file()["id"]]
        for method in ("DELETE", "GET")
    ],
    "no-version-names": lambda box: (
        box.post(f"/files/{box.commit_file()['id']}/upload_sessions", {"file_size": 40, "file_name": "new"}).status
    ),
    "empty-tags": lambda box: box.commit_file()["tags"],
    "paged": lambda box: box.commit_file()["representations"],
    "commit-path": lambda box: box.upload().session["session_endpoints"]["commit"].split("/")[4],
    "processing-every": lambda box: [box.upload(name=str(n)).send().status for n in range(2)],
    "overlap": lambda box: (upload := box.upload()).send([*upload.parts, upload.parts[0]]).status,
}


def outcomes(box_of: Callable[[], Box], name: str) -> Iterator[object]:
    if name in MORE:
        yield MORE[name](box_of())
    for rule, scene in SCENES.items():
        if rule != "PART-MANY":
            outcome: object = "could not be played"
            # A service that lacks an operation fails a scene that asks for it, which is an outcome too.
            with suppress(AssertionError, KeyError, ValueError, TypeError):
                outcome = scene(box_of())
            yield outcome


@pytest.mark.parametrize("name", BEHAVIOURS)
def test_a_behaviour_changes_something(name: str, boxes: Boxes) -> None:
    example = BEHAVIOURS[name].example
    text = f"{name}={example}" if example else name
    pairs = zip(outcomes(boxes, name), outcomes(lambda: boxes(text), name), strict=True)
    assert any(usual != other for usual, other in pairs)


@pytest.mark.parametrize("name", BEHAVIOURS)
def test_a_behaviour_is_described(name: str) -> None:
    behaviour = BEHAVIOURS[name]
    assert behaviour.summary.endswith(".")
    assert bool(behaviour.syntax) == bool(behaviour.example)
    settings = parse_behaviour(f"{name}={behaviour.example}" if behaviour.example else name).settings
    assert apply_behaviours([f"{name}={behaviour.example}" if behaviour.example else name]) != Settings()
    assert settings


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("procesing=2", "did you mean processing"),
        ("processing", "whole number from 0 to 1000, and was given no value"),
        ("processing=many", "'many'"),
        ("processing=-1", "from 0"),
        ("precondition-status=428", "304, 412"),
        ("repeat=201", "same, 404, 409, 410"),
        ("async-validation=2", "takes no value"),
        ("part-size=huge", "'huge' is no size"),
        ("part-size=0", "at least one byte"),
        ("dates=noon", "-07:00"),
        ("rate-limit=1", "from 2"),
        ("zzz", "there are processing"),
    ],
)
def test_a_wrong_behaviour_is_refused_with_what_is_allowed(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_behaviour(text)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("1", 1),
        ("64KiB", 65536),
        ("64 kib", 65536),
        ("8MiB", 2**23),
        ("20MB", 20_000_000),
        ("1kB", 1000),
        ("1GiB", 2**30),
    ],
)
def test_sizes(text: str, size: int) -> None:
    assert parse_size(text) == size


def test_lacking_operations_add_up() -> None:
    settings = apply_behaviours(["no-whoami", "no-status", "no-whoami"])
    assert settings.missing == {"whoami", "status"}
    assert settings.missing < set(CAPABILITIES)


def test_the_overlap_behaviour_ends_the_session(boxes: Boxes) -> None:
    upload = boxes("overlap=410").upload()
    answer = upload.send([*upload.parts, upload.parts[0]])
    assert (answer.status, answer.code) == (410, "upload_failed")
    assert upload.send().status == 410


def test_digest_lists_need_every_sha_to_fit(boxes: Boxes) -> None:
    upload = boxes("digest-lists").upload()
    right = sha(upload.data)
    assert upload.send(digest=f"{right},{sha(b'x')}").status == 400
    assert upload.send(None, ("Digest", sha(b"x"))).status == 400
    assert upload.send(digest=f"md5=AAAA, {right}").status == 201
