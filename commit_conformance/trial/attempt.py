"""One commit with everything known of it: what was meant, sent, expected and answered; and who sends commits."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from commit_conformance.model import Answer, CommitRequest, Expectation, FileState, Outcome, Problem, classify
from commit_conformance.target.commit import CommitRun
from commit_conformance.target.connect import Target
from commit_conformance.target.upload import Upload
from commit_conformance.verdict.run import Run
from strategies.plan import CommitPlan, Material


@dataclass(slots=True, kw_only=True)
class Attempt:
    """One commit.

    Attributes:
        what: What was sent, in words.
        expectation: What the model says it may be answered.
        run: Every exchange of it.
        file: The file it made, if it did.
        claims: Rules whose problems are kept here, in ``problems``, and not filed.
        repeated: Whether the session had been committed before.
        stray: Whether it went to no session of the run.
        others: Whether it was made with another token than the run's.
        barred: Whether something besides the request decides: a lock, an aborted session, a race.
    """

    upload: Upload
    request: CommitRequest
    expectation: Expectation
    run: CommitRun
    what: str
    plan: CommitPlan | None = None
    file: FileState | None = None
    claims: frozenset[str] = frozenset()
    problems: list[Problem] = field(default_factory=list)
    repeated: bool = False
    stray: bool = False
    others: bool = False
    barred: bool = False

    @property
    def answer(self) -> Answer:
        """The answer that ended it."""
        return self.run.answer

    @property
    def outcome(self) -> Outcome:
        """What that answer means."""
        return classify(self.answer)

    @property
    def created(self) -> bool:
        """Whether it made a file: a 201, or another 2xx that shows one, which breaks a rule of its own."""
        return self.outcome is Outcome.CREATED or (self.took_effect and self.file is not None)

    @property
    def took_effect(self) -> bool:
        """Whether the target says that it did what was asked: any 2xx but 202."""
        return 200 <= self.answer.status <= 299 and self.answer.status != 202

    @property
    def in_doubt(self) -> bool:
        """Whether it did nothing that is known, and was sent again because an answer was lost.

        Then the answer may be one to a repetition, and says little of the request.
        """
        return self.run.lost and not self.took_effect

    @property
    def claimed(self) -> Any:
        """The part list that was sent, as JSON."""
        return self.request.parts

    @property
    def parts_matter(self) -> bool:
        """Whether the part list is what this commit was about."""
        return self.plan is not None and bool(self.plan.parts)


class Sender(Protocol):
    """Who sends commits, as far as judging and liberties need to know.

    Attributes:
        attempts: The latest commits, oldest first.
    """

    run: Run
    attempts: list[Attempt]

    @property
    def target(self) -> Target:
        """The target, connected."""

    def material(self, upload: Upload) -> Material:
        """What plans may draw on for one upload."""

    def current(self, upload: Upload) -> FileState | None:
        """The file an upload is a new version of, as it is now."""

    def refresh(self, upload: Upload) -> None:
        """Reads that file again."""

    def for_a_form(self) -> Upload:
        """An upload for a right commit in an unusual form."""

    def version_carrier(self) -> Upload:
        """A live upload for a new version of the first file."""

    def attempt(self, upload: Upload, plan: CommitPlan) -> Attempt:
        """Commits, and ends no test."""

    def excused(self, attempt: Attempt) -> bool:
        """Whether a right commit may have failed for a reason that other rules speak of."""

    def session_died(self, attempt: Attempt) -> None:
        """Files that a session did not survive its refusals."""
