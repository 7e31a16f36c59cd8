"""What one answer of a static mock shows by itself, filed under the rules that speak of it.

Every check is the model's; what is left out of it is what only a server that has taken the upload could get right. So
a 201 is held against itself: its File may show any size, and must show one.

Three kinds of rules come of it. What `JUDGED` names is kept or broken by the form of an answer alone. Any other rule
may be broken by a form in which it could never be kept, such as a ``sha1`` that is none; but a form that fits proves
nothing, so it never passes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from commit_conformance.model import (
    Answer,
    FilesSchema,
    Outcome,
    Problem,
    check_accepted,
    check_any,
    check_error,
    classify,
)
from commit_conformance.model.answers import OFTEN_NOT_THE_API
from commit_conformance.specs import schema
from commit_conformance.static_mock.asking import Asked, Heard, Kind
from commit_conformance.static_mock.files import problems_of_created
from commit_conformance.static_mock.sessions import Remark, SessionForms, hosts_of
from commit_conformance.target.api import created_entry
from commit_conformance.wire import describe_answer

__all__ = ["BY_STATUS", "JUDGED", "OBSERVED", "Shape", "Shapes", "judge"]

#: Rules that the form of an answer keeps or breaks, and what has to have been seen for that.
JUDGED: Final = {
    "ACCEPT-ANY": "a commit taken by its Accept header",
    "ACCEPT-ENCODING": "an answer to a commit that allows gzip",
    "ACCEPTED-EMPTY": "a 202",
    "ACCEPTED-RETRY-AFTER": "a 202",
    "AUTH-CHALLENGE": "a 401",
    "CONFLICT-BODY": "a 409",
    "CREATED-CONTENT-TYPE": "a 201",
    "CREATED-DATES": "a 201 with dates",
    "CREATED-FIELDS": "a 201",
    "CREATED-LIST": "a 201",
    "CREATED-PATH": "a 201 with a path",
    "CREATED-SCHEMA": "a 201",
    "CREATED-STATUS": "a success",
    "CREATED-STRING-IDS": "a 201",
    "ERROR-BODY": "a refusal",
    "ERROR-LEAK": "an error",
    "ERROR-METHOD": "a 405",
    "ERROR-NO-5XX": "an answer to a wrong commit",
    "ERROR-RATE-LIMIT": "a 429",
    "NO-REDIRECT": "an answer to a commit",
    "NOT-MODIFIED-EMPTY": "a 304",
    "PRECONDITION-BODY": "a 412",
    "TOKEN-ECHO": "an answer",
}
#: Rules that only record, and what they record of one answer.
OBSERVED: Final = {"CONFLICT-CODE": "a 409", "CONFLICT-DETAILS": "a 409", "CREATED-FIRST-ETAG": "a 201"}
#: Those that wait for an answer of a certain status, which a mock may be asked for.
BY_STATUS: Final = frozenset(
    rule
    for rule, subject in (JUDGED | OBSERVED).items()
    if subject[2:].isdigit() or subject in ("a refusal", "an error")
) - {"ERROR-METHOD"}


@dataclass(frozen=True, slots=True)
class Shape:
    """A problem with the request that shows it."""

    problem: Problem
    asked: Asked


@dataclass(slots=True)
class Shapes:
    """What all answers amount to.

    Attributes:
        found: Problems by rule, in the order in which they were seen.
        seen: How many answers there were of each kind that a rule needs.
        observed: What rules that only record have to say.
        remarks: What is odd and breaks no rule, by its place.
        hosts: Where the URLs in its sessions lead.
    """

    found: dict[str, list[Shape]] = field(default_factory=dict)
    seen: Counter[str] = field(default_factory=Counter)
    observed: dict[str, list[str]] = field(default_factory=dict)
    remarks: dict[str, str] = field(default_factory=dict)
    hosts: set[str] = field(default_factory=set)

    def add(self, problem: Problem, asked: Asked) -> None:
        """Files a problem; of one in the same place only the first is kept."""
        known = self.found.setdefault(problem.rule, [])
        if all((other.problem.rule, other.problem.message) != (problem.rule, problem.message) for other in known):
            known.append(Shape(problem, asked))

    def note(self, rule: str, text: str) -> None:
        """Notes what a rule that only records has seen."""
        known = self.observed.setdefault(rule, [])
        if text not in known:
            known.append(text)


def judge(heard: Heard, *, token: str | None) -> Shapes:
    """Judges every answer by itself.

    Args:
        token: The token that was sent.
    """
    judge_one = _Judge(token)
    for asked in heard.asked:
        if not heard.is_own(asked) or asked.kind is Kind.METHOD:
            judge_one.look_at(asked)
    return judge_one.shapes


class _Judge:
    """Goes through the answers."""

    def __init__(self, token: str | None) -> None:
        self.shapes = Shapes()
        self._token = token
        self._files = FilesSchema(schema("Files"))
        self._forms = SessionForms()
        self._plain_is_taken = False

    def look_at(self, asked: Asked) -> None:
        """Judges one answer for all rules that it says something about."""
        if asked.undecodable:
            self.shapes.seen["an answer to a commit that allows gzip"] += 1
            self.shapes.add(Problem("ACCEPT-ENCODING", asked.undecodable), asked)
            return
        if asked.answer is None:
            return
        for problem in self._problems(asked, asked.answer):
            if isinstance(problem, Remark):
                self.shapes.remarks.setdefault(problem.pointer, problem.text)
            else:
                self.shapes.add(problem, asked)

    def _problems(self, asked: Asked, answer: Answer) -> Iterator[Problem | Remark]:
        is_commit = asked.kind in (Kind.COMMIT, Kind.BAD_COMMIT, Kind.FORM)
        if asked.kind is Kind.METHOD:
            yield from self._method(asked, answer)
            return
        self.shapes.seen["an answer"] += 1
        self.shapes.seen["an answer to a commit"] += is_commit
        self.shapes.seen["an error"] += answer.status >= 400
        for problem in check_any(answer, token=self._token):
            if is_commit or problem.rule not in ("NO-REDIRECT", "NOT-MODIFIED-EMPTY"):
                yield problem
        # What was looked at in any answer; a 201 and a 202 are looked at below.
        if answer.status in (401, 409, 412, 429) or (is_commit and answer.status == 304):
            self.shapes.seen[f"a {answer.status}"] += 1
        yield from self._refusal(answer)
        if is_commit and answer.status == 202:
            self.shapes.seen["a 202"] += 1
            yield from check_accepted(answer)
        match asked.kind:
            case Kind.COMMIT:
                yield from self._commit(asked, answer)
            case Kind.BAD_COMMIT:
                self.shapes.seen["an answer to a wrong commit"] += 1
                if classify(answer) is Outcome.SERVER_ERROR:
                    yield Problem("ERROR-NO-5XX", f"a bad commit was answered {describe_answer(asked.exchange)}")
            case Kind.FORM:
                yield from self._other_form(asked, answer)
            case Kind.SESSION if answer.status in (200, 201):
                yield from self._forms.of_session(answer.json, what=asked.what, fresh=asked.fresh)
                self.shapes.hosts |= hosts_of(answer.json)
            case Kind.PART if answer.status in (200, 201):
                yield from self._forms.of_part(answer.json)
            case Kind.PARTS if answer.status == 200:
                yield from self._forms.of_list(answer.json)

    def _refusal(self, answer: Answer) -> Iterator[Problem]:
        if 400 <= answer.status <= 499:
            self.shapes.seen["a refusal"] += answer.status not in OFTEN_NOT_THE_API | {409, 412}
            yield from check_error(answer)
            if answer.status == 409:
                self._conflict(answer)

    def _conflict(self, answer: Answer) -> None:
        body = answer.json
        if not isinstance(body, dict):
            return
        self.shapes.note("CONFLICT-CODE", f"code {body.get('code')!r:.60}")
        context = body.get("context_info")
        found = context.get("conflicts") if isinstance(context, dict) else None
        shape = {dict: "an object", list: "a list", type(None): "absent"}.get(type(found), type(found).__name__)
        self.shapes.note("CONFLICT-DETAILS", f"conflicts is {shape}")

    # Commits

    def _commit(self, asked: Asked, answer: Answer) -> Iterator[Problem | Remark]:
        succeeded = 200 <= answer.status <= 299
        if asked.status is None:
            self._plain_is_taken = succeeded
            if not succeeded:
                yield Problem("PART-COMPLETE", f"a right commit was answered {describe_answer(asked.exchange)}")
            elif answer.status != 202:
                self.shapes.seen["a success"] += 1
                if answer.status != 201:
                    yield Problem("CREATED-STATUS", f"success was answered {answer.status}, not 201")
        if answer.status == 201 or (asked.status is None and succeeded and answer.status != 202):
            yield from self._created(answer)

    def _created(self, answer: Answer) -> Iterator[Problem | Remark]:
        entry = created_entry(answer)
        self.shapes.seen["a 201"] += 1
        self.shapes.seen["a 201 with dates"] += any(name.endswith("_at") for name in entry)
        self.shapes.seen["a 201 with a path"] += isinstance(entry.get("path_collection"), dict)
        if entry:
            etag, sequence = entry.get("etag"), entry.get("sequence_id")
            self.shapes.note("CREATED-FIRST-ETAG", f"etag {etag!r:.60}, sequence_id {sequence!r:.60}")
        yield from problems_of_created(answer, self._files)

    def _other_form(self, asked: Asked, answer: Answer) -> Iterator[Problem]:
        assert asked.rule is not None
        self.shapes.seen["an answer to a commit that allows gzip"] += asked.rule == "ACCEPT-ENCODING"
        if not self._plain_is_taken:
            return  # the plain commit is refused too: the form is not to blame
        taken = 200 <= answer.status <= 299
        if asked.rule == "ACCEPT-ANY":
            self.shapes.seen["a commit taken by its Accept header"] += 1
            if taken and answer.status != 202 and not isinstance(answer.json, dict):
                yield Problem(asked.rule, f"{asked.what} was answered {answer.media_type or 'nothing'}, not JSON")
        if not taken and not (asked.rule == "BODY-CHUNKED" and answer.status == 411):
            yield Problem(asked.rule, f"{asked.what} was answered {describe_answer(asked.exchange)}, a plain one not")

    def _method(self, asked: Asked, answer: Answer) -> Iterator[Problem]:
        if answer.status != 405:
            return
        self.shapes.seen["a 405"] += 1
        allowed = answer.header("allow")
        if not allowed or "POST" not in allowed.upper():
            yield Problem("ERROR-METHOD", f"the 405 to {asked.what} has Allow: {allowed!r:.60}")
