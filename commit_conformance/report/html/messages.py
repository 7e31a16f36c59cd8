"""A request or an answer as lines to read, with the places marked that a failure is about.

A JSON body is laid out token by token, so that what was sent stays what it was: repeated members, odd numbers and
escapes are shown as written. Marks are JSON pointers; one that leads nowhere marks the nearest thing that is there,
since what is missing has to be seen too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from commit_conformance.report.exchanges import Exchange
from commit_conformance.report.verdicts import Failure, Problem

_TELLING = (
    *("retry-after", "www-authenticate", "allow", "content-type", "content-encoding", "location"),
    "access-control-allow-origin",
)
"""Headers of an answer that a rule can be about. A message that speaks of the server does not mean ``Server``."""
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')
_DEEPEST = 40
"""Levels of nesting that are laid out; deeper bodies are shown as they are."""
_WIDEST = 110
"""Characters of an object without objects inside that is kept on one line, as an entry of a part list is."""
_MOST_LINES = 400
_LONGEST_RAW = 20_000
"""Characters of a body that is no JSON."""
_SHORT = 24
"""Lines of a body that are shown without a second look."""
_LONGEST = 200_000
"""Characters of a body: far more than a run records, and few enough to be laid out in no time."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line to show.

    Attributes:
        wrong: Whether it is marked.
        note: What is said beside it.
    """

    text: str
    wrong: bool = False
    note: str = ""

    @property
    def indent(self) -> str:
        """The blanks it begins with."""
        return self.text[: len(self.text) - len(self.text.lstrip(" "))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A request or an answer.

    Attributes:
        first: Request line or status line.
        body: Empty where there is none. A JSON body is laid out for reading.
        size: Bytes of the whole body.
    """

    first: Line
    headers: tuple[Line, ...]
    body: tuple[Line, ...]
    size: int

    @property
    def excerpt(self) -> tuple[Line, ...]:
        """The lines of the body that matter: how it begins and what is marked; all of a short one."""
        if len(self.body) <= _SHORT:
            return self.body
        wrong = [at for at, line in enumerate(self.body) if line.wrong]
        kept = set(range(4 if wrong else _SHORT // 2)) | {len(self.body) - 1}
        for at in wrong[:_SHORT]:
            kept |= set(range(max(at - 3, 0), min(at + 4, len(self.body))))
        shown: list[Line] = []
        last = -1
        for at in sorted(kept):
            if at - last > 2:
                shown.append(Line(f"{self.body[at].indent}⋮ {at - last - 1:,} lines"))
            elif at - last == 2:
                shown.append(self.body[at - 1])
            shown.append(self.body[at])
            last = at
        return tuple(shown)


@dataclass(slots=True)
class _Node:
    """A JSON value, with the literals as they were written."""

    pointer: str
    key: str
    opening: str
    children: list[_Node] = field(default_factory=list)


def request_of(exchange: Exchange, failure: Failure | None) -> Message:
    """The request of an exchange, with what is wrong in it marked."""
    marks = _claimed(failure)
    sent = (failure.sent if failure else "").lower()
    headers = tuple(Line(f"{name}: {value}", _names(sent, name)) for name, value in exchange.request_headers)
    if failure and not marks:
        marks = {f"/{name}": "" for name in ("attributes", "parts") if _names(sent, name)}
    first = Line(f"{exchange.method} {exchange.url}")
    return Message(first=first, headers=headers, body=_body(exchange.request_body, marks), size=exchange.request_bytes)


def answer_of(exchange: Exchange, failure: Failure | None) -> Message:
    """The answer of an exchange, with what is wrong with it marked: if nothing else is, that is its status."""
    marks: dict[str, str] = {}
    missing: list[Line] = []
    unplaced: list[str] = []
    for problem in _problems(failure):
        header = re.search(r"\bno ([A-Z][A-Za-z]*(?:-[A-Za-z]+)*) header\b", problem.message)
        if problem.pointer:
            marks.setdefault(problem.pointer, problem.message)
        elif header:
            missing.append(Line(f"{header[1].lower()}: (missing)", True, problem.message))
        else:
            unplaced.append(problem.message)
    body = _body(exchange.response_body, marks)
    headers = [
        Line(f"{name}: {value}", name.lower() in _TELLING and any(_names(told.lower(), name) for told in unplaced))
        for name, value in exchange.response_headers
    ]
    lines = (*headers, *missing)
    marked = any(line.wrong for line in (*lines, *body))
    if failure is not None and not marked:
        body = _quoted(body, unplaced)
        # A message that tells the status speaks of it, whatever else it quotes.
        marked = any(line.wrong for line in body) and str(exchange.status) not in failure.message
    # Where the order of several operations is what matters, no answer is wrong by itself.
    first = Line(exchange.answer, failure is not None and not failure.history and not marked)
    return Message(first=first, headers=lines, body=body, size=exchange.response_bytes)


def _quoted(body: tuple[Line, ...], messages: Sequence[str]) -> tuple[Line, ...]:
    """The lines of a body, those marked that hold what a message quotes from it."""
    quotes = [quote for told in messages for quote in re.findall(r"'([^']{8,})'", told)]
    return tuple(replace(line, wrong=True) if any(q in line.text for q in quotes) else line for line in body)


def _problems(failure: Failure | None) -> Sequence[Problem]:
    """What is wrong with the answer; where no list says it, the failure's message does."""
    if failure is None:
        return ()
    return failure.problems or (Problem(pointer="", message=failure.message),)


def _names(text: str, name: str) -> bool:
    """Whether a text speaks of a header or member by its name."""
    words = name.lower().replace("-", "[- ]")
    return re.search(rf"(?<![\w-]){words}(?![\w-])", text) is not None if re.fullmatch(r"[\w-]+", name) else False


def _claimed(failure: Failure | None) -> dict[str, str]:
    """The entries of the part list that the log says are wrong, and what it says of them."""
    part_list = failure.part_list if failure else None
    defects = part_list.get("defects") if isinstance(part_list, Mapping) else None
    marks: dict[str, str] = {}
    for defect in defects if isinstance(defects, list) else ():
        if not isinstance(defect, Mapping):
            continue
        index, told = defect.get("index"), str(defect.get("message") or defect.get("kind") or "")
        pointer = f"/parts/{index}" if isinstance(index, int) else "/parts"
        marks[pointer] = f"{marks[pointer]}; {told}" if pointer in marks else told
    return marks


def _body(text: str | None, marks: Mapping[str, str]) -> tuple[Line, ...]:
    if not text:
        return ()
    root = _read(text) if len(text) <= _LONGEST else None
    if root is None:
        return tuple(Line(line, bool(marks)) for line in text[:_LONGEST_RAW].split("\n")[:_MOST_LINES])
    lines: list[Line] = []
    _lay_out(root, _nearest(root, marks), 0, "", lines)
    if len(lines) > _MOST_LINES:
        wrong = [line for line in lines[_MOST_LINES:] if line.wrong]
        more = Line(f"… {len(lines) - _MOST_LINES:,} more lines")
        lines = [*lines[:_MOST_LINES], more, *wrong[:20]]
    return tuple(lines)


def _read(text: str) -> _Node | None:
    """The tree of a JSON text; None for what is no JSON, or too deep to be shown as one."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return None
    root = _Node("", "", "")
    open_nodes: list[_Node] = []
    key = ""
    for token in _TOKEN.findall(text):
        if token in "}]":
            open_nodes.pop()
        elif token == ":":
            key = open_nodes[-1].children.pop().opening
        elif token != ",":
            parent = open_nodes[-1] if open_nodes else None
            name = _unquoted(key) if key else str(len(parent.children)) if parent else ""
            pointer = f"{parent.pointer}/{name}" if parent else ""
            node = _Node(pointer, key, token)
            key = ""
            if parent is None:
                root = node
            else:
                parent.children.append(node)
            if token in "{[":
                open_nodes.append(node)
                if len(open_nodes) > _DEEPEST:
                    return None
    return root


def _unquoted(key: str) -> str:
    return str(json.loads(key)).replace("~", "~0").replace("/", "~1")


def _nearest(root: _Node, marks: Mapping[str, str]) -> dict[str, str]:
    """The marks, each at a pointer that is there."""
    there: set[str] = set()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        there.add(node.pointer)
        waiting += node.children
    found: dict[str, str] = {}
    for pointer, note in marks.items():
        place = pointer
        while place not in there:
            place = place.rpartition("/")[0]
        found[place] = f"{found[place]}; {note}" if place in found else note
    return found


def _lay_out(node: _Node, marks: Mapping[str, str], depth: int, end: str, lines: list[Line]) -> None:
    indent = "  " * depth
    key = f"{node.key}: " if node.key else ""
    wrong, note = node.pointer in marks, marks.get(node.pointer, "")
    if not node.children:
        closing = {"{": "}", "[": "]"}.get(node.opening, "")
        lines.append(Line(f"{indent}{key}{node.opening}{closing}{end}", wrong, note))
        return
    inline = _inline(node)
    if inline is not None and len(inline) <= _WIDEST:
        inner = [child.pointer for child in node.children if child.pointer in marks]
        notes = [note, *(marks[pointer] for pointer in inner)]
        told = "; ".join(filter(None, notes))
        lines.append(Line(f"{indent}{key}{inline}{end}", wrong or bool(inner), told))
        return
    lines.append(Line(f"{indent}{key}{node.opening}", wrong, note))
    for child in node.children:
        _lay_out(child, marks, depth + 1, "," if child is not node.children[-1] else "", lines)
    lines.append(Line(f"{indent}{'}' if node.opening == '{' else ']'}{end}"))


def _inline(node: _Node) -> str | None:
    """A container of plain values on one line; None for others, and for the body as a whole."""
    if not node.pointer or any(child.children for child in node.children):
        return None
    pieces = (f"{child.key}: " * bool(child.key) + child.opening + _closing(child) for child in node.children)
    return f"{node.opening}{', '.join(pieces)}{'}' if node.opening == '{' else ']'}"


def _closing(node: _Node) -> str:
    return {"{": "}", "[": "]"}.get(node.opening, "")
