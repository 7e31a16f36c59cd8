"""What the user says of the target."""

from __future__ import annotations

from dataclasses import dataclass, field

from commit_conformance.wire import ClientCredentials

MOCK = "mock"
#: Up to this size a part is cheap, so that a file has parts enough to be told apart. Bytes.
CHEAP_PART = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetSettings:
    """How to reach a target.

    Attributes:
        url: Base URL of the upload endpoints, path prefix included; ``mock`` for the embedded service.
        api_url: Base URL of the read endpoints; None when it is the same.
        token: The bearer token; empty where ``credentials`` get one.
        credentials: How to get tokens, in place of ``token``.
        folder_id: Where the run may create its folder.
        second_token: Token of another user, for the rules on other people's sessions.
        limited_token: Token of the same user without the right to upload.
        expired_session: Id of an upload session of the token's user that has expired.
        allowed_origins: Further origins the token may go to.
        static_mock: Whether it is a static mock: ``yes``, ``no``, or ``auto`` to find out.
        rate: Most requests to the upload endpoints a minute; None for as many as come.
        large_file: Bytes of the one large file that may be uploaded; None for no such file.
        cheap_part: Bytes of a part up to which parts are cheap.
        faults, behaviours: For the embedded service only.
    """

    url: str = MOCK
    api_url: str | None = None
    token: str = field(default="", repr=False)
    credentials: ClientCredentials | None = None
    folder_id: str = "0"
    second_token: str | None = field(default=None, repr=False)
    limited_token: str | None = field(default=None, repr=False)
    expired_session: str | None = None
    allowed_origins: tuple[str, ...] = ()
    static_mock: str = "auto"
    rate: int | None = None
    large_file: int | None = None
    cheap_part: int = CHEAP_PART
    faults: tuple[str, ...] = ()
    behaviours: tuple[str, ...] = ()

    @property
    def is_mock(self) -> bool:
        """Whether the embedded service is meant."""
        return self.url == MOCK


class TargetUnusable(Exception):
    """The target cannot be tested at all; the message says why and what to do."""
