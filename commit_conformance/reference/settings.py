"""Everything that can be set about the reference service, with the defaults it is documented by.

Owns no behaviour: a field says what is wanted, the room it belongs to does it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

__all__ = ["EXPIRED_SESSION", "LIMITED_TOKEN", "SECOND_USER_TOKEN", "Settings"]

EXPIRED_SESSION = "E0E0E0E0E0E0E0E0E0E0E0E0E0E0E0E0"
SECOND_USER_TOKEN = "second-user-token"
LIMITED_TOKEN = "limited-token"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How one service is set up.

    Sizes are bytes, times are seconds. The defaults are a strict, fast service: parts of 64 KiB, files of any size
    from one byte, and every fourth session answers its right commit once with 202 before it answers 201, as a real
    server now and then does.

    Attributes:
        tokens: Bearer token to user id (``"1"``, ``"2"`` or any other id; unknown ids become new users).
        trust_first_token: When no token is configured, the first unknown bearer token becomes user 1's.
        second_user_token: Token of user 2, or ``None``.
        limited_token: Token of user 1 that may read but not upload, or ``None``.
        expired_session: Id of a session that has already expired, or ``None``.
        part_size: Size of every part but the last.
        min_file_size: Smallest file that may be uploaded in parts.
        max_parts: Most parts a file may have.
        session_seconds: Life of a session.
        memory_limit: Files from this size on are kept in a temporary directory, not in memory.
        spool_directory: Where that directory is made; the system's place when ``None``.
        processing: How many 202 answers a right commit gets before its 201.
        processing_every: Which sessions do: 1 means every session, 4 every fourth; 0 none.
        retry_after: Value of Retry-After on 202.
        async_validation: A wrong list or digest is answered 202 once before it is refused.
        precondition_status: Answer to an If-None-Match that fails, 412 or 304.
        quoted_etags: Entity tags in quotes, lists of tags and weak tags are understood as well as bare ones.
        digest_lists: A digest header may hold several members; every ``sha`` member must fit, others are ignored.
        parts_status: Status of a wrong part list.
        digest_status: Status of a wrong digest.
        unknown_part_status: Status of a list that names a part the session does not have.
        overlap_fatal: A list with overlapping ranges is answered 410 and ends the session.
        order: What happens to a list in another order: sorted by offset, or refused.
        sha1_required: Parts in the list must carry their sha1.
        repeat: Answer to a right commit after 201: ``same`` or a status.
        aborted_status: Status of an aborted session.
        closed_status: Status of a committed session for everything but its commit.
        part_overlap_status: Status of a part whose range is taken.
        part_digest_status: Status of a part whose digest does not fit.
        rate_limit: Every Nth request to the upload endpoints is answered 429 once; 0 never.
        error_codes: ``documented`` names, or ``other`` names outside the documented enumeration.
        conflicts: Shape of ``context_info.conflicts`` in a 409.
        sha1_upper: Hexadecimal digests in answers are in upper case.
        file_shape: ``full`` or ``minimal`` File objects.
        unknown_fields: Objects in answers carry members nobody documented.
        null_fields: Nullable File members are null.
        empty_tags: ``tags`` is an empty list.
        paged: ``representations`` have ``paged`` as string or boolean.
        utc_offset: Offset of the dates in answers, minutes; ``None`` writes ``Z``.
        other_commit_path: The commit URL does not follow the documented path.
        version_names: A session for a new version may give its file another name.
        keeps_trash: Deleted files are remembered as such.
        missing: Operations the service does not offer, by name (see `behaviours`).
        seed: Makes ids repeatable; ``None`` draws them afresh.
    """

    tokens: Mapping[str, str] = field(default_factory=dict)
    trust_first_token: bool = True
    second_user_token: str | None = SECOND_USER_TOKEN
    limited_token: str | None = LIMITED_TOKEN
    expired_session: str | None = EXPIRED_SESSION
    part_size: int = 64 * 1024
    min_file_size: int = 1
    max_parts: int = 1_000_000
    session_seconds: float = 7 * 24 * 3600
    memory_limit: int = 8 * 1024 * 1024
    spool_directory: Path | None = None
    processing: int = 1
    processing_every: int = 4
    retry_after: int = 0
    async_validation: bool = False
    precondition_status: Literal[304, 412] = 412
    quoted_etags: bool = False
    digest_lists: bool = False
    parts_status: int = 400
    digest_status: int = 400
    unknown_part_status: int | None = None
    overlap_fatal: bool = False
    order: Literal["sort", "reject"] = "sort"
    sha1_required: bool = False
    repeat: Literal["same", "404", "409", "410"] = "same"
    aborted_status: int = 404
    closed_status: int = 404
    part_overlap_status: int = 409
    part_digest_status: int = 412
    rate_limit: int = 0
    error_codes: Literal["documented", "other"] = "documented"
    conflicts: Literal["object", "list", "absent"] = "object"
    sha1_upper: bool = False
    file_shape: Literal["full", "minimal"] = "full"
    unknown_fields: bool = False
    null_fields: bool = False
    empty_tags: bool = False
    paged: Literal["string", "boolean"] = "string"
    utc_offset: int | None = -420
    other_commit_path: bool = False
    version_names: bool = True
    keeps_trash: bool = True
    missing: frozenset[str] = frozenset()
    seed: int | None = None

    def __post_init__(self) -> None:
        for name in ("part_size", "min_file_size", "max_parts"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")
        if self.rate_limit == 1 or self.rate_limit < 0:
            # With 1 every request would be refused, the repeated one too, and nothing could ever be uploaded.
            raise ValueError(f"rate_limit must be 0 or at least 2, not {self.rate_limit}")
        for name in ("processing", "processing_every", "retry_after", "memory_limit"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must not be negative, and is {getattr(self, name)}")
