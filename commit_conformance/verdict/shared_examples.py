"""Failing examples in a Redis that several machines share, through Hypothesis' own database for it.

Owns the way there: a URL is checked and asked once before anything is sent to a target. A Redis that goes away later
ends no test, since it says nothing of the target: the run goes on without it. Nothing here shows a password.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from hypothesis.database import ExampleDatabase

if TYPE_CHECKING:
    from redis import Redis

#: How long an example is kept that nobody asks for: a rule that is tested once a quarter still finds its own.
EXPIRES = timedelta(days=100)
#: Seconds to wait for a Redis: it stands beside the machines that share it, or it is of no use.
PATIENCE = 5.0
#: Before every key, so that the database of another project may be used.
_PREFIX = "commit-conformance:"
_SCHEMES = ("redis", "rediss")


class NoSharedExamples(Exception):
    """The database cannot be used; the message says why and never holds a password."""


def check_shared(url: str) -> str:
    """A URL of a Redis that has answered.

    Raises:
        NoSharedExamples: It is none, the client library is missing, or the Redis does not answer.
    """
    shown = without_password(url)
    try:
        parts = urlsplit(url)
        right = parts.scheme in _SCHEMES and bool(parts.hostname) and parts.port != 0
        right = right and parts.path.strip("/").isdecimal() | (parts.path in ("", "/"))
    except ValueError:
        right = False
    if not right:
        raise NoSharedExamples(
            f"{shown!r} is not the URL of a Redis; write redis://HOST:PORT/NUMBER (for a folder: --keep-failing DIR)"
        )
    try:
        from redis.exceptions import RedisError
    except ImportError:
        raise NoSharedExamples(
            "a shared database needs the extra redis; install it: pip install 'box-commit-conformance[redis]'"
        ) from None
    try:
        _client(url).ping()
    except (RedisError, OSError, ValueError) as error:
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise NoSharedExamples(f"{shown}: the Redis there cannot be used ({_blanked(said, url)})") from None
    return url


def without_password(url: str) -> str:
    """A URL as it may be shown. Of one that cannot be read, whatever may be a password is left out."""
    scheme, sign, rest = url.partition("://")
    if not sign:
        return url if "@" not in url else "…@" + url.rpartition("@")[2]
    try:
        parts = urlsplit(url)
    except ValueError:
        return f"{scheme}://…"
    host = parts.netloc.rpartition("@")[2]
    # A query may hold a password as well: the client reads its options there.
    return urlunsplit((parts.scheme, host, parts.path, "", "")) if rest else url


def has_password(url: str) -> bool:
    """Whether a URL holds what should not be seen: a user or a password, or options, of which one may be that."""
    return "@" in url or "?" in url


def shared_examples(url: str, rule_id: str) -> ExampleDatabase:
    """The examples of one rule in a Redis."""
    from hypothesis.extra.redis import RedisExampleDatabase

    prefix = f"{_PREFIX}{rule_id}:".encode()
    return _Forbearing(RedisExampleDatabase(_client(url), expire_after=EXPIRES, key_prefix=prefix))


@cache
def _client(url: str) -> Redis:
    from redis import Redis

    return Redis.from_url(url, socket_connect_timeout=PATIENCE, socket_timeout=PATIENCE)


def _blanked(text: str, url: str) -> str:
    with suppress(ValueError):
        parts = urlsplit(url)
        for secret in filter(None, (parts.password, parts.query)):
            text = text.replace(secret, "[redacted]")
    return text


class _Forbearing(ExampleDatabase):
    """A database that may go away: then it knows nothing, and keeps nothing, and no test ends for its sake."""

    def __init__(self, inner: ExampleDatabase) -> None:
        super().__init__()
        self._inner = inner

    def save(self, key: bytes, value: bytes) -> None:
        with _forbearance():
            self._inner.save(key, value)

    def fetch(self, key: bytes) -> Iterable[bytes]:
        found: list[bytes] = []
        with _forbearance():
            found += self._inner.fetch(key)
        return sorted(found)  # a set has no order, and a run with one seed should ask in one

    def delete(self, key: bytes, value: bytes) -> None:
        with _forbearance():
            self._inner.delete(key, value)

    def move(self, src: bytes, dest: bytes, value: bytes) -> None:
        with _forbearance():
            self._inner.move(src, dest, value)

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, _Forbearing) and self._inner == other._inner

    __hash__ = None  # type: ignore[assignment]  # like the databases of Hypothesis


@contextmanager
def _forbearance() -> Iterator[None]:
    from redis.exceptions import RedisError

    with suppress(RedisError, OSError):
        yield
