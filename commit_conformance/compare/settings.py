"""What the command line says of each side: which target, which folder, whose token.

A token is never an argument. It comes from a file or from an environment variable that is named, and no token goes to a
side that it was not meant for: where both sides ask for one and live in different places, each has to have its own.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from commit_conformance.options import LOOPBACK_TOKEN, PREFIX, UsageProblem
from commit_conformance.settings import run_settings
from commit_conformance.target.settings import TargetSettings

NAMES = ("A", "B")
#: Hosts of this machine; mock servers there rarely ask for a token.
_LOOPBACK = ("127.", "localhost", "[::1]")
_NEXT = re.compile(r",(?=(?:fault|behaviour)=)")


@dataclass(frozen=True, slots=True, kw_only=True)
class SideSettings:
    """One side as it was asked for.

    Attributes:
        name: ``A`` or ``B``.
        label: The target as it was written.
        target: How to reach it.
        seed: The seed, the same for both.
        out: Folder for the ledger.
    """

    name: str
    label: str
    target: TargetSettings
    seed: int
    out: Path


def both_sides(
    targets: Sequence[str],
    *,
    api_urls: Sequence[str] = (),
    folder_ids: Sequence[str] = (),
    token_files: Sequence[str] = (),
    token_variables: Sequence[str] = (),
    allow_origins: Sequence[str] = (),
    allow_production: bool = False,
    seed: str | None = None,
    out: str = "reports/compare",
    environment: Mapping[str, str] | None = None,
) -> tuple[SideSettings, SideSettings]:
    """The settings of both sides.

    Args:
        targets: Two of ``mock``, ``mock:fault=NAME,behaviour=NAME=VALUE,…`` and URLs.
        api_urls, folder_ids, token_files, token_variables: One for every side that is a URL, or two, the first being
            A's.

    Raises:
        UsageProblem: Something is wrong with them; the message names the option.
    """
    environment = os.environ if environment is None else environment
    if len(targets) != 2:
        raise UsageProblem(f"--target has to be given twice, once for each side; it was given {len(targets)} times")
    sides: list[SideSettings] = []
    for index, label in enumerate(targets):
        url, faults, behaviours = read_target(label)
        is_mock = url == "mock"
        token = "" if is_mock else _token(index, targets, token_files, token_variables, environment)
        settings = run_settings(
            {
                "target": url,
                "api_url": None if is_mock else _of(index, api_urls, "api-url"),
                "folder_id": None if is_mock else _of(index, folder_ids, "folder-id"),
                "token_file": None,
                "fault": faults,
                "behaviour": behaviours,
                "allow_origin": [] if is_mock else list(allow_origins),
                "allow_production": allow_production,
                "seed": seed if not sides else str(sides[0].seed),
                "out": out,
            },
            {f"{PREFIX}TOKEN": token} if token else {},
            profiles=False,
        )
        assert settings.out is not None
        sides.append(
            SideSettings(name=NAMES[index], label=label, target=settings.target, seed=settings.seed, out=settings.out)
        )
    return sides[0], sides[1]


def read_target(text: str) -> tuple[str, list[str], list[str]]:
    """URL, faults and behaviours of a ``--target``: ``mock:fault=accepts-gap,behaviour=processing=2``, or a URL.

    Raises:
        UsageProblem: What stands behind ``mock:`` is no list of faults and behaviours.
    """
    if not text.startswith("mock:"):
        return text, [], []
    found: dict[str, list[str]] = {"fault": [], "behaviour": []}
    for item in _NEXT.split(text.removeprefix("mock:")):
        kind, _, value = item.partition("=")
        if kind not in found or not value:
            raise UsageProblem(
                f"--target {text!r}: {item!r} is neither fault=NAME nor behaviour=NAME[=VALUE]; "
                "write mock:fault=accepts-gap,behaviour=processing=2"
            )
        found[kind].append(value)
    return "mock", found["fault"], found["behaviour"]


def _of(index: int, values: Sequence[str], option: str) -> str | None:
    """What holds for one side of an option that is given once for both or twice."""
    if len(values) > 2:
        raise UsageProblem(f"--{option} was given {len(values)} times; there are two sides")
    return values[index] if len(values) == 2 else (values[0] if values else None)


def _token(
    index: int, targets: Sequence[str], files: Sequence[str], variables: Sequence[str], environment: Mapping[str, str]
) -> str:
    """The token of a side that is a URL; empty for one on this machine that none was named for."""
    file, variable = _of(index, files, "token-file"), _of(index, variables, "token-env")
    target, other = targets[index], targets[1 - index]
    local = _host(target).startswith(_LOOPBACK)
    shared = len(files) < 2 and len(variables) < 2
    apart = shared and _host(other) not in ("", _host(target))
    if apart and local and not _host(other).startswith(_LOOPBACK):
        return LOOPBACK_TOKEN  # the token is the other side's
    if apart and not local and not _host(other).startswith(_LOOPBACK):
        raise UsageProblem(
            f"{target} and {other} are different hosts, which one token cannot be meant for: give --token-file twice, "
            "or --token-env twice, the first being A's"
        )
    if file is not None:
        return _read(file)
    if variable is not None:
        if not environment.get(variable):
            raise UsageProblem(f"--token-env {variable}: this environment variable is not set")
        return environment[variable]
    return environment.get(f"{PREFIX}TOKEN") or ""


def _read(file: str) -> str:
    from commit_conformance.options import read_secret

    return read_secret("token", file, {}) or ""


def _host(target: str) -> str:
    """Host and port of a URL as they are written; empty for the embedded service."""
    return "" if target.partition(":")[0] == "mock" else urlsplit(target).netloc.lower()
