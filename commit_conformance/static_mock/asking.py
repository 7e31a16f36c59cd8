"""Asks a static mock for every answer it may have: plainly, by ``Prefer: code=…``, and in forms that it has to take.

``Prefer: code=409`` (RFC 7240 gives the header, mock servers the preference) asks a mock for its example of a 409, and
``Prefer: code=201, example=minimal`` for one of several. A mock that does not know it answers as it always does: then
there is nothing more to be had of it, and it is not asked again.

Nothing is judged here. Every request is right, but for those that say otherwise; all of them go to documented paths
below the target's URL, since the URLs in examples lead to hosts that have nothing to do with the mock.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final
from urllib.parse import quote

from commit_conformance.model import Answer, CommitRequest, UploadedPart, UploadedSession
from commit_conformance.static_mock.questions import COMMIT, DocumentedAnswer, documented_answers, example_of
from commit_conformance.target.connect import Target
from commit_conformance.target.settings import TargetUnusable
from commit_conformance.target.upload import make_content
from commit_conformance.verdict.catalogue import Level
from commit_conformance.verdict.run import Run
from commit_conformance.wire import BudgetSpent, Exchange, Undecodable, describe_answer
from strategies.liberties import LIBERTIES
from strategies.plan import CommitPlan, Material

__all__ = ["Asked", "Heard", "Kind", "ask"]

#: Bytes of the file that is committed: one part for any part size that is in use.
_SIZE: Final = 4096
#: Preferences that may be passed over before a mock is taken to know of none: it need not have every answer.
_MANY_IGNORED: Final = 3


class Kind(StrEnum):
    """What a request was for, and so what its answer may be held against."""

    SESSION = "session"
    PART = "part"
    PARTS = "parts"
    COMMIT = "commit"
    BAD_COMMIT = "bad commit"
    FORM = "form"
    METHOD = "method"
    OTHER = "other"


#: What the operations of the description answer with.
_KINDS: Final = {
    COMMIT: Kind.COMMIT,
    "post_files_upload_sessions": Kind.SESSION,
    "post_files_id_upload_sessions": Kind.SESSION,
    "get_files_upload_sessions_id": Kind.SESSION,
    "put_files_upload_sessions_id": Kind.PART,
    "get_files_upload_sessions_id_parts": Kind.PARTS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request with its answer.

    Attributes:
        what: The request in words.
        status: The status that was asked for; None for whichever the mock takes.
        fresh: Whether the session in the answer is one that was just opened.
        rule: The rule that the form of a right commit belongs to.
        undecodable: What was wrong with the answer's encoding, where it could not be read.
    """

    kind: Kind
    what: str
    exchange: Exchange | None
    status: int | None = None
    fresh: bool = False
    rule: str | None = None
    undecodable: str = ""

    @property
    def answer(self) -> Answer | None:
        """What came back."""
        return self.exchange.answer if self.exchange is not None else None

    @property
    def is_given(self) -> bool:
        """Whether there is an answer, and the one that was asked for."""
        return self.answer is not None and self.status in (None, self.answer.status)


@dataclass(slots=True, kw_only=True)
class Heard:
    """All that was asked.

    Attributes:
        prefers: Whether the mock answers with the status that it is asked for.
        own: An answer of its own, about what it cannot do, and none of its examples.
        spent: Why there are questions left, if so.
    """

    asked: list[Asked] = field(default_factory=list)
    prefers: bool = False
    own: Answer | None = None
    spent: str = ""

    def is_own(self, asked: Asked) -> bool:
        """Whether an answer is the mock's own word for having none: it looks like that to a path that is not there."""
        answer = asked.answer
        if answer is None or self.own is None or answer.media_type != self.own.media_type:
            return False
        ours, theirs = self.own.json, answer.json
        if isinstance(ours, dict) and isinstance(theirs, dict):
            return ours.keys() == theirs.keys()
        return answer.status == self.own.status and not isinstance(theirs, dict)


def ask(run: Run, target: Target) -> Heard:
    """Asks everything that the run's rules and its budget allow.

    Raises:
        TargetUnusable: It does not have the commit.
        WireError: The mock does not answer.
    """
    heard = Heard()
    try:
        for asked in _Questioner(run, target, heard).everything():
            heard.asked.append(asked)
    except BudgetSpent as problem:
        heard.spent = str(problem)
    return heard


class _Questioner:
    """Puts the questions, the ones that matter most first."""

    def __init__(self, run: Run, target: Target, heard: Heard) -> None:
        self._run = run
        self._target = target
        self._heard = heard
        self._content = make_content(f"{run.settings.seed}/static", _SIZE)
        known = example_of("SessionFresh")
        self._session_id: str = known["id"]
        self._part_id = "BFDF5379"

    def everything(self) -> Iterator[Asked]:
        """Every question with its answer."""
        nowhere = f"{self._target.api.upload_url}/{self._target.run_id}-nowhere"
        own = self._send("POST", nowhere, (), b"").answer
        self._heard.own = own if own is not None and own.status >= 400 else None
        yield from self._way_to_a_commit()
        plain = self._commit(Kind.COMMIT, CommitPlan(), what="a right commit")
        if self._heard.is_own(plain):
            raise TargetUnusable(self._without_commit(plain))
        yield plain
        yield from self._bad_commits()
        yield from self._preferred(documented_answers(of_commit=True), plain)
        if self._heard.prefers and self._takes_its_time:
            yield from self._preferred(documented_answers(of_commit=False), plain)
        yield from self._forms()
        yield from self._methods()

    @property
    def _takes_its_time(self) -> bool:
        """Whether the effort leaves room for more than the commit itself."""
        return self._run.settings.budget.requests is None

    def _without_commit(self, plain: Asked) -> str:
        """Why there is nothing to judge: the operation is not there, or the mock cannot make up its answer."""
        where = f"POST {self._commit_url} was answered {describe_answer(plain.exchange)}"
        if plain.answer is None or plain.answer.status not in (404, 405, 501):
            body = plain.answer.json if plain.answer is not None else None
            said = body.get("title") or body.get("message") if isinstance(body, dict) else None
            told = f": {self._target.wire.redactor.text(' '.join(str(said).split()))[:200]}" if said else ""
            return f"the mock has no answer to a right commit: {where}{told}"
        return (
            f"the mock has no commit: {where}, like a path that is not there; does the target's URL lack a path prefix "
            "(/2.0 or /api/2.0), or does what the mock serves lack the operation?"
        )

    # The calls before a commit

    def _way_to_a_commit(self) -> Iterator[Asked]:
        session = self._operation("post_files_upload_sessions")
        yield session
        shown = self._target.api.session_of(session.answer)
        if shown is not None:
            self._session_id = shown.session_id
        part = self._operation("put_files_upload_sessions_id")
        yield part
        body = part.answer.json if part.answer else None
        record = body.get("part", body) if isinstance(body, dict) else None
        if isinstance(record, dict) and isinstance(record.get("part_id"), str) and record["part_id"]:
            self._part_id = record["part_id"]
        yield self._operation("get_files_upload_sessions_id")
        yield self._operation("get_files_upload_sessions_id_parts")

    def _operation(self, name: str, *, prefer: DocumentedAnswer | None = None) -> Asked:
        """One of the calls around the commit, rightly made."""
        base = self._target.api.upload_url
        one = f"{base}/files/upload_sessions/{quote(self._session_id, safe='')}"
        as_json = (("content-type", "application/json"),)
        name_of_file = f"{self._target.run_id}-static.bin"
        new_file = {"folder_id": self._target.settings.folder_id, "file_size": _SIZE, "file_name": name_of_file}
        session = self._session()
        part = (
            ("content-type", "application/octet-stream"),
            ("content-range", f"bytes 0-{_SIZE - 1}/{_SIZE}"),
            ("digest", session.digest),
        )
        calls: dict[str, tuple[str, str, Sequence[tuple[str, str]], bytes, str]] = {
            "post_files_upload_sessions": (
                "POST",
                f"{base}/files/upload_sessions",
                as_json,
                _encoded(new_file),
                "a session for a new file",
            ),
            "post_files_id_upload_sessions": (
                "POST",
                f"{base}/files/{example_of('MinimalFile')['entries'][0]['id']}/upload_sessions",
                as_json,
                _encoded({"file_size": _SIZE}),
                "a session for a new version",
            ),
            "get_files_upload_sessions_id": ("GET", one, (), b"", "the state of a session"),
            "put_files_upload_sessions_id": ("PUT", one, part, self._content, "a part"),
            "get_files_upload_sessions_id_parts": ("GET", f"{one}/parts", (), b"", "the list of a session's parts"),
            "delete_files_upload_sessions_id": ("DELETE", one, (), b"", "aborting a session"),
        }
        method, url, headers, content, what = calls[name]
        exchange = self._send(method, url, [*headers, *_preference(prefer)], content)
        return Asked(
            kind=_KINDS.get(name, Kind.OTHER),
            what=what + _asked_for(prefer),
            exchange=exchange,
            status=prefer.status if prefer else None,
            fresh=method == "POST",
        )

    # Commits

    def _session(self) -> UploadedSession:
        """What a commit is about: a file of one part."""
        size, sha1 = len(self._content), hashlib.sha1(self._content).hexdigest()
        part = UploadedPart(part_id=self._part_id, offset=0, size=size, sha1=sha1)
        return UploadedSession(file_size=size, part_size=size, parts=(part,), sha1=sha1)

    def _request(self, plan: CommitPlan) -> CommitRequest:
        return plan.build(Material(session=self._session(), content=self._content))

    def _commit(
        self,
        kind: Kind,
        plan: CommitPlan | CommitRequest,
        *,
        what: str,
        prefer: DocumentedAnswer | None = None,
        rule: str | None = None,
        token: str | None = "",
    ) -> Asked:
        request = plan if isinstance(plan, CommitRequest) else self._request(plan)
        undecodable, exchange = "", None
        try:
            headers = [*request.headers, *_preference(prefer)]
            exchange = self._send("POST", self._commit_url, headers, request.body, token=token)
        except Undecodable as problem:
            undecodable = str(problem)
        return Asked(
            kind=kind,
            what=what + _asked_for(prefer),
            exchange=exchange,
            status=prefer.status if prefer else None,
            rule=rule,
            undecodable=undecodable,
        )

    @property
    def _commit_url(self) -> str:
        base = self._target.api.upload_url
        return f"{base}/files/upload_sessions/{quote(self._session_id, safe='')}/commit"

    def _bad_commits(self) -> Iterator[Asked]:
        """Commits that their own text shows to be wrong, so that a mock that validates requests refuses them."""
        right = self._request(CommitPlan())
        as_json = [line for line in right.headers if line[0].lower() == "content-type"]
        digest = [line for line in right.headers if line[0].lower() == "digest"]
        wrong = [
            ("a commit without a digest", CommitRequest(headers=tuple(as_json), body=right.body)),
            ("a commit whose list of parts is empty", _with_body(right, b'{"parts":[]}')),
            ("a commit whose parts are no list", _with_body(right, b'{"parts":"all"}')),
            ("a commit whose body is not JSON", _with_body(right, b"{parts}")),
            ("a commit without a body", CommitRequest(headers=(*as_json, *digest), body=b"")),
        ]
        yield self._commit(Kind.BAD_COMMIT, CommitPlan(), what="a right commit without a token", token=None)
        for what, request in wrong:
            yield self._commit(Kind.BAD_COMMIT, request, what=what)

    # By Prefer

    def _preferred(self, answers: Iterable[DocumentedAnswer], plain: Asked) -> Iterator[Asked]:
        """Asks for documented answers by their status, as long as the mock takes notice."""
        ignored = 0
        for answer in answers:
            if answer.example is not None and not (self._heard.prefers and self._takes_its_time):
                continue
            if ignored == _MANY_IGNORED and not self._heard.prefers:
                return
            asked = self._asked_for(answer)
            usual = plain.exchange.status if plain.exchange else None
            if self._heard.is_own(asked):
                continue  # it has no such answer
            if answer.status != usual:
                self._heard.prefers = self._heard.prefers or asked.is_given
                ignored += not asked.is_given
            if asked.is_given:
                yield asked

    def _asked_for(self, answer: DocumentedAnswer) -> Asked:
        if answer.operation == COMMIT:
            return self._commit(Kind.COMMIT, CommitPlan(), what="a right commit", prefer=answer)
        return self._operation(answer.operation, prefer=answer)

    # Forms of a right commit, and other methods

    def _forms(self) -> Iterator[Asked]:
        """Right commits in unusual forms, of which nothing can be undone by taking them."""
        catalogue, chosen = self._run.catalogue, self._run.chosen
        for liberty in LIBERTIES:
            rule = catalogue.get(liberty.rule)
            if liberty.version or rule.level is Level.OBSERVED or (chosen is not None and rule.id not in chosen):
                continue
            yield self._commit(
                Kind.FORM, liberty.plan, what=f"a right commit in another form: {liberty.plan}", rule=rule.id
            )
        if chosen is None or "ACCEPT-ENCODING" in chosen:
            plan = CommitPlan(headers=(("accept-encoding", "gzip"),))
            yield self._commit(Kind.FORM, plan, what="a right commit that allows gzip", rule="ACCEPT-ENCODING")

    def _methods(self) -> Iterator[Asked]:
        chosen = self._run.chosen
        if chosen is not None and "ERROR-METHOD" not in chosen:
            return
        for method in ("GET", "PUT", "PATCH", "DELETE"):
            exchange = self._send(method, self._commit_url, (), b"")
            yield Asked(kind=Kind.METHOD, what=f"{method} on the commit URL", exchange=exchange)

    def _send(
        self, method: str, url: str, headers: Sequence[tuple[str, str]], content: bytes, *, token: str | None = ""
    ) -> Exchange:
        wire = self._target.wire
        # The token is a header like any other here, and a 429 an answer: an example of a 401 says nothing of the token,
        # and nothing is waited for.
        bearer = wire.token if token == "" else token
        lines = [*headers, *([("authorization", f"Bearer {bearer}")] if bearer else [])]
        return wire.send(method, url, headers=lines, content=content, token=None, upload=True, passing=frozenset())


def _preference(answer: DocumentedAnswer | None) -> list[tuple[str, str]]:
    """The header that asks for one answer."""
    if answer is None:
        return []
    example = f", example={answer.example}" if answer.example else ""
    return [("prefer", f"code={answer.status}{example}")]


def _asked_for(answer: DocumentedAnswer | None) -> str:
    """The same in words, to follow what is sent."""
    return f", asking for `{_preference(answer)[0][1]}`" if answer else ""


def _encoded(body: dict[str, Any]) -> bytes:
    return json.dumps(body).encode()


def _with_body(request: CommitRequest, body: bytes) -> CommitRequest:
    return CommitRequest(headers=request.headers, body=body)
