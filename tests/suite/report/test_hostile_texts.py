"""Whatever a target sends: no report runs it, hides it, chokes on it or grows without bounds."""

from __future__ import annotations

import io
import re
import unicodedata
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from rich.console import Console

from commit_conformance.report import terminal
from commit_conformance.report.formats import junit
from commit_conformance.report.html import page as html
from commit_conformance.report.log import Log, read_log
from commit_conformance.report.plain import plain, plain_line
from tests.suite.report.event_logs import (
    HOSTILE,
    exchange,
    failed,
    failure,
    footer,
    header,
    part_list,
    target,
    verdict,
    write,
)
from tests.suite.report.test_html_report import Page

LONG = "0123456789" * 100_000
TEXTS = {
    "script": "</pre></title></style><script>alert(1)</script><img src=x onerror=alert(1)>",
    "cdata": "]]>]]&gt;<![CDATA[<!--&#0;&#x1b;-->",
    "ansi": "\x1b[31mred\x1b]8;;http://evil.test\x1b\\link\x9b2J\x07\r\x08",
    "illegal in XML": "\x00\x01\x0b\x1f\x7f\x85\ud800 \udfff\ufffe\uffff\U0001ffff",
    "bidi": "\u202eevil\u202c\u2066x\u2069\u200f\u061c\u200b\ufeff\U000e0041",
    "lines": "a\r\nb\nc\u2028d\u2029e\tf",
    "template": "{{ 7 * 7 }}{% raw %}[bold]markup[/bold]:smile:%s{0}",
    "all": HOSTILE,
    "long": LONG,
}


def poisoned(value: Any, text: str, key: str = "") -> Any:
    """The event with ``text`` in place of every text that is not part of the format itself."""
    if isinstance(value, dict):
        return {name: poisoned(inner, text, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [poisoned(inner, text, key) for inner in value]
    keep = key in ("event", "verdict", "level", "rule", "group")
    return text if isinstance(value, str) and not keep else value


def log_with(folder: Path, text: str) -> Log:
    nonsense = failed("PART-ARRAY", failure=failure(part_list=part_list({text: [text]})))
    unknown = failed(
        "PART-UNKNOWN", failure=failure(part_list=part_list([{"part_id": text, "offset": 0, "size": 9}, text]))
    )
    events = [
        header(),
        target(),
        failed(),
        nonsense,
        unknown,
        failed("DIGEST-CASE", level="rfc"),
        verdict("PART-SHA1-NULL", "observed", observation="x"),
        verdict("PART-OTHER-USER", "unsupported", reason="x"),
        verdict("PART-SUM", "errored", reason="x"),
        failed("PART-SIZE", exchanges=[exchange(status=None, error="x")]),
        failed("LIFE-CYCLE-MODEL", failure=failure(history=["x"] * 5)),
        verdict("RULE " + text[:1000], group="group " + text[:1000], level=text[:1000]),
        footer(exit_code=1, cleanup={"deleted": 1, "left": ["x"]}),
    ]
    return read_log(write(folder, *(poisoned(event, text) for event in events)))


def in_terminal(log: Log) -> str:
    file = io.StringIO()
    terminal.render(log, Console(file=file, width=80, color_system=None), verbose=2, report=Path("report.html"))
    return file.getvalue()


def unsafe(text: str) -> list[str]:
    """The characters that could steer a terminal, mislead a reader or that no document may hold."""
    categories = ("Cc", "Cf", "Cs", "Zl", "Zp")
    return [
        char
        for char in text
        if char not in "\n\t" and (unicodedata.category(char) in categories or ord(char) & 0xFFFE == 0xFFFE)
    ]


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_the_terminal_gets_nothing_but_text(tmp_path: Path, text: str) -> None:
    shown = in_terminal(log_with(tmp_path, text))

    assert unsafe(shown) == []
    assert len(shown) < 300_000


def test_the_terminal_takes_no_markup(tmp_path: Path) -> None:
    shown = in_terminal(log_with(tmp_path, "[bold]x[/bold] :smile: [link=http://evil.test]"))

    assert "[bold]x[/bold] :smile: [link=http://evil.test]" in shown


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_the_junit_document_stays_well_formed(tmp_path: Path, text: str) -> None:
    document = junit.render(log_with(tmp_path, text))
    root = ElementTree.fromstring(document)

    assert document.isascii()
    assert unsafe("".join(root.itertext())) == []
    assert {element.tag for element in root.iter()} == {
        *("testsuites", "testsuite", "properties", "property", "testcase"),
        *("failure", "error", "skipped", "system-out", "system-err"),
    }
    assert len(document) < 1_000_000


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_the_page_stays_sound(tmp_path: Path, text: str) -> None:
    document = html.render(log_with(tmp_path, text))
    page = Page(document)

    assert unsafe(document) == []
    assert page.tags.count("script") == 1  # the page's own
    assert not {"img", "iframe"} & set(page.tags)
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]
    assert all(value.startswith("#") for value in page.values("href"))
    assert "49" not in re.findall(r"\{\{.*?\}\}|49", page.text("p"))
    assert len(document) < 3_000_000


def test_what_was_sent_can_still_be_recognised(tmp_path: Path) -> None:
    log = log_with(tmp_path, HOSTILE)
    needed = "<script>alert(1)</script>]]>\\x1b[31mred\\x1b[0m\\x00\\u202etxt.exe\\u2066 &amp; \\ud800 \\ufffe\\x0d"

    assert needed in Page(html.render(log)).text("pre")
    assert needed in "".join(ElementTree.fromstring(junit.render(log)).itertext())
    assert needed in in_terminal(log)


def test_plain_keeps_what_people_write() -> None:
    text = "naïve – 日本語 Ελληνικά 👍\n\tindented"

    assert plain(text) == text
    assert plain_line(text) == "naïve – 日本語 Ελληνικά 👍\\n\\tindented"


def test_plain_counts_what_it_leaves_out() -> None:
    assert plain("x" * 1_000_000, 3) == "xxx… (1,000,000 characters, the first 3 shown)"
    assert plain("xxx", 3) == "xxx"
