"""The catalogues as Markdown: rules for servers and for clients, faults, behaviours, mistakes of clients.

Owns what the pages of the site say of each entry, and its anchor: the id of a rule in lower case, the name of a fault,
a behaviour or a mistake. Must not know Sphinx; `catalogue_extension` puts these texts into their pages.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from commit_conformance.clients.catalogue import client_rules
from commit_conformance.clients.plain.mistakes import MISTAKES
from commit_conformance.reference import BEHAVIOURS, FAULTS
from commit_conformance.specs import suite_root
from commit_conformance.verdict.catalogue import Catalogue, Rule, Source

__all__ = ["CLIENT_RULES", "FAULT_LIST", "SERVER_RULES", "TEXTS", "anchor", "pages_of_rules"]

#: Pages, as paths from the root of the checkout without their suffix.
SERVER_RULES: Final = "docs/server-rules"
CLIENT_RULES: Final = "docs/client-rules"
FAULT_LIST: Final = "docs/fault-list"

_DESCRIPTION: Final = "../specs/commit.openapi.yaml"
_SOURCES: Final = "../specs/rules/README.md#sources"
_CODE: Final = re.compile(r"(`[^`]*`)")
_MARKUP: Final = re.compile(r"([\\*_<>\[\]{}#|$~])")
_SECTION: Final = re.compile(r"sections? (\d+(?:\.\d+)*)")


def anchor(name: str) -> str:
    """Where an entry stands in its page."""
    return name.lower()


def pages_of_rules() -> dict[str, str]:
    """The page of each rule, by its id."""
    return {rule.id: SERVER_RULES for rule in Catalogue.load()} | {rule.id: CLIENT_RULES for rule in client_rules()}


def rules_for_servers() -> str:
    """Every rule for servers, by groups."""
    return _rules(
        Catalogue.load(),
        suite_root() / "specs" / "rules",
        broken_by=_broken_by("fault-list.md", ((fault.name, fault.rules) for fault in FAULTS.values())),
        wrongs="Faults that break it",
        groups="server-group",
    )


def rules_for_clients() -> str:
    """Every rule for clients, by groups."""
    return _rules(
        client_rules(),
        suite_root() / "specs" / "rules" / "client",
        broken_by=_broken_by("", ((name, mistake.rules) for name, mistake in MISTAKES.items())),
        wrongs="Mistakes that break it",
        groups="client-group",
    )


def faults() -> str:
    """Every fault, by the subject of the module in which it stands."""
    lines: list[str] = []
    subject = ""
    for fault in FAULTS.values():
        if fault.__module__ != subject:
            subject = fault.__module__
            lines += [f"### {_subject(subject)}", ""]
        lines += _entry(fault.name, fault.summary, fault.rules, page="server-rules.md")
        if fault.needs:
            settings = ", ".join(f"`{name}` {value}" for name, value in fault.needs.items())
            lines += [f"  With it the service is set to {settings}, since it would not show otherwise.", ""]
    return "\n".join(lines)


def behaviours() -> str:
    """Every behaviour, with the form of its value and an example."""
    lines: list[str] = []
    for behaviour in BEHAVIOURS.values():
        written = f"{behaviour.name}={behaviour.syntax}" if behaviour.syntax else behaviour.name
        lines += [f"[`{written}`]{{#{anchor(behaviour.name)}}}", f": {_plain(behaviour.summary)}"]
        if behaviour.example:
            lines += ["", f"  For example `--behaviour {behaviour.name}={behaviour.example}`."]
        lines.append("")
    return "\n".join(lines)


def mistakes() -> str:
    """Every mistake of the client that tests the rules for clients."""
    lines: list[str] = []
    for name, mistake in MISTAKES.items():
        lines += _entry(name, mistake.summary, mistake.rules, page="client-rules.md")
    return "\n".join(lines)


#: What a page writes between ``<!-- catalogue:`` and ``-->``, and the text that takes its place.
TEXTS: Final[Mapping[str, Callable[[], str]]] = {
    "rules for servers": rules_for_servers,
    "rules for clients": rules_for_clients,
    "faults": faults,
    "behaviours": behaviours,
    "mistakes of clients": mistakes,
}


def _rules(rules: Catalogue, folder: Path, *, broken_by: Mapping[str, list[str]], wrongs: str, groups: str) -> str:
    """A list of the groups, then each group with its rules; ``groups`` is what the anchors of groups begin with."""
    files = {group: _group_file(folder / f"{group}.yaml") for group in rules.groups}
    lines = []
    for group, file in files.items():
        links = ", ".join(_link(rule.id) for rule in rules if rule.group == group)
        lines += [f"- **[{_plain(file['title'])}](#{groups}-{group})**: {links}"]
    for group, file in files.items():
        lines += ["", f"({groups}-{group})=", "", f"## {_plain(file['title'])}", "", _plain(file["about"])]
        for rule in (rule for rule in rules if rule.group == group):
            lines += ["", f"### {rule.id}", "", f"**{_plain(rule.statement)}**", ""]
            told = [*_fields(rule), (wrongs, ", ".join(broken_by.get(rule.id, ())) or "none, as it only records")]
            lines += [f":{label}: {text}" for label, text in told if text]
    return "\n".join(lines) + "\n"


def _fields(rule: Rule) -> Iterable[tuple[str, str]]:
    yield "Level", f"*{rule.level}*: {rule.level.meaning}"
    yield "Effort", f"from *{rule.effort}* on"
    yield "Why", _plain(rule.why)
    yield "What breaks", _plain(rule.breaks)
    yield "How it is checked", _plain(rule.check)
    yield "Note", _plain(rule.note or "")
    yield "Source", "; ".join(_source(source) for source in rule.source)
    yield "Needs", ", ".join(f"`{capability}`" for capability in rule.needs)
    yield "Depends on", ", ".join(_link(other) for other in rule.depends_on)


def _source(source: Source) -> str:
    """The place, with a link to it where one can be made, and to what its short name stands for where not."""
    place = _plain(source.place)
    if source.ref.startswith("RFC "):
        page = f"https://www.rfc-editor.org/rfc/rfc{source.ref.removeprefix('RFC ')}"
        section = _SECTION.search(source.place)
        return f"[{source.ref}]({page}{f'#section-{section[1]}' if section else ''}), {place}"
    return f"[{source.ref}]({_DESCRIPTION if source.ref == 'OAS' else _SOURCES}), {place}"


def _entry(name: str, summary: str, rules: Iterable[str], *, page: str) -> list[str]:
    """An entry of a list of ways to be wrong: a term with its anchor, what is done, and the rules that must notice."""
    links = ", ".join(_link(rule, page=page) for rule in rules)
    return [f"[`{name}`]{{#{anchor(name)}}}", f": {_plain(summary)}", "", f"  Must fail: {links}", ""]


def _broken_by(page: str, wrongs: Iterable[tuple[str, Iterable[str]]]) -> dict[str, list[str]]:
    """Links to what breaks a rule, by the rule's id."""
    found: dict[str, list[str]] = {}
    for name, rules in wrongs:
        for rule in rules:
            found.setdefault(rule, []).append(f"[`{name}`]({page}#{anchor(name)})")
    return found


def _subject(module: str) -> str:
    """What the module says its faults are about: the first sentence of its docstring."""
    first = (sys.modules[module].__doc__ or module).split("\n")[0]
    about = re.split(r"\.(?: |$)", first)[0].removeprefix("Faults about ")
    return _plain(about[0].upper() + about[1:])


def _group_file(path: Path) -> dict[str, Any]:
    file: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return file


def _link(rule: str, *, page: str = "") -> str:
    return f"[{rule}]({page}#{anchor(rule)})"


def _plain(text: str) -> str:
    """A text of the catalogue on one line of Markdown: code in backticks stays code, nothing else is markup."""
    pieces = _CODE.split(" ".join(text.split()))
    return "".join(piece if piece.startswith("`") else _MARKUP.sub(r"\\\1", piece) for piece in pieces)
