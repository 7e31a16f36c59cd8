"""What the tests in ``tests/server`` talk to: a server under test, with the scenes that rules speak of.

Committing lives in ``commits``, refusing in ``refusals``, what happens at once in ``races``; here is what surrounds
them: files that must not change, sessions that are not there, other users.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from commit_conformance.model import FileState, Problem
from commit_conformance.target.api import SessionHandle, created_entry, file_state, id_of, is_gone
from commit_conformance.target.connect import Target
from commit_conformance.target.upload import State, Upload
from commit_conformance.trial.attempt import Attempt
from commit_conformance.trial.judge import ATTRIBUTES
from commit_conformance.trial.lengthy import Lengths
from commit_conformance.trial.shared import Shared
from commit_conformance.verdict.outcomes import Blocked, InDoubt, Unsupported
from commit_conformance.wire import Exchange, WireError, describe_answer
from strategies.plan import CommitPlan

T = TypeVar("T")


@dataclass(slots=True)
class SecondUser:
    """Another user with a folder shared with them.

    Attributes:
        token: Their token.
        folder_id: The shared folder.
    """

    token: str
    folder_id: str
    _target: Target
    _collaboration: str
    _left: bool = False

    def leave(self) -> None:
        """Takes the folder away from them."""
        if self._left:
            return
        self._left = True
        exchange = self._target.api.end_collaboration(self._collaboration)
        if not is_gone(exchange):
            raise Unsupported(f"ending the collaboration was answered {describe_answer(exchange)}")


class Server(Shared):
    """A server under test, as the tests of rules see it."""

    @property
    def lengths(self) -> Lengths:
        """The long uploads of the run."""
        return Lengths(self)

    def need(self, name: str) -> None:
        """Ends the test as unsupported when the target lacks a capability, or was not asked for enough."""
        match name:
            case "many_parts":
                self.lengths.need_many_parts()
            case "large_file":
                self.lengths.need_large_file()
            case _:
                super().need(name)

    def committed(self) -> Attempt:
        """A commit of a new file other than the first that succeeded; made when there is none."""
        for attempt in self.attempts:
            is_new_file = attempt.upload.target is None and not attempt.repeated and not attempt.expectation.reasons
            if attempt.created and is_new_file and attempt is not self.sample and self.is_current(attempt):
                return attempt
        return self.commits()

    # Files

    def entry_of(self, attempt: Attempt) -> dict[str, Any]:
        """The File a commit was answered with; empty when there is none."""
        return created_entry(attempt.answer)

    def file_of(self, attempt: Attempt) -> dict[str, Any]:
        """The File a commit was answered with, completed by what reading it shows."""
        entry = self.entry_of(attempt)
        if attempt.file is None or "read_file" not in self.target.capabilities:
            return entry
        read = self.target.api.get_file(attempt.file.file_id)
        body = read.answer.json if read.answer and read.status == 200 else None
        return {**body, **entry} if isinstance(body, dict) else entry

    def need_shown(self, member: str) -> None:
        """Ends the test as unsupported when no File of the run, created or read, shows a member."""
        if not self.run.monitor.seen[f"shown {member}"]:
            raise Unsupported(f"neither a 201 nor reading a file shows {member}")

    def stores(self, attempt: Attempt) -> None:
        """Ends the test unless the bytes that were uploaded are stored, as other commits have stored theirs."""
        if "read_content" not in self.target.capabilities:
            raise Unsupported("the target does not give a file's content")
        known = self.run.monitor.findings
        if any(known.get(rule) for rule in ("CREATED-CONTENT", "CREATED-SHA1") if rule != self.rule.id):
            raise Blocked("plain commits are stored or answered wrongly too; see CREATED-CONTENT and CREATED-SHA1")
        problem, exchange = self.judge.content(attempt)
        expected = "the bytes that were uploaded, in the order of their offsets"
        if problem is not None:
            self.fail(problem.message, attempt, exchange=exchange, expected=expected)
        shown, session = attempt.file, attempt.upload.session
        if shown and shown.sha1 and shown.sha1.lower() != session.sha1:
            self.fail(f"the 201 shows sha1 {shown.sha1}, the content's is {session.sha1}", attempt, expected=expected)

    def landed(self, attempt: Attempt) -> None:
        """Ends the test when a commit moved or renamed its file, which other commits did not."""
        known = self.run.monitor.findings
        problems = [problem for problem in attempt.problems if not known.get(problem.rule)]
        if problems:
            self.fail(problems[0].message, attempt, problems=problems)
        if attempt.problems:
            raise Blocked(f"plain commits show the same; see {attempt.problems[0].rule}")

    def version_unchanged(self) -> None:
        """Files it when the file that new versions are made of is not as it was, after one was refused."""
        known = self.target.capabilities.get("new_version")
        if known is None or not known.available:
            return
        said, exchange = self._change(self.version_file)
        if said and self.attempts:
            message = f"after a refused commit of a new version {said}"
            self.judge.file(Problem("REJECTED-NO-TRACE", message), self.attempts[-1], exchange)

    def unchanged(self, upload: Upload) -> None:
        """Ends the test unless the file an upload is a new version of is as it was."""
        current = self.current(upload)
        if current is not None:
            self.file_unchanged(current)

    def file_unchanged(self, file: FileState, *, exchange: Exchange | None = None) -> None:
        """Ends the test unless a file is as the run last saw it."""
        said, shown_by = self._change(file)
        if said:
            last = self.attempts[-1] if self.attempts else None
            after = f", after {last.what} was answered {last.answer.status}" if last else ""
            self.fail(said + after, exchange=exchange or shown_by, what=self._last_sent())

    def _change(self, file: FileState) -> tuple[str, Exchange]:
        """What has become of a file since the run last saw it, nothing if it is the same; and the answer that shows it.

        What is told once is taken for how the file is from then on.
        """
        shown_by = self.target.api.get_file(file.file_id)
        shown = file_state(shown_by.answer.json) if shown_by.answer and shown_by.status == 200 else None
        if shown is None:
            self.forget(file)
            return f"the file {file.file_id} was answered {describe_answer(shown_by)} afterwards", shown_by
        before_it = self.target.shown.get(file.file_id, file)
        told = ATTRIBUTES if file.file_id in self.target.shown else ()  # two calls may write a date differently
        for name in ("etag", "sha1", "size", "version_id", *told):
            before, after = getattr(before_it, name), getattr(shown, name)
            if before is None or after is None or str(before).lower() == str(after).lower():
                continue
            self.target.files[file.file_id] = self.target.shown[file.file_id] = shown
            return f"the {name.replace('_', ' ')} of the file {file.file_id} was {before} and is {after} now", shown_by
        return "", shown_by

    def _last_sent(self) -> str:
        return self.attempts[-1].what if self.attempts else self.rule.statement

    def delete(self, file: FileState) -> None:
        """Deletes a file the run has made."""
        self.doubts_file(file.file_id)
        exchange = self.target.api.delete_file(file.file_id)
        self._unsure.discard(file.file_id)
        if not is_gone(exchange):
            raise Unsupported(f"deleting a file was answered {describe_answer(exchange)}")
        self.target.files.pop(file.file_id, None)
        self.target.ledger.note("gone", of="file", id=file.file_id)

    def rename(self, file: FileState, name: str) -> bool:
        """Gives a file the run has made another name; False where the target does not."""
        known = self.target.capabilities.get("rename_file")
        if known is not None and not known.available:
            return False
        self.target.ledger.note("name", name=name, folder_id=self.target.folder_id)
        self.doubts_file(file.file_id)
        exchange = self.target.api.update_file(file.file_id, {"name": name})
        self._unsure.discard(file.file_id)
        renamed = exchange.status == 200
        if known is None and exchange.status != 409:
            self.target.capabilities.learn("rename_file", renamed, f"PUT /files/ID answered {exchange.status}")
        self.read_anew(file.file_id)  # a name may count as a change, with an etag of its own
        current = self.target.files.get(file.file_id)
        return renamed and current is not None and current.name == name

    @contextmanager
    def locked(self, file: FileState, *, token: str) -> Iterator[None]:
        """A file, locked by another user."""
        exchange = self.target.api.update_file(file.file_id, {"lock": {"type": "lock"}}, token=token)
        if exchange.status != 200:
            raise Unsupported(f"locking a file was answered {describe_answer(exchange)}")
        try:
            yield
        finally:
            self.target.api.update_file(file.file_id, {"lock": None}, token=token)
            self.read_anew(file.file_id)  # locking may count as a change, with an etag of its own

    # Sessions

    def abort(self, upload: Upload) -> None:
        """Aborts a session."""
        exchange = self.target.api.abort(upload.handle)
        if not is_gone(exchange):
            raise Unsupported(f"aborting a session was answered {describe_answer(exchange)}")
        upload.state = State.GONE
        upload.aborted = True
        self.target.ledger.note("gone", of="session", id=upload.handle.session_id)

    def commit_to(self, session_id: str, *, token: str | None = "") -> Attempt:
        """A commit that is right but for the id of its session, which goes into the path as it is."""
        carrier = self.target.bank.lease(self.rule.group)
        url = carrier.commit_url.replace(carrier.handle.session_id, session_id)
        if url == carrier.commit_url:
            url = f"{self.target.api.upload_url}/files/upload_sessions/{session_id}/commit"
        endpoints = {**carrier.handle.endpoints, "commit": url}
        handle = SessionHandle(session_id=session_id, part_size=1, endpoints=endpoints, shown={})
        stranger = Upload(handle=handle, session=carrier.session, content=carrier.content)
        what = f"a right commit for the session {session_id[:60]!r}"
        return self.attempt(stranger, CommitPlan(), what=what, stray=True, token=token)

    def refuses_session(self, session_id: str) -> Attempt:
        """A commit for a session that is not there; it has to be refused."""
        attempt = self.commit_to(session_id)
        self.session_is_refused(attempt)
        return attempt

    def session_is_refused(self, attempt: Attempt) -> None:
        """Ends the test unless the answer is a 4xx that does not speak of the caller."""
        status = attempt.answer.status
        if not 400 <= status <= 499 or status in (401, 403):
            said = describe_answer(attempt.run.last)
            self.fail(f"the answer is {said}", attempt, expected="a 4xx other than 401 and 403")

    def keeps_out(self, upload: Upload, *, token: str | None, statuses: Sequence[int]) -> None:
        """A right commit with another token, or none, has to be answered with one of these statuses."""
        who = "without a token" if token is None else "with another token"
        attempt = self.attempt(upload, CommitPlan(), token=token, what=f"a right commit {who}")
        if attempt.answer.status not in statuses:
            named = " or ".join(str(status) for status in statuses)
            self.fail(f"the answer is {describe_answer(attempt.run.last)}", attempt, expected=named)

    def close_carriers(self) -> None:
        """Commits the sessions that have refused bad commits: they have to have survived them."""
        for upload in self.target.bank.carriers():
            if not upload.refused or not self.target.wire.purse.has_files():
                continue
            if self.sparing:  # nothing else is left for what is only recorded
                self.liberties.try_each(upload)
                if upload.state is not State.LIVE:
                    continue
            attempt = self.attempt(upload, CommitPlan())
            if not attempt.created and not self.excused(attempt):
                self.session_died(attempt)

    def progress(self, upload: Upload) -> tuple[int | None, int | None]:
        """What a session's status shows as parts processed, and parts in all."""
        exchange = self.target.api.status(upload.handle)
        body = exchange.answer.json if exchange.answer else None
        if exchange.status != 200 or not isinstance(body, dict):
            self.fail(f"the status of a live session was answered {describe_answer(exchange)}", exchange=exchange)
        shown = [body.get(name) for name in ("num_parts_processed", "total_parts")]
        done, total = (value if isinstance(value, int) and not isinstance(value, bool) else None for value in shown)
        return done, total

    def lists_parts(self, upload: Upload, *, page: int = 1000) -> None:
        """Ends the test unless the list of parts is what was uploaded, page by page."""
        if "list_parts" not in self.target.capabilities:
            raise Unsupported("the target does not list a session's parts")
        found: list[Any] = []
        exchange = self.target.api.list_parts(upload.handle, limit=page)
        for _ in range(upload.session.total_parts + 2):
            body = exchange.answer.json if exchange.answer and exchange.status == 200 else None
            entries = body.get("entries") if isinstance(body, dict) else None
            if not isinstance(entries, list):
                self.fail(f"the list of parts was answered {describe_answer(exchange)}", exchange=exchange)
            if len(entries) > page:
                self.fail(f"a page of {page} holds {len(entries)} parts", exchange=exchange)
            found += entries
            if len(entries) < page:
                break
            exchange = self.target.api.list_parts(upload.handle, offset=len(found), limit=page)
        wanted = {part.part_id: part for part in upload.session.parts}
        what = f"a list of parts, {page} a page, after uploading {len(wanted)} of {upload.session.total_parts} parts"
        for entry in found:
            part = wanted.pop(str(entry.get("part_id")), None) if isinstance(entry, dict) else None
            if part is None:
                self.fail(f"the list shows {entry!r:.120}, which was not uploaded", exchange=exchange, what=what)
            for name, sent in (("offset", part.offset), ("size", part.size), ("sha1", part.sha1)):
                shown = entry.get(name)
                if shown is not None and str(shown).lower() != str(sent):
                    said = f"the list shows {name} {shown!r:.60} for a part uploaded with {sent}"
                    self.fail(said, exchange=exchange, what=what)
        if wanted:
            lacking = ", ".join(str(part.offset) for part in list(wanted.values())[:5])
            of = f"{len(wanted)} of {len(upload.session.parts)} uploaded parts"
            self.fail(f"the list lacks {of}: at offset {lacking}", exchange=exchange, what=what)

    # Again

    def repeat(self, first: Attempt) -> Attempt:
        """The same commit again."""
        return self.attempt(first.upload, first.request, what="the same commit again, after it was answered 201")

    def repeats_rightly(self, first: Attempt) -> None:
        """The same commit again: the same file, or a 4xx."""
        again = self.repeat(first)
        if again.file is not None and first.file is not None and again.file.file_id != first.file.file_id:
            self.fail(f"the second commit made another file, {again.file.file_id}", again, expected="the same file")
        if again.answer.status >= 500:
            said = describe_answer(again.run.last)
            self.fail(f"the second commit was answered {said}", again, expected="the same file again, or a 4xx")

    def need_listing(self, upload: Upload) -> None:
        """Ends the test unless the folder lists the one file of a committed session once, as it should."""
        count = len(self.named(upload))
        if count != 1:
            raise Blocked(f"the folder lists {count} files of that name already; see CREATED-LISTED, ACCEPTED-ONE-FILE")

    def one_effect(self, attempt: Attempt, *, were_one: bool = False) -> None:
        """Ends the test unless a session's commits have made one file, of one version.

        Args:
            were_one: Whether the folder held one file before, so that no earlier 202 can be to blame.
        """
        file, found = attempt.file, self.named(attempt.upload)
        listing = not self.run.monitor.findings.get("CREATED-LISTED")
        if (
            len(found) > 1
            and not were_one
            and any(known.upload is attempt.upload and known.run.glances for known in self.attempts)
        ):
            problem = Problem("ACCEPTED-ONE-FILE", f"after 202 there are {len(found)} files of one session")
            self.judge.file(problem, attempt)
            raise Blocked("the session was answered 202 and made several files; see ACCEPTED-ONE-FILE")
        if len(found) != 1 and listing:
            self.target.strangers.update(str(item.get("id")) for item in found)
            if file is not None:
                self.forget(file)
            said = f"the folder holds {len(found)} files named {attempt.upload.session.name}"
            self.fail(said, attempt, expected="one file")
        if file is None:
            return
        if found and str(found[0].get("id")) != file.file_id:
            self.fail(f"the folder holds {found[0].get('id')}, the 201 named {file.file_id}", attempt)
        if "read_file" in self.target.capabilities:
            self.file_unchanged(file)
            versions = self.target.api.versions(file.file_id)
            body = versions.answer.json if versions.answer and versions.status == 200 else None
            former = body.get("total_count") if isinstance(body, dict) else None
            if isinstance(former, int) and former > 0:
                self.fail(f"the file has {former} former versions", attempt, exchange=versions, expected="one version")

    def lose_answer(self, upload: Upload, plan: CommitPlan) -> None:
        """Sends a commit and hangs up before the answer can arrive."""
        upload.unsettled = True
        request = plan.build(self.material(upload))
        try:
            self.target.wire.send(
                "POST",
                upload.commit_url,
                headers=request.headers,
                content=request.body,
                upload=True,
                repeatable=False,
                give_up_reading=True,
            )
        except WireError:
            self.run.monitor.saw("lost answer")

    def repeat_lost(self, upload: Upload) -> Attempt:
        """The same commit again after its answer was lost; what became of it is read from the folder."""
        attempt = self.attempt(upload, CommitPlan(), what="the same commit again, after its answer was lost")
        if attempt.file is None:
            name = upload.session.name
            for item in [item for item in self.target.items() or [] if item.get("name") == name]:
                attempt.file = file_state(item)
            if attempt.file is not None:
                upload.state = State.COMMITTED
                self.target.files[attempt.file.file_id] = attempt.file
                self.target.ledger.note("file", id=attempt.file.file_id, name=name, folder_id=upload.session.parent_id)
                self.target.wire.purse.file_committed()
        return attempt

    # Others

    @staticmethod
    def unless_lost(exchange: Exchange) -> None:
        """Ends the test when an answer may speak of what an earlier try has done whose answer was lost."""
        if exchange.lost:
            said = describe_answer(exchange)
            raise InDoubt(f"{exchange.method} was answered {said}, and the answer to an earlier try was lost")

    @contextmanager
    def second_user(self, *, folder_id: str | None = None, sharing: bool = True) -> Iterator[SecondUser]:
        """Another user, with a folder of the run shared with them: a fresh one, or the one that is given.

        Args:
            sharing: Whether it matters that it is shared; where not, and where it cannot be, their own root will do.
        """
        token = self.target.settings.second_token
        if not token:
            raise Unsupported("no second user's token was given")
        user_id = id_of(self.target.api.whoami(token=token).answer)
        if user_id is None:
            raise Unsupported("the second user's id could not be found out: GET /users/me does not answer them")
        if folder_id is None:
            name = f"{self.target.run_id}-Shared-{self.rule.id}"
            folder = self.target.api.create_folder(name=name, parent_id=self.target.folder_id)
            if folder.status != 201:
                self.unless_lost(folder)
                raise Unsupported(f"creating a folder to share was answered {describe_answer(folder)}")
            folder_id = self.target.note_folder(folder)
        shared = self.target.api.collaborate(folder_id=folder_id, user_id=user_id)
        collaboration = id_of(shared.answer)
        if shared.status != 201 or collaboration is None:
            self.unless_lost(shared)
            if not sharing:
                yield SecondUser(token, "0", self.target, "", True)
                return
            raise Unsupported(f"sharing a folder was answered {describe_answer(shared)}")
        second = SecondUser(token, folder_id, self.target, collaboration)
        try:
            yield second
        finally:
            second.leave()
