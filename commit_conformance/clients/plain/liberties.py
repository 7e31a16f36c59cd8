"""Ways in which a client may rightly differ. No rule may fail for any of them.

Owns the counterpart of `mistakes`: a false alarm is as bad as a mistake that nobody sees.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from commit_conformance.clients.plain.client import Answer, Client, Pending, Request

__all__ = ["LIBERTIES", "Liberty"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Liberty:
    """One way to differ.

    Attributes:
        summary: What the client does.
        client: The client that does it.
    """

    summary: str
    client: type[Client]


class QuotesTags(Client):
    def conditions(self, conditions: Mapping[str, str]) -> Mapping[str, str]:
        # The service understands bare tags only, so this one shows on the condition that must not hold.
        return {k: f'"{v}"' if k == "if-none-match" else v for k, v in conditions.items()}


class CapitalDigest(Client):
    def whole_digest(self, content: bytes) -> str:
        return super().whole_digest(content).replace("sha=", "SHA=")

    def own_file(self, answer: Answer, request: Request) -> Mapping[str, Any] | None:
        digest = request.headers["digest"].replace("SHA=", "sha=")
        return super().own_file(answer, replace(request, headers={**request.headers, "digest": digest}))


class Charset(Client):
    def json_request(self, method: str, url: str, document: Any, *, headers: Any = None) -> Request:
        request = super().json_request(method, url, document, headers=headers)
        return replace(request, headers={**request.headers, "content-type": "Application/JSON; charset=utf-8"})


class LeavesSha1Out(Client):
    def part_list(self, parts: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        return [{k: part[k] for k in ("part_id", "offset", "size")} for part in super().part_list(parts)]


class SaysMore(Client):
    def part_list(self, parts: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        return [{**part, "x_number": number} for number, part in enumerate(super().part_list(parts))]


class WaitsLonger(Client):
    def wait_after(self, answer: Answer) -> float:
        return super().wait_after(answer) + 0.7


class LooksFirst(Client):
    def again(self, request: Request) -> Request:
        self.api.send(Request(method="GET", url=request.url.removesuffix("/commit")))
        return request


class NewLayout(Client):
    """The same JSON, written otherwise the second time."""

    def again(self, request: Request) -> Request:
        document = json.loads(request.body or b"{}")
        return replace(request, body=json.dumps(dict(reversed(document.items())), indent=1).encode())


class OneAtATime(Client):
    def upload_parts(self, session: Mapping[str, Any], content: bytes, *, offsets: Sequence[int]) -> list[Any]:
        return [self.upload_part(session, content, offset) for offset in offsets]


class NoSecondTry(Client):
    """Tells its caller of every failure but a limit, and leaves it there."""

    def is_worth_another_try(self, answer: Answer) -> bool:
        return answer.status == 429

    def has_tries_left(self, failures: int) -> bool:
        return failures < 2


class PassesOnConflict(Client):
    def own_file(self, answer: Answer, request: Request) -> Mapping[str, Any] | None:
        return None


class NeverAborts(Client):
    def abort(self, session: Mapping[str, Any]) -> None:
        return


class TakesAnySuccess(Client):
    def is_created(self, answer: Answer) -> bool:
        return answer.status in (200, 201)


class PatientClient(Client):
    def gives_up(self, accepted: int, seconds: float) -> bool:
        return accepted >= 250 or seconds > 1000

    def wait_after(self, answer: Answer) -> float:
        return max(super().wait_after(answer), 0.01)


class TellsPending(Client):
    """Its commit leaves the waiting to the caller; its upload does not."""

    def upload(self, *arguments: Any, **options: Any) -> Mapping[str, Any]:
        self.waits = True
        return super().upload(*arguments, **options)

    def resume(self, *arguments: Any, **options: Any) -> Mapping[str, Any]:
        self.waits = True
        return super().resume(*arguments, **options)

    def commit_listed(self, *arguments: Any, **options: Any) -> Mapping[str, Any]:
        self.waits = True
        return super().commit_listed(*arguments, **options)

    def gives_up(self, accepted: int, seconds: float) -> bool:
        return not getattr(self, "waits", False) or super().gives_up(accepted, seconds)

    def still_pending(self, session: Mapping[str, Any]) -> Mapping[str, Any]:
        raise Pending(session["id"])


LIBERTIES: Final[Mapping[str, Liberty]] = {
    "quotes-tags": Liberty(summary="puts entity tags in quotes", client=QuotesTags),
    "capital-digest": Liberty(summary="writes SHA= in capitals", client=CapitalDigest),
    "charset": Liberty(summary="names a charset in the content type, in another case", client=Charset),
    "leaves-sha1-out": Liberty(summary="leaves sha1 out of the list", client=LeavesSha1Out),
    "says-more": Liberty(summary="has members of its own in the list", client=SaysMore),
    "waits-longer": Liberty(summary="waits longer than it is asked to", client=WaitsLonger),
    "looks-first": Liberty(summary="asks for the session before it commits again", client=LooksFirst),
    "new-layout": Liberty(summary="writes the same JSON otherwise when it commits again", client=NewLayout),
    "one-at-a-time": Liberty(summary="uploads one part after the other", client=OneAtATime),
    "no-second-try": Liberty(summary="leaves server errors to its caller", client=NoSecondTry),
    "passes-on-conflict": Liberty(summary="tells of its own file in the way as a conflict", client=PassesOnConflict),
    "never-aborts": Liberty(summary="leaves sessions to end by themselves", client=NeverAborts),
    "takes-any-success": Liberty(summary="takes 200 for 201", client=TakesAnySuccess),
    "patient": Liberty(summary="commits 250 times before it gives up", client=PatientClient),
    "tells-pending": Liberty(summary="leaves the waiting to whoever commits", client=TellsPending),
}
"""All of them by name."""
