"""The Sphinx extension of this site: pages of the catalogues, and links.

Owns where texts of `catalogue_texts` are put in: a page says ``<!-- catalogue: rules for servers -->``, which whoever
reads the Markdown as it is does not see. A page that asks for a text that is not there is an error. Every mention of a
rule or a fault becomes a link to where it is told of, and links show titles of pages in place of their paths.
"""

from __future__ import annotations

import re
from typing import Any

from catalogue_texts import FAULT_LIST, TEXTS, anchor, pages_of_rules
from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

from commit_conformance.reference import FAULTS

_PLACE = re.compile(r"^<!-- catalogue: (.+) -->$", re.M)
_PATH = re.compile(r"[\w./-]+\.md")
#: In these a name is no mention, or is a link already.
_NOT_IN = (nodes.reference, nodes.title, nodes.literal_block, nodes.comment, nodes.raw, nodes.term)


def put_in(app: Sphinx, docname: str, source: list[str]) -> None:
    """Replaces each comment that names a text by that text."""

    def text(found: re.Match[str]) -> str:
        if found[1] not in TEXTS:
            raise ExtensionError(f"{docname}: there is no catalogue of {found[1]!r}, but of {', '.join(TEXTS)}")
        return TEXTS[found[1]]()

    source[0] = _PLACE.sub(text, source[0])


def name_by_title(app: Sphinx, doctree: nodes.document) -> None:
    """A link that shows nothing but the path of a page shows the title of that page instead."""
    for link in doctree.findall(addnodes.pending_xref):
        if link.get("reftype") == "myst" and _PATH.fullmatch(link.astext()):
            link["refexplicit"] = False


def link_mentions(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Makes every id of a rule a link to where it is told of, and every name of a fault that is written as code."""
    rules = pages_of_rules()
    ids = re.compile(rf"(?<![\w-])({'|'.join(sorted(rules, key=len, reverse=True))})(?![\w*-])")
    places = rules | dict.fromkeys(FAULTS, FAULT_LIST)

    def link(name: str, shown: nodes.Node) -> nodes.reference:
        where = app.builder.get_relative_uri(docname, places[name])
        return nodes.reference("", "", shown, internal=True, refuri=f"{where}#{anchor(name)}")

    for text in list(doctree.findall(nodes.Text)):
        parent: Any = text.parent
        if any(isinstance(above, _NOT_IN) for above in _ancestors(text)):
            continue
        if isinstance(parent, nodes.literal):
            if text in places:
                parent.replace_self(link(str(text), parent.deepcopy()))
            continue
        pieces = ids.split(text)
        if len(pieces) > 1:
            parent.replace(
                text,
                [
                    link(piece, nodes.Text(piece)) if number % 2 else nodes.Text(piece)
                    for number, piece in enumerate(pieces)
                    if piece
                ],
            )


def _ancestors(node: nodes.Node) -> list[nodes.Node]:
    found: list[nodes.Node] = []
    above: Any = node.parent
    while above is not None:
        found.append(above)
        above = above.parent
    return found


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.connect("source-read", put_in)
    app.connect("doctree-read", name_by_title)
    app.connect("doctree-resolved", link_mentions)
    # What the catalogues hold is not among the files that Sphinx watches, so their pages are read anew each time.
    app.connect("env-get-outdated", lambda app, env, added, changed, removed: sorted(_pages(app)))
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def _pages(app: Sphinx) -> set[str]:
    return {*pages_of_rules().values(), FAULT_LIST}
