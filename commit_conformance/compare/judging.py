"""What the contract says of one commit's answers, in the terms of a comparison. The model decides."""

from __future__ import annotations

from commit_conformance.compare.seen import Aspect, code_of, headers_of
from commit_conformance.model import (
    Answer,
    Expectation,
    FilesSchema,
    FileState,
    Outcome,
    Problem,
    WantedFile,
    check_accepted,
    check_any,
    check_created,
    check_error,
    classify,
    read_body,
)
from commit_conformance.model.dates import instant
from commit_conformance.target.commit import CommitRun
from commit_conformance.target.upload import Upload


def problems_of(
    run: CommitRun,
    *,
    token: str | None,
    wanted: WantedFile | None,
    schema: FilesSchema,
) -> list[Problem]:
    """What the contract says against the answers a commit got, each looked at by itself.

    Args:
        token: The token that no answer may repeat.
        wanted: What the File of a 201 has to agree with; None where a 201 is not to be judged.
        schema: Of the body of a 201.
    """
    problems: list[Problem] = []
    for exchange in run.exchanges:
        answer = exchange.answer
        if answer is not None:
            problems += check_any(answer, token=token)
            problems += check_error(answer)
            problems += check_accepted(answer) if answer.status == 202 else []
    if run.answer.status == 201 and wanted is not None:
        problems += check_created(run.answer, wanted, schema)
    return problems


def wanted_of(run: CommitRun, upload: Upload, *, owner_id: str | None, previous: FileState | None) -> WantedFile:
    """What the File of a commit has to agree with.

    Args:
        owner_id: The token's user, where the target tells it.
        previous: The file before the commit, for new versions.
    """
    session, request = upload.session, run.request
    attributes = read_body(request.body, request.header("content-type")).attributes
    description = attributes.get("description")
    return WantedFile(
        name=session.name,
        parent_id=session.parent_id,
        size=session.file_size,
        sha1=session.sha1,
        owner_id=owner_id,
        content_modified_at=instant(attributes.get("content_modified_at")),
        content_created_at=instant(attributes.get("content_created_at")),
        description=description if isinstance(description, str) and len(description) <= 255 else None,
        previous=previous,
    )


def allows(expectation: Expectation, answer: Answer) -> bool:
    """Whether an answer is allowed; where the contract is silent, a live session may refuse in any way but with 404."""
    refusals = (Outcome.NOT_MODIFIED, Outcome.FORBIDDEN)
    return expectation.allows(answer) or bool(expectation.open and classify(answer) in refusals)


def in_words(expectation: Expectation) -> str:
    """What may be answered, shorter than reports of runs say it."""
    if expectation.statuses:
        return str(expectation)
    said = [] if expectation.must_refuse else ["201"]
    said += ["a refusal (4xx)"] if Outcome.REFUSED in expectation.outcomes else []
    return " or ".join(said) + (" or 404" if expectation.must_refuse and _may_be_missing(expectation) else "")


def _may_be_missing(expectation: Expectation) -> bool:
    return Outcome.NOT_FOUND in expectation.outcomes


def came_to(answer: Answer) -> str:
    """What an answer comes to for a client: committed, refused, or something that is neither."""
    outcome = classify(answer)
    refusals = (Outcome.REFUSED, Outcome.NOT_FOUND, Outcome.FORBIDDEN, Outcome.UNAUTHORIZED, Outcome.NOT_MODIFIED)
    if 200 <= answer.status <= 299 and outcome is not Outcome.ACCEPTED:
        return "committed"
    return "refused" if outcome in refusals else str(outcome)


def plain_aspects(answer: Answer) -> dict[Aspect, str]:
    """The aspects that an answer shows by itself, whatever was asked."""
    code = code_of(answer)
    return {
        Aspect.STATUS: str(answer.status),
        **({Aspect.CODE: code} if code is not None else {}),
        Aspect.HEADERS: headers_of(answer),
    }
