"""Commits in unusual forms, many to one request.

A commit costs a file, a refusal nothing. So all liberties that fit together go into one request; when it is refused,
leaving one out at a time finds the one that the server does not take, at the price of refusals.
"""

from __future__ import annotations

from commit_conformance.target.upload import State, Upload
from commit_conformance.trial.attempt import Attempt, Sender
from commit_conformance.verdict.catalogue import Level
from commit_conformance.verdict.outcomes import Blocked, InDoubt
from strategies.liberties import LIBERTIES, Liberty, pack, together
from strategies.plan import CommitPlan


class Liberties:
    """Takes liberties as they are asked for, and on commits that are made anyway.

    Args:
        server: Where to commit.
    """

    def __init__(self, server: Sender) -> None:
        self._server = server
        catalogue = server.run.catalogue
        chosen = server.run.chosen
        if chosen is not None and "ATTR-DEFAULTS" in chosen:
            chosen |= {"ATTR-ABSENT"}  # it looks at the commit that leaves the dates out
        wanted = [
            liberty
            for liberty in LIBERTIES
            if (chosen is None or liberty.rule in chosen)
            and not ("socket" in catalogue.get(liberty.rule).needs and "socket" not in server.target.capabilities)
        ]
        # Forms that must be taken, forms that may be, and doubtful ones go apart: a refusal is then the exception.
        kinds: dict[tuple[bool, bool, bool], list[Liberty]] = {}
        for liberty in wanted:
            observed = catalogue.get(liberty.rule).level is Level.OBSERVED
            kinds.setdefault((liberty.version, observed, liberty.doubtful), []).append(liberty)
        self._packs = [members for kind in sorted(kinds) for members in pack(kinds[kind])]
        self._results: dict[Liberty, Attempt] = {}
        self._tried: list[list[Liberty]] = []

    def of(self, rule_id: str) -> list[tuple[CommitPlan, Attempt]]:
        """The plans of one rule with what became of them."""
        for members in self._packs:
            pending = [member for member in members if member not in self._results]
            if any(member.rule == rule_id for member in pending):
                self._resolve(pending)
        return [
            (liberty.plan, self._results[liberty])
            for members in self._packs
            for liberty in members
            if liberty.rule == rule_id and liberty in self._results
        ]

    def forget(self, rule_id: str) -> None:
        """Forgets that a rule's liberties were not taken, so that they are tried again, each alone."""
        for members in self._packs:
            for member in members:
                if member.rule == rule_id and member in self._results and not self._results[member].created:
                    del self._results[member]

    def along_with(self, upload: Upload) -> Attempt | None:
        """Tries a pack nobody has tried yet on a commit that is due anyway; None when it was not taken.

        A refusal costs nothing: the caller then commits plainly, and the pack is taken apart later.
        """
        pending = self.untried(upload)
        if not pending:
            return None
        attempt = self._server.attempt(upload, together(pending))
        self.tried(pending, attempt)
        clash = upload.target is not None and attempt.answer.status == 409
        delayed = attempt.run.glances or attempt.run.limited
        if attempt.expectation.must_create and (delayed or clash or attempt.in_doubt) and not attempt.took_effect:
            self._server.excused(attempt)
        return attempt if attempt.took_effect else None

    def untried(self, upload: Upload, *, doubtful: bool = True) -> list[Liberty]:
        """The next pack for such an upload that nobody has tried yet, which from now on counts as tried; or nothing.

        Args:
            doubtful: Whether it may be one that many servers refuse.
        """
        for members in self._packs:
            pending = [member for member in members if member not in self._results]
            if not pending or members in self._tried or pending[0].version is not (upload.target is not None):
                continue
            if pending[0].doubtful and not doubtful:
                continue
            self._tried.append(members)
            return pending
        return []

    def try_each(self, upload: Upload) -> None:
        """Tries what is still to be tried for such an upload, one form after the other, until one is taken."""
        for member in [member for members in self._packs for member in members]:
            if member in self._results or member.version is not (upload.target is not None):
                continue
            if upload.state is not State.LIVE:
                return
            attempt = self._server.attempt(upload, member.plan)
            if attempt.in_doubt or (attempt.expectation.must_create and not attempt.created):
                return
            self._results[member] = attempt

    def tried(self, members: list[Liberty], attempt: Attempt) -> None:
        """Notes what came of a pack that somebody has tried: a commit that made a file vouches for all of it."""
        if attempt.created:
            self._results.update(dict.fromkeys(members, attempt))

    def _resolve(self, members: list[Liberty]) -> None:
        """Finds out for each member whether it is taken.

        Members stand with the most unusual last. They are left out one by one until the rest is taken: the one left
        out last was the reason, and those before it are looked at again. So one file vouches for many.
        """
        upload: Upload | None = None
        if len(members) > 1 and members[0].doubtful:
            # Most of these are refused, so leaving one out at a time would only find the next one that is.
            attempt, upload = self._commit(members, upload)
            if not attempt.took_effect:
                for member in members:
                    attempt, upload = self._commit([member], upload)
                    self._results[member] = attempt
            else:
                self._results.update(dict.fromkeys(members, attempt))
            return
        while members:
            rest, removed = list(members), list[Liberty]()
            before: Attempt | None = None
            while rest:
                attempt, upload = self._commit(rest, upload)
                if attempt.took_effect or len(rest) == 1:
                    self._results.update(dict.fromkeys(rest, attempt))
                    break
                before = attempt
                removed.append(rest.pop())
            if attempt.took_effect and removed and before is not None:
                self._results[removed.pop()] = before
            members = removed[::-1]

    def _commit(self, members: list[Liberty], upload: Upload | None) -> tuple[Attempt, Upload]:
        server = self._server
        for _ in range(3):
            if upload is None or upload.state is not State.LIVE:
                upload = server.version_carrier() if members[0].version else server.for_a_form()
            borne = bool(upload.refused) and not members[0].version
            attempt = server.attempt(upload, together(members))
            if borne and attempt.answer.status in (404, 410):
                server.session_died(attempt)  # of what it has refused; a fresh one tells of the form
                continue
            clash = members[0].version and attempt.answer.status == 409
            accepted = bool(attempt.run.glances) and attempt.expectation.must_create
            if attempt.took_effect or not (accepted or clash or attempt.in_doubt):
                return attempt, upload
            server.excused(attempt)
            if upload.state is State.LIVE:
                upload.state = State.GONE
        if attempt.in_doubt:
            raise InDoubt("answers to commits of this form were lost on the way, again and again")
        raise Blocked("a 202 or a 409 kept commits of this form from being judged")
