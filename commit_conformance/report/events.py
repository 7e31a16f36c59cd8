"""What a log says of the run as a whole: its header, its target, its footer. Verdicts are in ``verdicts``.

Every class reads itself from its event. Keys that are not known are passed over and optional ones may be missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from commit_conformance.report.fields import Fields, text_of


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedRun:
    """One of the runs that a merged log was made of. ``truncated`` is empty for a complete one."""

    run: str
    log: str
    started: str
    effort: str
    seed: int | None
    truncated: str

    @classmethod
    def from_event(cls, event: object) -> MergedRun:
        """Reads one member of a header's ``merged``."""
        fields = Fields(event)
        return cls(
            run=fields.text("run"),
            log=fields.text("log"),
            started=fields.text("started"),
            effort=fields.text("effort"),
            seed=fields.integer("seed"),
            truncated=fields.text("truncated"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a run was asked to do. Budgets are counts; ``selected`` is None when every rule was.

    Attributes:
        faults, behaviours: What the embedded service was told to do, where it is the target.
        notes: What is worth knowing before anything else, such as that the target is a mock that cannot keep state.
        merged: The runs that a merged log was made of; empty for the log of one run.
        shard: Which part of a run it is, as ``1/4``; empty for the log of a whole one.
    """

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
    faults: tuple[str, ...] = ()
    behaviours: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    merged: tuple[MergedRun, ...] = ()
    shard: str = ""

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
            faults=fields.inner("target").texts("faults"),
            behaviours=fields.inner("target").texts("behaviours"),
            notes=fields.texts("notes"),
            merged=tuple(MergedRun.from_event(item) for item in fields.list("merged")),
            shard=_shard(fields.inner("shard")),
        )


def _shard(fields: Fields) -> str:
    index, count = fields.integer("index"), fields.integer("count")
    return f"{index}/{count}" if index and count else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capability:
    """Something the target can or cannot do, and how that was found out."""

    name: str
    available: bool
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What was learnt of the target before the first rule. Sizes are bytes.

    Attributes:
        static_mock: ``said`` or ``found`` where it is a mock that answers from examples; empty for a server.
    """

    capabilities: tuple[Capability, ...]
    part_size: int | None
    file_size: int | None
    notes: tuple[str, ...]
    static_mock: str = ""

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
            static_mock=_static_mock(fields),
        )


def _static_mock(fields: Fields) -> str:
    if not isinstance(fields.get("static_mock"), Mapping):
        return ""
    return "said" if fields.inner("static_mock").get("said") is True else "found"


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
