"""Judges in passing: every answer of a run, for all rules it says something about.

Problems of rules other than the one being tested are filed with the monitor, with their evidence.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from commit_conformance.model import (
    FileState,
    Outcome,
    Problem,
    WantedFile,
    check_accepted,
    check_any,
    check_attributes,
    check_created,
    check_error,
    classify,
    read_body,
)
from commit_conformance.model.dates import instant
from commit_conformance.target.api import created_entry, created_file, file_state
from commit_conformance.target.commit import send_commit
from commit_conformance.target.upload import State
from commit_conformance.trial.attempt import Attempt, Sender
from commit_conformance.trial.evidence import failure_of
from commit_conformance.verdict.monitor import Finding
from commit_conformance.verdict.run import Run
from commit_conformance.wire import Exchange, describe_answer
from strategies.plan import CommitPlan

#: Members of a File that attributes of a commit end in.
ATTRIBUTES = ("content_modified_at", "content_created_at", "description")
#: What refused commits leave behind, if they leave anything: no other commit says this.
TELLTALE = {
    "description": "of a commit that was refused",
    "content_modified_at": "2009-08-07T06:05:04Z",
    "content_created_at": "2008-07-06T05:04:03Z",
}
#: Up to this size every committed file is downloaded and compared; larger ones only where a test asks for it.
ALWAYS_COMPARED = 256 * 1024


class Judge:
    """Judges answers and files what it finds.

    Args:
        run: Where to file.
        server: Where to look things up.
    """

    def __init__(self, run: Run, server: Sender) -> None:
        self._run = run
        self._server = server
        self._session_of: dict[str, str] = {}
        self._shared_ids: set[str] = set()
        self._terminal_tried = False
        self._early: bool | None = None

    def file(
        self,
        problem: Problem,
        attempt: Attempt,
        exchange: Exchange | None = None,
        *,
        unless: tuple[str, ...] = (),
    ) -> None:
        """Files a problem with the commit it was seen at; for ``unless`` see `Finding`."""
        if problem.rule in attempt.claims:
            attempt.problems.append(problem)
            return
        rule = self._run.catalogue.get(problem.rule)
        failure, records = failure_of(
            problem.message,
            exchanges=self._run.exchanges,
            sent=attempt.what,
            expected=rule.statement,
            exchange=exchange,
            attempt=attempt,
            problems=[problem] if problem.pointer else (),
            replay=self._run.replay(rule),
        )
        matter = exchange or attempt.run.last
        finding = Finding(problem, failure, records, during=self._run.at_work, unless=unless)
        self._run.monitor.file(finding, answer=matter.n)

    def commit(self, attempt: Attempt) -> None:
        """Judges every answer a commit got, and the file it made."""
        monitor = self._run.monitor
        bad = bool(attempt.expectation.reasons or attempt.expectation.open)
        if bad:
            monitor.saw("bad commit")
        for exchange in attempt.run.exchanges:
            if exchange.answer is None:
                continue
            problems = monitor.count_answer(exchange.answer)
            problems += check_any(exchange.answer, token=self._run.connect().wire.token)
            problems += check_error(exchange.answer)
            if exchange.status == 202:
                problems += check_accepted(exchange.answer)
            if bad and classify(exchange.answer) is Outcome.SERVER_ERROR:
                problems.append(Problem("ERROR-NO-5XX", f"a bad commit was answered {describe_answer(exchange)}"))
            for problem in problems:
                self.file(problem, attempt, exchange)
        if attempt.expectation.must_refuse and attempt.outcome is Outcome.ACCEPTED:
            rule = "ACCEPTED-BAD-ENDS" if attempt.upload.session.complete else "ACCEPTED-COMPLETE"
            tries = len(attempt.run.exchanges)
            self.file(Problem(rule, f"a bad commit was answered 202 {tries} times and never refused"), attempt)
        if attempt.answer.status == 410 and not attempt.repeated and attempt.upload.session.complete:
            self._terminal(attempt)
        self._rate_limits(attempt)
        rightly = attempt.took_effect and not attempt.expectation.must_refuse
        if rightly and not attempt.repeated and not attempt.stray:
            self._created(attempt)

    def _terminal(self, attempt: Attempt) -> None:
        """Once a run, commits rightly a session that was declared gone: it must stay gone."""
        if self._terminal_tried or not attempt.expectation.reasons:
            return
        self._terminal_tried = True
        upload = attempt.upload
        upload.unsettled = True  # until the answer is there
        exchange = send_commit(self._run.connect().wire, upload, CommitPlan().build(self._server.material(upload)))
        upload.unsettled = False
        if exchange.status is not None and 200 <= exchange.status <= 299:
            message = f"a session was answered 410, and its next commit {exchange.status}"
            self.file(Problem("ERROR-FAILED-TERMINAL", message), attempt, exchange)
            made = created_file(exchange.answer)
            if made is not None:
                target = self._run.connect()
                target.strangers.add(made.file_id)
                target.ledger.note("file", id=made.file_id, name=made.name, folder_id=upload.session.parent_id)

    def _rate_limits(self, attempt: Attempt) -> None:
        """Judges what the 429 on the way of a right commit have done, unless another answer was lost there too."""
        if attempt.run.lost:
            return
        for glance in attempt.run.limited:
            names = [item.get("name") for item in glance.items or ()]
            due = attempt.expectation.must_create and attempt.upload.target is None and not attempt.repeated
            if due and not attempt.barred and attempt.upload.session.name in names:
                message = "a commit was answered 429, and its file is there all the same"
                self.file(Problem("RATE-LIMIT-NO-LOSS", message), attempt, glance.accepted)
        usual = not (attempt.repeated or attempt.stray or attempt.others or attempt.barred)
        due = attempt.expectation.must_create and usual
        if attempt.run.limited and due and not attempt.created and attempt.answer.status not in (202, 429):
            message = f"a right commit was answered 429 first, and then {describe_answer(attempt.run.last)}"
            self.file(Problem("RATE-LIMIT-NO-LOSS", message), attempt)
            self._server.refresh(attempt.upload)

    def _created(self, attempt: Attempt) -> None:
        """Judges a file that was rightly made."""
        monitor = self._run.monitor
        answer = attempt.answer
        monitor.saw("201")
        if answer.status != 201:
            self.file(Problem("CREATED-STATUS", f"success was answered {answer.status}, not 201"), attempt)
        wanted = self.wanted(attempt)
        if wanted.previous is not None:
            monitor.saw("version")
        for problem in check_created(answer, wanted, self._run.schema):
            self.file(problem, attempt)
        entry = created_entry(answer)
        if wanted.owner_id and isinstance(entry.get("created_by"), dict):
            monitor.saw("owner")
        for member in ATTRIBUTES:
            if member in entry:
                monitor.saw(f"shown {member}")
        self._remains(attempt, entry, attempt.run.last)
        if attempt.file is None:
            return
        if attempt.upload.target is None:
            session_id = attempt.upload.handle.session_id
            if self._session_of.setdefault(attempt.file.file_id, session_id) != session_id:
                self._shared_ids.add(attempt.file.file_id)
                problem = Problem("CREATED-UNIQUE-ID", f"two new files have the id {attempt.file.file_id!r:.60}")
                self.file(problem, attempt)
        self.read_back(attempt)

    def wanted(self, attempt: Attempt) -> WantedFile:
        """What the File of a commit has to agree with."""
        session = attempt.upload.session
        request = attempt.request
        attributes = read_body(request.body, request.header("content-type")).attributes
        description = attributes.get("description")
        return WantedFile(
            name=session.name,
            parent_id=session.parent_id,
            size=session.file_size,
            sha1=session.sha1,
            owner_id=None if attempt.others else self._run.connect().owner_id,
            content_modified_at=instant(attributes.get("content_modified_at")),
            content_created_at=instant(attributes.get("content_created_at")),
            description=description if isinstance(description, str) and len(description) <= 255 else None,
            previous=None if attempt.repeated else self._server.current(attempt.upload),
        )

    def read_back(self, attempt: Attempt) -> None:
        """Reads a committed file back: its fields, and its bytes where they are few."""
        target, session, file = self._run.connect(), attempt.upload.session, attempt.file
        assert file is not None
        if file.file_id in self._shared_ids:
            return
        if self._may("read_file"):
            exchange = target.api.get_file(file.file_id)
            shown = file_state(exchange.answer.json) if exchange.answer and exchange.status == 200 else None
            if not target.can_read("read_file", exchange, shown is not None):
                return
            if shown is not None:
                target.shown[file.file_id] = shown
            self._attributes(attempt, exchange)
            for message in self._differences(file, shown, attempt, exchange):
                self.file(Problem("CREATED-READ-BACK", message), attempt, exchange)
        if session.file_size <= ALWAYS_COMPARED or target.capabilities.get("read_content") is None:
            problem, exchange_of = self.content(attempt)
            if problem is not None:
                self.file(problem, attempt, exchange_of)

    def _attributes(self, attempt: Attempt, exchange: Exchange) -> None:
        """Judges what became of the attributes where the 201 did not show it but reading the file does."""
        entry = created_entry(attempt.answer)
        body = exchange.answer.json if exchange.answer else None
        read = {key: value for key, value in body.items() if key not in entry} if isinstance(body, dict) else {}
        for member in ATTRIBUTES:
            if member in entry or member in read:
                self._run.monitor.saw(f"shown {member}")
        for problem in check_attributes(read, self.wanted(attempt)):
            self.file(problem, attempt, exchange)
        self._remains(attempt, read, exchange)

    def _remains(self, attempt: Attempt, shown: dict[str, Any], exchange: Exchange) -> None:
        """Judges whether a file has what only commits said that its session has refused."""
        if not attempt.upload.refused:
            return
        for member, said in TELLTALE.items():
            value = shown.get(member)
            same = value == said or (member != "description" and value and instant(value) == instant(said))
            if same and not self._was_carried_out(attempt, member):
                message = f"{member} is {value!r:.40}, which only a commit said that the session has refused"
                self.file(Problem("REJECTED-NO-TRACE", message), attempt, exchange)

    def _was_carried_out(self, attempt: Attempt, member: str) -> bool:
        """Whether a commit that gave this attribute to the same file took effect, rightly or not: it may stay there."""
        target = attempt.upload.target
        known = [attempt]
        if target is not None:
            known += [one for one in self._server.attempts if one.took_effect and _same_file(one.upload.target, target)]
        sent = (read_body(one.request.body, one.request.header("content-type")) for one in known)
        return any(member in body.attributes for body in sent)

    def _may(self, capability: str) -> bool:
        """Whether something can be read, as far as is known: what was never tried may be."""
        known = self._run.connect().capabilities.get(capability)
        return known is None or known.available

    def content(self, attempt: Attempt) -> tuple[Problem | None, Exchange | None]:
        """Compares a committed file's bytes with those that were uploaded; gives what differs, and the answer."""
        target, session, file = self._run.connect(), attempt.upload.session, attempt.file
        if file is None or not self._may("read_content") or not attempt.upload.in_memory:
            return None, None
        limit = max(session.file_size, ALWAYS_COMPARED) + 4096  # the bytes of another small file are an answer too
        exchange = target.api.get_content(file.file_id, limit=limit)
        if not target.can_read("read_content", exchange, exchange.status == 200):
            return None, exchange
        stored = exchange.answer.body if exchange.answer and exchange.status == 200 else None
        uploaded = attempt.upload.content
        if stored == uploaded:
            return None, exchange
        if stored is None:
            message = f"the content of a file just committed was answered {describe_answer(exchange)}"
        else:
            pairs = zip(stored, uploaded, strict=False)
            at = next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(stored), len(uploaded)))
            sizes = f"stored are {len(stored)} bytes, uploaded were {len(uploaded)}"
            message = f"the content read back is not what was uploaded: it differs from byte {at} on ({sizes})"
        return Problem("CREATED-CONTENT", message), exchange

    def _differences(self, file: FileState, shown: FileState | None, attempt: Attempt, exchange: Exchange) -> list[str]:
        """Where a file reads otherwise than the 201 said, and otherwise than is right.

        What the 201 has wrong as well is filed with the 201.
        """
        if shown is None:
            return [f"GET of a file just committed was answered {describe_answer(exchange)}"]
        session = attempt.upload.session
        pairs = (
            ("id", shown.file_id, file.file_id, file.file_id),
            ("etag", shown.etag, file.etag, file.etag),
            ("name", shown.name, file.name, session.name),
            ("size", shown.size, file.size, session.file_size),
            ("parent.id", shown.parent_id, file.parent_id, session.parent_id),
            ("sha1", _lower(shown.sha1), _lower(file.sha1), session.sha1),
        )
        return [
            f"GET of the file says {name} {found!r:.60}, the 201 of its commit said {said!r:.60}"
            for name, found, said, right in pairs
            if found is not None and right is not None and found not in (said, right)
        ]

    def folder(self, attempt: Attempt | None) -> None:
        """Holds the run's folder against what the run knows to have made."""
        target = self._run.connect()
        items = target.items()
        if items is None or attempt is None:
            return
        self._run.monitor.saw("listing")
        listed = Counter(str(item.get("id")) for item in items if item.get("type", "file") == "file")
        strangers: dict[str, str] = {}
        for item in items:
            item_id, name = str(item.get("id")), str(item.get("name", ""))
            is_ours = name.lower().startswith(target.run_id.lower()) and item.get("type", "file") == "file"
            if is_ours and item_id not in target.files and item_id not in target.strangers:
                target.strangers.add(item_id)
                target.ledger.note("file", id=item_id, name=name, folder_id=target.folder_id)
                strangers[item_id] = name
        self._strangers(set(strangers.values()), attempt)
        for file_id, state in target.files.items():
            elsewhere = state.parent_id not in (None, target.folder_id)
            if not elsewhere and listed[file_id] != 1 and file_id not in self._shared_ids:
                message = f"the folder lists the file {file_id} {listed[file_id]} times, not once"
                self.file(Problem("CREATED-LISTED", message), attempt)

    def _strangers(self, names: set[str], attempt: Attempt) -> None:
        """Files files that no answer has spoken of under the rule that names how they can have come about."""
        for name in sorted(names):
            uploads = [upload for upload in self._run.connect().bank.uploads if upload.session.name == name]
            tried = [known for known in self._server.attempts if known.upload in uploads]
            committed = any(upload.state is State.COMMITTED for upload in uploads)
            if any(upload.file_unknown or upload.unsettled for upload in uploads):
                continue  # its 201 did not show it, which is filed there, or was never seen
            if self._early:
                rule = "SESSION-NO-EARLY-FILE"
            elif any(known.run.glances for known in tried):
                rule = "ACCEPTED-ONE-FILE"
            elif any(known.run.limited for known in tried):
                rule = "RATE-LIMIT-NO-LOSS"
            elif self._shows_early():
                rule = "SESSION-NO-EARLY-FILE"
            else:
                rule = "REPEAT-ONE-FILE" if committed else "REJECTED-NO-TRACE"
            said = "a second file" if committed else "a file that nothing has committed,"
            self.file(Problem(rule, f"the folder holds {said} named {name!r:.80}"), attempt)

    def _shows_early(self) -> bool:
        """Whether the folder shows the file of a session that nobody has tried to commit; found out once."""
        if self._early is None:
            bank, items = self._run.connect().bank, self._run.connect().items
            untouched = bank.usual()
            bank.keep(untouched)
            shown = [item for item in items() or () if item.get("name") == untouched.session.name]
            self._run.connect().strangers.update(str(item.get("id")) for item in shown)
            self._early = bool(shown)
        return self._early

    def is_alive(self, attempt: Attempt) -> bool:
        """Whether a session still is there after an unexpected 404; files that it is not.

        A 401 in mid-run means that the token has ended: that is nobody's fault.
        """
        target = self._run.connect()
        if attempt.answer.status == 401:
            return target.api.get_folder(target.settings.folder_id).status != 401
        if "status" not in target.capabilities or target.api.status(attempt.upload.handle).status == 200:
            return True
        self._server.session_died(attempt)
        return False


def _lower(text: str | None) -> str | None:
    return text.lower() if text is not None else None


def _same_file(one: FileState | None, other: FileState) -> bool:
    return one is not None and one.file_id == other.file_id
