"""No real socket: while a guard is up, this process connects to nothing.

Owns the patch of the ``socket`` module. It lies below every client that is written in Python, so that one which respx
does not reach (httpx2, requests, urllib, aiohttp) is stopped before its request leaves, and says why. Sockets that are
opened in C (pycurl, gRPC, uvloop, the proactor loop of Windows) are not seen.

What is refused is going somewhere: connecting, sending a datagram, looking up a name. Sockets can be made, and pairs of
them, which event loops wake themselves with.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

__all__ = ["SocketRefused", "guarded"]

Refuse = Callable[[str], str]


class SocketRefused(AssertionError):
    """Something was about to use a real socket.

    It is no OSError, which clients would take for trouble with the network: they would try again, and a test that
    expects such trouble would pass.
    """


_lock = threading.Lock()
_guards: list[Refuse] = []
_patches: list[Any] = []
_making_a_pair = threading.local()


def _refuse(address: object) -> None:
    if not getattr(_making_a_pair, "now", False):
        raise SocketRefused(_guards[-1](_readable(address)) if _guards else f"a socket to {_readable(address)}")


def _readable(address: object) -> str:
    if isinstance(address, tuple) and len(address) >= 2:
        host, port = address[0], address[1]
        return f"[{host}]:{port}" if ":" in str(host) else f"{host}:{port}"
    return str(address)


def _is_name(host: object) -> bool:
    """Whether a host has to be looked up; an address in numbers is refused when it is connected to."""
    text = host.decode("latin-1") if isinstance(host, bytes) else host
    if not isinstance(text, str) or not text:
        return False
    try:
        ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return True
    return False


@contextmanager
def guarded(refuse: Refuse) -> Iterator[None]:
    """Refuses sockets in the whole process, other threads included, until the block ends.

    Args:
        refuse: Makes the message of the `SocketRefused` from the address that was to be reached.
    """
    with _lock:
        if not _guards:
            _patch()
        _guards.append(refuse)
    try:
        yield
    finally:
        # Guards may end in any order; the patches stay until the last one does.
        with _lock:
            _guards.remove(refuse)
            if not _guards:
                while _patches:
                    _patches.pop().stop()


def _patch() -> None:
    pair, look_up, by_name, by_name_ex = (
        socket.socketpair,
        socket.getaddrinfo,
        socket.gethostbyname,
        socket.gethostbyname_ex,
    )

    def connect(self: socket.socket, address: Any) -> Any:
        _refuse(address)
        return super(socket.socket, self).connect(address)

    def connect_ex(self: socket.socket, address: Any) -> Any:
        _refuse(address)
        return super(socket.socket, self).connect_ex(address)

    def sendto(self: socket.socket, data: Any, *rest: Any) -> Any:
        _refuse(rest[-1] if rest else "an unknown address")
        return super(socket.socket, self).sendto(data, *rest)

    def socketpair(*arguments: Any, **options: Any) -> Any:
        # Where the system has no pairs of its own, one is made by connecting two sockets on loopback.
        _making_a_pair.now = True
        try:
            return pair(*arguments, **options)
        finally:
            _making_a_pair.now = False

    def getaddrinfo(host: Any, port: Any, *arguments: Any, **options: Any) -> Any:
        if _is_name(host):
            _refuse((host.decode("latin-1") if isinstance(host, bytes) else host, port))
        return look_up(host, port, *arguments, **options)

    def gethostbyname(hostname: str) -> Any:
        if _is_name(hostname):
            _refuse(hostname)
        return by_name(hostname)

    def gethostbyname_ex(hostname: str) -> Any:
        if _is_name(hostname):
            _refuse(hostname)
        return by_name_ex(hostname)

    for replaced in (connect, connect_ex, sendto):
        _patches.append(mock.patch.object(socket.socket, replaced.__name__, replaced))
    for function in (socketpair, getaddrinfo, gethostbyname, gethostbyname_ex):
        _patches.append(mock.patch.object(socket, function.__name__, function))
    for patch in _patches:
        patch.start()
