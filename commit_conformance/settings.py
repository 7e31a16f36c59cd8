"""What a run is asked to do: every option with its value, where that comes from, and what it becomes.

An option of the command counts before its environment variable, the variable before the profile's field, and that
before the default.
"""

from __future__ import annotations

import os
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from commit_conformance.options import (
    OPTIONS,
    PROFILE,
    Option,
    UsageProblem,
    check_service,
    check_url,
    nearest,
    out_folder,
)

if TYPE_CHECKING:
    from commit_conformance.profiles import Profile
    from commit_conformance.verdict.catalogue import Level
    from commit_conformance.verdict.settings import RunSettings
    from commit_conformance.verdict.sharding import Shard
    from commit_conformance.wire.budget import Budget

#: Domains of the public service; a host below one of them is production.
_PRODUCTION = ("box.com", "boxcloud.com")
#: Upload requests a minute and user that the public service documents as its limit.
PUBLIC_RATE = 240
#: The seed of shards of which none was said.
SHARDS_SEED = 0
_BYTES = {"": 1, "B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
_SECONDS = {"": 1, "s": 1, "m": 60, "min": 60, "h": 3600}
_YES, _NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


class Source(StrEnum):
    """Where a value comes from, the first that counts first."""

    OPTION = "option"
    ENVIRONMENT = "environment"
    PROFILE = "profile"
    DEFAULT = "default"

    @property
    def rank(self) -> int:
        """0 for what counts before all else."""
        return list(Source).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A value with where it comes from.

    Attributes:
        place: In words that find it: an option, a variable, or a file with its table.
    """

    option: Option
    value: Any
    source: Source
    place: str

    @property
    def label(self) -> str:
        """What to call it in a message."""
        match self.source:
            case Source.ENVIRONMENT:
                return self.option.variable
            case Source.PROFILE:
                return f"{self.place}: {self.option.name}"
            case _:
                return f"--{self.option.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every option with its value.

    Attributes:
        by_field: By field name, in the order of the table.
        config: The file of profiles that was read, if one was.
        profile: The profile that was chosen; empty for none.
        left_behind: Fields of the profile that do not count, since it speaks of another target.
    """

    by_field: Mapping[str, Setting]
    config: Path | None
    profile: str
    left_behind: tuple[str, ...] = ()

    def value(self, field: str) -> Any:
        """One value."""
        return self.by_field[field].value

    def label(self, field: str) -> str:
        """What to call one option in a message."""
        return self.by_field[field].label

    @property
    def values(self) -> dict[str, Any]:
        """All of them, by field name."""
        return {field: setting.value for field, setting in self.by_field.items()}


def settings_of(
    given: Mapping[str, Any], environment: Mapping[str, str] | None = None, *, profiles: bool = True
) -> Settings:
    """What was given, else the environment's, else the profile's, else the default, for every option.

    Lists in environment variables are separated by commas.

    Args:
        given: Options by field name; missing and empty ones count as not given.
        profiles: Whether a profile is looked for.

    Raises:
        UsageProblem: A value is not one of the choices, or the profile is wrong.
    """
    from commit_conformance.profiles import Field, ProfileProblem, read_profile

    environment = os.environ if environment is None else environment
    config, name = (_value_given(field, given, environment) for field in ("config", "profile"))
    profile: Profile | None = None
    if profiles and (config or name or PROFILE.is_file()):
        fields = [
            Field(name=option.name, kind=option.kind, is_path=option.path, example=option.written)
            for option in OPTIONS
            if option.in_profile
        ]
        try:
            profile = read_profile(Path(config) if config else PROFILE, name or "", fields=fields)
        except ProfileProblem as problem:
            raise UsageProblem(str(problem)) from None
        if config and not name and not profile.values and profile.names:
            raise UsageProblem(
                f"{config}: holds the profiles {', '.join(profile.names)} and nothing for all of them; "
                f"choose one: --profile {profile.names[0]}"
            )
    left_behind = _left_behind(given, environment, profile)
    found: dict[str, Setting] = {}
    for option in OPTIONS:
        setting = _given(option, given, environment)
        if setting is None and profile is not None and option.name in profile.values and option not in left_behind:
            setting = _setting(option, profile.values[option.name], Source.PROFILE, profile.places[option.name])
        found[option.field] = setting or Setting(
            option=option,
            value=[] if option.many else option.default if not option.flag else None,
            source=Source.DEFAULT,
            place="",
        )
        _check_choice(found[option.field])
    return Settings(
        by_field=found,
        config=profile.path if profile else None,
        profile=profile.name if profile else "",
        left_behind=tuple(option.name for option in left_behind),
    )


def resolve(
    given: Mapping[str, Any], environment: Mapping[str, str] | None = None, *, profiles: bool = True
) -> dict[str, Any]:
    """The values of `settings_of`, by field name."""
    return settings_of(given, environment, profiles=profiles).values


def _given(option: Option, given: Mapping[str, Any], environment: Mapping[str, str]) -> Setting | None:
    """An option as the command line has it, or the environment; an empty one counts as not given."""
    value = given.get(option.field)
    if value not in (None, (), [], "", False):
        return _setting(option, list(value) if option.many else value, Source.OPTION, f"--{option.name}")
    said = environment.get(option.variable, "")
    if not said.strip():
        return None
    if option.flag:
        if said.lower() not in (*_YES, *_NO):
            raise UsageProblem(f"{option.variable} {said!r} is neither yes nor no; write {_YES[0]} or {_NO[0]}")
        return _setting(option, said.lower() in _YES, Source.ENVIRONMENT, option.variable)
    if option.many:
        return _setting(
            option,
            [item.strip() for item in said.split(",") if item.strip()],
            Source.ENVIRONMENT,
            option.variable,
        )
    return _setting(option, said, Source.ENVIRONMENT, option.variable)


def _value_given(name: str, given: Mapping[str, Any], environment: Mapping[str, str]) -> Any:
    """The value of one option as the command line has it, or the environment; None where neither does."""
    setting = _given(next(option for option in OPTIONS if option.name == name), given, environment)
    return setting.value if setting else None


def _setting(option: Option, value: Any, source: Source, place: str) -> Setting:
    if option.commas and isinstance(value, list):
        value = ",".join(value)
    return Setting(option=option, value=value, source=source, place=place)


def _left_behind(
    given: Mapping[str, Any], environment: Mapping[str, str], profile: Profile | None
) -> tuple[Option, ...]:
    """Options of a profile that do not count, since another target was given than the one it speaks of."""
    other = _value_given("target", given, environment)
    theirs = profile.values.get("target") if profile is not None else None
    if profile is None or other is None or theirs is None or str(other).rstrip("/") == str(theirs).rstrip("/"):
        return ()
    return tuple(each for each in OPTIONS if each.of_target and each.name in profile.values)


def _check_choice(setting: Setting) -> None:
    choices = setting.option.choices
    if choices and setting.value not in choices:
        near = nearest(str(setting.value), choices)
        raise UsageProblem(f"{setting.label} {setting.value!r} is not one of {', '.join(choices)}{near}")


def run_settings(
    given: Mapping[str, Any],
    environment: Mapping[str, str] | None = None,
    *,
    profiles: bool = True,
    drawn_seed: int | None = None,
) -> RunSettings:
    """The settings of a run from options, environment and profile.

    Args:
        given: Options by field name; missing and empty ones count as not given.
        profiles: Whether a profile is looked for.
        drawn_seed: The seed where none was said; None draws one.

    Returns:
        Settings with everything checked that can be checked without asking the target.

    Raises:
        UsageProblem: See there.
    """
    environment = os.environ if environment is None else environment
    return checked(settings_of(given, environment, profiles=profiles), environment, drawn_seed=drawn_seed)


def checked(settings: Settings, environment: Mapping[str, str], *, drawn_seed: int | None = None) -> RunSettings:
    """The settings of a run from options with their values.

    Raises:
        UsageProblem: See there.
    """
    from commit_conformance.authorization import authorization
    from commit_conformance.known import KnownFailuresProblem, load
    from commit_conformance.verdict.catalogue import Catalogue, Effort, UnknownName

    values = settings.values
    for name in ("target", "api_url"):
        if values[name]:
            values[name] = _url(settings, name, values[name])
    values["allow_origin"] = [_url(settings, "allow_origin", url, mock=False) for url in values["allow_origin"]]
    if values["token_url"]:
        values["token_url"] = _url(settings, "token_url", values["token_url"], mock=False)
    if not values["allow_production"]:
        _refuse_production(settings, values)
    _check_service_options(values)
    try:
        Catalogue.load().select(values["rule"])
    except UnknownName as error:
        raise UsageProblem(f"{settings.label('rule')}: {error}") from None
    gate = _gate(settings)
    shard = _shard(settings)
    seed = values["seed"]
    if seed is None:  # shards cannot ask each other which one they take
        drawn = random.SystemRandom().randrange(10**6) if drawn_seed is None else drawn_seed
        seed = SHARDS_SEED if shard else drawn
    else:
        seed = _number(settings, "seed")
    examples = None if values["examples"] is None else _number(settings, "examples")
    limits = _limits(settings)
    rate = None if values["rate"] is None else _number(settings, "rate", least=1)
    if rate is None and any(_is_production(values[name]) for name in ("target", "api_url")):
        rate = max(1, PUBLIC_RATE // (shard.count if shard else 1))  # shards are run side by side, for one user
    try:
        listed = Path(values["known_failures"]) if values["known_failures"] else None
        known = load(listed, may_be_missing=bool(values["update_known_failures"]))
    except KnownFailuresProblem as problem:
        raise UsageProblem(f"{settings.label('known_failures')}: {problem}") from None
    if values["update_known_failures"] and listed is None:
        raise UsageProblem("--update-known-failures: which list? name it with --known-failures FILE")
    if values["update_known_failures"] and shard is not None:
        raise UsageProblem(
            "--update-known-failures: a shard does not know what the others find; run it without --shard"
        )
    access = authorization(settings, values, environment)
    out = out_folder(values["out"], settings.label("out"))
    kept = out_folder(values["keep_failing"], settings.label("keep_failing")) if values["keep_failing"] else None
    shared_examples = _shared_examples(settings)
    # Only now what is heavy: wrong use is told at once.
    from commit_conformance.target.settings import TargetSettings
    from commit_conformance.verdict.settings import RunSettings

    target = TargetSettings(
        url=values["target"],
        api_url=values["api_url"],
        token=access.token,
        credentials=access.client.credentials() if access.client else None,
        folder_id=values["folder_id"],
        second_token=access.second_token,
        limited_token=access.limited_token,
        expired_session=values["expired_session"],
        static_mock=values["static_mock"],
        allowed_origins=tuple(values["allow_origin"]),
        faults=tuple(values["fault"]),
        behaviours=tuple(values["behaviour"]),
        rate=rate,
        large_file=_amount(settings, "large_file", _BYTES, "5GiB or 5000000000"),
    )
    return RunSettings(
        target=target,
        effort=Effort(values["effort"]),
        gate=gate,
        seed=seed,
        out=out,
        reports=_reports(settings),
        kept=kept,
        shared_examples=shared_examples,
        rules=tuple(values["rule"]),
        examples=examples,
        limits=limits,
        known=known,
        update_known=bool(values["update_known_failures"]),
        shard=shard,
        config=settings.config,
        profile=settings.profile,
    )


def _url(settings: Settings, field: str, url: str, *, mock: bool = True) -> str:
    try:
        checked_url = check_url(url)
    except ValueError as error:
        raise UsageProblem(f"{settings.label(field)}: {error}") from None
    if checked_url == "mock" and not mock:
        raise UsageProblem(f"{settings.label(field)}: 'mock' has no URL; give an absolute http:// or https:// URL")
    return checked_url


def _reports(settings: Settings) -> tuple[str, ...]:
    from commit_conformance.report.formats import UnknownFormat, formats_of

    try:
        return formats_of(str(settings.value("report")))
    except UnknownFormat as error:
        raise UsageProblem(f"{settings.label('report')}: {error}") from None


def _shared_examples(settings: Settings) -> str:
    """The URL of a Redis, once it has answered; empty where none was given."""
    url = str(settings.value("example_database") or "")
    if not url:
        return ""
    from commit_conformance.verdict.shared_examples import NoSharedExamples, check_shared, has_password

    setting = settings.by_field["example_database"]
    if has_password(url) and setting.source is not Source.ENVIRONMENT:
        raise UsageProblem(
            f"{setting.label}: a password there could be read by others; "
            f"give the whole URL by {setting.option.variable}"
        )
    try:
        return check_shared(url)
    except NoSharedExamples as problem:
        raise UsageProblem(f"{setting.label}: {problem}") from None


def _shard(settings: Settings) -> Shard | None:
    from commit_conformance.verdict.sharding import Shard

    if settings.value("shard") is None:
        return None
    try:
        shard = Shard.parse(str(settings.value("shard")))
    except ValueError as error:
        raise UsageProblem(f"{settings.label('shard')} {error}") from None
    return shard if shard.count > 1 else None


def _gate(settings: Settings) -> tuple[Level, ...]:
    from commit_conformance.verdict.catalogue import Level

    label, gate = settings.label("gate"), []
    for name in str(settings.value("gate")).split(","):
        if name.strip() not in set(Level):
            raise UsageProblem(
                f"{label} {name.strip()!r} is not a level; levels are {', '.join(Level)}{nearest(name, tuple(Level))}"
            )
        if name.strip() == Level.OBSERVED:
            raise UsageProblem(f"{label} observed: observed rules never gate, they record what the target does")
        gate.append(Level(name.strip()))
    return tuple(gate)


def _refuse_production(settings: Settings, values: Mapping[str, Any]) -> None:
    for name in ("target", "api_url", "token_url", "allow_origin"):
        for url in values[name] if isinstance(values[name], list) else [values[name]]:
            if _is_production(url):
                raise UsageProblem(
                    f"{settings.label(name)}: {_host(url)} is a public production host, where uploads count against "
                    "real limits; add --allow-production if that is what you mean"
                )


def _is_production(url: str | None) -> bool:
    host = _host(url)
    return any(host == known or host.endswith(f".{known}") for known in _PRODUCTION)


def _host(url: str | None) -> str:
    return (urlsplit(url or "").hostname or "").rstrip(".")


def _limits(settings: Settings) -> Budget:
    """What the run may cost at most, where that was said."""
    from commit_conformance.wire.budget import Budget

    def number(field: str) -> int | None:
        return None if settings.value(field) is None else _number(settings, field, least=1)

    return Budget(
        requests=number("max_requests"),
        upload_requests=number("max_upload_requests"),
        committed_files=number("max_files"),
        bytes_sent=_amount(settings, "max_bytes", _BYTES, "500000000, 500MB or 2GiB"),
        seconds=_amount(settings, "max_time", _SECONDS, "90s, 10m or 1h"),
    )


def _amount(settings: Settings, field: str, units: Mapping[str, int], examples: str) -> int | None:
    """A number with a unit, in the smallest unit."""
    value = settings.value(field)
    if value is None:
        return None
    amount = _amount_of(str(value), units)
    if amount is None:
        raise UsageProblem(f"{settings.label(field)} {value!r} is not understood; write it as {examples}")
    return amount


def seconds_of(text: str) -> int | None:
    """A time such as 90s, 10m or 1h in seconds; None where it is not understood, or is none."""
    return _amount_of(text, _SECONDS)


def _amount_of(text: str, units: Mapping[str, int]) -> int | None:
    match = re.fullmatch(r"(\d{1,15})\s*([a-z]*)", text.strip(), re.IGNORECASE)
    unit = next((each for each in units if match and each.lower() == match[2].lower()), None)
    if match is None or unit is None or int(match[1]) == 0:
        return None
    return int(match[1]) * units[unit]


def _check_service_options(values: Mapping[str, Any]) -> None:
    names = [*values["fault"], *values["behaviour"]]
    if not names:
        return
    if values["target"] != "mock":
        raise UsageProblem(
            f"--fault and --behaviour ({names[0]}) are for the embedded service only, not for {values['target']}"
        )
    check_service(values["fault"], values["behaviour"])


def _number(settings: Settings, field: str, *, least: int = 0) -> int:
    value, label = settings.value(field), settings.label(field)
    try:
        number = int(value)
    except ValueError:
        raise UsageProblem(f"{label} {value!r} is not a whole number") from None
    if number < 0:
        raise UsageProblem(f"{label} {value} is negative")
    if number < least:
        raise UsageProblem(f"{label} {value}: has to be at least {least}")
    return number
