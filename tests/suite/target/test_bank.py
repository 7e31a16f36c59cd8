"""Uploads: made reproducibly, handed out, used again; and commits followed to their end."""

from __future__ import annotations

import base64
import hashlib
import threading
from dataclasses import replace
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from targets import FILE_SIZE, PART_SIZE, Bench, always, on_handler, on_reference

from commit_conformance.model import Answer, CommitRequest, UploadedSession
from commit_conformance.target import bank as bank_module
from commit_conformance.target.api import created_file
from commit_conformance.target.bank import SetupFailed
from commit_conformance.target.commit import Patience, follow, send_commit
from commit_conformance.target.upload import State, Upload, awkward_digest, make_content, one_byte_off, plain_digest
from commit_conformance.wire import BudgetSpent
from commit_conformance.wire.outages import Busy
from strategies.plan import CommitPlan, Material

# Content


def digest(content: bytes) -> str:
    return base64.b64encode(hashlib.sha1(content).digest()).decode()


@pytest.mark.parametrize("size", [0, 1, 2, 3, 4, 5, 16, 100, 4096, 100_000])
def test_content_has_its_size_and_is_the_same_each_time(size: int) -> None:
    content = make_content("7/a", size)
    assert len(content) == size
    assert make_content("7/a", size) == content


@pytest.mark.parametrize("size", [16, 4096])
def test_another_key_is_another_file(size: int) -> None:
    made = {make_content(f"7/{number}", size) for number in range(50)}
    assert len(made) == 50
    assert make_content("8/0", size) not in made


@pytest.mark.parametrize("wants", [plain_digest, awkward_digest])
@given(key=st.text(max_size=10), size=st.integers(8, 200))
def test_the_digest_has_the_wanted_form(wants: Any, key: str, size: int) -> None:
    assert wants(digest(make_content(key, size, wants=wants)))


@pytest.mark.parametrize(
    ("value", "plain", "awkward"), [("a+b/", False, True), ("a+b", False, False), ("ab=", True, False)]
)
def test_the_forms_of_a_digest(value: str, plain: bool, awkward: bool) -> None:
    assert (plain_digest(value), awkward_digest(value)) == (plain, awkward)


def test_a_form_that_cannot_be_had_is_not_waited_for() -> None:
    assert len(make_content("7", 100, wants=lambda value: False)) == 100


@pytest.mark.parametrize("at", [0, 50, 99])
def test_one_byte_off_is_one_byte_off(at: int) -> None:
    content = make_content("7", 100)
    other = one_byte_off(content, at)
    assert [place for place, (one, two) in enumerate(zip(content, other, strict=True)) if one != two] == [at]
    assert plain_digest(digest(other))


# Uploads


@pytest.fixture
def target() -> Bench:
    return on_reference()


def test_an_upload_is_complete_and_noted_before_it_is_asked_for(target: Bench) -> None:
    upload = target.bank.open()
    session = upload.session
    assert session.complete
    assert (session.file_size, session.part_size, session.total_parts) == (FILE_SIZE, PART_SIZE, 4)
    assert session.sha1 == hashlib.sha1(upload.content).hexdigest()
    assert b"".join(upload.piece(index)[1] for index in range(4)) == upload.content
    assert [part.offset for part in session.parts] == [0, 16, 32, 48]
    assert [entry["kind"] for entry in target.ledger.entries] == ["name", "session"]
    assert target.wire.purse.cost.sessions == 1
    assert upload.commit_url == upload.handle.shown["session_endpoints"]["commit"]


def test_names_are_new_each_time_and_hold_both_cases(target: Bench) -> None:
    names = [target.bank.name() for _ in range(20)]
    assert len({name.lower() for name in names}) == 20
    assert all(name.startswith("run-1-") and name != name.lower() != name.upper() for name in names)


def test_parts_may_be_uploaded_in_any_order_and_number(target: Bench) -> None:
    upload = target.bank.open(parts=(3, 1))
    assert [part.offset for part in upload.session.parts] == [16, 48]
    assert not upload.session.complete
    target.bank.put(upload, (0, 2))
    assert [part.offset for part in upload.session.parts] == [0, 16, 32, 48]
    assert upload.session.complete


def test_large_parts_are_uploaded_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of the four waits for the others: one by one, none would ever get through."""
    monkeypatch.setattr(bank_module, "LARGE", PART_SIZE)
    meeting = threading.Barrier(4, timeout=30)

    class Meeting(httpx.BaseTransport):
        def __init__(self, inner: httpx.BaseTransport) -> None:
            self.inner = inner

        def handle_request(self, request: httpx.Request) -> httpx.Response:
            if request.method == "PUT":
                meeting.wait()
            return self.inner.handle_request(request)

    target = on_reference(through=Meeting)
    upload = target.bank.open()
    assert [part.offset for part in upload.session.parts] == [0, 16, 32, 48]
    assert upload.session.complete


def test_given_content_is_uploaded_as_it_is(target: Bench) -> None:
    upload = target.bank.open(content=b"x" * 20, name="a.bin")
    assert (upload.content, upload.session.name, len(upload.session.parts)) == (b"x" * 20, "a.bin", 2)


def test_no_part_is_lost_among_many_uploaded_at_once(target: Bench) -> None:
    upload = target.bank.open(size=400 * PART_SIZE)
    assert len(upload.session.parts) == 400
    assert upload.session.complete
    assert [part.sha1 for part in upload.session.parts] == [
        hashlib.sha1(upload.piece(index)[1]).hexdigest() for index in range(400)
    ]


def test_a_new_version_goes_to_its_file(target: Bench) -> None:
    file = created_file(commit(target, target.bank.open()).answer)
    assert file is not None
    upload = target.bank.open(target=file)
    assert (upload.session.new_version_of, upload.session.name) == (file.file_id, file.name)
    second = created_file(commit(target, upload).answer)
    assert second is not None
    assert second.file_id == file.file_id
    assert second.etag != file.etag


def test_a_refused_session_or_part_says_what_failed() -> None:
    with pytest.raises(SetupFailed, match="creating an upload session was answered 403") as raised:
        on_handler(always(403)).bank.open()
    assert raised.value.exchange.status == 403

    def handle(request: httpx.Request) -> httpx.Response:
        return (
            httpx.Response(201, json={"id": "S", "part_size": PART_SIZE})
            if request.method == "POST"
            else (httpx.Response(409))
        )

    refusing = on_handler(handle)
    with pytest.raises(SetupFailed, match="uploading part 1 of 4 was answered 409"):
        refusing.bank.open()
    assert [entry["kind"] for entry in refusing.ledger.entries] == ["name", "session"]


# Using them again


def test_what_was_kept_is_used_again_once(target: Bench) -> None:
    first = target.bank.usual()
    target.bank.keep(first)
    assert target.bank.usual() is first
    assert target.bank.usual() is not first
    assert len(target.bank.uploads) == 2


def test_only_what_is_live_and_for_a_new_file_is_kept(target: Bench) -> None:
    ended, kept = target.bank.open(), target.bank.open()
    ended.state = State.COMMITTED
    target.bank.keep(ended)
    assert not ended.spare
    target.bank.keep(kept)
    kept.state = State.GONE
    assert target.bank.usual() not in (ended, kept)


def test_an_upload_that_lacks_parts_goes_from_hand_to_hand_until_somebody_wants_it_whole(target: Bench) -> None:
    bank = target.bank
    some = bank.unfinished(0)
    assert some.lacking == [1, 2, 3]
    bank.keep(some)
    assert bank.lease("body") is not some  # who sends wrong commits wants to be refused for those alone
    assert bank.unfinished(0, -1) is some
    assert some.lacking == [1, 2]
    assert bank.unfinished() is not some  # it was not given back
    bank.keep(some)
    bytes_before = target.wire.purse.cost.part_bytes
    assert bank.usual() is some
    assert some.session.complete
    assert target.wire.purse.cost.part_bytes - bytes_before == 2 * PART_SIZE
    assert [part.offset for part in some.session.parts] == [0, PART_SIZE, 2 * PART_SIZE, 3 * PART_SIZE]


def test_what_is_whole_is_handed_out_before_what_has_to_be_completed(target: Bench) -> None:
    some, whole = target.bank.unfinished(0), target.bank.open()
    target.bank.keep(some)
    target.bank.keep(whole)
    assert target.bank.usual() is whole
    assert target.bank.usual() is some


def test_a_closed_bank_hands_out_what_it_has_and_uploads_nothing(target: Bench) -> None:
    bank = target.bank
    kept = bank.open()
    bank.keep(kept)
    bank.closed = "a file is too much for this"
    assert bank.usual() is kept
    for ask in (bank.usual, bank.open, bank.take, lambda: bank.lease("body"), lambda: bank.open(parts=(0,))):
        with pytest.raises(BudgetSpent, match="a file is too much for this"):
            ask()
    assert bank.open(parts=()).session.parts == ()  # a session alone has no bytes
    assert len(bank.uploads) == 2


def test_a_bank_that_does_not_reuse_opens_a_session_each_time(target: Bench) -> None:
    bank = target.bank
    bank.reuses = False
    first, carrier = bank.usual(), bank.lease("body")
    carrier.refused.append("a bad commit")
    bank.keep(first)
    assert len({id(upload) for upload in (first, carrier, bank.usual(), bank.lease("body"), bank.take())}) == 5


def test_a_carrier_of_preconditions_is_known_by_its_file_whatever_etag_it_has(target: Bench) -> None:
    bank = target.bank
    file = created_file(commit(target, bank.open()).answer)
    assert file is not None
    carrier = bank.lease_version(file)
    changed = replace(file, etag="another")
    assert bank.version_carrier(changed) is carrier
    assert bank.version_carrier(replace(file, file_id="another")) is None
    carrier.state = State.GONE
    assert bank.version_carrier(file) is None


def test_bad_commits_of_one_kind_share_a_carrier(target: Bench) -> None:
    bank = target.bank
    carrier = bank.lease("part-list")
    assert bank.lease("body") is bank.lease("part-list") is carrier
    digests = bank.lease("digest")
    assert digests is not carrier
    assert bank.lease("digest") is digests
    assert bank.carriers() == [carrier, digests]
    carrier.state = State.GONE
    assert bank.lease("part-list") is not carrier
    assert carrier not in bank.carriers()


def test_a_carrier_differs_from_the_last_file_of_its_size_in_one_byte_of_a_part_between(target: Bench) -> None:
    bank = target.bank
    first = bank.open()
    assert bank.near(FILE_SIZE) is None  # nothing has been committed
    first.state = State.COMMITTED
    carrier = bank.lease("part-list")
    pairs = zip(first.content, carrier.content, strict=True)
    assert [place // PART_SIZE for place, (one, two) in enumerate(pairs) if one != two] == [2]
    assert carrier.session.sha1 == hashlib.sha1(carrier.content).hexdigest()
    assert bank.near(FILE_SIZE + 1) is None


def test_of_two_parts_the_last_byte_is_another_one(target: Bench) -> None:
    first = target.bank.open(size=PART_SIZE + 1)
    first.state = State.COMMITTED
    near = target.bank.near(PART_SIZE + 1)
    assert near is not None
    assert near[:-1] == first.content[:-1]
    assert near != first.content


def test_a_carrier_may_be_an_upload_that_was_kept(target: Bench) -> None:
    kept = target.bank.usual()
    target.bank.keep(kept)
    assert target.bank.lease("digest") is kept
    assert target.bank.usual() is not kept


def test_a_right_commit_takes_the_carrier_that_has_refused_most(target: Bench) -> None:
    bank = target.bank
    general, digests = bank.lease("body"), bank.lease("digest")
    unused = bank.take()
    assert unused not in (general, digests)
    general.refused += ["a"]
    digests.refused += ["b", "c"]
    assert bank.take() is digests
    digests.state = State.COMMITTED
    assert bank.take() is general


def test_a_carrier_for_preconditions_is_one_for_its_file(target: Bench) -> None:
    bank = target.bank
    file = created_file(commit(target, bank.open()).answer)
    other = created_file(commit(target, bank.open()).answer)
    assert file is not None
    assert other is not None
    carrier = bank.lease_version(file)
    assert bank.lease_version(file) is carrier
    assert bank.lease_version(other) is not carrier
    assert carrier not in bank.carriers()


def test_what_belongs_to_another_session_may_be_made_known(target: Bench) -> None:
    upload = target.bank.open()
    upload.know_foreign("F0E1D2C3")
    assert upload.session.foreign == {"F0E1D2C3"}


# Commits


def right(upload: Upload) -> CommitRequest:
    return CommitPlan().build(Material(session=upload.session, content=upload.content))


def commit(target: Bench, upload: Upload) -> Any:
    exchange = send_commit(target.wire, upload, right(upload))
    assert exchange.status == 201
    upload.state = State.COMMITTED
    return exchange


def test_an_accepted_commit_is_followed_to_its_file() -> None:
    target = on_reference("processing=2")
    upload = target.bank.open()
    run = follow(target.api, upload, right(upload), patience=Patience())
    assert [exchange.status for exchange in run.exchanges] == [202, 202, 201]
    assert (len(run.glances), len(target.slept), run.early) == (2, 2, False)
    assert run.answer.status == 201
    assert target.names() == [upload.session.name]


def test_what_a_caller_sees_meanwhile_is_looked_at() -> None:
    target = on_reference("processing=2")
    upload = target.bank.open()

    def items() -> list[dict[str, Any]]:
        listed = target.api.folder_items("0")
        assert isinstance(listed, list)
        return listed

    run = follow(target.api, upload, right(upload), patience=Patience(), watch=True, list_folder=items)
    assert all(glance.items == [] for glance in run.glances)
    assert all(glance.status is not None and glance.status.status == 200 for glance in run.glances)


def test_a_request_may_be_repeated_early_once() -> None:
    target = on_handler(always(202, **{"retry-after": "5"}))
    run = follow(target.api, fake_upload(target), REQUEST, patience=Patience(polls=3), early=True)
    assert run.early
    assert target.slept == [5.0, 5.0]


@pytest.mark.parametrize(
    ("patience", "retry_after", "requests"),
    [
        (Patience(polls=3), "1", 4),
        (Patience(polls=0), "1", 1),
        (Patience(polls=20, seconds=10), "4", 4),
        (Patience(polls=20, seconds=10), "999999", 2),
        (Patience(polls=5), "0", 6),
        (Patience(polls=5), "soon", 6),
    ],
)
def test_patience_ends(patience: Patience, retry_after: str, requests: int) -> None:
    target = on_handler(always(202, **{"retry-after": retry_after}))
    run = follow(target.api, fake_upload(target), REQUEST, patience=patience)
    assert run.answer.status == 202
    assert len(run.exchanges) == requests
    assert sum(target.slept) <= patience.seconds + 10


REQUEST = CommitRequest(headers=(("digest", "sha=x"),), body=b"{}")


def fake_upload(target: Bench) -> Upload:
    handle = target.api.session_of(Answer(status=201, body=b'{"id":"S","part_size":16}'))
    assert handle is not None
    session = UploadedSession(file_size=0, part_size=16, parts=(), sha1="0" * 40)
    return Upload(handle=handle, session=session, content=b"")


def test_a_commit_whose_answer_was_lost_is_repeated_and_says_so() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        if not target.exchanges:
            raise httpx.ReadError("reset")
        return httpx.Response(201)

    target = on_handler(handle)
    run = follow(target.api, fake_upload(target), REQUEST, patience=Patience())
    assert (run.answer.status, run.lost, len(target.exchanges)) == (201, True, 2)


@pytest.mark.parametrize("well", [True, False])
def test_a_commit_that_alone_is_answered_503_has_its_answer(well: bool) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        return httpx.Response(503 if request.url.path.endswith("/commit") or not well else 200)

    target = on_handler(handle)
    if well:
        run = follow(target.api, fake_upload(target), REQUEST, patience=Patience())
        assert (run.answer.status, run.lost) == (503, False)
    else:
        with pytest.raises(Busy, match="GET"):
            follow(target.api, fake_upload(target), REQUEST, patience=Patience())


def test_a_commit_that_is_answered_429_to_the_end_of_all_patience_has_no_answer() -> None:
    target = on_handler(always(429))
    with pytest.raises(Busy, match="was answered 429, 21 times over"):
        follow(target.api, fake_upload(target), REQUEST, patience=Patience())


def test_a_commit_is_sent_line_by_line_as_it_was_made() -> None:
    target = on_handler(always(400))
    request = CommitRequest(headers=(("Digest", "sha=a"), ("digest", "sha=b")), body=b"not JSON")
    exchange = send_commit(target.wire, fake_upload(target), request, token=None)
    assert exchange.record["request_headers"] == [["Digest", "sha=a"], ["digest", "sha=b"]]
    assert exchange.record["request_body"] == "not JSON"
