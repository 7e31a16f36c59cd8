"""Every option of a run, once: its name, its environment variable, what it means, and what it becomes.

The command line and the pytest plugin both read this table, so that they cannot differ. Nothing heavy is imported.
"""

from __future__ import annotations

import difflib
import os
import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PREFIX = "COMMIT_CONFORMANCE_"
#: The token sent to a server on this machine when none was given: local mock servers rarely ask for one.
LOOPBACK_TOKEN = "local-token"
#: Domains of the public service; a host below one of them is production.
_PRODUCTION = ("box.com", "boxcloud.com")
_LOOPBACK = ("127.", "localhost", "[::1]")


class UsageProblem(Exception):
    """Wrong use: the message names the option, its value, why it is wrong and what to write instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option of a run.

    Attributes:
        name: Long name without dashes.
        choices: The values allowed, if they are few.
        many: Whether it may be given more than once.
        flag: Whether it takes no value.
    """

    name: str
    help: str
    metavar: str = "TEXT"
    default: str | None = None
    choices: tuple[str, ...] = ()
    many: bool = False
    flag: bool = False

    @property
    def variable(self) -> str:
        """Its environment variable."""
        return PREFIX + self.name.upper().replace("-", "_")

    @property
    def field(self) -> str:
        """Its name as a Python identifier."""
        return self.name.replace("-", "_")


OPTIONS: tuple[Option, ...] = (
    Option(name="target", metavar="mock|URL", default="mock", help="Base URL of the upload endpoints, or 'mock'."),
    Option(name="api-url", metavar="URL", help="Base URL of the read endpoints, where it differs."),
    Option(name="token-file", metavar="FILE", help=f"File that holds the token, in place of {PREFIX}TOKEN."),
    Option(name="folder-id", metavar="ID", default="0", help="Folder in which the run makes its own."),
    Option(
        name="effort",
        choices=("quick", "standard", "thorough"),
        default="standard",
        help="How much is asked: under 60 requests, at most 480 upload requests, or as much as it takes.",
    ),
    Option(name="gate", metavar="LEVELS", default="documented,implied", help="Levels whose failures count."),
    Option(name="seed", metavar="N", help="Everything drawn follows from it; a new one by default."),
    Option(name="out", metavar="DIR", default="reports/latest", help="Folder for the event log and the reports."),
    Option(name="keep-failing", metavar="DIR", help="Folder that keeps failing examples; they are tried first."),
    Option(name="rule", metavar="ID", many=True, help="Test only these rules (ids or globs like PART-*)."),
    Option(name="examples", metavar="N", help="Examples to draw for each kind of mistake, beyond the fixed ones."),
    Option(name="fault", metavar="NAME", many=True, help="Embedded service only: be wrong in this way."),
    Option(name="behaviour", metavar="NAME[=VALUE]", many=True, help="Embedded service only: differ in this way."),
    Option(name="second-token-file", metavar="FILE", help=f"Another user's token, in place of {PREFIX}SECOND_TOKEN."),
    Option(name="limited-token-file", metavar="FILE", help=f"A token without upload right, for {PREFIX}LIMITED_TOKEN."),
    Option(name="expired-session", metavar="ID", help="Id of an upload session that has expired."),
    Option(name="allow-origin", metavar="URL", many=True, help="Another origin the token may be sent to."),
    Option(name="allow-production", flag=True, help="Test a public production host all the same."),
)


def resolve(given: Mapping[str, Any], environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What was given, else the environment's, else the default, for every option by its field name.

    Lists in environment variables are separated by commas.

    Raises:
        UsageProblem: A value is not one of the choices.
    """
    environment = os.environ if environment is None else environment
    values: dict[str, Any] = {}
    for option in OPTIONS:
        value = given.get(option.field)
        if option.flag:
            value = value or environment.get(option.variable, "").lower() in ("1", "true", "yes", "on") or None
        if value in (None, (), []) and not option.flag:
            value = environment.get(option.variable)
            if value is not None and option.many:
                value = [item.strip() for item in value.split(",") if item.strip()]
        if value in (None, (), []):
            value = [] if option.many else option.default
        if option.choices and value not in option.choices:
            near = _nearest(str(value), option.choices)
            raise UsageProblem(f"--{option.name} {value!r} is not one of {', '.join(option.choices)}{near}")
        values[option.field] = list(value or ()) if option.many else value
    return values


def run_settings(given: Mapping[str, Any], environment: Mapping[str, str] | None = None) -> Any:
    """The settings of a run from options and environment.

    Args:
        given: Options by field name; missing and empty ones count as not given.

    Returns:
        RunSettings, with everything checked that can be checked without asking the target.

    Raises:
        UsageProblem: See there.
    """
    from commit_conformance.verdict.catalogue import Catalogue, Effort, Level, UnknownName

    environment = os.environ if environment is None else environment
    values = resolve(given, environment)
    for name in ("target", "api_url"):
        if values[name]:
            try:
                values[name] = check_url(values[name])
            except ValueError as error:
                raise UsageProblem(f"--{name.replace('_', '-')}: {error}") from None
    if not values["allow_production"]:
        _refuse_production(values)
    _check_service_options(values)
    try:
        Catalogue.load().select(values["rule"])
    except UnknownName as error:
        raise UsageProblem(f"--rule: {error}") from None
    gate = []
    for name in str(values["gate"]).split(","):
        if name.strip() not in set(Level):
            raise UsageProblem(
                f"--gate {name.strip()!r} is not a level; levels are {', '.join(Level)}{_nearest(name, tuple(Level))}"
            )
        if name.strip() == Level.OBSERVED:
            raise UsageProblem("--gate observed: observed rules never gate, they record what the target does")
        gate.append(Level(name.strip()))
    seed = values["seed"]
    seed = random.SystemRandom().randrange(10**6) if seed is None else _number("seed", seed)
    examples = None if values["examples"] is None else _number("examples", values["examples"])
    token = _token(values, environment)
    out = out_folder(values["out"])
    kept = out_folder(values["keep_failing"], "keep-failing") if values["keep_failing"] else None
    # Only now what is heavy: wrong use is told at once.
    from commit_conformance.target.settings import TargetSettings
    from commit_conformance.verdict.settings import RunSettings

    target = TargetSettings(
        url=values["target"],
        api_url=values["api_url"],
        token=token,
        folder_id=values["folder_id"],
        second_token=read_secret("second_token", values["second_token_file"], environment),
        limited_token=read_secret("limited_token", values["limited_token_file"], environment),
        expired_session=values["expired_session"],
        allowed_origins=tuple(values["allow_origin"]),
        faults=tuple(values["fault"]),
        behaviours=tuple(values["behaviour"]),
    )
    return RunSettings(
        target=target,
        effort=Effort(values["effort"]),
        gate=tuple(gate),
        seed=seed,
        out=out,
        kept=kept,
        rules=tuple(values["rule"]),
        examples=examples,
    )


def check_url(url: str) -> str:
    """A target's URL, checked, without a slash at its end.

    Raises:
        ValueError: It is not an absolute http or https URL.
    """
    if url == "mock":
        return url
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise ValueError(f"{url!r} is neither 'mock' nor an absolute http:// or https:// URL (without user or query)")
    _ = parts.port  # a ValueError when it is no number
    return url.rstrip("/")


def out_folder(name: str, option: str = "out") -> Path:
    """A folder to write to, made and tried.

    Raises:
        UsageProblem: It cannot be written to.
    """
    folder = Path(name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise UsageProblem(
            f"--{option} {name}: cannot write there ({error.strerror or error}); give another folder"
        ) from None
    return folder


def _refuse_production(values: Mapping[str, Any]) -> None:
    for name in ("target", "api_url"):
        host = urlsplit(values[name] or "").hostname or ""
        if any(host == known or host.endswith(f".{known}") for known in _PRODUCTION):
            raise UsageProblem(
                f"--{name.replace('_', '-')}: {host} is a public production host, where uploads count against real "
                "limits; add --allow-production if that is what you mean"
            )


def _check_service_options(values: Mapping[str, Any]) -> None:
    names = [*values["fault"], *values["behaviour"]]
    if not names:
        return
    if values["target"] != "mock":
        raise UsageProblem(
            f"--fault and --behaviour ({names[0]}) are for the embedded service only, not for {values['target']}"
        )
    check_service(values["fault"], values["behaviour"])


def check_service(faults: list[str], behaviours: list[str]) -> None:
    """Checks names of faults and behaviours.

    Raises:
        UsageProblem: One is not known, or its value is wrong.
    """
    from commit_conformance.reference.behaviours import parse_behaviour
    from commit_conformance.reference.faults import find_fault

    try:
        for name in faults:
            find_fault(name)
        for name in behaviours:
            parse_behaviour(name)
    except ValueError as error:
        raise UsageProblem(str(error)) from None


def _token(values: Mapping[str, Any], environment: Mapping[str, str]) -> str:
    token = read_secret("token", values["token_file"], environment)
    if token or values["target"] == "mock":
        return token or ""
    host = values["target"].split("://", 1)[1]
    if host.startswith(_LOOPBACK):
        return LOOPBACK_TOKEN
    raise UsageProblem(
        f"no token for {values['target']}: set {PREFIX}TOKEN, or give --token-file FILE "
        "(a token on the command line could be read by others)"
    )


def read_secret(name: str, file: str | None, environment: Mapping[str, str]) -> str | None:
    """A token from a file or the environment; None when neither has one.

    Raises:
        UsageProblem: The file cannot be read or does not hold one token.
    """
    if not file:
        return environment.get(PREFIX + name.upper()) or None
    try:
        text = Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageProblem(f"--{name.replace('_', '-')}-file {file}: cannot be read ({error})") from None
    if not text or len(text.split()) != 1:
        raise UsageProblem(f"--{name.replace('_', '-')}-file {file}: the file has to hold one token and nothing else")
    return text


def _number(name: str, value: Any) -> int:
    try:
        number = int(value)
    except ValueError:
        raise UsageProblem(f"--{name} {value!r} is not a whole number") from None
    if number < 0:
        raise UsageProblem(f"--{name} {value} is negative")
    return number


def _nearest(value: str, choices: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(value.strip(), choices, 1)
    return f"; did you mean {near[0]}?" if near else ""
