"""A failure over a part list is reported on the fewest parts that can show it.

What the fewest are is found out apart from the suite: every fixed list of the rule's family is tried on the service
with the fault, on files of one part, two, three, and so on.
"""

from __future__ import annotations

import base64
import hashlib
import json

import pytest

from benchmarks.many_runs import Job, Result, run_many
from commit_conformance.model import CommitRequest, UploadedPart, UploadedSession, expect_commit, read_part_list
from commit_conformance.reference import FAULTS, Request, Service, configure
from strategies import part_lists
from strategies.plan import CommitPlan, Material

PART_SIZE = 16
MOST = 4
TOKEN = "token-of-user-1"
FAMILY = {
    "PART-MISSING-LAST": part_lists.missing_last,
    "PART-GAP": part_lists.gaps,
    "PART-UNKNOWN": part_lists.unknown,
    "PART-OFFSET": part_lists.wrong_offset,
    "PART-SIZE": part_lists.wrong_size,
    "PART-SUM": part_lists.wrong_sum,
    "PART-BOUNDARY": part_lists.moved_boundaries,
    "PART-SHA1": part_lists.wrong_sha1,
    "PART-SHA1-FORM": part_lists.malformed_sha1,
    "PART-DUPLICATE": part_lists.duplicates,
    "PART-OVERLAP": part_lists.overlaps,
    "PART-PAST-END": part_lists.past_end,
    "PART-COUNT": part_lists.too_many,
    "PART-MEMBER-MISSING": part_lists.missing_members,
    "PART-NUMBER-TYPE": part_lists.number_types,
    "PART-NEGATIVE": part_lists.negative,
    "PART-INT64": part_lists.beyond_int64,
}
#: Faults that are about one of these rules, and show whenever they are asked.
CASES = [
    (name, rule)
    for name, fault in FAULTS.items()
    for rule in fault.rules[:1]
    if rule in FAMILY and name != "accepts-first-gap"
]


@pytest.fixture(scope="module")
def results() -> dict[str, Result]:
    jobs = [Job(name=name, faults=(name,), rules=("PART-COMPLETE", rule)) for name, rule in CASES]
    return {result.name: result for result in run_many(jobs)}


def service(*faults: str) -> Service:
    return configure((), faults, part_size=PART_SIZE, tokens={TOKEN: "1"}, seed=7, clock=lambda: 1_800_000_000.0)


def uploaded(box: Service, parts: int, name: str) -> tuple[str, Material]:
    """A session of so many parts, all uploaded: its commit URL, and what plans may draw on."""
    content = bytes((7 * index) % 251 for index in range((parts - 1) * PART_SIZE + PART_SIZE // 2 + 1))
    members = {"folder_id": "0", "file_size": len(content), "file_name": name}
    session = ask(box, "POST", "/2.0/files/upload_sessions", json.dumps(members).encode())[1]
    taken = []
    for offset in range(0, len(content), PART_SIZE):
        piece = content[offset : offset + PART_SIZE]
        digest = base64.b64encode(hashlib.sha1(piece).digest()).decode()
        span = f"bytes {offset}-{offset + len(piece) - 1}/{len(content)}"
        url = f"/2.0/files/upload_sessions/{session['id']}"
        part = ask(box, "PUT", url, piece, ("digest", f"sha={digest}"), ("content-range", span))[1]["part"]
        taken.append(UploadedPart(**{key: part[key] for key in ("part_id", "offset", "size", "sha1")}))
    state = UploadedSession(
        file_size=len(content), part_size=PART_SIZE, parts=tuple(taken), sha1=hashlib.sha1(content).hexdigest()
    )
    url = "/2.0/" + session["session_endpoints"]["commit"].split("/2.0/", 1)[1]
    return url, Material(session=state, content=content)


def ask(
    box: Service, method: str, target: str, body: bytes, *headers: tuple[str, str]
) -> tuple[int, dict[str, object]]:
    lines = (("Host", "box.test"), ("Authorization", f"Bearer {TOKEN}"), *headers)
    if not any(name == "content-type" for name, _ in headers):
        lines = (*lines, ("Content-Type", "application/json"))
    response = box.handle(Request(method=method, target=target, headers=lines, body=body, scheme="https"))
    content = response.content()
    return response.status, json.loads(content) if content.startswith(b"{") else {}


def kind(request: CommitRequest, material: Material) -> str:
    """What is wrong first of all, in the model's words."""
    return str(read_part_list(request.parts, material.session).defects[0].kind)


def committed(fault: str, plan: CommitPlan, parts: int, wanted: str) -> bool:
    """Whether a service with the fault commits the plan on a file of so many parts, where it is the same mistake."""
    box = service(fault)
    url, material = uploaded(box, parts, "a.bin")
    request = plan.build(material)
    if not expect_commit(request, material.session).must_refuse or kind(request, material) != wanted:
        return False
    status = 202
    for _ in range(8):
        if status == 202:
            status = ask(box, "POST", url, request.body, *request.headers)[0]
    return 200 <= status <= 299


def mistake(plan: CommitPlan) -> str:
    """What the model calls the plan's mistake on the files of a run."""
    material = uploaded(service(), MOST, "a.bin")[1]
    return kind(plan.build(material), material)


@pytest.mark.parametrize(("fault", "rule"), CASES)
def test_a_failure_is_shown_on_the_fewest_parts(results: dict[str, Result], fault: str, rule: str) -> None:
    plans = [(plan, mistake(plan)) for plan in FAMILY[rule].representatives]
    counts = range(1, MOST + 1)
    fewest = next(n for n in counts if any(committed(fault, plan, n, wanted) for plan, wanted in plans))
    assert results[fault].failures[rule].parts == fewest, results[fault].reasons
