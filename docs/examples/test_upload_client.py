"""Tests of the client, with the fixture that comes with box-commit-conformance."""

from collections.abc import Iterator

import httpx
import pytest
from upload_client import FileChanged, NameInUse, Uploader, UploadFailed

from commit_conformance.mock import CommitApi

CONTENT = bytes(range(256)) * 10  # three parts


@pytest.fixture
def uploader(commit_api: CommitApi) -> Iterator[Uploader]:
    headers = {"authorization": f"Bearer {commit_api.token}"}
    with httpx.Client(base_url=commit_api.url, headers=headers) as client:
        yield Uploader(client, sleep=commit_api.clock.sleep)


def test_a_file_arrives_as_it_was(commit_api: CommitApi, uploader: Uploader) -> None:
    file = uploader.upload(CONTENT, name="a.bin", folder_id=commit_api.folder_id)
    (stored,) = commit_api.files
    assert (stored.id, stored.name, stored.content) == (file["id"], "a.bin", CONTENT)
    assert len(commit_api.log.of("upload_part")) == 3


def test_after_a_202_the_same_commit_is_sent_again_in_time(commit_api: CommitApi, uploader: Uploader) -> None:
    commit_api.behave("processing", 2)
    commit_api.behave("retry-after", 30)
    session = commit_api.upload_session()
    uploader.commit(session.commit_url, session.parts, session.digest)
    first, *others = commit_api.commits
    assert [commit.status for commit in commit_api.commits] == [202, 202, 201]
    assert all((commit.body, commit.headers["digest"]) == (first.body, session.digest) for commit in others)
    assert [commit.at - first.at for commit in others] == [30, 60]  # by the service's clock: nobody waited


def test_a_name_in_use_tells_which_file_has_it(commit_api: CommitApi, uploader: Uploader) -> None:
    session = commit_api.upload_session(name="a.bin")
    other = commit_api.store_file(b"somebody was faster", name="a.bin")
    with pytest.raises(NameInUse) as refused:
        uploader.commit(session.commit_url, session.parts, session.digest)
    assert refused.value.file_id == other.id
    assert len(commit_api.commits) == 1


def test_a_file_that_has_changed_is_left_alone(commit_api: CommitApi, uploader: Uploader) -> None:
    before = commit_api.store_file(b"one", name="a.bin")
    session = commit_api.upload_session(b"two", file=before)
    commit_api.store_file(b"of somebody else", file=before)
    with pytest.raises(FileChanged):
        uploader.commit(session.commit_url, session.parts, session.digest, if_match=before.etag)
    assert [file.content for file in commit_api.files] == [b"of somebody else"]


def test_an_answer_that_is_lost_does_not_make_two_files(commit_api: CommitApi, uploader: Uploader) -> None:
    commit_api.drop("commit", taken=True)
    uploader.upload(CONTENT, name="a.bin", folder_id=commit_api.folder_id)
    assert [commit.error for commit in commit_api.commits] == ["connection lost", None]
    assert len(commit_api.files) == 1


def test_an_overloaded_server_is_given_its_time(commit_api: CommitApi, uploader: Uploader) -> None:
    commit_api.answer("commit", 503, retry_after=120, body=b"<html>")
    commit_api.timeout("commit")
    session = commit_api.upload_session()
    uploader.commit(session.commit_url, session.parts, session.digest)
    assert commit_api.clock.slept == [120, 2]
    assert not commit_api.waiting


def test_a_server_that_never_finishes_is_given_up(commit_api: CommitApi, uploader: Uploader) -> None:
    commit_api.fault("always-accepted")
    session = commit_api.upload_session()
    with pytest.raises(UploadFailed, match="not committed"):
        uploader.commit(session.commit_url, session.parts, session.digest)
    assert len(commit_api.commits) == 6
