"""The races: which requests are sent at the same time, and what there has to be afterwards."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from commit_conformance.model import FileState, Outcome
from commit_conformance.model.sequential import (
    Abort,
    Commit,
    PutPart,
    SessionState,
    World,
)
from commit_conformance.target.api import is_gone, part_of
from commit_conformance.target.bank import SetupFailed
from commit_conformance.target.commit import ONCE, Patience, follow, pause_after
from commit_conformance.target.upload import State, Upload
from commit_conformance.trial import answered
from commit_conformance.trial.attempt import Attempt
from commit_conformance.trial.rounds import LONGEST_LAG, RACING, Round, Rounds
from commit_conformance.verdict.outcomes import Blocked
from commit_conformance.wire import Exchange, describe_answer
from strategies.plan import CommitPlan
from strategies.preconditions import current_if_match


class Races(Rounds):
    """A server that is asked several things at once."""

    def identical_commits(self, lag: float, *, plainly: bool = False) -> Round:
        """The same right commit, three times at once: one file, and no answer that names another.

        In a standard run it ends the session that has refused wrong digests, which has to be committed anyway. Where a
        file is costly that session is left to be committed alone, so that a 202 can be watched: hardly another one is.
        """
        self.target.wire.purse.check_files()
        alone = self.thorough or self.sparing
        upload = self._racer(fresh=True) if alone else self.target.bank.take("digest")
        what = "one of three right commits at once"
        finishes, attempts = self._committed_at_once([upload] * 3, what, lag=lag, plainly=plainly)
        calls = [
            finish.call(
                "commit the session", Commit(key="S", request=finish.result.request), answered.of_commit(finish.result)
            )
            for finish in finishes
        ]
        self._forward(attempts)
        created = [attempt for attempt in attempts if attempt.took_effect]
        if not created:
            self._excuse(attempts)
        if not created and upload.refused:
            self.session_died(attempts[0])
            return self.identical_commits(lag, plainly=True)
        said = ", ".join(describe_answer(attempt.run.last) for attempt in attempts)
        wrong = "" if created else f"none of three identical commits at once succeeded: {said}"
        ids = {attempt.file.file_id for attempt in created if attempt.file}
        versions = {attempt.file.version_id for attempt in created if attempt.file and attempt.file.version_id}
        if len(ids) > 1 or len(versions) > 1:
            wrong = f"three identical commits at once made {max(len(ids), len(versions))} files or versions"
        calls += self._listing(attempts) + self._versions(ids)
        found = self._explained(World(sessions={"S": SessionState(session=upload.session)}), attempts, calls, wrong)
        waited = [attempt for attempt in attempts if attempt.run.glances]
        if found.failed and not wrong and waited and len(self.named(upload)) > 1 and not self._one_file_alone():
            raise Blocked("the session was answered 202 and made several files; see ACCEPTED-ONE-FILE")
        listed = len(next((call.answered.files for call in found.calls if call.answered.files is not None), ()))
        if listed > 1:
            return found.told(f"three identical commits of one session at once made {listed} files, not one")
        return found

    def _one_file_alone(self) -> bool:
        """Whether a commit that was answered 202, and was sent by itself, has made one file."""
        return 1 in self._made_alone()

    def _made_alone(self) -> set[int]:
        """How many files commits have made that were answered 202 and sent alone; one is sent where none was."""
        known = [one for one in self.attempts if one.run.glances and not (one.barred or one.upload.target)]
        if not any(one.created for one in known):
            known = [self.attempt(self.usual(), CommitPlan())]
        listed = Counter(item.get("name") for item in self.target.items() or [])
        return {listed[one.upload.session.name] for one in known if one.created and one.run.glances}

    def identical_versions(self, lag: float, *, plainly: bool = False) -> Round:
        """The same right commit of a new version, three times at once: one version more.

        No name is in the way of a second one here, so nothing but the session can keep it from being made. The version
        gives its file another name, where the target and the run's other sessions let it: it is to be made anyway.
        """
        self.target.wire.purse.check_files()
        file = self.version_file
        # Where a file is costly, the session that has refused wrong preconditions, which has to be committed anyway.
        upload = self.target.bank.version_carrier(file) if self.sparing else self._renaming()
        upload = upload or self.light(target=file)
        file = self.current(upload) or file
        before = self._former(file.file_id)
        finishes, attempts = self._committed_at_once(
            [upload] * 3,
            "one of three right commits of a new version at once",
            lag=lag,
            plainly=plainly,
            claims=RACING | {"CREATED-NEW-VERSION"},
        )
        self._forward(attempts)
        self.refresh(upload)
        created = [attempt for attempt in attempts if attempt.took_effect]
        if not created:
            self._excuse(attempts)
        if any(self.run.monitor.findings.get(rule) for rule in ("CREATED-NEW-VERSION", "CONFLICT-OWN-NAME")):
            raise Blocked("new versions go wrong one after the other too; see CREATED-NEW-VERSION, CONFLICT-OWN-NAME")
        if not created and all(attempt.answer.status == 409 for attempt in attempts):
            self.excused(attempts[0])
            raise Blocked("new versions conflict with their own file; see CONFLICT-OWN-NAME")
        if not created and upload.refused:
            self.session_died(attempts[0])
            return self.identical_versions(lag, plainly=True)
        calls = [
            finish.call(
                "commit the session", Commit(key="S", request=finish.result.request), answered.of_commit(finish.result)
            )
            for finish in finishes
        ]
        said = ", ".join(describe_answer(attempt.run.last) for attempt in attempts)
        wrong = "" if created else f"none of three identical commits at once succeeded: {said}"
        versions = {attempt.file.version_id for attempt in created if attempt.file and attempt.file.version_id}
        after = self._former(file.file_id)
        more = after - before if before is not None and after is not None else len(versions)
        if max(more, len(versions)) > 1:
            wrong = f"three identical commits at once made {max(more, len(versions))} versions"
        known = FileState(
            file_id=file.file_id, etag=file.etag, sha1=None, size=None, name=None, version_id=file.version_id
        )
        world = World(sessions={"S": SessionState(session=upload.session)}, files={file.file_id: known})
        return self._explained(world, attempts, calls, wrong)

    def commit_and_abort(self, lag: float) -> Round:
        """A right commit and an abort at once: either the file or none, as the answers say.

        Where commits of such a file are mostly answered 202, an abort that comes at any time meets a commit that waits,
        or none. So the first one comes behind a 202, and others at the time of the commit that follows it.
        """
        if self.run.monitor.findings.get("CREATED-LISTED"):
            raise Blocked("the folder does not list files as it should; see CREATED-LISTED")
        upload = self._racer()
        if not self._mostly_accepted(upload):
            return self._commit_and_abort(upload, lag)
        if not lag:
            return self._commit_and_abort(upload, lag, behind=True)
        begun = self._begun(upload)
        return self._commit_and_abort(upload if begun else self._racer(), lag, again=begun)

    def _mostly_accepted(self, upload: Upload) -> bool:
        """Whether commits of a file of so many parts, or any others, were more often answered 202 than 201 at once."""
        ended = [known for known in self.attempts if known.created or known.run.glances]
        alike = [known for known in ended if known.upload.session.total_parts == upload.session.total_parts]
        accepted = [known for known in alike or ended if known.run.glances]
        return 2 * len(accepted) > len(alike or ended)

    def _begun(self, upload: Upload) -> bool:
        """Whether a right commit of an upload is answered 202, after which it is waited for the time to repeat it."""
        run = follow(self.target.api, upload, CommitPlan().build(self.material(upload)), patience=ONCE)
        if run.answer.status != 202:
            self._settled([(upload, run)], "a right commit, meant for a race with an abort")
            return False
        pause = min(pause_after(run.answer), Patience().seconds)
        self.target.wire.wait_as_told(pause, "a commit that was answered 202")
        return True

    def _commit_and_abort(self, upload: Upload, lag: float, *, behind: bool = False, again: bool = False) -> Round:
        """One round of that race.

        Args:
            behind: Whether the abort waits for the first 202, or for the end of the commit.
            again: Whether the commit was answered 202 before.
        """
        go = threading.Event()
        commit = self._sender(upload, CommitPlan(), go.set)

        def abort() -> Exchange:
            if behind:
                go.wait(LONGEST_LAG)
            return self.target.api.abort(upload.handle)

        committed, aborted = self._both(commit, abort, lag)
        attempts = self._settled([(upload, committed.result)], "a right commit, at the same time as an abort")
        attempt = attempts[0]
        if not attempt.took_effect:
            upload.state = State.GONE
        request = committed.result.request
        said = answered.of_commit(committed.result)
        what = "commit the session again, after a 202" if again else "commit the session"
        calls = [
            committed.call(what, Commit(key="S", request=request, busy=True), said),
            aborted.call("abort the session", Abort(key="S", busy=True), answered.told(aborted.result)),
            *self._listing(attempts, always=True),
        ]
        found = self._explained(World(sessions={"S": SessionState(session=upload.session)}), attempts, calls)
        # An abort that was granted ends what a 202 has begun: a file without a 201 is no matter of how to wait.
        outlived = is_gone(aborted.result) and not attempt.took_effect and bool(self.named(upload))
        excusable = found.failed and not outlived
        if excusable and (attempt.run.limited or (attempt.run.glances and not self._one_file_alone())):
            self.forget_all(attempts)
            raise Blocked("the commit was answered 202 or 429 first; see ACCEPTED-ONE-FILE and RATE-LIMIT-NO-LOSS")
        statuses = f"the commit was answered {attempt.answer.status} and the abort {aborted.result.status}"
        found = replace(found, met=behind)
        return found.told(f"{statuses}, which does not fit what is there: {found.explanation.found}")

    def commit_and_last_part(self, lag: float) -> Round:
        """The last part, and a commit that lists the others: never a file with bytes missing."""
        upload = self._without_a_part()
        before, size = upload.session, upload.session.file_size
        offset, piece = upload.piece(upload.lacking[-1])

        def put() -> Exchange:
            return self.target.api.upload_part(upload.handle, piece, offset=offset, total=size)

        committed, sent = self._both(self._sender(upload, CommitPlan()), put, lag)
        attempts = self._settled([(upload, committed.result)], "a right commit of the parts that are there")
        attempt = attempts[0]
        part = part_of(sent.result.answer, offset=offset, content=piece)
        if part is not None:
            upload.add(part)
        refused = attempt.outcome is Outcome.REFUSED and not attempt.in_doubt and part is not None
        if self.sparing and refused and not (attempt.run.glances or attempt.run.limited):
            # Whichever came first, a commit that lists a part too few is refused, and leaves its session as it was.
            self.target.bank.keep(upload)
        elif not attempt.took_effect:
            upload.state = State.GONE
        taken = answered.of_part(sent.result, offset=offset, content=piece)
        sha1 = answered.sha1_of(piece)
        put_part = PutPart(key="S", offset=offset, size=len(piece), sha1=sha1, busy=True)
        request, said = committed.result.request, answered.of_commit(committed.result)
        # What becomes of it is in the content: 202 for ever and a refusal are both right, since a part was missing.
        waits = said.status == 202
        calls = [sent.call("upload the last part", put_part, taken)]
        if not waits:
            commit = Commit(key="S", request=request, busy=True, on_the_way=True)
            calls.append(committed.call("commit the parts before it", commit, said))
        if attempt.took_effect and attempt.file is not None:
            calls += self._content(attempt)
        world = World(sessions={"S": SessionState(session=before)})
        found = self._explained(world, attempts, calls)
        status = f"a commit without the last part, which was on its way, was answered {attempt.answer.status}"
        return found.told(f"{status}: {found.explanation.found}")

    def commits_for_one_name(self, lag: float, *, plainly: bool = False) -> Round:
        """Two sessions for one name, committed at once: one file, and 409 for the other."""
        self.target.wire.purse.check_files()
        name = self.target.bank.name()
        # Where a file is costly, with the bytes of another file: two files are two files, whatever is in them.
        content = self.light_content if self.sparing else None
        uploads = [self.light(name=name, content=content) for _ in range(2)]
        what = "one of two right commits at once, for one name"
        finishes, attempts = self._committed_at_once(uploads, what, lag=lag, plainly=plainly)
        calls = [
            finish.call(
                f"commit session {key}",
                Commit(key=key, request=finish.result.request),
                answered.of_commit(finish.result),
            )
            for key, finish in zip("AB", finishes, strict=True)
        ]
        created = [attempt for attempt in attempts if attempt.took_effect]
        if not created and uploads[0].refused:
            self.session_died(attempts[0])
            return self.commits_for_one_name(lag, plainly=True)
        if len(created) < 2:
            self._excuse(attempts)
        elif "list_folder" in self.target.capabilities and not self.named(uploads[0]):
            raise Blocked("the folder lists neither of the files that were made; see CREATED-LISTED")
        wrong = (
            "" if len(created) == 1 else f"{_of_two(created)} commits at once for one name made a file, not one of them"
        )
        world = World(
            sessions={key: SessionState(session=upload.session) for key, upload in zip("AB", uploads, strict=True)}
        )
        found = self._explained(world, attempts, [*calls, *self._listing(attempts)], wrong)
        waited = any(attempt.run.glances for attempt in attempts)
        if found.failed and not wrong and waited and max(self._made_alone(), default=0) > 1:
            return self._explained(world, attempts, calls)  # as the list is without a race: see ACCEPTED-ONE-FILE
        return found

    def versions_of_one_etag(self, lag: float) -> Round:
        """Two new versions that name the same etag, committed at once: one is made, the other is refused."""
        self.target.wire.purse.check_files()
        file = self.sample_file
        uploads = [self.light(target=file), self.light(target=file)]
        senders = [self._sender(upload, current_if_match) for upload in uploads]
        finishes = self.at_once(senders, lag=lag)
        pairs = [(upload, finish.result) for upload, finish in zip(uploads, finishes, strict=True)]
        claims = RACING | {"CREATED-NEW-VERSION"}
        attempts = self._settled(pairs, "one of two right commits at once, with the same if-match", claims=claims)
        self.refresh(uploads[0])
        created = [attempt for attempt in attempts if attempt.took_effect]
        if not created:
            self._excuse(attempts)
        if any(self.run.monitor.findings.get(rule) for rule in ("CREATED-NEW-VERSION", "CONFLICT-OWN-NAME")):
            raise Blocked("new versions go wrong one after the other too; see CREATED-NEW-VERSION, CONFLICT-OWN-NAME")
        wrong = (
            "" if len(created) == 1 else f"{_of_two(created)} commits at once with the same if-match succeeded, not one"
        )
        calls = [
            finish.call(
                f"commit session {key} with if-match: {file.etag}",
                Commit(key=key, request=finish.result.request, busy=True),
                answered.of_commit(finish.result),
            )
            for key, finish in zip("AB", finishes, strict=True)
        ]
        if len(created) == 1:
            calls += self._content(created[0])
        keys = {key: SessionState(session=upload.session) for key, upload in zip("AB", uploads, strict=True)}
        known = FileState(
            file_id=file.file_id, etag=file.etag, sha1=None, size=None, name=None, version_id=file.version_id
        )
        return self._explained(World(sessions=keys, files={file.file_id: known}), attempts, calls, wrong)

    # What they are made of

    def _renaming(self) -> Upload | None:
        """An upload for a new version that gives its file another name, once a run; None where there can be none.

        The file is one that no session waits for: those for its name would be free to commit, those for a new version
        of it were opened for another one. Nor was it made in an unusual form, of which it has to tell later.
        """
        plain = (one.file for one in self.attempts if self._is_plain(one) and one.plan == CommitPlan())
        file = next((file for file in plain if file is not None and not self._waited_for(file)), None)
        if file is None or "another name" in self.made:
            return None
        self.made["another name"] = True
        try:
            return self.light(target=file, name=self.target.bank.name())
        except SetupFailed:
            return None  # no new names here

    def _waited_for(self, file: FileState) -> bool:
        """Whether a session that may still commit is for a file, or for its name."""
        name = (file.name or "").casefold()
        waiting = (upload for upload in self.target.bank.uploads if upload.state is State.LIVE)
        return any(
            upload.target.file_id == file.file_id if upload.target else upload.session.name.casefold() == name
            for upload in waiting
        )

    def _without_a_part(self) -> Upload:
        """An upload that lacks one part, the last one; where a file is costly, any that is at hand lacks."""
        if self.sparing:
            upload = self.target.bank.unfinished(0)
            self.target.bank.put(upload, upload.lacking[:-1])
            return upload
        size = self.target.bank.light_size
        total = -(-size // self.target.first_session.part_size)
        return self.upload(size=size, parts=range(total - 1))


def _of_two(created: Sequence[Attempt]) -> str:
    return "both" if created else "none of two"
