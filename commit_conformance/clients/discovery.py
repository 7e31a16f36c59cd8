"""The drivers that come along: found, installed, and what they lack on this machine.

Owns ``driver.toml`` and the caches that SDKs are installed into. Nothing is installed unless it is asked for, and then
only into the driver's own cache.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from commit_conformance.clients.process import Command
from commit_conformance.clients.protocol import problem_of
from commit_conformance.specs import suite_root

__all__ = ["CACHE_VARIABLE", "DriverFolder", "InstallFailed", "UnknownDriver", "drivers", "find_driver", "install"]

CACHE_VARIABLE: Final = "COMMIT_CONFORMANCE_SDKS"
_FOLDER: Final = Path(__file__).parent / "drivers"
_STAMP: Final = "installed.json"
_KEPT: Final = 2000  # Characters of what a failed installation printed: its end tells why.


class UnknownDriver(LookupError):
    """No driver that comes along has this name, or its ``driver.toml`` is wrong."""


class InstallFailed(Exception):
    """An SDK could not be installed; the message has the command and the end of what it printed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverFolder:
    """A driver that comes along.

    Attributes:
        name: Name of the folder.
        title: The SDK, for people.
        sdk: The SDK's name where it is published.
        version: The version that is installed.
        language: Its language.
        needs: Programs that have to be on PATH.
        install: Commands that install it, with places to fill in.
        command: The command that runs it, with places to fill in.
        environment: What is added to the environment of both, with places to fill in.
        control: Whether it tests the suite and not an SDK.
        folder: Where it lies.
    """

    name: str
    title: str
    sdk: str
    version: str
    language: str
    needs: tuple[str, ...]
    command: tuple[str, ...]
    folder: Path
    install: tuple[tuple[str, ...], ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    control: bool = False

    @property
    def cache(self) -> Path:
        """The folder that is this driver's own."""
        return _cache_root() / self.name

    @property
    def missing(self) -> tuple[str, ...]:
        """Programs that it needs and that are not there."""
        return tuple(program for program in self.needs if shutil.which(program) is None)

    @property
    def is_installed(self) -> bool:
        """Whether everything is there to run it, as it is written now."""
        if self.missing:
            return False
        if not self.install:
            return True
        try:
            stamp = json.loads((self.cache / _STAMP).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        return isinstance(stamp, dict) and stamp.get("digest") == self.digest()

    def digest(self) -> str:
        """A digest of everything in the driver's folder."""
        found = hashlib.sha256()
        for path in sorted(self.folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                found.update(f"{path.relative_to(self.folder).as_posix()}\0{path.stat().st_size}\0".encode())
                found.update(path.read_bytes())
        return found.hexdigest()

    def filled(self, words: tuple[str, ...]) -> list[str]:
        """Words with the places filled in."""
        return [self._fill(word) for word in words]

    def _fill(self, text: str) -> str:
        places = {"{driver}": str(self.folder), "{cache}": str(self.cache), "{python}": sys.executable}
        for place, value in places.items():
            text = text.replace(place, value)
        return text

    def run(self) -> Command:
        """How it is started."""
        self.cache.mkdir(parents=True, exist_ok=True)
        environment = {name: self._fill(value) for name, value in self.environment.items()}
        return Command(words=self.filled(self.command), folder=self.cache, environment=environment)


def drivers() -> tuple[DriverFolder, ...]:
    """All drivers that come along, by name.

    Raises:
        UnknownDriver: A ``driver.toml`` is wrong; the message says where.
    """
    return tuple(_read(path) for path in sorted(_FOLDER.glob("*/driver.toml")))


def find_driver(name: str) -> DriverFolder:
    """The driver of this name.

    Raises:
        UnknownDriver: There is none; the message names the nearest.
    """
    found = {each.name: each for each in drivers()}
    if name not in found:
        near = get_close_matches(name, found, n=3, cutoff=0.4)
        hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(found)}"
        raise UnknownDriver(f"no driver named {name!r} comes along; {hint}")
    return found[name]


def install(driver: DriverFolder, *, say: Callable[[str], None]) -> None:
    """Install an SDK into its driver's cache, unless it is there already.

    Raises:
        InstallFailed: A program is missing, or a command failed.
    """
    if driver.missing:
        raise InstallFailed(f"{driver.name} needs {', '.join(driver.missing)}, which is not there")
    if driver.is_installed:
        say(f"{driver.name}: there already")
        return
    stamp = driver.cache / _STAMP
    stamp.unlink(missing_ok=True)
    command = driver.run()
    for words in driver.install:
        filled = driver.filled(words)
        say(f"{driver.name}: {' '.join(words)}")
        try:
            done = subprocess.run(
                filled,
                cwd=driver.cache,
                env={**os.environ, **command.environment},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="backslashreplace",
                check=False,
            )
        except OSError as error:
            raise InstallFailed(f"{driver.name}: {filled[0]}: {error.strerror or error}") from None
        if done.returncode != 0:
            printed = (done.stdout + done.stderr).strip()[-_KEPT:]
            raise InstallFailed(f"{driver.name}: {' '.join(words)} ended with {done.returncode}\n{printed}")
    stamp.write_text(json.dumps({"digest": driver.digest(), "version": driver.version}) + "\n", encoding="utf-8")


def _read(path: Path) -> DriverFolder:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UnknownDriver(f"{path}: not readable as TOML: {error}") from None
    if problem := problem_of(document, "driver"):
        raise UnknownDriver(f"{path}: {problem}")
    if document["name"] != path.parent.name:
        raise UnknownDriver(f"{path}: the name {document['name']!r} is not that of its folder")
    return DriverFolder(
        name=document["name"],
        title=document["title"],
        sdk=document["sdk"],
        version=document["version"],
        language=document["language"],
        needs=tuple(document["needs"]),
        install=tuple(tuple(words) for words in document.get("install", [])),
        command=tuple(document["command"]),
        environment=document.get("environment", {}),
        control=document.get("control", False),
        folder=path.parent,
    )


def _cache_root() -> Path:
    if given := os.environ.get(CACHE_VARIABLE):
        return Path(given).absolute()
    root = suite_root()
    if (root / "pyproject.toml").is_file():
        return root / ".sdks"
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "box-commit-conformance" / "sdks"
