from __future__ import annotations

import errno
import hashlib
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from box_client import Box, sha

from commit_conformance.reference import configure
from commit_conformance.reference.storage import Content, Storage

Boxes = Callable[..., Box]
MIB = 1024 * 1024


def pieces(offset: int, size: int) -> Iterator[bytes]:
    """Bytes that differ from part to part, made while they are read."""
    block = bytes([offset // (4 * MIB) % 251]) * (64 * 1024)
    for _ in range(0, size, len(block)):
        yield block


def test_a_large_upload_does_not_lie_in_memory(tmp_path: Path, boxes: Boxes) -> None:
    size, part = 64 * MIB, 4 * MIB
    box = boxes("part-size=4MiB", spool_directory=tmp_path)
    tracemalloc.start()
    try:
        session = box.post("/files/upload_sessions", {"folder_id": "0", "file_size": size, "file_name": "b"}).json
        url = f"/files/upload_sessions/{session['id']}"
        whole, parts = hashlib.sha1(), []
        for offset in range(0, size, part):
            for chunk in pieces(offset, part):
                whole.update(chunk)
            digest = sha(b"".join(pieces(offset, part)))
            span = f"bytes {offset}-{offset + part - 1}/{size}"
            headers = (("Digest", digest), ("Content-Range", span))
            parts.append(box.ask("PUT", url, *headers, body=pieces(offset, part)).json["part"])
        tracemalloc.reset_peak()
        digest = "sha=" + __import__("base64").b64encode(whole.digest()).decode()
        answer = box.post(f"{url}/commit", {"parts": parts}, ("Digest", digest))
        assert answer.status == 201
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 * MIB
    assert answer.file["sha1"] == whole.hexdigest()
    assert len(list(tmp_path.glob("*/*"))) == 16
    box.ask("DELETE", f"/files/{answer.file['id']}")
    box.log.clear()
    assert not list(tmp_path.glob("*/*"))


def test_parts_of_an_aborted_session_leave_the_disk(tmp_path: Path, boxes: Boxes) -> None:
    box = boxes(memory_limit=1, spool_directory=tmp_path)
    upload = box.upload()
    assert len(list(tmp_path.glob("*/*"))) == 3
    box.ask("DELETE", upload.url)
    assert not list(tmp_path.glob("*/*"))


def test_closing_the_service_removes_its_directory(tmp_path: Path) -> None:
    with configure(memory_limit=1, spool_directory=tmp_path, part_size=16, tokens={"t": "1"}) as service:
        file = Box(service=service, token="t").commit_file()
        assert file["size"] == 40
        assert list(tmp_path.iterdir())
    assert not list(tmp_path.iterdir())


def test_a_spooled_file_is_downloaded_whole(tmp_path: Path, boxes: Boxes) -> None:
    box = boxes(memory_limit=1, spool_directory=tmp_path)
    data = bytes(range(200))
    assert box.ask("GET", f"/files/{box.commit_file(data)['id']}/content").body == data


def test_a_body_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    storage = Storage(tmp_path)

    def broken() -> Iterator[bytes]:
        yield b"half"
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError):
        storage.keep(broken(), spool=True)
    with pytest.raises(OverflowError):
        storage.keep(b"too long", limit=3, spool=True)
    assert not list(tmp_path.glob("*/*"))
    storage.close()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_where_no_room_is_left_the_part_is_refused_and_the_session_goes_on(
    number: int, tmp_path: Path, boxes: Boxes
) -> None:
    box = boxes(memory_limit=1, spool_directory=tmp_path)
    upload = box.upload(parts=slice(0))

    def full() -> Iterator[bytes]:
        yield upload.data[:8]
        raise OSError(number, "no room")

    lines = (("Digest", sha(upload.data[:16])), ("Content-Range", f"bytes 0-15/{len(upload.data)}"))
    refused = box.ask("PUT", upload.url, *lines, body=full())
    assert (refused.status, refused.code) == (403, "storage_limit_exceeded")
    assert not list(tmp_path.glob("*/*"))
    upload.parts = [upload.put(offset).json["part"] for offset in (0, 16, 32)]
    assert upload.commit().status == 201


def test_another_trouble_with_the_disk_is_not_taken_for_that() -> None:
    def broken() -> Iterator[bytes]:
        yield b"half"
        raise OSError(errno.EIO, "broken")

    with pytest.raises(OSError, match="broken"):
        Storage().keep(broken())


def test_content_is_hashed_in_order() -> None:
    storage = Storage()
    content = Content([storage.keep(b"ab"), storage.keep(iter([b"c", b"", b"d"]))])
    assert (content.size, b"".join(content), content.sha1) == (4, b"abcd", hashlib.sha1(b"abcd").digest())


def test_parts_may_arrive_in_any_order(box: Box) -> None:
    upload = box.upload(parts=slice(0))
    parts = [upload.put(offset).json["part"] for offset in (32, 0, 16)]
    assert upload.commit(parts).file["sha1"] == hashlib.sha1(upload.data).hexdigest()


def test_ten_thousand_parts_commit_quickly(boxes: Boxes) -> None:
    box = boxes(memory_limit=MIB)
    upload = box.upload(bytes(160_000))
    assert len(upload.parts) == 10_000
    start = time.perf_counter()
    assert upload.send().status == 201
    # Some tens of milliseconds; the bound only catches work that grows with the square of the list.
    assert time.perf_counter() - start < 2
