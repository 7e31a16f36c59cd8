"""Every option of a run, once: its name, its environment variable, its field of a profile, and what it means.

The command line, the pytest plugin and profiles all read this table, so that they cannot differ; ``settings`` makes
values of it. Nothing heavy is imported.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from commit_conformance.report.formats import DEFAULT_FORMATS, FORMATS

PREFIX = "COMMIT_CONFORMANCE_"
#: The token sent to a server on this machine when none was given: local mock servers rarely ask for one.
LOOPBACK_TOKEN = "local-token"
_LOOPBACK = ("127.", "localhost", "[::1]")
#: The profile that is read where none is named, if it is there.
PROFILE = Path("commit-conformance.toml")


class UsageProblem(Exception):
    """Wrong use: the message names the option, its value, why it is wrong and what to write instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option of a run.

    Attributes:
        name: Long name without dashes, which is also that of its field in a profile.
        choices: The values allowed, if they are few.
        many: Whether it may be given more than once.
        flag: Whether it takes no value.
        number: Whether a profile has to write it as a number.
        path: Whether it names a file or folder; in a profile, seen from where the profile lies.
        commas: Whether its value is a list with commas, which a profile writes as a list.
        pairs: Whether its values are ``NAME=TEXT``, which a profile writes as a table.
        in_profile: Whether a profile may have it.
        of_target: Whether it speaks of one target only: a profile's is left behind where another target is given.
        example: A right value, as a profile writes it.
    """

    name: str
    help: str
    metavar: str = "TEXT"
    default: str | None = None
    choices: tuple[str, ...] = ()
    many: bool = False
    flag: bool = False
    number: bool = False
    path: bool = False
    commas: bool = False
    pairs: bool = False
    in_profile: bool = True
    of_target: bool = False
    example: str = ""

    @property
    def variable(self) -> str:
        """Its environment variable."""
        return PREFIX + self.name.upper().replace("-", "_")

    @property
    def field(self) -> str:
        """Its name as a Python identifier."""
        return self.name.replace("-", "_")

    @property
    def kind(self) -> str:
        """What a profile writes: ``text``, ``number``, ``flag``, ``texts`` or ``pairs``."""
        kinds = {"flag": self.flag, "number": self.number, "pairs": self.pairs, "texts": self.many or self.commas}
        return next((kind for kind, applies in kinds.items() if applies), "text")

    @property
    def written(self) -> str:
        """A right value, as a profile writes it."""
        usual = {"flag": "true", "number": "7", "texts": '["…"]', "pairs": '{ name = "…" }'}
        return self.example or usual.get(self.kind, f'"{self.choices[0]}"' if self.choices else '"…"')


OPTIONS: tuple[Option, ...] = (
    Option(name="config", metavar="FILE", in_profile=False, help=f"File of profiles; {PROFILE} where it is there."),
    Option(name="profile", metavar="NAME", in_profile=False, help="The profile to use, of those the file holds."),
    Option(
        name="target",
        metavar="mock|URL",
        default="mock",
        example='"https://upload.staging.example/api/2.0"',
        help="Base URL of the upload endpoints, or 'mock'.",
    ),
    Option(name="api-url", metavar="URL", of_target=True, help="Base URL of the read endpoints, where it differs."),
    Option(
        name="token-file",
        metavar="FILE",
        path=True,
        of_target=True,
        help=f"File that holds the token, in place of {PREFIX}TOKEN.",
    ),
    Option(
        name="token-env",
        metavar="NAME",
        of_target=True,
        example='"STAGING_TOKEN"',
        help=f"Environment variable that holds the token, in place of {PREFIX}TOKEN.",
    ),
    Option(
        name="token-url",
        metavar="URL",
        of_target=True,
        help="Token endpoint, to get tokens by client credentials (OAuth 2.0).",
    ),
    Option(name="client-id", metavar="ID", of_target=True, help="Id of the client that asks for tokens."),
    Option(
        name="client-secret-file",
        metavar="FILE",
        path=True,
        of_target=True,
        help=f"File that holds the client's secret, in place of {PREFIX}CLIENT_SECRET.",
    ),
    Option(
        name="client-secret-env",
        metavar="NAME",
        of_target=True,
        example='"STAGING_CLIENT_SECRET"',
        help=f"Environment variable that holds the client's secret, in place of {PREFIX}CLIENT_SECRET.",
    ),
    Option(
        name="client-auth",
        choices=("body", "header"),
        default="body",
        of_target=True,
        help="Where the client's id and secret are sent.",
    ),
    Option(
        name="token-parameter",
        metavar="NAME=TEXT",
        many=True,
        pairs=True,
        of_target=True,
        example='{ box_subject_type = "enterprise", box_subject_id = "12345" }',
        help="A further parameter for the token endpoint, like box_subject_type=enterprise.",
    ),
    Option(
        name="folder-id",
        metavar="ID",
        default="0",
        of_target=True,
        example='"1234567"',
        help="Folder in which the run makes its own.",
    ),
    Option(
        name="static-mock",
        choices=("auto", "yes", "no"),
        default="auto",
        of_target=True,
        help="Whether the target answers from examples and remembers nothing, so that only their form is judged.",
    ),
    Option(
        name="effort",
        choices=("quick", "standard", "thorough"),
        default="standard",
        help="How much is asked: under 60 requests, at most 480 upload requests, or as much as it takes.",
    ),
    Option(
        name="gate",
        metavar="LEVELS",
        default="documented,implied",
        commas=True,
        example='["documented", "implied"]',
        help="Levels whose failures count.",
    ),
    Option(name="seed", metavar="N", number=True, help="Everything drawn follows from it; a new one by default."),
    Option(
        name="out", metavar="DIR", default="reports/latest", path=True, help="Folder for the event log and the reports."
    ),
    Option(
        name="report",
        metavar="FORMATS",
        default=",".join(DEFAULT_FORMATS),
        commas=True,
        example='["html", "junit", "markdown"]',
        help=f"Reports to write there: {', '.join(FORMATS)}, or none.",
    ),
    Option(
        name="known-failures",
        metavar="FILE",
        path=True,
        of_target=True,
        help="List of failures that are known and do not decide.",
    ),
    Option(
        name="update-known-failures",
        flag=True,
        in_profile=False,
        help="Write that list anew: add what fails, take out what passes.",
    ),
    Option(
        name="keep-failing",
        metavar="DIR",
        path=True,
        help="Folder that keeps failing examples; they are tried first.",
    ),
    Option(
        name="example-database",
        metavar="URL",
        example='"redis://redis.example:6379/0"',
        help="A Redis that keeps failing examples for several machines, like redis://HOST:PORT/0.",
    ),
    Option(
        name="rule",
        metavar="ID",
        many=True,
        example='["PART-*", "DIGEST-MISMATCH"]',
        help="Test only these rules (ids or globs like PART-*).",
    ),
    Option(
        name="shard",
        metavar="I/N",
        example='"1/4"',
        help="Test one part of the rules, of N parts that together are the run; `merge` joins their logs.",
    ),
    Option(
        name="examples",
        metavar="N",
        number=True,
        help="Examples to draw for each kind of mistake, beyond the fixed ones.",
    ),
    Option(
        name="fault", metavar="NAME", many=True, of_target=True, help="Embedded service only: be wrong in this way."
    ),
    Option(
        name="behaviour",
        metavar="NAME[=VALUE]",
        many=True,
        of_target=True,
        help="Embedded service only: differ in this way.",
    ),
    Option(
        name="second-token-file",
        metavar="FILE",
        path=True,
        of_target=True,
        help=f"Another user's token, in place of {PREFIX}SECOND_TOKEN.",
    ),
    Option(
        name="second-token-env",
        metavar="NAME",
        of_target=True,
        help=f"Environment variable that holds it, in place of {PREFIX}SECOND_TOKEN.",
    ),
    Option(
        name="limited-token-file",
        metavar="FILE",
        path=True,
        of_target=True,
        help=f"A token without upload right, for {PREFIX}LIMITED_TOKEN.",
    ),
    Option(
        name="limited-token-env",
        metavar="NAME",
        of_target=True,
        help=f"Environment variable that holds it, in place of {PREFIX}LIMITED_TOKEN.",
    ),
    Option(name="expired-session", metavar="ID", of_target=True, help="Id of an upload session that has expired."),
    Option(
        name="max-requests",
        metavar="N",
        number=True,
        help="Most requests of any kind, in place of the effort's limit; cleaning up comes on top.",
    ),
    Option(
        name="max-upload-requests",
        metavar="N",
        number=True,
        help="Most requests to the upload endpoints, in place of the effort's limit.",
    ),
    Option(
        name="max-files",
        metavar="N",
        number=True,
        help="Most committed files and versions, in place of the effort's limit.",
    ),
    Option(
        name="max-bytes",
        metavar="SIZE",
        example='"500MB"',
        help="Most bytes to send, like 500MB or 2GiB.",
    ),
    Option(
        name="large-file",
        metavar="SIZE",
        of_target=True,
        example='"5GiB"',
        help="Upload one file of this size, like 5GiB, for the thorough rules on large files; none by default.",
    ),
    Option(name="max-time", metavar="TIME", example='"10m"', help="When to stop asking, like 90s, 10m or 1h."),
    Option(
        name="rate",
        metavar="N",
        number=True,
        help="Most upload requests a minute, evenly spread. On public hosts 240 unless said otherwise.",
    ),
    Option(
        name="allow-origin",
        metavar="URL",
        many=True,
        of_target=True,
        example='["https://upload-eu.staging.example"]',
        help="Another origin the token may be sent to.",
    ),
    Option(name="allow-production", flag=True, of_target=True, help="Test a public production host all the same."),
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


def out_folder(name: str, label: str = "--out") -> Path:
    """A folder to write to, made and tried, by several processes of one run perhaps.

    Raises:
        UsageProblem: It cannot be written to.
    """
    from tempfile import TemporaryFile  # what only reads the table needs none

    folder = Path(name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise UsageProblem(
            f"{label} {name}: cannot write there ({error.strerror or error}); give another folder"
        ) from None
    return folder


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


def is_on_this_machine(url: str) -> bool:
    """Whether a URL is one of this machine's own."""
    return url.partition("://")[2].startswith(_LOOPBACK)


def read_secret(name: str, file: str | None, environment: Mapping[str, str], *, label: str = "") -> str | None:
    """A secret from a file or the environment; None when neither has one.

    Args:
        name: Which one, as its variable is named: ``token``, ``second_token``.
        label: What to call the file's option in a message.

    Raises:
        UsageProblem: The file cannot be read, or file or variable do not hold one word.
    """
    if not file:
        text = environment.get(PREFIX + name.upper(), "").strip()
        if len(text.split()) > 1:
            raise UsageProblem(f"{PREFIX}{name.upper()}: has to hold one {_WORD[name]} and nothing else")
        return text or None
    label = label or f"--{name.replace('_', '-')}-file"
    try:
        text = Path(file).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise UsageProblem(f"{label} {file}: cannot be read ({error.strerror or error})") from None
    except UnicodeDecodeError:
        raise UsageProblem(f"{label} {file}: cannot be read (it is not UTF-8)") from None
    if not text or len(text.split()) != 1:
        raise UsageProblem(f"{label} {file}: the file has to hold one {_WORD[name]} and nothing else")
    return text


_WORD = {"token": "token", "second_token": "token", "limited_token": "token", "client_secret": "secret"}


def nearest(value: str, choices: tuple[str, ...]) -> str:
    """The end of a message about a wrong value: the right one that looks most like it, if any does."""
    near = difflib.get_close_matches(value.strip(), choices, 1)
    return f"; did you mean {near[0]}?" if near else ""
