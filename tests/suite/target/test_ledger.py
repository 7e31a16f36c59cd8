"""What was created is written down, and taken away again: all of it, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from targets import BASE, TOKEN, Bench, always, bench, on_handler, on_reference

from commit_conformance.model import CommitRequest
from commit_conformance.target.api import created_file, id_of
from commit_conformance.target.commit import send_commit
from commit_conformance.target.ledger import Ledger, LedgerError, clean_up, read_ledger
from commit_conformance.target.settings import TargetSettings
from commit_conformance.target.upload import Upload
from commit_conformance.verdict.run import Run
from commit_conformance.verdict.settings import RunSettings
from commit_conformance.wire import Budget
from strategies.plan import CommitPlan, Material

HEADER = {"kind": "ledger", "format": 1, "url": BASE}
ENTRIES: list[dict[str, Any]] = [
    {"kind": "folder", "id": "1", "name": "run"},
    {"kind": "name", "name": "é\u2028日", "folder_id": "1"},
    {"kind": "session", "id": "S", "abort": f"{BASE}/files/upload_sessions/S"},
    {"kind": "gone", "of": "session", "id": "S"},
    {"kind": "file", "id": "7", "name": None, "folder_id": "1"},
]


def written(path: Path) -> Path:
    ledger = Ledger(path, target={"url": BASE})
    for entry in ENTRIES:
        ledger.note(**entry)
    ledger.close()
    return path


# The file


def test_a_ledger_reads_as_it_was_written(tmp_path: Path) -> None:
    header, entries = read_ledger(written(tmp_path / "ledger.jsonl"))
    assert header == HEADER
    assert entries == ENTRIES


def test_each_line_is_on_disk_before_the_next_request(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    ledger = Ledger(path, target={})
    ledger.note("file", id="7")
    assert len(path.read_text().splitlines()) == 2
    ledger.close()


def test_a_ledger_may_be_kept_in_memory() -> None:
    ledger = Ledger(None, target={})
    ledger.note("file", id="7")
    ledger.note("gone", of="file", id="7")
    assert ledger.entries == [{"kind": "file", "id": "7"}, {"kind": "gone", "of": "file", "id": "7"}]
    assert ledger.knows_file("7")
    assert not ledger.knows_file("8")
    ledger.close()
    ledger.close()


@pytest.mark.parametrize("cut", range(1, 40))
def test_a_torn_last_line_is_passed_over(tmp_path: Path, cut: int) -> None:
    path = written(tmp_path / "ledger.jsonl")
    path.write_bytes(path.read_bytes()[: -1 - cut])
    assert read_ledger(path) == (HEADER, ENTRIES[:-1])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is no ledger: its first line does not name the target"),
        ('{"kind": "ledger"', "line 1 is no ledger entry"),
        ("id,name\n7,x\n", "line 1 is no ledger entry"),
        ('{"event": "header"}\n{"event": "verdict"}\n', r"line 1 is no ledger entry \(no kind\)"),
        ('["kind"]\n', "line 1 is no ledger entry"),
        ('{"kind": 7}\n', "line 1 is no ledger entry"),
        ('{"kind": "file", "id": "7"}\n', "is no ledger: its first line"),
        ('{"kind": "ledger"}\n{"kind": "fi\n{"kind": "file", "id": "7"}\n', "line 2 is no ledger entry"),
        (
            '{"kind": "ledger"}\n{"kind": "file"}\n{"kind": "file", "id": "7"}\n',
            r"line 2 is no ledger entry \(a file without id\)",
        ),
        ('{"kind": "ledger"}\n{"kind": "session", "id": 7}\n{"kind": "x"}\n', "a session without id and abort"),
        ('{"kind": "ledger"}\n{"kind": "gone", "id": "7"}\n{"kind": "x"}\n', "a gone without of"),
    ],
)
def test_a_file_that_is_no_ledger_says_where_and_why(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "ledger.jsonl"
    path.write_text(text)
    with pytest.raises(LedgerError, match=message) as raised:
        read_ledger(path)
    assert str(path) in str(raised.value)


def test_a_file_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="cannot read the ledger"):
        read_ledger(tmp_path / "none.jsonl")
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe\0")
    with pytest.raises(LedgerError, match="cannot read the ledger"):
        read_ledger(binary)
    with pytest.raises(LedgerError, match="cannot read the ledger"):
        read_ledger(tmp_path)


def test_kinds_of_a_later_version_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    path.write_text('{"kind": "ledger"}\n{"kind": "webhook", "id": "9"}\n')
    assert read_ledger(path)[1] == [{"kind": "webhook", "id": "9"}]


def test_the_token_is_not_in_the_ledger(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    target = on_reference(path=path)
    target.bank.open()
    target.ledger.close()
    assert "session" in path.read_text()
    assert TOKEN not in path.read_text()


# Cleaning up, on the reference service


def commit(target: Bench, upload: Upload) -> str:
    request: CommitRequest = CommitPlan().build(Material(session=upload.session, content=upload.content))
    exchange = send_commit(target.wire, upload, request)
    file = created_file(exchange.answer)
    assert file is not None, exchange.record
    return file.file_id


def folder(target: Bench, name: str = "run") -> str:
    folder_id = id_of(target.api.create_folder(name=name, parent_id="0").answer)
    assert folder_id
    return folder_id


def test_a_run_in_its_own_folder_leaves_nothing() -> None:
    target = on_reference()
    target.bank.folder_id = folder(target)
    target.ledger.note("folder", id=target.bank.folder_id, name="run")
    upload = target.bank.open()
    target.ledger.note("file", id=commit(target, upload), folder_id=target.bank.folder_id)
    target.bank.open()
    result = clean_up(target.api, target.ledger.entries)
    assert result.as_json() == {"deleted": 2, "left": []}
    assert target.names() == []
    assert all(target.api.status(upload.handle).status in (404, 410) for upload in target.bank.uploads)


def test_a_run_without_a_folder_deletes_its_files_and_no_others() -> None:
    target = on_reference()
    strangers = target.bank.open(name="somebody else's.bin")
    commit(target, strangers)
    ours = target.bank.open()
    entries = [
        entry
        for entry in target.ledger.entries
        if strangers.handle.session_id != entry.get("id") and entry.get("name") != "somebody else's.bin"
    ]
    entries.append({"kind": "file", "id": commit(target, ours), "name": ours.session.name, "folder_id": "0"})
    assert clean_up(target.api, entries).as_json() == {"deleted": 1, "left": []}
    assert target.names() == ["somebody else's.bin"]


def test_a_file_whose_commit_was_not_answered_is_found_by_its_exact_name() -> None:
    target = on_reference()
    for name in ("run-1-File-001.bin", "run-1-File-001.bin.bak", "Run-1-file-001.BIN2"):
        commit(target, target.bank.open(name=name))
    entries = [{"kind": "name", "name": "run-1-File-001.bin", "folder_id": "0"}]
    assert clean_up(target.api, entries).as_json() == {"deleted": 1, "left": []}
    assert target.names() == ["Run-1-file-001.BIN2", "run-1-File-001.bin.bak"]


def test_a_folder_of_the_same_name_is_not_touched() -> None:
    target = on_reference()
    folder(target, "run-1-File-001.bin")
    entries = [{"kind": "name", "name": "run-1-File-001.bin", "folder_id": "0"}]
    assert clean_up(target.api, entries).deleted == 0
    assert target.names() == ["run-1-File-001.bin"]


def test_what_is_gone_is_not_asked_for_again() -> None:
    target = on_reference()
    upload = target.bank.open()
    target.ledger.note("gone", of="session", id=upload.handle.session_id)
    target.ledger.note("file", id="7")
    target.ledger.note("gone", of="file", id="7")
    target.ledger.note("folder", id="8")
    target.ledger.note("gone", of="folder", id="8")
    target.exchanges.clear()
    clean_up(target.api, [entry for entry in target.ledger.entries if entry["kind"] != "name"])
    assert target.sent == []
    assert target.api.status(upload.handle).status == 200


def test_cleaning_up_twice_is_harmless() -> None:
    target = on_reference()
    target.ledger.note("folder", id=folder(target), name="run")
    target.bank.open()
    first = clean_up(target.api, target.ledger.entries)
    assert clean_up(target.api, target.ledger.entries) == first


def test_a_sweep_after_a_crash_does_what_the_run_would_have(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    target = on_reference(path=path)
    target.bank.folder_id = folder(target)
    target.ledger.note("folder", id=target.bank.folder_id, name="run")
    commit(target, target.bank.open())
    with path.open("a") as file:
        file.write('{"kind": "sess')
    header, entries = read_ledger(path)
    assert header["url"] == BASE
    assert clean_up(target.api, entries).as_json() == {"deleted": 1, "left": []}
    assert target.names() == []


# Cleaning up, on targets that do not help


def test_what_cannot_be_deleted_is_said() -> None:
    target = on_handler(always(403))
    entries = [*ENTRIES[:1], {"kind": "file", "id": "7", "name": "a.bin", "folder_id": "1"}]
    assert clean_up(target.api, entries).as_json() == {"deleted": 0, "left": ["folder 1 (run)", "file 7 (a.bin)"]}


@pytest.mark.parametrize("status", [200, 204, 404, 410])
def test_what_is_not_there_needs_no_deleting(status: int) -> None:
    target = on_handler(always(status))
    assert clean_up(target.api, [{"kind": "file", "id": "7"}]).as_json() == {"deleted": 1, "left": []}


def test_files_of_a_deleted_folder_went_with_it() -> None:
    target = on_handler(always(204))
    assert clean_up(target.api, ENTRIES).as_json() == {"deleted": 2, "left": []}
    assert target.sent == ["DELETE /folders/1?recursive=true"]


def test_the_newest_goes_first() -> None:
    target = on_handler(always(204))
    entries: list[dict[str, Any]] = [
        *({"kind": "session", "id": f"S{number}", "abort": f"{BASE}/S{number}"} for number in (1, 2)),
        *({"kind": "folder", "id": f"F{number}"} for number in (1, 2)),
    ]
    clean_up(target.api, entries)
    assert target.sent == [
        *("DELETE /S2", "DELETE /S1"),
        *("DELETE /folders/F2?recursive=true", "DELETE /folders/F1?recursive=true"),
    ]


def test_a_target_that_does_not_answer_leaves_everything_and_raises_nothing() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    result = clean_up(on_handler(refuse).api, [*ENTRIES[:3], {"kind": "file", "id": "7"}])
    assert result.deleted == 0
    assert result.left == ["folder 1 (run)", "file 7 ()"]


@pytest.mark.parametrize("abort", ["https://evil.test/S", "http://[", "", "no url"])
def test_a_session_whose_url_is_elsewhere_is_not_asked(abort: str) -> None:
    target = on_handler(always(204))
    clean_up(target.api, [{"kind": "session", "id": "S", "abort": abort}])
    assert target.sent == []


@pytest.mark.parametrize(
    "items",
    [
        [{"type": "file", "name": "a", "id": "7"}],
        [{"type": "file", "name": ["a"], "id": "8"}, {"type": "file", "name": "a", "id": 7}],
        [None, 7, {"type": "file"}, {"type": "file", "name": "a"}, {"type": "file", "name": "a", "id": "7"}],
    ],
)
def test_odd_items_of_a_folder_do_not_stop_it(items: Any) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"entries": items, "total_count": 1} if request.method == "GET" else None)

    target = on_handler(handle)
    assert clean_up(target.api, [{"kind": "name", "name": "a", "folder_id": "0"}]).deleted == 1
    assert target.sent[-1] == "DELETE /files/7"


def test_cleaning_up_may_exceed_the_budget() -> None:
    target = bench(httpx.MockTransport(always(204)), budget=Budget(requests=0, upload_requests=0))
    entries = [ENTRIES[0], ENTRIES[2], {"kind": "file", "id": "7"}]
    assert clean_up(target.api, entries).as_json() == {"deleted": 2, "left": []}
    assert len(target.sent) == 3


def test_entries_are_json(tmp_path: Path) -> None:
    for line in written(tmp_path / "ledger.jsonl").read_text(encoding="utf-8").splitlines():
        assert json.loads(line)["kind"]


# What a target says of what it has made is not believed when it would cost somebody something


def test_the_folder_that_the_run_was_given_is_never_deleted() -> None:
    entries = [
        {"kind": "folder-name", "name": "cc-1", "parent_id": "77"},
        {"kind": "folder", "id": "77", "name": "cc-1"},
        {"kind": "folder", "id": "0", "name": "cc-1"},
        {"kind": "folder", "id": "78", "name": "cc-1"},
    ]
    target = on_handler(always(204))
    clean_up(target.api, entries)
    assert target.sent == ["DELETE /folders/78?recursive=true"]


@pytest.mark.parametrize(("name", "deleted"), [("holiday.jpg", False), ("CC-1-File-001.bin", True), ("cc-1-x", True)])
def test_a_file_with_a_name_that_the_run_gave_to_nothing_stays(name: str, deleted: bool) -> None:
    entries = [
        {"kind": "folder-name", "name": "cc-1", "parent_id": "77"},
        {"kind": "file", "id": "5", "name": "cc-1-File-001.bin", "folder_id": "77"},
    ]

    def handle(request: httpx.Request) -> httpx.Response:
        shown = {"id": "5", "type": "file", "name": name} if "/files/" in request.url.path else {"entries": []}
        return httpx.Response(200, json=shown) if request.method == "GET" else httpx.Response(204)

    target = on_handler(handle)
    result = clean_up(target.api, entries)
    assert ("DELETE /files/5" in target.sent) is deleted
    assert bool(result.left) is not deleted
    assert deleted or "holiday.jpg" in result.left[0]


def test_a_target_is_left_with_a_word_where_cleaning_up_itself_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("half a request is on its way")

    target = Run(RunSettings(target=TargetSettings())).connect()
    monkeypatch.setattr(target.api, "delete_folder", broken)
    result = target.close()

    assert result.deleted == 0
    assert result.left[0].startswith("what the ledger names; cleaning up failed: RuntimeError: half a request")


def test_many_sessions_are_aborted() -> None:
    target = on_reference()
    uploads = [target.bank.open() for _ in range(20)]

    assert clean_up(target.api, target.ledger.entries).left == []

    assert all(target.api.status(upload.handle).status in (404, 410) for upload in uploads)
