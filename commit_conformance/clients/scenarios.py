"""All scenarios: what the service does to a commit, and which rules are asked there.

Owns the list. A scenario is small and about one thing; its name says which. Waiting is real, so it is short. Beside the
rules a scenario names, those of `judge.EVERYWHERE` are asked of every play.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping
from typing import Final

from commit_conformance.clients.interludes import (
    PAGE,
    accepted,
    accepted_until,
    always,
    created,
    expired,
    limited,
    lost,
    own_conflict,
    raw,
    refused,
    slow,
    times,
    truncated,
)
from commit_conformance.clients.largest import largest, minimal, with_nulls, with_unknown
from commit_conformance.clients.scenario import EACH, Scenario, UnknownScenario
from commit_conformance.clients.stage import Interlude

__all__ = ["LAST_TRY", "SCENARIOS", "Scenario", "UnknownScenario", "chosen"]

LAST_TRY: Final = 300
"""Commits after which a client that is answered 202 each time has shown that it has no bound."""

TOO_MANY: Final = 40
"""Tries after which nobody asks any more whether a client has a bound."""

DATE: Final = "2017-04-08T00:58:08Z"
ATTRIBUTES: Final = {"description": "Quarterly figures", "content_modified_at": DATE}


def _says(*interludes: Interlude) -> Mapping[str, tuple[Interlude, ...]]:
    return {"commit": interludes}


_REFUSAL: Final = ("CLIENT-REFUSAL-FINAL", "CLIENT-REFUSAL-TOLD")
_DETAILS: Final = (*_REFUSAL, "CLIENT-REFUSAL-DETAILS")
_PENDING: Final = ("CLIENT-ACCEPTED-RETRIED", "CLIENT-ACCEPTED-WAIT")
_LARGEST_WAIT: Final = 100_000_000_000  # Seconds; as milliseconds they fit into no timer of 32 bits.

SCENARIOS: Final[tuple[Scenario, ...]] = (
    # -- what the client sends
    Scenario(
        name="created",
        summary="the commit is answered 201 at once",
        rules=("CLIENT-CREATED-FILE",),
        calls=EACH,
        quick=True,
    ),
    Scenario(
        name="new-version",
        summary="a new version of a file; the commit is answered 201 at once",
        rules=("CLIENT-CREATED-FILE",),
        needs=frozenset({"new_version"}),
        new_version=True,
    ),
    Scenario(
        name="if-match",
        summary="a new version, if the file still has the tag that the caller saw",
        rules=("CLIENT-PRECONDITIONS",),
        needs=frozenset({"new_version", "if_match"}),
        new_version=True,
        quick=True,
    ),
    Scenario(
        name="if-none-match",
        summary="a new version, if the file does not have a tag",
        rules=("CLIENT-PRECONDITIONS",),
        needs=frozenset({"new_version", "if_none_match"}),
        new_version=True,
        quick=True,
    ),
    Scenario(
        name="attributes",
        summary="the caller gives a description and a date",
        rules=("CLIENT-ATTRIBUTES",),
        needs=frozenset({"attributes"}),
        attributes=ATTRIBUTES,
        quick=True,
    ),
    Scenario(
        name="endpoints-elsewhere",
        summary="the session names endpoints at paths of its own",
        rules=("CLIENT-COMMIT-URL",),
        calls=EACH,
        elsewhere=True,
        quick=True,
    ),
    Scenario(
        name="parts-paged",
        summary="a session of 1010 parts, which are listed in pages",
        rules=("CLIENT-PARTS-PAGED",),
        calls=("commit_listed",),
        parts=1010,
        part_size=16,
        quick=True,
    ),
    Scenario(
        name="parts-out-of-order",
        summary="the first part ends its upload last",
        rules=(),
        calls=EACH,
        script={"upload_part": (slow(0.4, what="the first part that arrives is answered"),)},
        parts=5,
        out_of_order=True,
        quick=True,
    ),
    # -- 202
    Scenario(
        name="accepted-0",
        summary="202 with nothing to wait, then 201",
        rules=("CLIENT-ACCEPTED-RETRIED",),
        script=_says(accepted(0)),
    ),
    Scenario(
        name="accepted-1",
        summary="202 with one second to wait, then 201",
        rules=_PENDING,
        calls=EACH,
        script=_says(accepted(1)),
        quick=True,
    ),
    Scenario(
        name="accepted-2",
        summary="202 with two seconds to wait, then 201",
        rules=_PENDING,
        script=_says(accepted(2)),
    ),
    Scenario(
        name="accepted-twice",
        summary="202 with one second to wait, 202 with two, then 201",
        rules=_PENDING,
        script=_says(accepted(1), accepted(2)),
    ),
    Scenario(
        name="accepted-version",
        summary="a new version under a condition, with attributes: 202 with nothing to wait, then 201",
        rules=("CLIENT-ACCEPTED-RETRIED", "CLIENT-PRECONDITIONS"),
        script=_says(accepted(0)),
        needs=frozenset({"new_version", "if_match", "attributes"}),
        new_version=True,
        attributes=ATTRIBUTES,
        quick=True,
    ),
    Scenario(
        name="accepted-no-header",
        summary="202 without Retry-After, then 201",
        rules=("CLIENT-ACCEPTED-NO-HEADER",),
        script=_says(accepted(None)),
        quick=True,
    ),
    Scenario(
        name="accepted-lower-case",
        summary="202 with retry-after in lower case, one second, then 201",
        rules=("CLIENT-RETRY-AFTER-CASE",),
        script=_says(accepted(1, header="retry-after")),
        quick=True,
    ),
    Scenario(
        name="accepted-upper-case",
        summary="202 with RETRY-AFTER in upper case, one second, then 201",
        rules=("CLIENT-RETRY-AFTER-CASE",),
        script=_says(accepted(1, header="RETRY-AFTER")),
    ),
    Scenario(
        name="accepted-date",
        summary="202 with a date in Retry-After, then 201",
        rules=("CLIENT-RETRY-AFTER-DATE",),
        script=_says(accepted_until(2)),
    ),
    Scenario(
        name="accepted-fraction",
        summary="202 with half a second in Retry-After, which is no valid value, then 201",
        rules=("CLIENT-RETRY-AFTER-JUNK",),
        script=_says(accepted("0.5")),
    ),
    Scenario(
        name="accepted-negative",
        summary="202 with a negative number in Retry-After, then 201",
        rules=("CLIENT-RETRY-AFTER-JUNK",),
        script=_says(accepted(-1)),
    ),
    Scenario(
        name="accepted-junk",
        summary="202 with a word in Retry-After, then 201",
        rules=("CLIENT-RETRY-AFTER-JUNK",),
        script=_says(accepted("soon")),
        quick=True,
    ),
    Scenario(
        name="accepted-huge",
        summary="202 with three thousand years to wait",
        rules=("CLIENT-ACCEPTED-WAIT",),
        script=_says(always(accepted(_LARGEST_WAIT))),
        watch=3,
    ),
    Scenario(
        name="accepted-for-ever",
        summary="202 with nothing to wait, again and again",
        rules=("CLIENT-ACCEPTED-BOUND", "CLIENT-ACCEPTED-TOLD"),
        script=_says(times(accepted(0), LAST_TRY), always(refused("bad-request"))),
        patience=True,
        watch=45,
        quick=True,
    ),
    # -- refusals
    Scenario(
        name="bad-request",
        summary="400 for the digest",
        rules=_DETAILS,
        script=_says(always(refused("bad-request"))),
    ),
    Scenario(
        name="forbidden",
        summary="403",
        rules=_DETAILS,
        script=_says(always(refused("forbidden"))),
    ),
    Scenario(
        name="not-found",
        summary="404, the session is not there",
        rules=_DETAILS,
        script=_says(always(refused("not-found"))),
    ),
    Scenario(
        name="conflict",
        summary="409, with the file in the way as an object",
        rules=(*_DETAILS, "CLIENT-ABORT-LEFT"),
        script=_says(always(refused("conflict"))),
        quick=True,
    ),
    Scenario(
        name="conflict-list",
        summary="409, with the file in the way in a list",
        rules=_DETAILS,
        script=_says(always(refused("conflict-list"))),
    ),
    Scenario(
        name="session-expired",
        summary="410, the session has expired",
        rules=_DETAILS,
        script=_says(always(refused("session-expired"))),
    ),
    Scenario(
        name="precondition-failed",
        summary="412",
        rules=(*_DETAILS, "CLIENT-ABORT-LEFT"),
        script=_says(always(refused("precondition-failed"))),
        quick=True,
    ),
    Scenario(
        name="not-modified",
        summary="304 without a body",
        rules=("CLIENT-NOT-MODIFIED",),
        script=_says(always(raw(304))),
        quick=True,
    ),
    Scenario(
        name="refused-html",
        summary="400 in HTML",
        rules=("CLIENT-ERROR-NOT-JSON",),
        script=_says(always(raw(400, PAGE, content_type="text/html; charset=utf-8"))),
        quick=True,
    ),
    Scenario(
        name="bad-gateway",
        summary="502 in HTML, then 201",
        rules=("CLIENT-ERROR-NOT-JSON",),
        script=_says(raw(502, PAGE, content_type="text/html; charset=utf-8")),
    ),
    Scenario(
        name="parts-mismatch",
        summary="400 parts_mismatch once, then 201",
        rules=("CLIENT-PARTS-MISMATCH",),
        script=_says(refused("parts-mismatch")),
    ),
    # -- on the way
    Scenario(
        name="rate-limited",
        summary="429 with four seconds to wait, then 201",
        rules=("CLIENT-RATE-LIMIT",),
        # More than the first pause of clients that look at no header; public ones take one to three seconds, at random.
        script=_says(limited(429, "rate_limit_exceeded", wait=4)),
        quick=True,
    ),
    Scenario(
        name="rate-limited-bare",
        summary="429 without Retry-After, then 201",
        rules=("CLIENT-RETRY-PAUSE",),
        script=_says(limited(429, "rate_limit_exceeded")),
    ),
    Scenario(
        name="unavailable",
        summary="503 with four seconds to wait, then 201",
        rules=("CLIENT-UNAVAILABLE-WAIT",),
        script=_says(limited(503, "unavailable", wait=4)),
    ),
    Scenario(
        name="server-error",
        summary="500, then 201",
        rules=("CLIENT-RETRY-PAUSE",),
        script=_says(limited(500, "internal_server_error")),
        quick=True,
    ),
    Scenario(
        name="unavailable-for-ever",
        summary="503 without Retry-After, again and again",
        rules=("CLIENT-RETRY-PAUSE",),
        script=_says(times(limited(503, "unavailable"), TOO_MANY), always(refused("bad-request"))),
        patience=True,
        watch=45,
    ),
    Scenario(
        name="server-error-then-conflict",
        summary="500 although the commit was carried out, then 409 with the client's own file",
        rules=("CLIENT-LOST-ANSWER",),
        script=_says(limited(500, "internal_server_error", taken=True), always(own_conflict())),
        quick=True,
    ),
    Scenario(
        name="answer-lost-then-conflict",
        summary="the connection is reset although the commit was carried out, then 409 with the client's own file",
        rules=("CLIENT-LOST-ANSWER", "CLIENT-LOST-CONNECTION"),
        script=_says(lost(taken=True), always(own_conflict())),
    ),
    Scenario(
        name="connection-lost",
        summary="the connection is reset before the commit is carried out",
        rules=("CLIENT-LOST-CONNECTION",),
        script=_says(lost(taken=False)),
        quick=True,
    ),
    Scenario(
        name="answer-lost",
        summary="the connection is reset after the commit was carried out; a second one gets the same file",
        rules=("CLIENT-LOST-CONNECTION",),
        script=_says(lost(taken=True)),
    ),
    Scenario(
        name="answer-broken-off",
        summary="the 201 breaks off in the middle of its body; a second commit gets the same file",
        rules=("CLIENT-CREATED-WHOLE",),
        script=_says(truncated()),
        watch=45,
    ),
    Scenario(
        name="answer-always-broken-off",
        summary="every 201 breaks off in the middle of its body",
        rules=("CLIENT-CREATED-WHOLE",),
        script=_says(times(truncated(), TOO_MANY), always(refused("bad-request"))),
        watch=45,
        patience=True,
        quick=True,
    ),
    Scenario(
        name="token-expired",
        summary="the access token has expired before the commit",
        rules=("CLIENT-TOKEN-REFRESHED",),
        script=_says(expired()),
        needs=frozenset({"refresh"}),
        quick=True,
    ),
    # -- 201 in other forms
    Scenario(
        name="created-minimal",
        summary="201 with a file of six members",
        rules=("CLIENT-CREATED-TOLERANT",),
        script=_says(created("201 with a file of six members", minimal)),
        quick=True,
    ),
    Scenario(
        name="created-unknown",
        summary="201 with members that nobody knows",
        rules=("CLIENT-CREATED-TOLERANT",),
        script=_says(created("201 with unknown members", with_unknown)),
    ),
    Scenario(
        name="created-nulls",
        summary="201 with null in all that may be null",
        rules=("CLIENT-CREATED-TOLERANT",),
        script=_says(created("201 with null in all that may be null", with_nulls)),
    ),
    Scenario(
        name="created-largest",
        summary="201 with every member of the schema, as large as it may be",
        rules=("CLIENT-CREATED-TOLERANT",),
        script=_says(created("201 with every member of the schema", largest)),
    ),
    Scenario(
        name="created-empty",
        summary="201 with an empty body",
        rules=("CLIENT-CREATED-ODD",),
        script=_says(raw(201, taken=True)),
    ),
    Scenario(
        name="created-html",
        summary="201 with a page of HTML",
        rules=("CLIENT-CREATED-ODD",),
        script=_says(raw(201, PAGE, content_type="text/html; charset=utf-8", taken=True)),
        quick=True,
    ),
    Scenario(
        name="created-no-entries",
        summary="201 with an empty list",
        rules=("CLIENT-CREATED-ODD",),
        # A call that does nothing but commit may hand on the list as it came, for its caller to see that it is empty.
        calls=("upload",),
        script=_says(created("201 with an empty list", lambda document: {"total_count": 0, "entries": []})),
    ),
    Scenario(
        name="created-200",
        summary="200 in place of 201",
        rules=("CLIENT-CREATED-200",),
        script=_says(created("200 in place of 201", lambda document: document, status=200)),
    ),
    Scenario(
        name="created-slowly",
        summary="201 after two seconds",
        rules=("CLIENT-CREATED-FILE",),
        script=_says(slow(2)),
    ),
    # -- sessions, parts and callers
    Scenario(
        name="abort-fails",
        summary="409, and the session cannot be aborted",
        rules=("CLIENT-ABORT-ERROR",),
        script={
            "commit": (always(refused("conflict")),),
            "abort": (always(refused("forbidden")),),
        },
    ),
    Scenario(
        name="resumed",
        summary="a session of five parts that lacks the second and the last",
        rules=("CLIENT-RESUME",),
        calls=("resume",),
        parts=5,
        missing=(2, 5),
        quick=True,
    ),
    Scenario(
        name="part-sent-twice",
        summary="the upload of a part is answered 500 without being taken, once",
        rules=("CLIENT-PART-RETRY",),
        calls=("upload",),
        script={"upload_part": (limited(500, "internal_server_error"),)},
        quick=True,
    ),
    Scenario(
        name="told-too-long",
        summary="the caller says that the file is 100 bytes longer than it is",
        rules=("CLIENT-LENGTH",),
        calls=("upload",),
        needs=frozenset({"declared_size"}),
        told_longer=100,
        watch=45,
    ),
    Scenario(
        name="told-too-short",
        summary="the caller says that the file is 100 bytes shorter than it is",
        rules=("CLIENT-LENGTH",),
        calls=("upload",),
        needs=frozenset({"declared_size"}),
        told_longer=-100,
        watch=45,
        quick=True,
    ),
)
"""All scenarios, in reading order."""


def chosen(patterns: Iterable[str] = (), *, quick: bool = False) -> tuple[Scenario, ...]:
    """The scenarios that match one of the patterns; all of them without patterns.

    Args:
        patterns: Names, or globs over names.
        quick: Only those of a quick run, where no pattern is given.

    Raises:
        UnknownScenario: A pattern matches nothing; the message names the nearest.
    """
    import difflib

    wanted: set[str] = set()
    for pattern in patterns:
        found = {each.name for each in SCENARIOS if fnmatch.fnmatchcase(each.name, pattern.strip())}
        if not found:
            near = difflib.get_close_matches(pattern, [each.name for each in SCENARIOS], n=3, cutoff=0.4)
            hint = f"; did you mean {' or '.join(near)}?" if near else ""
            raise UnknownScenario(f"there is no scenario {pattern!r}{hint}")
        wanted |= found
    if wanted:
        return tuple(each for each in SCENARIOS if each.name in wanted)
    return tuple(each for each in SCENARIOS if each.quick or not quick)
