"""The session bank: opens upload sessions, hands them out, and uses them again.

Uploading is what costs. A refused commit consumes nothing, so one session carries many bad requests and ends with its
good one. A session that carries bad requests is a *carrier*, and carries those of one group of rules, so that it is
known what a session that dies had to bear.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

from commit_conformance.model import FileState, UploadedPart, UploadedSession
from commit_conformance.target.api import Api, part_of
from commit_conformance.target.ledger import Ledger
from commit_conformance.target.upload import State, Upload, make_content, one_byte_off, plain_digest
from commit_conformance.wire import BudgetSpent, Exchange
from commit_conformance.wire.errors import Trouble

#: Parts of one file: what the documentation allows. More are an invention, and each would be a request.
MOST_PARTS = 10_000


class PartInDoubt(Trouble):
    """A part was refused when it was sent again, since the answer to it was lost, and the target lists no parts."""


#: How many parts are uploaded side by side, where there are so many, or where one has so many bytes. Small ones are
#: quicker one by one, and the log then has them in their order.
AT_ONCE, MANY, LARGE = 4, 16, 1024 * 1024


class SetupFailed(Exception):
    """A session could not be opened or a part not be uploaded; the message holds the answer."""

    def __init__(self, what: str, exchange: Exchange) -> None:
        super().__init__(f"{what} was answered {exchange.status}")
        self.exchange = exchange


class Bank:
    """Opens and keeps uploads.

    Args:
        api: Companion calls.
        ledger: Where sessions and names are noted before they are asked for.
        folder_id: Folder new files go to.
        prefix: Start of every file's name.
        key: Seed of the files' bytes.
        file_size: Size of a file that nothing else is asked of.
        light_size: Size of a file of few parts, for sessions of which the part list is not what matters.
        odd_size: Size of a file of five parts, where these are cheap.
        costly: Whether a file takes so many bytes that one should serve as many rules as it can.

    Attributes:
        digests_apart: Whether bad digests have a carrier of their own, so that it is known what a session died of.
        reuses: Whether a session is handed out again. A benchmark switches it off, to see what that saves.
        closed: Why no more bytes may be uploaded for the time being; empty while they may.
        uploads: Every session of the run, oldest first.
        homes: The folder each committed file was made in, by its id.
    """

    def __init__(
        self,
        *,
        api: Api,
        ledger: Ledger,
        folder_id: str,
        prefix: str,
        key: str,
        file_size: int,
        light_size: int | None = None,
        odd_size: int | None = None,
        costly: bool = False,
    ) -> None:
        self.api = api
        self.ledger = ledger
        self.folder_id = folder_id
        self.prefix = prefix
        self.key = key
        self.file_size = file_size
        self.light_size = light_size or file_size
        self.odd_size = odd_size or file_size
        self.costly = costly
        self.reuses = True
        self.closed = ""
        self.digests_apart = True
        self.uploads: list[Upload] = []
        self.homes: dict[str, str] = {}
        self._names = 0

    def name(self) -> str:
        """A file name nobody has used: it holds letters, so that case can be told.

        Every second one would match the one before it if a name were taken for a pattern of SQL.
        """
        self._names += 1
        pair, second = divmod(self._names - 1, 2)
        return f"{self.prefix}-File-{pair + 1:03d}{'_' if second else 'a'}.bin"

    def open(
        self,
        *,
        size: int | None = None,
        name: str | None = None,
        folder_id: str | None = None,
        target: FileState | None = None,
        parts: Iterable[int] | None = None,
        wants: Callable[[str], bool] = plain_digest,
        content: bytes | None = None,
        token: str | None = "",
        again: int = 3,
    ) -> Upload:
        """Opens a session and uploads its parts.

        Args:
            size: Bytes of the file; the usual size by default.
            name: The file's name; a fresh one by default. A new version keeps its file's by default, and gives it this
                one otherwise.
            folder_id: The folder; the run's by default.
            target: A file to make a new version of, in place of a new file.
            parts: Indices of the parts to upload, in this order; all by default.
            wants: What the file's base64 digest has to look like.
            content: The bytes, in place of made-up ones.
            token: Another token than the run's.
            again: How many more sessions to open when it cannot be told whether a part has arrived.

        Raises:
            SetupFailed: The target refused the session or a part.
            Trouble: Answers were lost on the way.
            BudgetSpent: It would take bytes, and the bank is closed.
        """
        parts = None if parts is None else list(parts)
        if self.closed and parts != []:
            raise BudgetSpent(self.closed)
        size = len(content) if content is not None else (size or self.file_size)
        known = target.name if target else None
        renamed = name if target and name != known else None
        name = name or known or self.name()
        folder_id = folder_id or self.folder_id
        if target is None or renamed is not None:
            self.ledger.note("name", name=name, folder_id=folder_id)
        if target is None:
            exchange = self.api.create_session(name=name, size=size, folder_id=folder_id, token=token)
        else:
            exchange = self.api.create_version_session(file_id=target.file_id, size=size, name=renamed, token=token)
        handle = self.api.session_of(exchange.answer)
        if handle is None and exchange.lost:
            raise Trouble(f"creating an upload session was answered {exchange.status} after an answer had been lost")
        if handle is None:
            raise SetupFailed("creating an upload session", exchange)
        if -(-size // handle.part_size) > MOST_PARTS:
            raise SetupFailed(
                f"a session in parts of {handle.part_size} bytes, more than {MOST_PARTS} parts,", exchange
            )
        self.ledger.note("session", id=handle.session_id, abort=handle.endpoints["abort"])
        self.api.wire.purse.session_opened()
        if content is None:
            # Nothing the target says goes into it: two runs with one seed upload the same bytes.
            content = make_content(f"{self.key}/{len(self.uploads)}", size, wants=wants)
        session = UploadedSession(
            file_size=size,
            part_size=handle.part_size,
            parts=(),
            sha1=hashlib.sha1(content).hexdigest(),
            name=name,
            parent_id=self.homes.get(target.file_id, folder_id) if target else folder_id,
            new_version_of=target.file_id if target else None,
        )
        upload = Upload(handle=handle, session=session, content=content, target=target)
        self.uploads.append(upload)
        wanted = list(range(session.total_parts) if parts is None else parts)
        try:
            self.put(upload, wanted, token=token)
        except PartInDoubt:
            upload.state = State.GONE
            if not again:
                raise
            return self.open(
                size=size,
                name=name,
                folder_id=folder_id,
                target=target,
                parts=wanted,
                wants=wants,
                content=content,
                token=token,
                again=again - 1,
            )
        return upload

    def put(self, upload: Upload, indices: Iterable[int], *, token: str | None = "") -> None:
        """Uploads parts, several at a time when there are many or when they are large."""
        indices = list(indices)
        worthwhile = len(indices) >= MANY or upload.session.part_size >= LARGE
        workers = min(AT_ONCE, len(indices)) if worthwhile else 1
        if workers <= 1:
            for index in indices:
                upload.add(self._put(upload, index, token))
            return
        with ThreadPoolExecutor(workers) as pool:
            # Noted in this thread alone: two that replace the session at once would lose a part.
            for part in pool.map(lambda index: self._put(upload, index, token), indices):
                upload.add(part)

    def _put(self, upload: Upload, index: int, token: str | None) -> UploadedPart:
        offset, piece = upload.piece(index)
        exchange = self.api.upload_part(
            upload.handle, piece, offset=offset, total=upload.session.file_size, token=token
        )
        part = part_of(exchange.answer, offset=offset, content=piece)
        if part is None and exchange.lost:  # it may be there, by the try whose answer was lost
            part = self.api.find_part(upload.handle, offset=offset, content=piece)
            if part is None:
                raise PartInDoubt(f"a part was answered {exchange.status} after the answer to it had been lost")
        if part is None:
            raise SetupFailed(f"uploading part {index + 1} of {upload.session.total_parts}", exchange)
        return part

    def usual(self) -> Upload:
        """An upload like any other, complete and clean: one that was kept, or a fresh one."""
        upload = self._spare()
        if upload is None and (upload := self._spare(complete=False)) is not None:
            self.put(upload, upload.lacking)
        return upload or self.open()

    def jagged_size(self, part_size: int) -> int:
        """Bytes of a file whose last part is one byte: the least that can be uploaded of a file that stays in parts."""
        return max(2, -(-self.light_size // part_size)) * part_size + 1

    def unfinished(self, *indices: int) -> Upload:
        """An upload of the usual size that lacks parts: one that was kept, or a fresh one.

        Args:
            indices: Parts that it has to have; negative ones are counted from the end.
        """
        upload = self._spare(complete=False) or self.open(parts=())
        total = upload.session.total_parts
        lacking = upload.lacking
        self.put(upload, [index % total for index in indices if index % total in lacking])
        return upload

    def _spare(self, *, complete: bool = True) -> Upload | None:
        for upload in self.uploads:
            if upload.spare and upload.state is State.LIVE and upload.session.complete is complete:
                upload.spare = False
                return upload
        return None

    def keep(self, upload: Upload) -> None:
        """Gives back an upload that is live and clean, so that it is used again: whole, or as one that lacks parts."""
        upload.spare = self.reuses and upload.state is State.LIVE and upload.target is None

    def lease(self, group: str) -> Upload:
        """An upload for a bad commit of a group of rules: its carrier, or another one that becomes it."""
        kind = "digest" if group == "digest" and self.digests_apart else "general"
        for upload in self.carriers():
            if upload.group == kind and self.reuses:
                return upload
        # An odd number of parts for wrong digests, an even one for wrong lists: some servers take their time for some.
        size = self.odd_size if kind == "digest" else self.file_size
        upload = self._spare() or self.open(size=size, content=self.near(size))
        upload.group = kind
        return upload

    def take(self, group: str | None = None) -> Upload:
        """An upload for a right commit: the carrier (of a group) that has refused most, or a clean one."""
        used = [
            upload for upload in self.carriers() if self.reuses and upload.refused and group in (None, upload.group)
        ]
        return max(used, key=lambda upload: len(upload.refused)) if used else self.usual()

    def lease_version(self, target: FileState) -> Upload:
        """An upload for commits with preconditions: the carrier for that file, or a fresh one that becomes it.

        Args:
            target: The file as it is now. A session that was opened for an earlier etag is no carrier: a server that
                keeps the etag of that time would be wrong for that reason alone.
        """
        for upload in self.uploads:
            same = upload.target is not None and (upload.target.file_id, upload.target.etag) == (
                target.file_id,
                target.etag,
            )
            if upload.group and upload.state is State.LIVE and same and self.reuses and not upload.unsettled:
                return upload
        upload = self.open(target=target, size=self.light_size, content=self.near(self.light_size))
        upload.group = "preconditions"
        return upload

    def near(self, size: int) -> bytes | None:
        """Bytes that differ in one place from those of the file that was committed last of this size; None without one.

        Two files are two files, however alike they are: a server that knows contents by too little of them, by their
        size and their first part or by how they begin and end, gives one for the other. So the place is in a part
        between the first and the last, or at the end where there is none.
        """
        for upload in reversed(self.uploads):
            session = upload.session
            if upload.state is State.COMMITTED and upload.in_memory and session.file_size == size:
                between = session.total_parts // 2 * session.part_size
                return one_byte_off(upload.content, between if session.total_parts > 2 else size - 1)
        return None

    def version_carrier(self, target: FileState) -> Upload | None:
        """The live upload that has carried commits with preconditions for a file, whatever etag that had at the time.

        For commits that name no etag: those are right at any.
        """
        for upload in self.uploads:
            file_id = upload.target.file_id if upload.target is not None else None
            live = upload.state is State.LIVE and not upload.unsettled
            if upload.group == "preconditions" and live and file_id == target.file_id:
                return upload
        return None

    def carriers(self) -> list[Upload]:
        """Live uploads that carry bad requests for new files, and of which no commit is under way."""
        live = [upload for upload in self.uploads if upload.state is State.LIVE and not upload.unsettled]
        return [upload for upload in live if upload.group is not None and upload.session.new_version_of is None]

    def unended(self) -> list[Upload]:
        """Every upload that was neither committed nor aborted, whatever else has become of it."""
        return [upload for upload in self.uploads if upload.state is not State.COMMITTED and not upload.aborted]
