"""The JSON body and its attributes."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

import pytest

from commit_conformance.model.dates import instant
from commit_conformance.trial.marks import rule
from commit_conformance.trial.server import Server
from commit_conformance.verdict.outcomes import Unsupported
from commit_conformance.wire import describe_answer
from strategies import bodies
from strategies.plan import CommitPlan

#: How far the clocks of two machines, or of two parts of one, may reasonably be apart, in seconds.
CLOCK_TOLERANCE = 600.0

#: The member of a File that shows what became of an attribute.
SHOWN_IN = {
    "ATTR-MODIFIED-AT": "content_modified_at",
    "ATTR-CREATED-AT": "content_created_at",
    "ATTR-DESCRIPTION": "description",
}


@pytest.mark.parametrize(
    "family",
    [
        pytest.param(family, marks=rule(rule_id, meanwhile=rule_id != "BODY-LARGE"), id=rule_id)
        for rule_id, family in {
            "BODY-MALFORMED": bodies.malformed,
            "BODY-EMPTY": bodies.empty,
            "BODY-TOP-LEVEL": bodies.top_level,
            "BODY-DUPLICATE-KEYS": bodies.duplicate_keys,
            "BODY-CONTENT-TYPE": bodies.content_types,
            "BODY-LARGE": bodies.large,
            "ATTR-DATE-INVALID": bodies.invalid_dates,
            "ATTR-TYPE": bodies.not_attributes,
        }.items()
    ],
)
def test_a_wrong_body_is_refused(server: Server, family: bodies.Family) -> None:
    server.refuses(family)


@pytest.mark.parametrize(
    "what",
    [
        pytest.param(rule_id, marks=rule(rule_id, late=True), id=rule_id)
        for rule_id in (
            "BODY-UNKNOWN-MEMBER",
            "BODY-CHARSET",
            "BODY-CHUNKED",
            "ATTR-ABSENT",
            "ATTR-MODIFIED-AT",
            "ATTR-CREATED-AT",
            "ATTR-DESCRIPTION",
        )
    ],
)
def test_a_right_body_in_another_form_is_committed(server: Server, what: str) -> None:
    """Instants and texts that were sent come back in the File: that is judged in passing, for every 201."""
    server.takes_liberty(or_else=(411,) if what == "BODY-CHUNKED" else ())
    if what in SHOWN_IN:
        server.need_shown(SHOWN_IN[what])


@rule("ATTR-DEFAULTS", late=True)
def test_dates_not_given_default_to_the_time_of_the_upload(server: Server) -> None:
    """The time of the upload is what the File itself, or the answer, says it is: no clock here is compared with."""
    shown = False
    for _, attempt in server.liberty("ATTR-ABSENT"):
        file = server.file_of(attempt)
        clocks = [instant(file.get(member)) for member in ("created_at", "modified_at")]
        clocks.append(http_date(attempt.answer.header("date")))
        now = [clock for clock in clocks if clock is not None]
        for member in ("content_modified_at", "content_created_at"):
            moment = instant(file.get(member))
            if moment is None or not now:
                continue  # left out, or null, as the schema allows
            shown = True
            if all(abs(moment - clock) > CLOCK_TOLERANCE for clock in now):
                server.fail(f"{member} is {file[member]}, which is not when the file was uploaded", attempt)
    if not shown:
        raise Unsupported("the File of the 201 does not show these dates, or no time to compare them with")


def http_date(value: str | None) -> float | None:
    """The instant of an HTTP date; None when it is none."""
    try:
        return parsedate_to_datetime(value).timestamp() if value else None
    except ValueError:
        return None


@rule("ATTR-DESTINATION", late=True)
def test_attributes_do_not_move_the_file(server: Server) -> None:
    attempt = server.tolerates(CommitPlan(attributes=server.another_destination))
    if attempt.created:
        server.landed(attempt)
    elif not attempt.expectation.allows(attempt.answer):
        server.fail(f"the answer, {describe_answer(attempt.run.last)}, is neither 201 nor a refusal", attempt)


@rule("ATTR-EMPTY")
def test_what_empty_attributes_get(server: Server) -> str:
    return server.observes_liberty()


@rule("ATTR-DESCRIPTION-LONG")
def test_what_a_description_of_256_characters_gets(server: Server) -> str:
    said = server.observes_liberty()
    for _, attempt in server.liberty():
        if attempt.created:
            kept = server.entry_of(attempt).get("description")
            said += f", {len(kept)} characters kept" if isinstance(kept, str) else ""
    return said


@rule("BODY-NO-CONTENT-TYPE")
def test_what_a_body_without_content_type_gets(server: Server) -> str:
    return server.observes_liberty()
