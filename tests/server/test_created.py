"""The 201 and the file it speaks of."""

from __future__ import annotations

from commit_conformance.trial.marks import looking_back, rule
from commit_conformance.trial.server import Server


@looking_back(
    "CREATED-STATUS",
    "CREATED-CONTENT-TYPE",
    "CREATED-LIST",
    "CREATED-SCHEMA",
    "CREATED-FIELDS",
    "CREATED-SHA1",
    "CREATED-SIZE",
    "CREATED-NAME",
    "CREATED-PARENT",
    "CREATED-PATH",
    "CREATED-VERSION-SHA1",
    "CREATED-STRING-IDS",
    "CREATED-DATES",
    "CREATED-ACTIVE",
    "CREATED-OWNER",
    "CREATED-UNIQUE-ID",
)
def test_every_201_holds_what_was_uploaded(server: Server, looked_for: str) -> None:
    server.seen()


@looking_back("CREATED-NEW-VERSION")
def test_every_new_version_keeps_the_file_and_changes_version_and_etag(server: Server, looked_for: str) -> None:
    if not server.run.monitor.seen["version"]:
        server.commits(upload=server.version_carrier())
    server.seen()


@looking_back("CREATED-CONTENT")
def test_the_bytes_that_were_uploaded_are_stored(server: Server, looked_for: str) -> None:
    server.seen()
    if server.is_current(server.sample):
        server.stores(server.sample)


@looking_back("CREATED-READ-BACK")
def test_the_file_reads_as_the_201_said(server: Server, looked_for: str) -> None:
    server.seen()
    if server.is_current(server.sample):
        server.judge.read_back(server.sample)


@looking_back("CREATED-LISTED")
def test_the_folder_lists_every_file_once(server: Server, looked_for: str) -> None:
    _ = server.sample_file
    server.judge.folder(server.sample)


@rule("CREATED-FIRST-ETAG")
def test_what_etag_and_sequence_id_a_new_file_has(server: Server) -> str:
    file = server.entry_of(server.sample)
    return f"etag {file.get('etag')!r}, sequence_id {file.get('sequence_id')!r}"
