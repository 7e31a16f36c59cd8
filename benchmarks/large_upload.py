"""What large files cost: seconds and memory of the suite and of the reference service, over a loopback socket.

Run it from the root of a checkout; it writes ``reports/large-uploads.md``::

    python -m benchmarks.large_upload

Parts have 8 MiB, as documented. The service is a process of its own and keeps the parts on disk, in a folder that is
removed at the end; so is the suite, once as little more than the upload and its commit, and once as a run of the rules
on large files. Peaks of memory are what the kernel counts for each process, the interpreter and its modules included.
There has to be room on disk for the largest file. No test asserts any of it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
REPORT = ROOT / "reports" / "large-uploads.md"
COMMAND = "python -m benchmarks.large_upload"
MIB, GIB = 2**20, 2**30
PART = 8 * MIB
#: The rules that speak of large files and of many parts.
RULES = (
    "SESSION-LARGE",
    "PART-MANY",
    "PART-MANY-WRONG",
    "SESSION-LIST-PARTS-PAGES",
    "PART-LARGE",
    "PART-LARGE-WRONG",
    "DIGEST-LARGE",
    "CREATED-LARGE-SIZE",
)
#: A file beyond 32 bits and one of more than a thousand parts: the least at which the faults show.
BEYOND_32_BITS, BEYOND_A_PAGE = 4 * GIB + 2 * PART, 1001 * PART
#: Parts of the files whose commit is timed within the service.
PARTS = (1_000, 10_000, 100_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One upload, or one run.

    Attributes:
        size: Bytes of the file.
        told: What the process that did it has said of itself.
        suite, service: Peak of memory of either process, in bytes.
        disk: Most bytes that the service had on disk.
    """

    size: int
    told: dict[str, Any]
    suite: int
    service: int
    disk: int


def peak(pid: int | str = "self") -> int:
    """The most memory a process has had in use, in bytes."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"process {pid} does not tell its peak of memory")


@contextmanager
def service(store: Path, *options: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The reference service in a process of its own: its URL, and the process."""
    words = ["serve", "--port", "0", "--part-size", "8MiB", "--behaviour", "min-file-size=20MB", "--store", str(store)]
    command = [sys.executable, "-m", "commit_conformance", *words, *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=environment()) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip(), process
        finally:
            process.terminate()
            process.wait(timeout=120)


def environment() -> dict[str, str]:
    """The environment without settings of ours."""
    return {key: value for key, value in os.environ.items() if not key.startswith("COMMIT_CONFORMANCE_")}


def drive(url: str, size: int) -> dict[str, Any]:
    """Uploads a file and commits it, as the suite does; gives seconds, by what was done."""
    from commit_conformance.target.api import Api
    from commit_conformance.target.bank import Bank
    from commit_conformance.target.ledger import Ledger
    from commit_conformance.target.long_upload import LongContent, open_long
    from commit_conformance.wire import Wire
    from strategies.plan import CommitPlan, Material

    started = time.perf_counter()
    LongContent("another", size=size, part_size=PART).sha1()
    hashed = time.perf_counter() - started
    wire = Wire(token="local-token", origins=[url])
    api = Api(wire, upload_url=f"{url}/2.0", api_url=f"{url}/2.0")
    ledger = Ledger(None, target={"url": url, "api_url": None, "run": "bench", "folder_id": "0"})
    bank = Bank(api=api, ledger=ledger, folder_id="0", prefix="bench", key="7", file_size=size)
    started = time.perf_counter()
    upload = open_long(bank, size=size)
    uploaded = time.perf_counter() - started
    request = CommitPlan().build(Material(session=upload.session, content=b""))
    started = time.perf_counter()
    answer = wire.send("POST", upload.commit_url, headers=request.headers, content=request.body, upload=True)
    while answer.status == 202:
        answer = wire.send("POST", upload.commit_url, headers=request.headers, content=request.body, upload=True)
    committed = time.perf_counter() - started
    wire.close()
    if answer.status != 201:
        raise RuntimeError(f"the commit was answered {answer.status}")
    return {"hashed": hashed, "uploaded": uploaded, "committed": committed, "peak": peak()}


def on_disk(store: Path) -> int:
    """Bytes of the files below a folder."""
    return sum(path.stat().st_size for path in store.rglob("*") if path.is_file())


def measure_upload(size: int, store: Path) -> Measured:
    """One upload of a file and its commit."""
    with service(store) as (url, process):
        command = [sys.executable, "-m", "benchmarks.large_upload", "--drive", url, "--sizes", str(size)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, env=environment())
        told = json.loads(done.stdout)
        return Measured(size=size, told=told, suite=told["peak"], service=peak(process.pid), disk=on_disk(store))


def measure_run(size: int, store: Path, rules: Sequence[str], *options: str) -> Measured:
    """One run of rules with a large file."""
    with service(store, *options) as (url, process), tempfile.TemporaryDirectory() as out:
        words = ["run", "--target", url, "--effort", "thorough", "--large-file", str(size), "--out", out, "--quiet"]
        words += [word for rule in rules for word in ("--rule", rule)]
        command = [sys.executable, "-m", "commit_conformance", *words, "--report", "none", "--seed", "1"]
        disk, started = 0, time.perf_counter()
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, env=environment()) as run:
            while True:
                pid, _, usage = os.wait4(run.pid, os.WNOHANG)
                if pid:
                    break
                disk = max(disk, on_disk_now(store))
                time.sleep(0.5)
            run.returncode = 0
        seconds = time.perf_counter() - started
        lines = (Path(out) / "events.jsonl").read_text(encoding="utf-8").splitlines()
        events = [json.loads(line) for line in lines]
        verdicts = {event["rule"]: event["verdict"] for event in events if event["event"] == "verdict"}
        reasons = {event["rule"]: event["reason"] for event in events if event["event"] == "verdict"}
        told = {"seconds": seconds, "verdicts": verdicts, "reasons": reasons, "cost": events[-1].get("cost", {})}
        return Measured(size=size, told=told, suite=usage.ru_maxrss * 1024, service=peak(process.pid), disk=disk)


def on_disk_now(store: Path) -> int:
    """Bytes of files below a folder from which some may vanish meanwhile."""
    try:
        return on_disk(store)
    except OSError:
        return 0


def commits(parts: int) -> tuple[float, float]:
    """Seconds that a commit of so many parts takes within the service: a refused one, and the right one."""
    import hashlib

    from commit_conformance.reference import Request, configure
    from commit_conformance.reference.digests import encode_digest

    data = bytes(16 * parts)
    with configure(part_size=16, processing=0, tokens={"t": "1"}, memory_limit=2**62) as made:

        def ask(method: str, path: str, body: bytes, *headers: tuple[str, str]) -> Any:
            lines = (("host", "localhost"), ("authorization", "Bearer t"), *headers)
            answer = made.handle(Request(method=method, target=f"/2.0{path}", headers=lines, body=body))
            return answer.status, json.loads(answer.content())

        document = {"folder_id": "0", "file_size": len(data), "file_name": "a"}
        _, session = ask("POST", "/files/upload_sessions", json.dumps(document).encode())
        url, piece, listed = f"/files/upload_sessions/{session['id']}", bytes(16), []
        digest = ("digest", f"sha={encode_digest(hashlib.sha1(piece).digest())}")
        for offset in range(0, len(data), 16):
            span = ("content-range", f"bytes {offset}-{offset + 15}/{len(data)}")
            listed.append(ask("PUT", url, piece, digest, span)[1]["part"])
        digest = ("digest", f"sha={encode_digest(hashlib.sha1(data).digest())}")
        refused = []
        for wrong in ([*listed[:-1]], [*listed[:-1], listed[-1] | {"size": 15}], [*listed, listed[0]]):
            body = json.dumps({"parts": wrong}).encode()
            started = time.perf_counter()
            status, _ = ask("POST", f"{url}/commit", body, digest)
            refused.append(time.perf_counter() - started)
            assert status == 400
        body = json.dumps({"parts": listed}).encode()
        started = time.perf_counter()
        status, _ = ask("POST", f"{url}/commit", body, digest)
        right = time.perf_counter() - started
        assert status == 201
    return statistics.median(refused), right


def faults() -> list[tuple[str, int]]:
    """The faults about large files, each with the size of the file that shows it."""
    from commit_conformance.reference import FAULTS

    sizes = dict.fromkeys(("PART-MANY", "PART-MANY-WRONG", "SESSION-LIST-PARTS-PAGES"), BEYOND_A_PAGE)
    return [
        (name, sizes.get(fault.rules[0], BEYOND_32_BITS))
        for name, fault in FAULTS.items()
        if set(fault.rules) <= set(RULES)
    ]


def shown(size: float) -> str:
    """Bytes, for a table."""
    return f"{size / GIB:.0f} GiB" if size >= GIB and size % GIB == 0 else f"{size / MIB:,.0f} MiB"


def report(
    uploads: Sequence[Measured],
    run: Measured | None,
    found: Sequence[tuple[str, Measured]],
    timed: Sequence[tuple[int, float, float]],
    *,
    command: str,
    load: float,
) -> Iterator[str]:
    """The lines of the page."""
    yield "# Large uploads"
    yield ""
    yield f"Written by `{command}`, Python {platform.python_version()}, {os.cpu_count()} cores. Suite and service are a"
    yield "process each, and speak over a loopback socket; parts have 8 MiB, four at a time. Memory is the peak of each"
    yield "process, the interpreter and its modules included. How the bytes are made is told in"
    yield "`commit_conformance/target/long_upload.py`: no two parts are alike, so that none is spared on disk."
    yield ""
    yield f"When the measuring began, {load:.1f} processes of others wanted a core, on average of the minute before."
    if load > 1:
        yield "So seconds here are far longer than on an idle machine; memory is not touched by that."
    yield ""
    yield "## One file, uploaded and committed"
    yield ""
    yield "| file | parts | upload | rate | commit | hashed alone | memory: suite | service | on disk |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for each in uploads:
        told = each.told
        yield (
            f"| {shown(each.size)} | {-(-each.size // PART):,} | {told['uploaded']:.1f} s "
            f"| {each.size / 1e6 / told['uploaded']:,.0f} MB/s | {told['committed'] * 1000:.0f} ms "
            f"| {told['hashed']:.1f} s | {each.suite / MIB:.0f} MiB | {each.service / MIB:.0f} MiB "
            f"| {shown(each.disk)} |"
        )
    yield ""
    yield "*Hashed alone* is what the SHA-1 of the whole file takes without any sending; in an upload it runs beside."
    if run is not None:
        told = run.told
        yield ""
        yield f"## The rules on large files, with `--large-file {run.size}`"
        yield ""
        yield f"One run of them took {told['seconds']:.0f} s and {told['cost'].get('requests', 0):,} requests."
        yield f"Memory: suite {run.suite / MIB:.0f} MiB, service {run.service / MIB:.0f} MiB."
        yield f"On disk were {shown(run.disk)} at most."
        yield ""
        yield "| rule | verdict |"
        yield "|---|---|"
        for rule, verdict in told["verdicts"].items():
            yield f"| {rule} | {verdict} |"
    if found:
        yield ""
        yield "## Faults, at the real boundaries"
        yield ""
        yield "The same rules on services that are wrong. This project's own tests have them on small files."
        yield ""
        yield "| fault | file | failed | said | seconds |"
        yield "|---|---|---|---|---|"
        for name, each in found:
            failed = [rule for rule, verdict in each.told["verdicts"].items() if verdict == "failed"]
            said = "; ".join(each.told["reasons"][rule].replace("|", "\\|") for rule in failed)
            seconds = f"{each.told['seconds']:.0f}"
            yield f"| `{name}` | {shown(each.size)} | {', '.join(failed) or 'none'} | {said} | {seconds} |"
    yield ""
    yield "## Commits of long lists within the service"
    yield ""
    yield "Without a socket; from the request as bytes to the answer."
    yield ""
    yield "| parts | refused | committed |"
    yield "|---|---|---|"
    for parts, refused, right in timed:
        yield f"| {parts:,} | {refused * 1000:,.0f} ms | {right * 1000:,.0f} ms |"
    yield ""
    yield "What the model takes to read a list is shown by `python benchmarks/model_scaling.py`."


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures and writes the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--drive", metavar="URL", help="upload one file to this service and tell seconds and memory")
    parser.add_argument("--sizes", nargs="*", type=int, default=[GIB, 10 * GIB], help="bytes of the files")
    parser.add_argument("--run", type=int, default=10 * GIB, help="bytes of the file of a run; 0 for none")
    parser.add_argument("--no-faults", action="store_true", help="leave out the services that are wrong")
    parser.add_argument("--store", type=Path, help="where the service keeps its files")
    parser.add_argument("--out", type=Path, default=REPORT, help="file to write")
    options = parser.parse_args(arguments)
    if options.drive:
        print(json.dumps(drive(options.drive, options.sizes[0])))
        return 0
    given, load = sys.argv[1:] if arguments is None else arguments, os.getloadavg()[0]
    # Where the files lay is this machine's business.
    named = [word for at, word in enumerate(given) if word != "--store" and given[max(at - 1, 0)] != "--store"]
    with tempfile.TemporaryDirectory(dir=options.store) as folder:
        store, largest = Path(folder), max([*options.sizes, options.run])
        free = shutil.disk_usage(store).free
        if free < largest * 1.1:
            print(f"{shown(largest)} do not fit into the {shown(free)} that are free; name another --store")
            return 1
        uploads = []
        for size in options.sizes:
            uploads.append(measure_upload(size, store))
            print(uploads[-1], flush=True)
        run = measure_run(options.run, store, RULES) if options.run else None
        print(run, flush=True)
        found = []
        for name, size in [] if options.no_faults else faults():
            found.append((name, measure_run(size, store, RULES, "--fault", name)))
            print(name, found[-1][1].told["verdicts"], flush=True)
    timed = [(parts, *commits(parts)) for parts in PARTS]
    lines = report(uploads, run, found, timed, command=" ".join([COMMAND, *named]), load=load)
    options.out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
