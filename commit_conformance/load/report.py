"""The result of a load: as JSON, as Markdown, and in a few lines for the terminal."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from commit_conformance.load.ground import Ground
from commit_conformance.load.settings import LoadSettings
from commit_conformance.load.tally import Tally, together
from commit_conformance.report.plain import plain, plain_line
from commit_conformance.target.ledger import CleanupResult
from commit_conformance.verdict.catalogue import Catalogue

#: Share of the tasks that may come to nothing before it cannot be said that the server was judged.
MOST_TROUBLE = 0.1
_JSON, _MARKDOWN = "load.json", "load.md"


def conclude(
    settings: LoadSettings,
    ground: Ground,
    counts: Mapping[str, Any],
    *,
    cleanup: CleanupResult,
    ended: str = "",
) -> dict[str, Any]:
    """What a load comes to.

    Args:
        counts: What each worker has counted, and which of them have told their last.
        ended: Why it ended before its time; empty where it did not.
    """
    tally = together(Tally.of(each) for each in counts["workers"].values())
    lost = settings.workers - len(counts["complete"]) if len(counts["complete"]) < settings.workers else 0
    lost = 0 if counts["complete"] == ["local"] else lost
    rules = Catalogue.load()
    wrong = {
        rule: {"statement": " ".join(rules.get(rule).statement.split()), **found}
        for rule, found in sorted(tally.wrong.items(), key=lambda item: float(item[1]["at"]))
    }
    why = _why_not(tally, lost, ended)
    code = 1 if wrong else 3 if why else 0
    named = ", ".join(wrong)
    conclusion = (
        f"does not conform under load: {tally.broken} wrong answers, of {named}"
        if wrong
        else f"could not be judged: {why}"
        if why
        else f"conforms under load: {tally.held} commits and meetings, none answered wrongly"
    )
    return {
        "format": 1,
        "target": settings.target.url,
        "run": ground.run_id,
        "seed": ground.seed,
        "users": settings.users,
        "workers": settings.workers,
        "exit_code": code,
        "conclusion": conclusion,
        "seconds": round(tally.seconds, 3),
        "commits": tally.commits,
        "commits_a_second": round(tally.commits / tally.seconds, 2) if tally.seconds else 0.0,
        "held": tally.held,
        "held_a_second": round(tally.held / tally.seconds, 2) if tally.seconds else 0.0,
        "files": tally.files,
        "tasks": tally.tasks,
        "sent": dict(tally.sent),
        "meetings": dict(tally.meetings),
        "statuses": dict(sorted(tally.statuses.items())),
        "wrong": wrong,
        "unjudged": dict(tally.unjudged.most_common()),
        "trouble": dict(tally.trouble.most_common()),
        "lost_workers": lost,
        "cleanup": cleanup.as_json(),
    }


def _why_not(tally: Tally, lost: int, ended: str) -> str:
    """Why nothing can be concluded from a load without wrong answers; empty where it can."""
    if ended:
        return ended
    if lost:
        return f"{lost} workers were lost with what they had counted last"
    troubled = tally.trouble.total()
    if not tally.judged:
        return "no answer says anything" + (f"; most often: {tally.trouble.most_common(1)[0][0]}" if troubled else "")
    if troubled > MOST_TROUBLE * max(1, tally.tasks):
        return f"{troubled} of {tally.tasks} tasks came to nothing; most often: {tally.trouble.most_common(1)[0][0]}"
    return ""


def write(result: Mapping[str, Any], out: Path) -> None:
    """Writes both files into a folder."""
    (out / _JSON).write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    (out / _MARKDOWN).write_text("\n".join(markdown(result)) + "\n", encoding="utf-8")


def lines(result: Mapping[str, Any], out: Path) -> Iterator[str]:
    """The result for the terminal."""
    for rule, found in result["wrong"].items():
        yield f"FAILED {rule}, {found['count']} times"
        yield f"  {found['statement']}"
        yield f"  {plain_line(found['message'], 300)}"
        yield f"  first after {found['first_seconds']:.1f} s and about {found['first_commits']} commits"
        for line in found["examples"][0].get("history", ()):
            yield f"    {plain_line(line, 200)}"
    yield (
        f"{result['commits']} commits in {result['seconds']:.1f} s by {result['users']} users in "
        f"{result['workers']} workers; {result['held_a_second']} answers a second were held"
    )
    for title in ("meetings", "unjudged", "trouble"):
        if result[title]:
            yield f"{title}: " + "; ".join(
                f"{count} × {plain_line(what, 160)}" for what, count in result[title].items()
            )
    left = result["cleanup"]["left"]
    if left:
        yield f"left on the target: {len(left)}; see `commit-conformance sweep {out / 'ledger.jsonl'}`"
    yield f"seed: {result['seed']}"
    yield plain(str(result["conclusion"]))
    yield f"report: {out / _MARKDOWN}"


def markdown(result: Mapping[str, Any]) -> Iterator[str]:
    """The result as a page."""
    yield "# Under load"
    yield ""
    yield f"**{_cell(result['conclusion'])}**"
    yield ""
    yield "| what | |"
    yield "|---|---|"
    for name, value in (
        ("target", result["target"]),
        ("users, workers", f"{result['users']}, {result['workers']}"),
        ("seconds", result["seconds"]),
        ("commits sent", result["commits"]),
        ("commits a second", result["commits_a_second"]),
        ("held, of commits and meetings", result["held"]),
        ("held a second", result["held_a_second"]),
        ("files committed", result["files"]),
        ("seed", result["seed"]),
    ):
        yield f"| {name} | {_cell(value)} |"
    for title, counted in (
        ("Commits by kind", result["sent"]),
        ("Meetings", result["meetings"]),
        ("Answers to commits", result["statuses"]),
        ("What says nothing", result["unjudged"]),
        ("Tasks that came to nothing", result["trouble"]),
    ):
        if counted:
            yield from ("", f"## {title}", "", "| what | times |", "|---|---|")
            yield from (f"| {_cell(what)} | {count} |" for what, count in counted.items())
    if result["wrong"]:
        yield from ("", "## What was wrong", "", "| rule | times | first after | message |", "|---|---|---|---|")
        for rule, found in result["wrong"].items():
            first = f"{found['first_seconds']:.1f} s, about {found['first_commits']} commits"
            yield f"| {rule} | {found['count']} | {first} | {_cell(found['message'])} |"
        for rule, found in result["wrong"].items():
            history = found["examples"][0].get("history")
            if history:
                yield from ("", f"### {rule}", "", "```text", *(plain_line(line, 400) for line in history), "```")
    left = result["cleanup"]["left"]
    yield from ("", f"Taken away afterwards: {result['cleanup']['deleted']}; left: {len(left)}.")
    yield from (f"- {_cell(each)}" for each in left)


def _cell(value: object) -> str:
    """A text that is no markup in a cell of a table."""
    text = plain_line(str(value), 400).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
    return text.replace("`", "'").replace("[", "\\[")
