"""Stock Schemathesis on the same faults: how far the OpenAPI description alone carries.

    python -m benchmarks.stock_schemathesis               # every fault, into reports/detection-stock.json
    python -m benchmarks.stock_schemathesis --missing     # only those that are not in there yet

Each fault gets a server of its own on loopback, the one that ``commit-conformance serve`` starts, and ``st run`` with
our whole description, in an empty folder: its own checks and phases, a token, no hooks, nothing of our semantics. It is
given what a user could give it, a valid example: upload sessions with all parts uploaded, and a copy of the description
in which ids, digest and part list are those of a right commit.

Schemathesis also finds fault with the correct service. So a *kind* of failure, its code and the operation, counts only
if none of the runs on the correct service shows it.

Its command is the one beside this Python, from the extra ``schemathesis``, or the one that `--st` names.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

from commit_conformance.reference import FAULTS, configure
from commit_conformance.reference.server import ServerThread
from commit_conformance.specs import suite_root

COMMAND = "python -m benchmarks.stock_schemathesis"
RESULTS = Path(__file__).parent.parent / "reports" / "detection-stock.json"
TOKEN = "token-of-user-1"
#: Small parts: three of them make a file that is uploaded in no time.
PART_SIZE = 4096
CONTENT = bytes(range(256)) * 40
#: Test cases an operation in the fuzzing phase, and runs of the stateful phase. Coverage and examples come besides.
MAX_EXAMPLES = 10
#: One seed for the faults. The correct service is run with more: what it shows with any of them is no detection.
SEED = 1
BASELINE_SEEDS = (1, 2, 3, 4, 5, 6, 7, 8)
#: A run takes some ten seconds, on a busy machine a minute or two. A longer one hangs, and its findings are lost.
TIMEOUT = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StockResult:
    """What came of one run.

    Attributes:
        fault: Name of the fault; empty for the correct service.
        found: Kinds of failures, as ``ST101 at POST /folders``.
        titles: What each code means.
        cases: Test cases generated.
        seconds: Wall time of the command.
        prepared: Whether the valid example could be made on this server; without it the plain description was used.
        ended: How the command ended: ``completed``, or what kept it from that.
    """

    fault: str
    found: tuple[str, ...]
    titles: dict[str, str]
    cases: int
    seconds: float
    prepared: bool
    ended: str


def arguments(*, url: str, seed: int, examples: int = MAX_EXAMPLES) -> list[str]:
    """What ``st`` is called with, but for the place of its report."""
    return [
        "run",
        "commit.openapi.yaml",
        f"--url={url}",
        f"--header=Authorization: Bearer {TOKEN}",
        f"--seed={seed}",
        f"--max-examples={examples}",
        "--workers=1",
        "--continue-on-failure",
        "--no-shrink",
        "--generation-database=none",
        "--request-timeout=10",
        "--no-color",
    ]


def upload(client: httpx.Client, name: str) -> tuple[str, list[dict[str, Any]]]:
    """A session whose parts are all uploaded: its id and its right part list.

    Raises:
        httpx.HTTPError, KeyError, ValueError: The server, being wrong, does not let it come about.
    """
    document = {"folder_id": "0", "file_name": name, "file_size": len(CONTENT)}
    session = client.post("/files/upload_sessions", json=document).raise_for_status().json()
    parts = []
    for offset in range(0, len(CONTENT), session["part_size"]):
        chunk = CONTENT[offset : offset + session["part_size"]]
        headers = {"Digest": digest(chunk), "Content-Range": f"bytes {offset}-{offset + len(chunk) - 1}/{len(CONTENT)}"}
        answer = client.put(f"/files/upload_sessions/{session['id']}", content=chunk, headers=headers)
        parts.append(answer.raise_for_status().json()["part"])
    return str(session["id"]), parts


def commit(client: httpx.Client, name: str) -> str:
    """A file, uploaded and committed: its id. Raises as `upload`, and ValueError if it is not stored in time."""
    session, parts = upload(client, name)
    headers = {"Digest": digest(CONTENT)}
    for _ in range(5):
        answer = client.post(f"/files/upload_sessions/{session}/commit", json={"parts": parts}, headers=headers)
        if answer.raise_for_status().status_code != 202:
            return str(answer.json()["entries"][0]["id"])
    raise ValueError("the commit is answered 202 for ever")


def digest(data: bytes) -> str:
    """The value of a digest header."""
    return "sha=" + base64.b64encode(hashlib.sha1(data).digest()).decode()


def described(description: Mapping[str, Any], url: str) -> dict[str, Any]:
    """A copy of the description whose examples are true of this server.

    Commits get a session of their own, lest the deletion of the example session ends it before it is committed.

    Raises:
        httpx.HTTPError, KeyError, ValueError: The server does not let the example come about.
    """
    copy: dict[str, Any] = json.loads(json.dumps(description, default=str))
    paths = copy["paths"]
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=10) as client:
        spare, _ = upload(client, "spare.bin")
        session, parts = upload(client, "example.bin")
        for path in paths:
            if "{upload_session_id}" in path:
                _example(paths[path], copy, "upload_session_id", session if path.endswith("commit") else spare)
            elif "{file_id}" in path:
                # A file for each path: reading one must not depend on whether another has been deleted.
                _example(paths[path], copy, "file_id", commit(client, f"file-{len(path)}.bin"))
    operation = paths["/files/upload_sessions/{upload_session_id}/commit"]["post"]
    for parameter in operation["parameters"]:
        parameter.pop("examples", None)
        if parameter["name"] == "digest":
            parameter["example"] = digest(CONTENT)
    body = operation["requestBody"]["content"]["application/json"]
    body.pop("examples", None)
    body["example"] = {"parts": parts}
    return copy


def _example(item: dict[str, Any], document: Mapping[str, Any], name: str, value: str) -> None:
    """Gives a path's parameter an example, in place of what it refers to."""
    resolved = []
    for parameter in item["parameters"]:
        if "$ref" in parameter:
            parameter = dict(document["components"]["parameters"][parameter["$ref"].rpartition("/")[2]])
        if parameter["name"] == name:
            parameter = {**parameter, "example": value}
            parameter.pop("examples", None)
        resolved.append(parameter)
    item["parameters"] = resolved


def run_once(
    st: str, faults: Sequence[str], *, seed: int = SEED, examples: int = MAX_EXAMPLES, timeout: float = TIMEOUT
) -> StockResult:
    """Runs it on one server; whatever it finds is in the result."""
    source = suite_root() / "specs" / "commit.openapi.yaml"
    description = yaml.safe_load(source.read_text(encoding="utf-8"))
    service = configure([], faults, tokens={TOKEN: "1"}, part_size=PART_SIZE, seed=SEED)
    with tempfile.TemporaryDirectory() as folder, service, ServerThread(service) as server:
        url = f"{server.url}/2.0"
        try:
            text, prepared = json.dumps(described(description, url)), True
        except (httpx.HTTPError, KeyError, IndexError, TypeError, ValueError):
            text, prepared = source.read_text(encoding="utf-8"), False
        work = Path(folder)
        (work / "commit.openapi.yaml").write_text(text, encoding="utf-8")  # JSON is YAML
        report = work / "report.json"
        command = [st, *arguments(url=url, seed=seed, examples=examples), f"--report-json-path={report}"]
        started = time.monotonic()
        try:
            done = subprocess.run(command, cwd=work, capture_output=True, text=True, timeout=timeout, check=False)
            ended = "completed" if report.exists() else f"no report, exit code {done.returncode}: {done.stderr[-300:]}"
        except subprocess.TimeoutExpired:
            ended = f"not done after {timeout:.0f} s"
        seconds = time.monotonic() - started
        said = json.loads(report.read_text(encoding="utf-8")) if report.exists() else {"failures": []}
    return StockResult(
        fault=" ".join(faults),
        found=tuple(
            sorted({f"{each['code']} at {place}" for each in said["failures"] for place in each["operations"]})
        ),
        titles={each["code"]: each["title"] for each in said["failures"]},
        cases=said.get("test_cases", {}).get("generated", 0),
        seconds=round(seconds, 1),
        prepared=prepared,
        ended=ended,
    )


def find_st(given: str | None) -> str:
    """The command of Schemathesis.

    Raises:
        SystemExit: There is none; the message says how to get one.
    """
    beside = Path(sys.executable).parent / "st"
    found = shutil.which(given) if given else (str(beside) if beside.exists() else shutil.which("st"))
    if not found:
        raise SystemExit(
            f"{given or 'st'}: no such command. Make one in an environment of its own:\n"
            '  python -m venv build/stock && build/stock/bin/pip install "schemathesis>=4.32,<4.33"\n'
            f"  {COMMAND} --st build/stock/bin/st"
        )
    return str(Path(found).absolute())


def version(st: str) -> str:
    """The version of Schemathesis, as digits and dots."""
    said = subprocess.run([st, "--version"], capture_output=True, text=True, timeout=60, check=True).stdout
    return said.strip().rpartition(" ")[2]


def collect(st: str, names: Sequence[str], document: dict[str, Any], *, workers: int) -> Iterator[StockResult]:
    """Runs the correct service, unless the document has that already, and then the faults; fills the document."""
    examples = document["examples"]
    with ThreadPoolExecutor(workers) as pool:
        if not document["baseline"]:
            kinds: set[str] = set()
            for result in pool.map(lambda seed: run_once(st, [], seed=seed, examples=examples), BASELINE_SEEDS):
                if result.ended != "completed" or not result.prepared:
                    raise SystemExit(f"Schemathesis did not get through the correct service: {result.ended}")
                kinds.update(result.found)
                document["titles"].update(result.titles)
            document["baseline"] = sorted(kinds)
        for result in pool.map(lambda name: run_once(st, [name], examples=examples), names):
            document["titles"].update(result.titles)
            fields = asdict(result)
            fields["found"] = [kind for kind in result.found if kind not in document["baseline"]]
            del fields["fault"], fields["titles"]
            document["faults"][result.fault] = fields
            yield result


def main(given: Sequence[str] | None = None) -> int:
    """Runs it and writes the results, after each run, so that nothing is lost when it is stopped."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--st", help="command of Schemathesis; the one beside this Python or on the path by default")
    parser.add_argument("--out", type=Path, default=RESULTS, help="file to write")
    parser.add_argument("--workers", type=int, default=2, help="runs at a time")
    parser.add_argument("--examples", type=int, default=MAX_EXAMPLES, help="test cases an operation when fuzzing")
    parser.add_argument("--only", nargs="*", default=[], metavar="NAME", help="only these faults")
    parser.add_argument("--missing", action="store_true", help="keep what was completed, and run the rest")
    options = parser.parse_args(given)
    st = find_st(options.st)
    document: dict[str, Any] = {
        "schemathesis": version(st),
        "arguments": arguments(url="URL", seed=SEED, examples=options.examples),
        "examples": options.examples,
        "baseline_seeds": list(BASELINE_SEEDS),
        "baseline": [],
        "titles": {},
        "faults": {},
    }
    if options.missing and options.out.exists():
        before = json.loads(options.out.read_text(encoding="utf-8"))
        if {key: before[key] for key in _ALIKE} != {key: document[key] for key in _ALIKE}:
            raise SystemExit(f"{options.out} was made with other options or another version; run it without --missing")
        kept = {name: was for name, was in before["faults"].items() if name in FAULTS and was["ended"] == "completed"}
        document = {**before, "faults": kept}
    names = [name for name in FAULTS if name not in document["faults"] and (not options.only or name in options.only)]
    for number, result in enumerate(collect(st, names, document, workers=options.workers), 1):
        _write(document, options.out)
        found = document["faults"][result.fault]["found"]
        print(
            f"{number:>4}/{len(names)} {result.fault:<40} {result.seconds:>5} s  {'; '.join(found) or '-'}", flush=True
        )
    _write(document, options.out)
    hits = sum(bool(each["found"]) for each in document["faults"].values())
    print(f"{hits} of {len(document['faults'])} faults found: {options.out}")
    return 0


#: What has to be the same for results to stand in one file.
_ALIKE = ("schemathesis", "arguments", "examples", "baseline_seeds")


def _write(document: Mapping[str, Any], path: Path) -> None:
    ordered = {name: document["faults"][name] for name in FAULTS if name in document["faults"]}
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({**document, "faults": ordered}, indent=1) + "\n"
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
