"""Mistakes a client can make, each in one method of the right client.

Owns the list of them, with the rules that have to notice. They are the mistakes of clients that exist, as their issues
tell them, and of those who write one for the first time.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from commit_conformance.clients.plain.client import Answer, Api, ApiError, Broken, Client, Request

__all__ = ["MISTAKES", "Mistake"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """One way to be wrong.

    Attributes:
        summary: What the client does.
        rules: The rules that it breaks.
        client: The client that does it.
        api: What sends its requests.
    """

    summary: str
    rules: tuple[str, ...]
    client: type[Client] = Client
    api: type[Api] = Api


# -- what is sent ------------------------------------------------------------------------------------------------------


class RebuildsUrl(Client):
    def commit_url(self, session: Mapping[str, Any]) -> str:
        return f"{self.upload_url}/files/upload_sessions/{session['id']}/commit"


class HexDigest(Client):
    def whole_digest(self, content: bytes) -> str:
        return "sha=" + hashlib.sha1(content, usedforsecurity=False).hexdigest()


class LastPartDigest(Client):
    def whole_digest(self, content: bytes) -> str:
        return super().whole_digest(content[-2048:])


class Md5Digest(Client):
    def whole_digest(self, content: bytes) -> str:
        return "md5=" + base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()


class NoDigest(Client):
    def json_request(self, method: str, url: str, document: Any, *, headers: Any = None) -> Request:
        rest = {name: value for name, value in (headers or {}).items() if name != "digest"}
        return super().json_request(method, url, document, headers=rest)


class FormType(Client):
    def json_request(self, method: str, url: str, document: Any, *, headers: Any = None) -> Request:
        request = super().json_request(method, url, document, headers=headers)
        if "parts" not in document:
            return request
        return replace(request, headers={**request.headers, "content-type": "application/x-www-form-urlencoded"})


class DropsPart(Client):
    def part_list(self, parts: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        return super().part_list(parts)[:-1]


class DuplicatesPart(Client):
    def part_list(self, parts: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        listed = super().part_list(parts)
        return [listed[0], *listed]


class OrderOfArrival(Client):
    def part_list(self, parts: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        return list(parts)


class FirstPage(Client):
    def list_parts(self, session: Mapping[str, Any]) -> list[dict[str, Any]]:
        url = f"{session['session_endpoints']['list_parts']}?limit=1000"
        page: list[dict[str, Any]] = self.success(Request(method="GET", url=url), "list parts")["entries"]
        return page


class DropsConditions(Client):
    def conditions(self, conditions: Mapping[str, str]) -> Mapping[str, str]:
        return {}


class OwnCondition(Client):
    def conditions(self, conditions: Mapping[str, str]) -> Mapping[str, str]:
        return {"if-none-match": "*", **conditions}


class DropsAttributes(Client):
    def attributes(self, attributes: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        return None


# -- 202 ---------------------------------------------------------------------------------------------------------------


class TooEarly(Client):
    def wait_after(self, answer: Answer) -> float:
        return super().wait_after(answer) / 10


class Milliseconds(Client):
    def wait_after(self, answer: Answer) -> float:
        return super().wait_after(answer) / 1000


class NoDigestAgain(Client):
    def again(self, request: Request) -> Request:
        return replace(request, headers={k: v for k, v in request.headers.items() if k != "digest"})


class NoConditionsAgain(Client):
    def again(self, request: Request) -> Request:
        return replace(request, headers={k: v for k, v in request.headers.items() if not k.startswith("if-")})


class OtherBodyAgain(Client):
    def again(self, request: Request) -> Request:
        document = json.loads(request.body or b"{}")
        for part in document["parts"]:
            part.pop("sha1", None)
        return replace(request, body=json.dumps(document).encode())


class GivesUpAtOnce(Client):
    def gives_up(self, accepted: int, seconds: float) -> bool:
        return True

    def still_pending(self, session: Mapping[str, Any]) -> Mapping[str, Any]:
        raise Broken("the commit failed")


class AcceptedIsFile(Client):
    def is_created(self, answer: Answer) -> bool:
        return answer.status in (201, 202)

    def file_of(self, answer: Answer) -> Mapping[str, Any]:
        return {"id": ""} if answer.status == 202 else super().file_of(answer)


class NoPatienceTold(Client):
    def still_pending(self, session: Mapping[str, Any]) -> Mapping[str, Any]:
        return {}


class ForEver(Client):
    def gives_up(self, accepted: int, seconds: float) -> bool:
        return False


class NeedsHeader(Client):
    def wait_after(self, answer: Answer) -> float:
        if "retry-after" not in answer.headers:
            raise KeyError("Retry-After")
        return super().wait_after(answer)


class NamesHaveCase(Client):
    def retry_after(self, answer: Answer) -> float | None:
        return super().retry_after(answer) if "Retry-After" in list(answer.headers.keys()) else None


class NumbersOnly(Client):
    def retry_after(self, answer: Answer) -> float | None:
        value = answer.headers.get("retry-after", "")
        return float(value) if value.isdigit() else None


class CrashesOnJunk(Client):
    def retry_after(self, answer: Answer) -> float | None:
        asked = super().retry_after(answer)
        value = answer.headers.get("retry-after")
        return float(int(value)) if asked is None and value is not None else asked


class AbortsPending(Client):
    def still_pending(self, session: Mapping[str, Any]) -> Mapping[str, Any]:
        self.abort(session)
        return super().still_pending(session)


# -- refusals ----------------------------------------------------------------------------------------------------------


class RetriesConflict(Client):
    def is_worth_another_try(self, answer: Answer) -> bool:
        return answer.status == 409 or super().is_worth_another_try(answer)


class RetriesBadRequest(Client):
    def is_worth_another_try(self, answer: Answer) -> bool:
        return answer.status == 400 or super().is_worth_another_try(answer)


class SwallowsPrecondition(Client):
    def refused(self, answer: Answer, what: str) -> Mapping[str, Any]:
        return {} if answer.status == 412 else super().refused(answer, what)


class TextOnly(Client):
    def refused(self, answer: Answer, what: str) -> Mapping[str, Any]:
        document = answer.json()
        message = {"message": document["message"]} if isinstance(document, dict) else {}
        raise ApiError(answer.status, message, what)


class NoContext(Client):
    def refused(self, answer: Answer, what: str) -> Mapping[str, Any]:
        document = answer.json()
        rest = {k: v for k, v in document.items() if k != "context_info"} if isinstance(document, dict) else {}
        raise ApiError(answer.status, rest, what)


class UnchangedIsSuccess(Client):
    def refused(self, answer: Answer, what: str) -> Mapping[str, Any]:
        return {} if answer.status == 304 else super().refused(answer, what)


class NeedsJson(Client):
    def refused(self, answer: Answer, what: str) -> Mapping[str, Any]:
        if answer.body:
            json.loads(answer.body)
        return super().refused(answer, what)


# -- on the way --------------------------------------------------------------------------------------------------------


class IgnoresLimit(Client):
    def wait_after_failure(self, answer: Answer, failures: int) -> float:
        return self.pause(failures) if answer.status == 429 else super().wait_after_failure(answer, failures)


class NoRetryOfLimit(Client):
    def is_worth_another_try(self, answer: Answer) -> bool:
        return answer.status != 429 and super().is_worth_another_try(answer)


class IgnoresUnavailable(Client):
    def wait_after_failure(self, answer: Answer, failures: int) -> float:
        return self.pause(failures) if answer.status == 503 else super().wait_after_failure(answer, failures)


class NoPause(Client):
    def pause(self, failures: int) -> float:
        return 0.0


class TriesForEver(Client):
    def has_tries_left(self, failures: int) -> bool:
        return True

    def pause(self, failures: int) -> float:
        return 0.15


class NoRefresh(Api):
    def renew(self) -> bool:
        return False


class HidesOwnFile(Client):
    def own_file(self, answer: Answer, request: Request) -> Mapping[str, Any] | None:
        if answer.status == 409:
            raise Broken("the upload failed")
        return None


class LostIsDone(Client):
    def lost(self, error: Exception, failures: int, session: Mapping[str, Any]) -> Mapping[str, Any] | None:
        return {"id": session["id"]} if isinstance(error, ConnectionError) else super().lost(error, failures, session)


# -- 201 ---------------------------------------------------------------------------------------------------------------


class FirstFolder(Client):
    def file_of(self, answer: Answer) -> Mapping[str, Any]:
        file = super().file_of(answer)
        return {**file, "id": (file.get("parent") or {}).get("id", "0")}


class NeedsMembers(Client):
    def file_of(self, answer: Answer) -> Mapping[str, Any]:
        file = super().file_of(answer)
        if not file["parent"]["id"]:
            raise Broken("the file lies nowhere")
        return file


class StrictMembers(Client):
    def file_of(self, answer: Answer) -> Mapping[str, Any]:
        file = super().file_of(answer)
        if unknown := [name for name in file if name.startswith("x_")]:
            raise Broken(f"unknown members {unknown}")
        return file


class AnythingIsFile(Client):
    def file_of(self, answer: Answer) -> Mapping[str, Any]:
        try:
            return super().file_of(answer)
        except Broken:
            return {"id": ""}


class HalfIsWhole(Api):
    def body_of(self, response: http.client.HTTPResponse) -> bytes:
        try:
            return response.read()
        except http.client.IncompleteRead as half:
            return half.partial


class CommitsTwice(Client):
    def committed(self, request: Request, session: Mapping[str, Any]) -> Mapping[str, Any]:
        file = super().committed(request, session)
        self.api.send(request)
        return file


class RetriesOdd(Client):
    def committed(self, request: Request, session: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            return super().committed(request, session)
        except Broken:
            return super().committed(request, session)


# -- sessions, parts, callers ------------------------------------------------------------------------------------------


class AbortsCreated(Client):
    def committed(self, request: Request, session: Mapping[str, Any]) -> Mapping[str, Any]:
        file = super().committed(request, session)
        self.abort(session)
        return file


class AbortHides(Client):
    def abort(self, session: Mapping[str, Any]) -> None:
        answer = self.api.send(Request(method="DELETE", url=session["session_endpoints"]["abort"]))
        if answer.status >= 400:
            self.refused(answer, "abort")


class ResumesWithRest(Client):
    def resume(self, session: Mapping[str, Any], path: Path, *, size: int) -> Mapping[str, Any]:
        content, there = self.read(path, size), self.list_parts(session)
        taken = {part["offset"] for part in there}
        missing = [offset for offset in range(0, size, session["part_size"]) if offset not in taken]
        parts = [*there, *self.upload_parts(session, content, offsets=missing)]
        rest = b"".join(content[offset : offset + session["part_size"]] for offset in missing)
        return self.commit(session, parts, digest=self.whole_digest(rest))


class UploadsAllAgain(Client):
    def resume(self, session: Mapping[str, Any], path: Path, *, size: int) -> Mapping[str, Any]:
        content = self.read(path, size)
        parts = self.upload_parts(session, content, offsets=range(0, size, session["part_size"]))
        return self.commit(session, parts, digest=self.whole_digest(content))


class CountsTwice(Client):
    hashed_again = b""

    def upload_part(self, session: Mapping[str, Any], content: bytes, offset: int) -> Any:
        request = self.part_request(session, content, offset)
        first = self.api.send(request)
        if first.status == 200:
            return first.json()["part"]
        self.hashed_again += request.body or b""
        return super().upload_part(session, content, offset)

    def whole_digest(self, content: bytes) -> str:
        return super().whole_digest(content + self.hashed_again)


class TrustsLength(Client):
    def read(self, path: Path, size: int) -> bytes:
        return path.read_bytes()[:size]


class EmptiesArguments(Client):
    def part_list(self, parts: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        listed = super().part_list(parts)
        if isinstance(parts, list):
            parts.clear()
        return listed


class TellsToken(Client):
    def refused(self, answer: Answer, what: str) -> Mapping[str, Any]:
        raise ApiError(answer.status, answer.json() or {}, f"{what} with the token {self.api.token}")


MISTAKES: Final[Mapping[str, Mistake]] = {
    "rebuilds-url": Mistake(
        summary="builds the URL of the commit from the session's id", rules=("CLIENT-COMMIT-URL",), client=RebuildsUrl
    ),
    "hex-digest": Mistake(summary="writes the digest in hexadecimal", rules=("CLIENT-DIGEST",), client=HexDigest),
    "last-part-digest": Mistake(
        summary="sends the digest of the last bytes", rules=("CLIENT-DIGEST",), client=LastPartDigest
    ),
    "md5-digest": Mistake(summary="sends an MD5", rules=("CLIENT-DIGEST",), client=Md5Digest),
    "no-digest": Mistake(summary="sends no digest", rules=("CLIENT-DIGEST",), client=NoDigest),
    "form-type": Mistake(summary="sends its JSON as a form", rules=("CLIENT-HEADERS",), client=FormType),
    "drops-part": Mistake(summary="leaves the last part out", rules=("CLIENT-PARTS-COMPLETE",), client=DropsPart),
    "duplicates-part": Mistake(
        summary="has the first part twice",
        rules=("CLIENT-PARTS-COMPLETE",),
        client=DuplicatesPart,
    ),
    "order-of-arrival": Mistake(
        summary="lists the parts as they ended", rules=("CLIENT-PARTS-ORDER",), client=OrderOfArrival
    ),
    "first-page": Mistake(
        summary="reads the first page of parts only", rules=("CLIENT-PARTS-PAGED",), client=FirstPage
    ),
    "drops-conditions": Mistake(summary="forgets If-Match", rules=("CLIENT-PRECONDITIONS",), client=DropsConditions),
    "own-condition": Mistake(
        summary="sends an If-None-Match of its own", rules=("CLIENT-PRECONDITIONS",), client=OwnCondition
    ),
    "drops-attributes": Mistake(summary="forgets the attributes", rules=("CLIENT-ATTRIBUTES",), client=DropsAttributes),
    "too-early": Mistake(
        summary="waits a tenth of the time",
        rules=("CLIENT-ACCEPTED-WAIT", "CLIENT-RETRY-AFTER-CASE", "CLIENT-RETRY-AFTER-DATE"),
        client=TooEarly,
    ),
    "milliseconds": Mistake(
        summary="takes seconds for milliseconds",
        rules=("CLIENT-ACCEPTED-WAIT", "CLIENT-RETRY-AFTER-CASE", "CLIENT-RETRY-AFTER-DATE"),
        client=Milliseconds,
    ),
    "no-digest-again": Mistake(
        summary="leaves the digest out when it commits again", rules=("CLIENT-ACCEPTED-SAME",), client=NoDigestAgain
    ),
    "no-conditions-again": Mistake(
        summary="leaves If-Match out when it commits again",
        rules=("CLIENT-ACCEPTED-SAME",),
        client=NoConditionsAgain,
    ),
    "other-body-again": Mistake(
        summary="changes the list when it commits again", rules=("CLIENT-ACCEPTED-SAME",), client=OtherBodyAgain
    ),
    "gives-up-at-once": Mistake(
        summary="takes a 202 for a failure", rules=("CLIENT-ACCEPTED-RETRIED",), client=GivesUpAtOnce
    ),
    "accepted-is-file": Mistake(
        summary="takes a 202 for the file", rules=("CLIENT-ACCEPTED-RETRIED",), client=AcceptedIsFile
    ),
    "gives-nothing": Mistake(
        summary="gives its caller nothing when its patience ends",
        rules=("CLIENT-ACCEPTED-TOLD",),
        client=NoPatienceTold,
    ),
    "for-ever": Mistake(summary="asks for ever", rules=("CLIENT-ACCEPTED-BOUND",), client=ForEver),
    "needs-header": Mistake(
        summary="crashes where Retry-After is missing", rules=("CLIENT-ACCEPTED-NO-HEADER",), client=NeedsHeader
    ),
    "names-have-case": Mistake(
        summary="knows Retry-After in one case only", rules=("CLIENT-RETRY-AFTER-CASE",), client=NamesHaveCase
    ),
    "numbers-only": Mistake(summary="does not wait for dates", rules=("CLIENT-RETRY-AFTER-DATE",), client=NumbersOnly),
    "crashes-on-junk": Mistake(
        summary="crashes on a Retry-After that is none", rules=("CLIENT-RETRY-AFTER-JUNK",), client=CrashesOnJunk
    ),
    "aborts-pending": Mistake(
        summary="aborts the session when its patience ends", rules=("CLIENT-ABORT-WRONG",), client=AbortsPending
    ),
    "retries-conflict": Mistake(
        summary="repeats a commit refused with 409", rules=("CLIENT-REFUSAL-FINAL",), client=RetriesConflict
    ),
    "retries-bad-request": Mistake(
        summary="repeats a commit refused with 400", rules=("CLIENT-REFUSAL-FINAL",), client=RetriesBadRequest
    ),
    "swallows-precondition": Mistake(
        summary="takes a 412 for success", rules=("CLIENT-REFUSAL-TOLD",), client=SwallowsPrecondition
    ),
    "text-only": Mistake(
        summary="has the message of an error and nothing else",
        rules=("CLIENT-REFUSAL-DETAILS",),
        client=TextOnly,
    ),
    "no-context": Mistake(summary="throws the context_info away", rules=("CLIENT-REFUSAL-DETAILS",), client=NoContext),
    "unchanged-is-success": Mistake(
        summary="takes a 304 for success", rules=("CLIENT-NOT-MODIFIED",), client=UnchangedIsSuccess
    ),
    "needs-json": Mistake(
        summary="crashes on an error that is not JSON", rules=("CLIENT-ERROR-NOT-JSON",), client=NeedsJson
    ),
    "ignores-limit": Mistake(
        summary="does not wait for the Retry-After of a 429", rules=("CLIENT-RATE-LIMIT",), client=IgnoresLimit
    ),
    "no-retry-of-limit": Mistake(summary="takes a 429 for final", rules=("CLIENT-RATE-LIMIT",), client=NoRetryOfLimit),
    "ignores-unavailable": Mistake(
        summary="does not wait for the Retry-After of a 503",
        rules=("CLIENT-UNAVAILABLE-WAIT",),
        client=IgnoresUnavailable,
    ),
    "no-pause": Mistake(summary="tries again at once", rules=("CLIENT-RETRY-PAUSE",), client=NoPause),
    "tries-for-ever": Mistake(summary="tries again and again", rules=("CLIENT-RETRY-PAUSE",), client=TriesForEver),
    "no-refresh": Mistake(summary="does not renew its token", rules=("CLIENT-TOKEN-REFRESHED",), api=NoRefresh),
    "hides-own-file": Mistake(
        summary="tells of a failure where its own file is in the way",
        rules=("CLIENT-LOST-ANSWER",),
        client=HidesOwnFile,
    ),
    "lost-is-done": Mistake(
        summary="takes a lost connection for success", rules=("CLIENT-LOST-CONNECTION",), client=LostIsDone
    ),
    "wrong-id": Mistake(summary="gives its caller another id", rules=("CLIENT-CREATED-FILE",), client=FirstFolder),
    "needs-members": Mistake(
        summary="needs members that need not be there", rules=("CLIENT-CREATED-TOLERANT",), client=NeedsMembers
    ),
    "strict-members": Mistake(
        summary="refuses members it does not know", rules=("CLIENT-CREATED-TOLERANT",), client=StrictMembers
    ),
    "anything-is-file": Mistake(
        summary="takes any 201 for a file", rules=("CLIENT-CREATED-ODD",), client=AnythingIsFile
    ),
    "half-is-whole": Mistake(
        summary="takes half an answer for the whole, and anything for a file",
        rules=("CLIENT-CREATED-ODD", "CLIENT-CREATED-WHOLE"),
        client=AnythingIsFile,
        api=HalfIsWhole,
    ),
    "commits-twice": Mistake(
        summary="commits again after 201, to be sure", rules=("CLIENT-CREATED-ONCE",), client=CommitsTwice
    ),
    "retries-odd": Mistake(
        summary="commits again where it does not understand a 201", rules=("CLIENT-CREATED-ONCE",), client=RetriesOdd
    ),
    "aborts-created": Mistake(
        summary="aborts the session after 201, to be tidy", rules=("CLIENT-ABORT-WRONG",), client=AbortsCreated
    ),
    "abort-hides": Mistake(
        summary="tells of the abort that failed, and not of the refusal",
        rules=("CLIENT-ABORT-ERROR",),
        client=AbortHides,
    ),
    "resumes-with-rest": Mistake(
        summary="sends the digest of what was left to upload",
        rules=("CLIENT-DIGEST",),
        client=ResumesWithRest,
    ),
    "uploads-all-again": Mistake(
        summary="uploads all parts of a session that it resumes", rules=("CLIENT-RESUME",), client=UploadsAllAgain
    ),
    "counts-twice": Mistake(
        summary="has a part twice in its digest that was sent twice", rules=("CLIENT-PART-RETRY",), client=CountsTwice
    ),
    "trusts-length": Mistake(
        summary="leaves out what is beyond the length it was told", rules=("CLIENT-LENGTH",), client=TrustsLength
    ),
    "empties-arguments": Mistake(
        summary="empties the caller's list of parts", rules=("CLIENT-ARGUMENTS",), client=EmptiesArguments
    ),
    "tells-token": Mistake(summary="has the token in its errors", rules=("CLIENT-TOKEN-SECRET",), client=TellsToken),
}
"""All mistakes by name."""
