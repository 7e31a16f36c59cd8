"""The events of a log as values: what the lines of format 1 say, and nothing about files or looks.

Every class reads itself from its event. Keys that are not known are passed over and optional ones may be missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from commit_conformance.report.fields import Fields, text_of

VERDICTS = ("failed", "errored", "blocked", "unsupported", "observed", "passed")
"""Every verdict, worst first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a run was asked to do. Budgets are counts; ``selected`` is None when every rule was."""

    run: str
    started: str
    tool: str
    tool_version: str
    versions: Mapping[str, str]
    target: str
    api_url: str
    folder_id: str
    effort: str
    gate: tuple[str, ...]
    seed: int | None
    upload_requests: int | None
    committed_files: int | None
    selected: tuple[str, ...] | None

    @classmethod
    def from_event(cls, event: object) -> Header:
        """Reads a header event."""
        fields = Fields(event)
        versions = fields.get("versions")
        selected = fields.get("selected")
        return cls(
            run=fields.text("run"),
            started=fields.text("started"),
            tool=fields.inner("tool").text("name"),
            tool_version=fields.inner("tool").text("version"),
            versions={str(k): text_of(v) for k, v in versions.items()} if isinstance(versions, dict) else {},
            target=fields.inner("target").text("url"),
            api_url=fields.inner("target").text("api_url"),
            folder_id=fields.inner("target").text("folder_id"),
            effort=fields.text("effort"),
            gate=fields.texts("gate"),
            seed=fields.integer("seed"),
            upload_requests=fields.inner("budget").integer("upload_requests"),
            committed_files=fields.inner("budget").integer("committed_files"),
            selected=tuple(text_of(rule) for rule in selected) if isinstance(selected, list) else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Capability:
    """Something the target can or cannot do, and how that was found out."""

    name: str
    available: bool
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What was learnt of the target before the first rule. Sizes are bytes."""

    capabilities: tuple[Capability, ...]
    part_size: int | None
    file_size: int | None
    notes: tuple[str, ...]

    @classmethod
    def from_event(cls, event: object) -> Target:
        """Reads a target event."""
        fields = Fields(event)
        capabilities = (Fields(item) for item in fields.list("capabilities"))
        return cls(
            capabilities=tuple(
                Capability(name=item.text("name"), available=item.get("available") is True, detail=item.text("detail"))
                for item in capabilities
            ),
            part_size=fields.integer("part_size"),
            file_size=fields.integer("file_size"),
            notes=fields.texts("notes"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request with its answer, redacted and bounded when it was recorded. ``status`` is None when none came."""

    number: int | None
    at: str
    method: str
    url: str
    request_headers: tuple[tuple[str, str], ...]
    request_body: str | None
    request_bytes: int
    status: int | None
    reason: str
    response_headers: tuple[tuple[str, str], ...]
    response_body: str | None
    response_bytes: int
    truncated: bool
    seconds: float
    error: str

    @property
    def answer(self) -> str:
        """The status line without the version (``201 Created``), or the error that took its place."""
        if self.status is None:
            return self.error or "no answer"
        return f"{self.status} {self.reason}".strip()

    @classmethod
    def from_event(cls, event: object) -> Exchange:
        """Reads one exchange of a verdict event."""
        fields = Fields(event)
        request_body, response_body = fields.get("request_body"), fields.get("response_body")
        return cls(
            number=fields.integer("n"),
            at=fields.text("at"),
            method=fields.text("method"),
            url=fields.text("url"),
            request_headers=fields.pairs("request_headers"),
            request_body=None if request_body is None else text_of(request_body),
            request_bytes=fields.integer("request_bytes") or 0,
            status=fields.integer("status"),
            reason=fields.text("reason"),
            response_headers=fields.pairs("response_headers"),
            response_body=None if response_body is None else text_of(response_body),
            response_bytes=fields.integer("response_bytes") or 0,
            truncated=fields.get("truncated") is True,
            seconds=fields.number("seconds") or 0.0,
            error=fields.text("error"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong with an answer. ``pointer`` is a JSON pointer into its body, empty for the body as a whole."""

    pointer: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """The smallest example that failed a rule. ``part_list`` is raw JSON, see :mod:`.ruler`."""

    message: str
    sent: str
    expected: str
    got: str
    part_list: Any
    problems: tuple[Problem, ...]
    curl: str
    replay: str
    exchange: int | None
    history: tuple[str, ...] = ()
    failed: int = 1
    asked: int = 1
    in_passing: bool = False

    @property
    def times(self) -> str:
        """How often it failed, in words; empty when it was asked once."""
        if self.in_passing:
            return f"in {self.failed} of {self.asked} answers that could show it" if self.asked > 1 else ""
        if self.asked < 2:
            return ""
        if self.failed < self.asked:
            return f"flaky: it failed {self.failed} of {self.asked} times it was asked"
        return f"each of the {self.asked} times it was asked"

    @classmethod
    def from_event(cls, event: object) -> Failure:
        """Reads the failure of a verdict event."""
        fields = Fields(event)
        times = fields.inner("times")
        problems = (Fields(item) for item in fields.list("problems"))
        return cls(
            message=fields.text("message"),
            sent=fields.text("sent"),
            expected=fields.text("expected"),
            got=fields.text("got"),
            part_list=fields.get("part_list"),
            problems=tuple(Problem(pointer=item.text("pointer"), message=item.text("message")) for item in problems),
            curl=fields.text("curl"),
            replay=fields.text("replay"),
            exchange=fields.integer("exchange"),
            history=_lines(fields),
            failed=times.integer("failed") or 1,
            asked=times.integer("asked") or 1,
            in_passing=times.get("in_passing") is True,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One verdict line: what one test found out about one rule."""

    rule: str
    group: str
    level: str
    verdict: str
    gating: bool
    statement: str
    why: str
    breaks: str
    source: tuple[str, ...]
    test: str
    reason: str
    observation: str
    requests: int
    examples: int
    seconds: float
    failure: Failure | None
    exchanges: tuple[Exchange, ...]

    @property
    def decisive(self) -> Exchange | None:
        """The exchange that failed the rule: the one the failure points at, else the last one."""
        index = self.failure.exchange if self.failure else None
        if index is not None and 0 <= index < len(self.exchanges):
            return self.exchanges[index]
        return self.exchanges[-1] if self.exchanges else None

    @classmethod
    def from_event(cls, event: object) -> Verdict:
        """Reads a verdict event.

        Raises:
            ValueError: If it names no rule or a verdict that does not exist.
        """
        fields = Fields(event)
        rule, verdict = fields.text("rule"), fields.text("verdict")
        if not rule:
            raise ValueError("a verdict without a rule")
        if verdict not in VERDICTS:
            raise ValueError(f"{rule}: no verdict is called {verdict!r}; there are {', '.join(VERDICTS)}")
        return cls(
            rule=rule,
            group=fields.text("group") or "other",
            level=fields.text("level"),
            verdict=verdict,
            gating=fields.get("gating") is True,
            statement=fields.text("statement"),
            why=fields.text("why"),
            breaks=fields.text("breaks"),
            source=tuple(_source(item) for item in fields.list("source")),
            test=fields.text("test"),
            reason=fields.text("reason"),
            observation=fields.text("observation"),
            requests=fields.integer("requests") or 0,
            examples=fields.integer("examples") or 0,
            seconds=fields.number("seconds") or 0.0,
            failure=Failure.from_event(fields.get("failure")) if isinstance(fields.get("failure"), Mapping) else None,
            exchanges=tuple(Exchange.from_event(item) for item in fields.list("exchanges")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a run spent. None where the log does not say."""

    requests: int | None = None
    upload_requests: int | None = None
    bytes_sent: int | None = None
    bytes_received: int | None = None
    sessions: int | None = None
    committed_files: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Footer:
    """How a run ended. A truncated run has one too, without exit code and conclusion, if it could still write it."""

    finished: str
    seconds: float | None
    exit_code: int | None
    conclusion: str
    reason: str
    cost: Cost
    deleted: int | None
    left: tuple[str, ...]

    @classmethod
    def from_event(cls, event: object) -> Footer:
        """Reads a footer or a truncated event."""
        fields = Fields(event)
        cost, cleanup = fields.inner("cost"), fields.inner("cleanup")
        return cls(
            finished=fields.text("finished"),
            seconds=fields.number("seconds"),
            exit_code=fields.integer("exit_code"),
            conclusion=fields.text("conclusion"),
            reason=fields.text("reason"),
            cost=Cost(
                requests=cost.integer("requests"),
                upload_requests=cost.integer("upload_requests"),
                bytes_sent=cost.integer("bytes_sent"),
                bytes_received=cost.integer("bytes_received"),
                sessions=cost.integer("sessions"),
                committed_files=cost.integer("committed_files"),
            ),
            deleted=cleanup.integer("deleted"),
            left=cleanup.texts("left"),
        )


def _lines(fields: Fields) -> tuple[str, ...]:
    """The history of a failure: a list of lines, or one text."""
    told = fields.get("history")
    return tuple(told.splitlines()) if isinstance(told, str) else fields.texts("history")


def _source(item: object) -> str:
    if not isinstance(item, Mapping):
        return text_of(item)
    return " ".join(filter(None, (text_of(item.get("ref")), text_of(item.get("place")))))
