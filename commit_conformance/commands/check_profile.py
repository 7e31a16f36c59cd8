"""Tries a profile: what every setting is and where it comes from, what the target answers, and what a run would cost.

At most ten requests are sent, none of which makes a file or a folder: an upload session is opened, to learn the size of
a part, and ended again. What a run costs is found out by rehearsing it on the embedded service.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from commit_conformance.authorization import authorization
from commit_conformance.options import PREFIX
from commit_conformance.report.plain import plain_line, size_text
from commit_conformance.settings import Settings, Source, checked, settings_of
from commit_conformance.verdict.shared_examples import without_password

if TYPE_CHECKING:
    from commit_conformance.target.connect import Glimpse, Target
    from commit_conformance.verdict.settings import RunSettings
    from commit_conformance.wire import Exchange

#: All that is sent, requests for tokens and the end of a session included.
REQUESTS = 10
#: Of these, kept for ending the session.
_KEPT = 1
_WIDEST = 100


@dataclass(frozen=True, slots=True)
class _Tried:
    """What came of trying: whether a run could begin, and what to say."""

    usable: bool
    lines: tuple[str, ...]


def check_profile(given: Mapping[str, Any], say: Callable[[str], None]) -> bool:
    """Tries the profile that options, environment and file make, and says what is found, line by line.

    Args:
        given: Options by field name.
        say: Takes lines; what a target sent is in them made harmless.

    Returns:
        Whether a run could begin.

    Raises:
        UsageProblem: An option, a variable or a field is wrong.
    """
    settings = settings_of(given)
    asked = checked(settings, os.environ)
    for line in (*_settings(settings), "", *_tokens(settings, asked)):
        say(line)
    say("")
    tried = _try(asked)
    for line in tried.lines:
        say(line)
    return tried.usable


def _settings(settings: Settings) -> Iterator[str]:
    """Every setting that has a value, and what is not used."""
    where = str(settings.config) if settings.config else "no file of profiles"
    yield f"settings, from {where}{f', profile {settings.profile}' if settings.profile else ''}"
    for setting in settings.by_field.values():
        if setting.value in (None, [], False):
            continue
        value = ", ".join(setting.value) if isinstance(setting.value, list) else str(setting.value)
        if setting.option.pairs:  # what they say may be nobody else's affair
            value = ", ".join(item.partition("=")[0] for item in setting.value)
        if setting.value is True:
            value = "yes"
        if setting.option.name == "example-database":
            value = without_password(value)
        source = setting.place if setting.source is not Source.DEFAULT else "default"
        yield f"  {setting.option.name:<22} {plain_line(value, _WIDEST):<42} {source}"
    if settings.left_behind:
        names = ", ".join(settings.left_behind)
        yield f"  not used, since the profile speaks of another target: {names}"
    unknown = sorted(name for name in os.environ if name.startswith(PREFIX) and name not in _variables(settings))
    if unknown:
        yield f"  not used, since nothing is called so: {', '.join(unknown)}"


def _variables(settings: Settings) -> set[str]:
    """Every environment variable that means something."""
    secrets = {f"{PREFIX}{name}" for name in ("TOKEN", "SECOND_TOKEN", "LIMITED_TOKEN", "CLIENT_SECRET")}
    named = {str(setting.value) for field, setting in settings.by_field.items() if field.endswith("_env")}
    of_hooks = {f"{PREFIX}TARGET_DESCRIPTION"}
    return {setting.option.variable for setting in settings.by_field.values()} | secrets | named | of_hooks


def _tokens(settings: Settings, asked: RunSettings) -> Iterator[str]:
    """Where each token comes from; never the token."""
    values = {**settings.values, "target": asked.target.url}
    found = authorization(settings, values, os.environ)
    yield "tokens"
    for name in ("token", "second_token", "limited_token"):
        yield f"  {name.replace('_', ' '):<22} {found.places.get(name, 'none')}"


def _try(asked: RunSettings) -> _Tried:
    from commit_conformance.target.connect import Target
    from commit_conformance.target.embedded import BASE_URL, embedded
    from commit_conformance.target.settings import TargetUnusable
    from commit_conformance.wire import Budget, Limits, Wire

    of_target, transport, base_url, on_close = asked.target, None, None, None
    if of_target.is_mock:
        of_target, transport, on_close = embedded(of_target, seed=asked.seed)
        base_url = BASE_URL
    wire = Wire(
        token=of_target.token,
        credentials=of_target.credentials,
        other_tokens=(of_target.second_token, of_target.limited_token),
        origins=[url for url in (base_url or of_target.url, of_target.api_url, *of_target.allowed_origins) if url],
        transport=transport,
        budget=Budget(requests=REQUESTS),
        limits=Limits(tries=1),
    )
    wire.purse.reserved = lambda: _KEPT
    target = Target(
        of_target,
        wire,
        run_id="commit-conformance-check-profile",
        seed=asked.seed,
        ledger_path=None,
        base_url=base_url,
        on_close=on_close,
    )
    try:
        seen = target.glimpse()
        lines = [*_seen(seen), *_others(target), *_able(target), "", *_cost(asked, seen)]
        usable = seen.part_size is not None
        if not usable:
            lines += ["", f"a run could not begin: no upload session was given, {_said(seen.session)}"]
    except TargetUnusable as problem:
        usable, lines = False, [f"a run could not begin: {plain_line(str(problem), 600)}"]
    finally:
        target.close()
    return _Tried(usable, (*lines, f"{wire.purse.cost.requests} requests were sent to find this out"))


def _seen(seen: Glimpse) -> Iterator[str]:
    yield "the target"
    yield f"  who am I               {_named(seen.user, 'login')}"
    yield f"  folder                 {_named(seen.folder, 'name')}"
    if seen.part_size is not None:
        yield f"  upload session         parts of {seen.part_size:,} bytes, files of {seen.file_size:,}"
        if not seen.ended:
            yield "                         it could not be ended and stays until it expires"


def _named(exchange: Exchange, member: str) -> str:
    """Id and name that an answer shows, or how it was answered."""
    body = exchange.answer.json if exchange.answer else None
    if exchange.status != 200 or not isinstance(body, dict) or "id" not in body:
        return f"not told: {_said(exchange)}"
    shown = f"{body['id']}" + (f" ({body[member]})" if isinstance(body.get(member), str) else "")
    return plain_line(shown, _WIDEST)


def _said(exchange: Exchange) -> str:
    from commit_conformance.wire import describe_answer

    url = exchange.record["url"]
    return plain_line(f"{exchange.method} {url} was answered {describe_answer(exchange)}", 300)


def _others(target: Target) -> Iterator[str]:
    """Who the other tokens belong to."""
    from commit_conformance.wire import WireError

    for name in ("second_token", "limited_token"):
        token = getattr(target.settings, name)
        if token:
            try:
                told = _named(target.api.whoami(token=token), "login")
            except WireError as problem:
                told = plain_line(str(problem), 300)
            yield f"  {name.replace('_', ' '):<22} {told}"


def _able(target: Target) -> Iterator[str]:
    """What the target can do, as far as it is known without making anything."""
    for capability in target.capabilities.as_json():
        if capability["name"] not in ("whoami", "socket"):
            there = "yes" if capability["available"] else "no"
            yield f"  {capability['name']:<22} {there}: {plain_line(str(capability['detail']), _WIDEST)}"


def _cost(asked: RunSettings, seen: Glimpse) -> Iterator[str]:
    """What a run of this effort may send, and what it takes on a server that keeps the contract."""
    from commit_conformance.rehearsal import RehearsalFailed, rehearse, what_is_asked

    limits = [
        f"{limit:,} {name.replace('_', ' ')}" for name, limit in asked.budget.as_json().items() if limit is not None
    ]
    yield f"a run of effort {asked.effort}{' and of some rules only' if asked.rules else ''}"
    yield f"  at most                {', '.join(limits) or 'as many requests as it takes'}"
    if seen.part_size is None:
        return
    try:
        plan = rehearse(what_is_asked(asked), part_size=seen.part_size, smallest=seen.file_size, rate=asked.target.rate)
    except RehearsalFailed as problem:
        yield f"  usually                not known: {plain_line(str(problem), 300)}"
        return
    yield f"  usually                {plan.requests:,} requests, {plan.upload_requests:,} to the upload endpoints"
    yield f"                         {plan.sessions:,} upload sessions, {plan.committed_files:,} committed files"
    yield f"                         {size_text(plan.part_bytes)} of parts"
    if plan.minutes is not None:
        yield f"                         {plan.minutes:.1f} minutes at {plan.rate} upload requests a minute"
