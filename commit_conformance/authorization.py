"""Tokens: which of the ways to have one counts, and the secrets themselves, from files and from the environment.

No secret is ever an option or a field of a profile: these name where it lies. Nothing here shows one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from commit_conformance.options import LOOPBACK_TOKEN, PREFIX, UsageProblem, is_on_this_machine, read_secret

if TYPE_CHECKING:
    from commit_conformance.settings import Settings
    from commit_conformance.wire import ClientCredentials

#: What a variable's name looks like; and what it looks like when it is surely not a token in its place.
_NAME, _SHOWN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*"), re.compile(r"[A-Z][A-Z0-9_]{0,63}")
#: Parameters of a token request that are written here already.
_OWN_PARAMETERS = ("grant_type", "client_id", "client_secret")


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """How to ask for tokens; see `wire.ClientCredentials`, which it becomes once something heavy may be imported."""

    token_url: str
    client_id: str
    client_secret: str = field(repr=False)
    basic: bool = False
    parameters: tuple[tuple[str, str], ...] = ()

    def credentials(self) -> ClientCredentials:
        """The same as the wire wants it."""
        from commit_conformance.wire import ClientCredentials

        return ClientCredentials(
            token_url=self.token_url,
            client_id=self.client_id,
            client_secret=self.client_secret,
            basic=self.basic,
            parameters=self.parameters,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """The tokens of a run.

    Attributes:
        token: The run's token; empty for the embedded service, and where ``client`` gets it.
        client: Asks for tokens, in place of ``token``.
        second_token, limited_token: Those of other users; None where none was given.
        places: Where each came from, by ``token``, ``second_token`` and ``limited_token``.
    """

    token: str = field(default="", repr=False)
    client: Client | None = None
    second_token: str | None = field(default=None, repr=False)
    limited_token: str | None = field(default=None, repr=False)
    places: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """One way to have a token: the option that names it, and how early that counts."""

    kind: str
    field: str
    rank: int


def authorization(settings: Settings, values: Mapping[str, Any], environment: Mapping[str, str]) -> Authorization:
    """The tokens that options, environment and profile name.

    Args:
        settings: Every option, and where it comes from.
        values: Their values, URLs checked.

    Raises:
        UsageProblem: There is none, or a file or variable does not hold one.
    """
    places: dict[str, str] = {}
    if values["target"] == "mock":
        return Authorization(places={"token": "the embedded service has its own"})
    second = _secret(settings, "second_token", environment, places)
    limited = _secret(settings, "limited_token", environment, places)
    ways = _ways(settings, "token", environment)
    ways += [
        _Way(kind="client", field=name, rank=settings.by_field[name].source.rank)
        for name in ("token_url", "client_id", "client_secret_file", "client_secret_env")
        if values[name]
    ]
    first = min((way.rank for way in ways), default=None)
    asks = [way for way in ways if way.rank == first and way.kind == "client"]
    if asks:
        rivals = [way for way in ways if way.rank == first and way.kind not in ("client", "variable")]
        if rivals:
            raise UsageProblem(
                f"{settings.label(rivals[0].field)} and {settings.label(asks[0].field)} both say how to have a token; "
                "give one of them"
            )
        client = _client(settings, values, environment)
        places["token"] = f"client credentials of {client.client_id}, from {client.token_url}"
        return Authorization(client=client, second_token=second, limited_token=limited, places=places)
    token = _secret(settings, "token", environment, places)
    if not token and is_on_this_machine(values["target"]):
        token, places["token"] = LOOPBACK_TOKEN, "a made-up one, for a server on this machine"
    if not token:
        behind = [name for name in settings.left_behind if name.startswith(("token-", "client-"))]
        hint = f"; {behind[0]} of the profile is for the profile's own target" if behind else ""
        raise UsageProblem(
            f"no token for {values['target']}: set {PREFIX}TOKEN, or give --token-file FILE, --token-env NAME or "
            f"--client-id ID (a token on the command line could be read by others){hint}"
        )
    return Authorization(token=token, second_token=second, limited_token=limited, places=places)


def _ways(settings: Settings, name: str, environment: Mapping[str, str]) -> list[_Way]:
    """The ways to have a secret: a file, a variable that is named, and the variable of that name."""
    ways = [
        _Way(kind=kind, field=f"{name}_{kind}", rank=settings.by_field[f"{name}_{kind}"].source.rank)
        for kind in ("file", "env")
        if settings.value(f"{name}_{kind}")
    ]
    if environment.get(PREFIX + name.upper(), "").strip():
        from commit_conformance.settings import Source

        ways.append(_Way(kind="variable", field=name, rank=Source.ENVIRONMENT.rank))
    return ways


def _secret(settings: Settings, name: str, environment: Mapping[str, str], places: dict[str, str]) -> str | None:
    """A secret by the first way that counts; of ways that count alike, one that is named comes before the variable."""
    ways = sorted(_ways(settings, name, environment), key=lambda way: way.rank)
    if not ways:
        return None
    first, *rest = ways
    if rest and first.kind != "variable" and rest[0].kind != "variable" and rest[0].rank == first.rank:
        raise UsageProblem(
            f"{settings.label(first.field)} and {settings.label(rest[0].field)} both say where it lies; "
            "give one of them"
        )
    if first.kind == "variable":
        places[name] = PREFIX + name.upper()
        return read_secret(name, None, environment)
    label, value = settings.label(first.field), settings.value(first.field)
    places[name] = f"{label} {value}"
    if first.kind == "file":
        return read_secret(name, value, environment, label=label)
    return _variable(label, value, environment)


def _variable(label: str, name: str, environment: Mapping[str, str]) -> str:
    """What a named variable holds. Its name is not shown where it may be the secret itself, put in the wrong place."""
    shown = f" {name}" if _SHOWN.fullmatch(name) else ""
    if not _NAME.fullmatch(name):
        raise UsageProblem(f"{label}: has to be the name of an environment variable, not the secret itself")
    held = environment.get(name, "").strip()
    if not held:
        raise UsageProblem(f"{label}{shown}: this environment variable is not set, or empty; set it to the secret")
    if len(held.split()) > 1:
        raise UsageProblem(f"{label}{shown}: this environment variable has to hold one secret and nothing else")
    return held


def _client(settings: Settings, values: Mapping[str, Any], environment: Mapping[str, str]) -> Client:
    for name in ("token_url", "client_id"):
        if not values[name]:
            raise UsageProblem(
                f"--{name.replace('_', '-')} is missing: client credentials are --token-url, --client-id and the "
                "client's secret"
            )
    secret = _secret(settings, "client_secret", environment, {})
    if not secret:
        raise UsageProblem(
            f"no secret for the client {values['client_id']}: set {PREFIX}CLIENT_SECRET, or give --client-secret-file "
            "FILE or --client-secret-env NAME"
        )
    url = values["token_url"]
    if not url.startswith("https://") and not is_on_this_machine(url):
        raise UsageProblem(
            f"{settings.label('token_url')}: {url} is not https, so that everybody on the way could read the secret"
        )
    if find_spec("oauthlib") is None:
        raise UsageProblem(
            "client credentials need the extra oauth; install it: pip install 'box-commit-conformance[oauth]'"
        )
    return Client(
        token_url=url,
        client_id=values["client_id"],
        client_secret=secret,
        basic=values["client_auth"] == "header",
        parameters=tuple(_parameter(settings, item) for item in values["token_parameter"]),
    )


def _parameter(settings: Settings, item: str) -> tuple[str, str]:
    name, sign, value = item.partition("=")
    label = settings.label("token_parameter")
    if not sign or not name:
        raise UsageProblem(f"{label}: is written NAME=TEXT, like box_subject_type=enterprise")
    if name in _OWN_PARAMETERS:
        raise UsageProblem(f"{label} {name}: is sent already; use --client-id and what goes with it")
    return name, value
