"""Hostile servers: bounded in time and memory, harmless where they are shown, and told as what they are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.suite.trouble.furnished import Household
from tests.suite.trouble.hostile import EVIL, SOMEBODYS_FILE, HostileServer, hostilities
from tests.suite.trouble.messages import Message
from tests.suite.trouble.watched import HASTY, Runs

#: Seconds that a run may take with the hasty bounds, and memory in MiB. A quick run has 70, of which Python and its
#: libraries are 60; a gigabyte that is unpacked, or a body that is read without end, shows.
SECONDS, MEBIBYTES = 45.0, 220.0
#: What each run ends with: 0 the hostility did no harm, 1 it broke a rule, 3 nothing can be said of the server.
ENDS = {
    "endless body": 3,
    "endless chunks": 3,
    "terabyte announced": 3,
    "byte by byte": 3,
    "head byte by byte": 3,
    "everything byte by byte": 3,
    "never answers": 3,
    "endless 100 Continue": 3,
    "header flood": 3,
    "one long header": 3,
    "many short headers": 1,
    "gzip bomb": 3,
    "gzip bomb, packed twice": 3,
    "Retry-After of years": 3,
    "202 for ever": 3,
    "listing without end": 3,
    "JSON 100,000 deep": 1,
    "JSON 900 deep": 1,
    "JSON 100,000 deep, at once": 3,
    "NaN and huge numbers": 1,
    "NaN": 1,
    "number of 100,000 digits": 3,
    "part_size 10^30": 3,
    "part_size 1": 3,
    "part_size of the second session": 3,
    "invalid UTF-8": 1,
    "lone surrogates": 1,
    "ids of half a character": 3,
    "evil texts": 1,
    "evil texts, no session": 3,
    "evil headers": 1,
    "web page": 1,
    "redirects elsewhere": 1,
    "content elsewhere": 0,
    "content of a file:": 3,
    "endpoints elsewhere": 3,
    "endpoints that are no URLs": 3,
    "paths for ids": 0,
    "dots for ids": 3,
    "the user's folder": 0,
    "somebody's file": 0,
    "no HTTP": 3,
    "hangs up": 3,
    "lies about its length": 3,
    "two lengths": 3,
}
#: Characters that move cursors, reorder text or end lines where they are not meant to.
HARMFUL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def test_every_hostility_has_an_end() -> None:
    assert set(ENDS) == set(hostilities("http://elsewhere.invalid"))


@pytest.mark.parametrize("name", ENDS)
def test_a_hostile_server_does_no_harm(runs: Runs, tmp_path: Path, name: str) -> None:
    arrived: list[Message] = []

    def listen(message: Message, *rest: object) -> bool:
        arrived.append(message)
        return False

    out = tmp_path / "out"
    with HostileServer(listen) as elsewhere:
        hostility = hostilities(elsewhere.url)[name]
        with HostileServer(hostility.spoil, settings=hostility.settings) as server:
            house = Household(server.service)
            SOMEBODYS_FILE[0] = house.furnish()
            before = house.inventory()
            done = runs.run("run", "--target", server.url, *hostility.arguments, out=out, limit=SECONDS, limits=HASTY)
            kept = set(before) <= set(house.inventory())
    assert done.code == ENDS[name], done.headline
    assert done.last["event"] == "footer"
    assert done.mebibytes < MEBIBYTES
    # Told as what it is, and never as a fault of this program.
    assert b"Traceback" not in done.text
    assert not [reason for reason in done.reasons("errored").values() if "harness" in reason]
    assert done.headline
    # Nothing of it is shown as it came, or becomes the name of a file.
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    written = {path.relative_to(tmp_path).as_posix(): path.read_bytes() for path in files}
    assert set(written) == {f"out/{name}" for name in FILES}
    for path in ("out/printed.txt", "out/report.html", "out/junit.xml"):
        assert not HARMFUL.search(written[path].decode("utf-8").replace("\r\n", "\n")), path
    assert b"<script>alert" not in written["out/report.html"] + written["out/junit.xml"]
    assert EVIL.encode() not in b"".join(written.values())
    # No token goes elsewhere, and what was there before is there still.
    assert not [message for message in arrived if message.header("authorization")]
    assert kept


FILES = ("events.jsonl", "junit.xml", "ledger.jsonl", "printed.txt", "report.html")
