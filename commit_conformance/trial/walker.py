"""One walk: steps on a server, each of them held against the sequential model, with a look around after it.

The walker keeps every world that may be there. A step sends one request and drops the worlds that its answer does not
fit; when none is left, the server has shown something that no such sequence of steps makes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import NoReturn

from commit_conformance.model import CommitRequest, FileState
from commit_conformance.model.sequential import (
    Abort,
    Answered,
    Commit,
    Delete,
    Life,
    ListFolder,
    ListParts,
    Open,
    Operation,
    PutPart,
    ReadContent,
    ReadFile,
    Rename,
    SessionState,
    Status,
    World,
)
from commit_conformance.target.api import is_gone
from commit_conformance.target.bank import SetupFailed
from commit_conformance.target.commit import Patience, follow
from commit_conformance.target.upload import State, Upload
from commit_conformance.trial import answered
from commit_conformance.trial.attempt import Attempt
from commit_conformance.trial.evidence import failure_of
from commit_conformance.trial.judge import ALWAYS_COMPARED
from commit_conformance.trial.races import Races
from commit_conformance.trial.rounds import RACING
from commit_conformance.verdict.outcomes import InDoubt, Nonconformance
from commit_conformance.wire import BudgetSpent, Exchange, WireError
from commit_conformance.wire.errors import Trouble
from strategies.plan import CommitPlan

#: What the model itself looks at in a walk: it may be wrong because of the steps before, which only the walk can tell.
OWN = RACING | {"CREATED-NAME", "CREATED-NEW-VERSION"}


class Walker:
    """Walks on a server, in files and sessions of its own.

    Args:
        server: Where to walk.
        sizes: Bytes of the files it may upload, smallest first.
        has_files: Tells whether another file may be made.

    Attributes:
        uploads: The sessions it has opened, by the names that the steps call them by.
        files: Ids of the files it has made, oldest first, deleted ones among them.
        steps: What it has done, a line for each step.
        over: Whether it has come to its end, well or not.
    """

    def __init__(self, server: Races, *, sizes: tuple[int, ...], has_files: Callable[[], bool]) -> None:
        self.server = server
        self.sizes = sizes
        self.has_files = has_files
        self.uploads: dict[str, Upload] = {}
        self.files: list[str] = []
        self.steps: list[str] = []
        self.worlds: tuple[World, ...] = (World(),)
        self.over = False
        stem = server.target.bank.name().removesuffix(".bin")
        self.names = [f"{stem}-{letter}.bin" for letter in "abc"]

    # What is there

    @property
    def world(self) -> World:
        """What is there, as far as the steps tell; one of several worlds where they leave it open."""
        return self.worlds[0]

    @property
    def sessions(self) -> list[str]:
        """Names of the sessions, oldest first."""
        return list(self.world.sessions)

    def live(self) -> list[str]:
        """Names of the sessions that are live, oldest first."""
        return [key for key, state in self.world.sessions.items() if state.life is Life.LIVE]

    @property
    def present(self) -> list[str]:
        """Ids of the files that are there, oldest first."""
        return [file_id for file_id in self.files if file_id in self.world.files]

    def called(self, file_id: str) -> str:
        """What the steps call a file."""
        return f"F{self.files.index(file_id) + 1}"

    def adopt(self, attempt: Attempt) -> None:
        """Begins with a session that the run has committed before, and its file: that costs nothing."""
        assert attempt.file is not None
        key, file_id, target = f"S{len(self.uploads) + 1}", attempt.file.file_id, self.server.target
        file = target.shown.get(file_id) or target.files[file_id]
        name = file.name or attempt.upload.session.name
        state = SessionState(session=attempt.upload.session, life=Life.COMMITTED, made=file_id)
        self.uploads[key] = attempt.upload
        self.files.append(file_id)
        self.worlds = tuple(world.with_session(key, state).with_file(replace(file, name=name)) for world in self.worlds)
        self.steps.append(
            f"{len(self.steps) + 1}. {key} was committed before: {self.called(file_id)}, {self._short(name)}"
        )

    # Steps

    def open(
        self, name: str | None = None, *, file_id: str | None = None, size: int = 0, bytes_of: str | None = None
    ) -> str | None:
        """Opens a session for a new file of a name, or for a new version; gives what it is called if it was opened.

        Args:
            bytes_of: A session whose bytes are to be uploaded once more.
        """
        key = f"S{len(self.uploads) + 1}"
        about = f"for a new version of {self.called(file_id)}" if file_id else f"for the new file {self._short(name)}"
        target = self._target(file_id) if file_id else None
        content = self.uploads[bytes_of].content if bytes_of else None
        about += f" with the bytes of {bytes_of}" if bytes_of else ""
        size = self.sizes[size % len(self.sizes)]
        try:
            upload = self.server.upload(name=name, target=target, size=size, content=content, parts=())
        except SetupFailed as failed:
            self._step(f"open a session {about}", Open(key=key, name=name or "", file_id=file_id), failed.exchange)
            return None
        self.uploads[key] = upload
        said = Answered(status=201, session=upload.session, said=f"{key}, for {upload.session.total_parts} parts")
        self._hold(f"open a session {about}", Open(key=key, name=name or "", file_id=file_id), said)
        return key

    def put(self, key: str, index: int, *, other_bytes: bool = False, wrong_digest: bool = False) -> None:
        """Uploads a part of a session."""
        upload = self.uploads[key]
        index %= upload.session.total_parts
        offset, piece = upload.piece(index)
        if other_bytes:
            piece = bytes(255 - byte for byte in piece)
        exchange = self.server.target.api.upload_part(
            upload.handle,
            piece,
            offset=offset,
            total=upload.session.file_size,
            digest="sha=AAAAAAAAAAAAAAAAAAAAAAAAAAA=" if wrong_digest else None,
        )
        said = answered.of_part(exchange, offset=offset, content=piece)
        known = any(part.offset == offset for part in upload.session.parts)
        if exchange.lost and said.part is None and not known and not wrong_digest:
            # It may be there already, by the try whose answer was lost.
            part = self.server.target.api.find_part(upload.handle, offset=offset, content=piece)
            if part is None:
                raise InDoubt(f"a part was answered {exchange.status}, and the answer to an earlier try was lost")
            said = Answered(status=200, part=part, said=f"part {part.part_id}, as listed: the answer was lost")
        sha1 = answered.sha1_of(piece)
        operation = PutPart(key=key, offset=offset, size=len(piece), sha1=sha1, right=not wrong_digest)
        how = " with other bytes" * other_bytes + " with a wrong digest" * wrong_digest + " again" * known
        if said.part is not None and not known and not other_bytes and not wrong_digest:
            upload.add(said.part)
        self._hold(f"put part {index + 1} of {key}{how}", operation, said, exchange)

    def fill(self, key: str, *, backwards: bool = False) -> None:
        """Uploads the parts that a session still lacks."""
        upload = self.uploads[key]
        there = {part.offset for part in upload.session.parts}
        lacking = [index for index in range(upload.session.total_parts) if upload.piece(index)[0] not in there]
        for index in reversed(lacking) if backwards else lacking:
            self.put(key, index)

    def list_parts(self, key: str) -> None:
        """Lists a session's parts, where the target does."""
        if "list_parts" in self.server.target.capabilities:
            said, exchange = answered.of_parts(self.server.target.api, self.uploads[key])
            self._hold(f"list the parts of {key}", ListParts(key=key), said, exchange)

    def status(self, key: str) -> None:
        """Asks for a session, where the target shows it."""
        if "status" in self.server.target.capabilities:
            exchange = self.server.target.api.status(self.uploads[key].handle)
            self._step(f"ask for {key}", Status(key=key), exchange)

    def commit(self, key: str, plan: CommitPlan | None = None, *, parts_of: str | None = None) -> None:
        """Commits a session: rightly, by another plan, or with the parts and the digest of another session.

        What may make a file is sent only as long as files may be made.
        """
        plan, upload = plan or CommitPlan(), self.uploads[key]
        material = self.server.material(self.uploads[parts_of] if parts_of else upload)
        request = plan.build(replace(material, etag=self._etag(upload)))
        what = f"commit {key} with the parts of {parts_of}" if parts_of else f"commit {key}: {plan}"
        alive = self.world.sessions[key].life is Life.LIVE
        if alive and not self.world.expect(key, request).must_refuse and not self.has_files():
            return
        attempt = self._commit(upload, key, request, plan, what)
        said = answered.of_commit(attempt.run)
        if attempt.in_doubt and alive and not attempt.expectation.must_refuse:
            if attempt.file is None:
                self.server.doubt(attempt)
            said = Answered(status=201, file=attempt.file, said=f"file {attempt.file.file_id}: the answer was lost")
        file = said.file
        if said.done and file is not None and file.file_id not in self.files:
            self.files.append(file.file_id)
        self._hold(what, Commit(key=key, request=request), said, attempt.run.last, attempt)

    def abort(self, key: str) -> None:
        """Aborts a session."""
        upload = self.uploads[key]
        with self._changing(upload):
            exchange = self.server.target.api.abort(upload.handle)
        if is_gone(exchange) and upload.state is State.LIVE:
            upload.state, upload.aborted = State.GONE, True
            self.server.target.ledger.note("gone", of="session", id=upload.handle.session_id)
        self._step(f"abort {key}", Abort(key=key), exchange)

    def rename(self, file_id: str, name: str) -> None:
        """Gives a file another name, where the target does that: the first file to be renamed tells."""
        target = self.server.target
        there = self.world.files.get(file_id)
        if not self._may("rename_file", file_id) or (there is not None and there.name == name):
            return
        target.ledger.note("name", name=name, folder_id=target.folder_id)
        with self._changing(file_id):
            exchange = target.api.update_file(file_id, {"name": name})
        if not self._learn("rename_file", "PUT", file_id, exchange):
            return
        said = answered.of_file(exchange)
        if said.done:
            self._follow_name(file_id, name, said.file)
        self._hold(f"rename {self.called(file_id)} to {self._short(name)}", Rename(file_id=file_id, name=name), said)

    def delete(self, file_id: str) -> None:
        """Deletes a file, where the target does that: the first one tells."""
        target = self.server.target
        if not self._may("delete_file", file_id):
            return
        with self._changing(file_id):
            exchange = target.api.delete_file(file_id)
        if not self._learn("delete_file", "DELETE", file_id, exchange):
            return
        if is_gone(exchange):
            target.files.pop(file_id, None)
            target.ledger.note("gone", of="file", id=file_id)
        self._step(f"delete {self.called(file_id)}", Delete(file_id=file_id), exchange)

    def can(self, capability: str) -> bool:
        """Whether files can be renamed or deleted, as far as is known."""
        known = self.server.target.capabilities.get(capability)
        return known is None or known.available

    def _may(self, capability: str, file_id: str) -> bool:
        """Whether to ask for it: what nobody has tried yet is tried on a file that is there."""
        known = self.server.target.capabilities.get(capability)
        return known.available if known is not None else file_id in self.world.files

    def _learn(self, capability: str, method: str, file_id: str, exchange: Exchange) -> bool:
        """Learns it from the first answer about a file that is there; gives whether the answer is one to be judged."""
        capabilities = self.server.target.capabilities
        if capabilities.get(capability) is None and file_id in self.world.files and exchange.status != 409:
            able = is_gone(exchange) or exchange.status in (200, 201)
            capabilities.learn(capability, able, f"{method} /files/ID answered {exchange.status}")
        return self.can(capability)

    # Looking around

    def look(self, *, contents: bool = False) -> None:
        """Holds the folder and its files against the model.

        Args:
            contents: Whether to read the contents of small files too, and files that have been deleted.
        """
        target = self.server.target
        items = target.items()
        if items is not None:
            said = answered.of_listing(items, names=self.names, ids=self.files)
            self._look("list the folder", ListFolder(), said)
        if "read_file" not in target.capabilities:
            return
        for file_id in self.files if contents else self.present:
            exchange = target.api.get_file(file_id)
            self._look(f"read {self.called(file_id)}", ReadFile(file_id=file_id), answered.of_file(exchange), exchange)
        if contents and "read_content" in target.capabilities:
            for file_id in self.present:
                if (self.world.files[file_id].size or 0) <= ALWAYS_COMPARED:
                    exchange = target.api.get_content(file_id, limit=ALWAYS_COMPARED + 4096)
                    said = answered.of_content(exchange)
                    self._look(f"read the content of {self.called(file_id)}", ReadContent(file_id=file_id), said)

    def look_at_sessions(self, keys: Iterable[str]) -> None:
        """Holds sessions against the model."""
        for key in keys:
            if "list_parts" in self.server.target.capabilities:
                said, exchange = answered.of_parts(self.server.target.api, self.uploads[key])
                self._look(f"list the parts of {key}", ListParts(key=key), said, exchange)
            elif "status" in self.server.target.capabilities:
                exchange = self.server.target.api.status(self.uploads[key].handle)
                self._look(f"ask for {key}", Status(key=key), answered.told(exchange), exchange)

    def end(self) -> None:
        """Leaves nothing open: ends its sessions, whatever has come of the walk."""
        self.over = True
        for upload in self.uploads.values():
            if upload.state is State.LIVE and not upload.aborted:
                with suppress(WireError, BudgetSpent):
                    exchange = self.server.target.api.abort(upload.handle)
                    upload.aborted = exchange.status is not None and 200 <= exchange.status <= 299
                    if upload.aborted:
                        self.server.target.ledger.note("gone", of="session", id=upload.handle.session_id)
                upload.state = State.GONE

    # What steps are made of

    @contextmanager
    def _changing(self, what: Upload | str) -> Iterator[None]:
        """Doubts a session, or a file by its id, when no answer is had to what would change it."""
        try:
            yield
        except Trouble:
            if isinstance(what, Upload):
                self.server.lose(what)
            else:
                self.server.doubts_file(what)
            raise

    def _commit(self, upload: Upload, key: str, request: CommitRequest, plan: CommitPlan, what: str) -> Attempt:
        server, expectation = self.server, self.world.expect(key, request)
        with self._changing(upload):
            run = follow(server.target.api, upload, request, patience=Patience())
        attempt = Attempt(
            upload=upload,
            request=request,
            expectation=expectation,
            run=run,
            what=f"{what}, as step {len(self.steps) + 1} of a walk",
            plan=plan,
            claims=OWN,
        )
        server.remember(attempt)
        server.settle(attempt)
        return attempt

    def _target(self, file_id: str) -> FileState:
        known = self.world.files.get(file_id)
        gone = FileState(file_id=file_id, etag=None, sha1=None, size=None, name=self.names[0])
        return self.server.target.files.get(file_id) or known or gone

    def _etag(self, upload: Upload) -> str | None:
        file = self.world.files.get(upload.session.new_version_of or "")
        return file.etag if file else None

    def _follow_name(self, file_id: str, name: str, shown: FileState | None) -> None:
        """Tells the rest of the run that a file of its has another name now."""
        target = self.server.target
        for upload in self.server.target.bank.uploads:
            if upload.session.new_version_of == file_id:
                upload.session = replace(upload.session, name=name)
        if file_id in target.files:
            etag = shown.etag if shown and shown.etag is not None else target.files[file_id].etag
            target.files[file_id] = replace(target.files[file_id], name=name, etag=etag)
        target.shown.pop(file_id, None)

    def _short(self, name: str | None) -> str:
        return (name or "").rpartition("-")[2].removesuffix(".bin")

    def _step(self, what: str, operation: Operation, exchange: Exchange) -> None:
        said = answered.told(exchange)
        if exchange.lost and exchange.method == "DELETE" and not said.done and is_gone(exchange):
            said = Answered(status=204, said=f"{said}, and it is gone: the answer to an earlier try was lost")
        self._hold(what, operation, said, exchange)

    def _hold(
        self,
        what: str,
        operation: Operation,
        said: Answered,
        exchange: Exchange | None = None,
        attempt: Attempt | None = None,
    ) -> None:
        """Holds the answer to a step against every world, and notes the step."""
        self.steps.append(f"{len(self.steps) + 1}. {what}: {said}")
        self._look(what, operation, said, exchange, attempt)

    def _look(
        self,
        what: str,
        operation: Operation,
        said: Answered,
        exchange: Exchange | None = None,
        attempt: Attempt | None = None,
    ) -> None:
        steps = [operation.step(world, said) for world in self.worlds]
        worlds = tuple(after for step in steps for after in step.worlds)
        if not worlds:
            self._fail(what, steps[0].wrong, exchange, attempt)
        distinct: list[World] = []
        for world in worlds:
            if world not in distinct:
                distinct.append(world)
        self.worlds = tuple(distinct)

    def _fail(self, what: str, wrong: str, exchange: Exchange | None, attempt: Attempt | None) -> NoReturn:
        server = self.server
        for file_id in self.files:
            if file_id in server.target.files:
                server.forget(server.target.files[file_id])
        server.target.strangers.update(
            str(item.get("id")) for item in server.target.items() or () if item.get("name") in self.names
        )
        message = f"after {len(self.steps)} steps: {what}: {wrong}"
        failure, records = failure_of(
            message,
            exchanges=server.run.exchanges,
            sent=f"a walk of {len(self.steps)} steps",
            expected="what a model makes of the same steps",
            exchange=exchange,
            attempt=attempt,
            replay=server.run.replay(server.rule),
            history=[*self.steps, f"then: {what}: {wrong}"],
        )
        raise Nonconformance(message, {**failure, "records": records})
