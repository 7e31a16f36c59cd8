"""Files of many parts and files beyond 32 bits: one upload of each in a run, for all the rules that speak of them.

Such an upload is dear. So everything is asked of it in the order in which nothing spoils what follows: its parts are
listed, wrong commits are sent, then the right one; the tests of the rules look at what came of it. Nothing of it is
asked a second time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from commit_conformance.model import FileState, UploadedSession
from commit_conformance.target.bank import MOST_PARTS, SetupFailed
from commit_conformance.target.commit import Patience
from commit_conformance.target.long_upload import LongUpload, boundaries, open_empty, open_long, put_part
from commit_conformance.target.settings import CHEAP_PART
from commit_conformance.target.upload import State
from commit_conformance.trial.attempt import Attempt
from commit_conformance.trial.races import Races
from commit_conformance.verdict.outcomes import Blocked, Unsupported
from commit_conformance.wire import Exchange, describe_answer
from strategies.digests import FlippedBit
from strategies.entry_edits import Change, WrongSha1
from strategies.part_edits import Drop
from strategies.part_edits import Exchange as ExchangeParts
from strategies.plan import CommitPlan

#: Parts that a page of the list of parts may hold, as documented.
PAGE = 1000
#: A commit of a file of many gigabytes is put off for longer: fifteen 202 in a row have been seen for one of 12 GB.
PATIENCE = Patience(polls=120, seconds=600.0)
#: What is wrong about the size of a large file is for the rule on that.
CLAIMED = ("CREATED-SIZE",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The list of a session's parts, read page by page.

    Attributes:
        wrong: What is wrong with it; empty where nothing is.
        pages: How many pages it took.
        exchange: The answer that shows it; else the last one.
    """

    wrong: str
    pages: int
    exchange: Exchange


@dataclass(slots=True, kw_only=True)
class Lengthy:
    """A long upload, and what came of everything that was asked of it.

    Attributes:
        listing: The list of its parts; None where the target lists none.
        wrong: The wrong commits by the rule that speaks of them, each with what `Refusals.refusal` says of its answer.
        right: What the right commit came to; None where a wrong one was committed before, or ended the session.
        read: The file as it was read afterwards; None where it could not be.
    """

    upload: LongUpload
    listing: Listing | None = None
    wrong: dict[str, list[tuple[Attempt, bool, str | None]]] = field(default_factory=dict)
    right: Attempt | None = None
    read: FileState | None = None


class Lengths:
    """The long uploads of a run.

    Args:
        server: Where they go.
    """

    def __init__(self, server: Races) -> None:
        self._server = server

    # What can be asked

    @property
    def _part_size(self) -> int:
        return self._server.target.first_session.part_size

    @property
    def _many(self) -> int:
        return PAGE * self._part_size + 1

    @property
    def boundaries(self) -> tuple[int, ...]:
        """Bytes at which a file becomes a large one."""
        return boundaries(self._part_size, scaled=self._server.target.settings.is_mock)

    def need_many_parts(self) -> None:
        """Ends the test where more parts than a page holds would be too many bytes."""
        large = self._server.target.settings.large_file
        if self._part_size > CHEAP_PART and (large or 0) < self._many:
            said = "" if large is None else f", and --large-file {large} is less"
            raise Unsupported(
                f"{PAGE + 1} parts of {self._part_size} bytes are {self._many} bytes, which has to be asked for "
                f"with --large-file{said}"
            )

    def need_large_file(self) -> None:
        """Ends the test where no file is to be uploaded that goes beyond 31 bits, or has too many parts."""
        size, part, first = self._server.target.settings.large_file, self._part_size, self.boundaries[0]
        if size is None:
            raise Unsupported(f"needs --large-file SIZE, of more than {self.boundaries[-1]} bytes to test everything")
        if size <= first:
            raise Unsupported(f"--large-file {size}: nothing of such a file lies beyond byte {first}")
        if -(-size // part) > MOST_PARTS:
            raise Unsupported(f"--large-file {size}: in parts of {part} bytes these are more than {MOST_PARTS} parts")

    # The uploads

    @property
    def many(self) -> Lengthy:
        """The upload of more parts than a page of the list of parts holds."""
        if self._part_size > CHEAP_PART:
            return self.large
        return self._once("many parts", self._many, {"PART-MANY-WRONG": self._wrong_at_the_end()})

    @property
    def large(self) -> Lengthy:
        """The upload beyond 31 bits, or 32."""
        size = self._server.target.settings.large_file
        assert size is not None  # looked at by `need_large_file`, or by `need_many_parts`
        wrong = {"DIGEST-LARGE": [CommitPlan(digest=FlippedBit(bit=0))], "PART-LARGE-WRONG": self._wrong_beyond(size)}
        if size >= self._many:
            wrong["PART-MANY-WRONG"] = self._wrong_at_the_end()
        return self._once("large file", size, wrong)

    def _once(self, key: str, size: int, wrong: Mapping[str, Sequence[CommitPlan]]) -> Lengthy:
        server = self._server
        server.run.looked = server.run.looked or key in server.made
        if key not in server.made:
            server.made[key] = self._asked(size, wrong)
        server.leans = True  # nobody uploads it a second time to see a failure twice
        made: Lengthy = server.made[key]
        return made

    @staticmethod
    def _wrong_at_the_end() -> list[CommitPlan]:
        """Lists that are wrong behind the thousandth part and nowhere else."""
        edits = (WrongSha1(at=PAGE), Change(at=PAGE, member="size", by=1), Drop(at=PAGE))
        return [CommitPlan(parts=(edit,)) for edit in edits]

    def _wrong_beyond(self, size: int) -> list[CommitPlan]:
        """Lists that are wrong beyond a boundary, and right for whoever looks at 32 bits only."""
        part, plans = self._part_size, []
        wide = self.boundaries[-1]
        for boundary in self.boundaries:
            at = -(-boundary // part)
            if at * part < size:
                plans.append(CommitPlan(parts=(Change(at=at, member="offset", by=-wide),)))
            if boundary % part == 0 and at * part < size:
                # Every id is there and every byte is covered, once; only which part lies where is wrong.
                plans.append(CommitPlan(parts=(ExchangeParts(at=0, other=at, member="offset"),)))
        return plans

    def _asked(self, size: int, wrong: Mapping[str, Sequence[CommitPlan]]) -> Lengthy:
        server = self._server
        server.target.wire.purse.check_files()
        try:
            upload = open_long(server.target.bank, size=size)
        except SetupFailed as problem:
            raise self._not_taken(problem, size) from None
        made = Lengthy(upload=upload)
        if "list_parts" in server.target.capabilities:
            made.listing = self.listed(upload)
        for rule_id, plans in wrong.items():
            for plan in plans:
                if upload.state is State.LIVE:
                    attempt = server.attempt(upload, plan)
                    made.wrong.setdefault(rule_id, []).append((attempt, *server.refusal(attempt)))
        if upload.state is State.LIVE:
            made.right = server.attempt(upload, CommitPlan(), claims=CLAIMED, patience=PATIENCE)
            file = made.right.file
            made.read = server.target.shown.get(file.file_id) if file is not None else None
        return made

    @staticmethod
    def _not_taken(problem: SetupFailed, size: int) -> Exception:
        """What to end a test with: a target may have limits of its own, which are nobody's fault."""
        status, said = problem.exchange.status or 0, describe_answer(problem.exchange)
        if 400 <= status <= 499 and status != 401 and problem.exchange.method == "POST":
            return Unsupported(f"the target does not take a file of {size} bytes: {problem}: {said}")
        return problem

    # Parts far behind

    def scattered(self) -> tuple[LongUpload, list[tuple[Exchange, str]]]:
        """An upload of a file just beyond the last boundary with its first parts and those behind the boundaries only.

        Gives it with what is wrong with the answers to its parts. It costs a few parts, whatever the size.
        """
        server, part = self._server, self._part_size
        size = -(-self.boundaries[-1] // part) * part + part + 1
        try:
            upload = open_empty(server.target.bank, size=size)
        except SetupFailed as problem:
            raise self._not_taken(problem, size) from None
        behind = {index for boundary in self.boundaries for index in (boundary // part - 1, -(-boundary // part))}
        problems = []
        for index in sorted({0, *behind, upload.session.total_parts - 1}):
            with server.target.wire.listening(heard := _Last()):
                try:
                    known = put_part(server.target.bank, upload, index)
                except SetupFailed as problem:
                    said = describe_answer(problem.exchange)
                    problems.append((problem.exchange, f"the part at byte {index * part} was answered {said}"))
                    continue
            upload.add(known)
            assert heard.exchange is not None
            shown = _part_shown(heard.exchange)
            problems += [
                (heard.exchange, f"the part at byte {known.offset} was answered with {name} {shown[name]!r:.40}")
                for name, sent in (("offset", known.offset), ("size", known.size))
                if shown.get(name) not in (None, sent)
            ]
        return upload, problems

    def listed(self, upload: LongUpload) -> Listing:
        """Reads the list of a session's parts to its end, in pages as large as may be."""
        api, expected = self._server.target.api, {part.part_id: part for part in upload.session.parts}
        found, pages = 0, 0
        while True:
            exchange = api.list_parts(upload.handle, offset=found, limit=PAGE)
            body = exchange.answer.json if exchange.answer and exchange.status == 200 else None
            entries = body.get("entries") if isinstance(body, dict) else None
            pages += 1
            if not isinstance(entries, list):
                said = f"the list of parts from {found} on was answered {describe_answer(exchange)}"
                return Listing(wrong=said, pages=pages, exchange=exchange)
            for entry in entries:
                part_id = str(entry.get("part_id")) if isinstance(entry, dict) else None
                part = expected.pop(part_id or "", None)
                if part is None:
                    said = f"the list shows {entry!r:.120}, which was not uploaded, or twice"
                    return Listing(wrong=said, pages=pages, exchange=exchange)
                for name, sent in (("offset", part.offset), ("size", part.size)):
                    if entry.get(name) not in (None, sent):
                        said = f"the list shows {name} {entry[name]!r:.40} for a part uploaded with {sent}"
                        return Listing(wrong=said, pages=pages, exchange=exchange)
            found += len(entries)
            if not entries or not expected:
                break
        missing = f"after {pages} pages the list lacks {len(expected)} of the parts" if expected else ""
        return Listing(wrong=missing, pages=pages, exchange=exchange)

    # Verdicts

    def committed(self, made: Lengthy) -> Attempt:
        """The right commit of a long upload; ends the test where it failed."""
        server, session = self._server, made.upload.session
        attempt = made.right
        if attempt is None:
            raise Blocked("a wrong commit was carried out, or ended the session, before the right one could be sent")
        if attempt.in_doubt:
            server.doubt(attempt)
        if not attempt.created and not server.excused(attempt):
            said = f"a right commit of {_size(session)} was answered {describe_answer(attempt.run.last)}"
            server.fail(said, attempt, what=f"a right commit of {_size(session)}")
        if not attempt.created:
            raise Blocked(f"the right commit was answered {describe_answer(attempt.run.last)} after a 202 or 429")
        return attempt

    def refused(self, made: Lengthy) -> None:
        """Ends the test unless the wrong commits of the current rule were refused."""
        server = self._server
        answered = False
        for attempt, said_anything, wrong in made.wrong.get(server.rule.id, []):
            if attempt.in_doubt:
                server.doubt(attempt)
            if wrong is not None:
                server.fail(wrong, attempt, what=f"{attempt.what}, of {_size(made.upload.session)}")
            answered = answered or said_anything
        if not answered:
            raise Blocked("no wrong commit could be asked, or no answer to one said anything: see ERROR-NO-5XX")

    def shown_in_full(self, made: Lengthy) -> None:
        """Ends the test unless a committed file is shown with its size, by the 201 and when it is read."""
        attempt = self.committed(made)
        sizes = [
            (where, file.size)
            for where, file in (("the 201", attempt.file), ("the file, read afterwards,", made.read))
            if file is not None and file.size is not None
        ]
        if not sizes:
            raise Unsupported("neither the 201 nor reading the file shows a size")
        right = made.upload.session.file_size
        for where, size in sizes:
            if size != right:
                what = f"a right commit of {_size(made.upload.session)}"
                self._server.fail(f"{where} shows size {size} for {right} bytes", attempt, what=what)


class _Last:
    """Remembers the last exchange that it was told of."""

    def __init__(self) -> None:
        self.exchange: Exchange | None = None

    def __call__(self, exchange: Exchange) -> None:
        self.exchange = exchange


def _part_shown(exchange: Exchange) -> dict[str, Any]:
    """The part that an upload was answered with."""
    body = exchange.answer.json if exchange.answer else None
    shown = body.get("part", body) if isinstance(body, dict) else None
    return shown if isinstance(shown, dict) else {}


def _size(session: UploadedSession) -> str:
    """How long an upload is, in words."""
    return f"{session.file_size} bytes in {session.total_parts} parts"
