"""The reference service as a target, in this process and without a socket."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx

from commit_conformance.target.settings import TargetSettings

BASE_URL = "https://embedded.invalid/2.0"
TOKEN = "embedded-token-of-user-1"
PART_SIZE = 4096


def embedded(settings: TargetSettings, *, seed: int) -> tuple[TargetSettings, httpx.BaseTransport, Callable[[], None]]:
    """Starts the service; gives the settings that reach it, the transport, and what ends it.

    Raises:
        ValueError: A fault or behaviour is not known; the message offers near names.
    """
    from dataclasses import replace

    from commit_conformance.reference import configure
    from commit_conformance.reference.respx_adapter import mock_transport
    from commit_conformance.reference.settings import EXPIRED_SESSION, LIMITED_TOKEN, SECOND_USER_TOKEN

    sized = any(name.startswith("part-size") for name in settings.behaviours)
    options: dict[str, Any] = {} if sized else {"part_size": PART_SIZE}
    service = configure(settings.behaviours, settings.faults, tokens={TOKEN: "1"}, seed=seed, **options)
    reachable = replace(
        settings,
        token=TOKEN,
        credentials=None,
        second_token=SECOND_USER_TOKEN,
        limited_token=LIMITED_TOKEN,
        expired_session=EXPIRED_SESSION,
    )
    return reachable, mock_transport(service, base_url=BASE_URL), service.close
