"""How the site is built from the Markdown of this repository: `make docs`.

The whole checkout is the source, so a page lies on the site where it lies in the checkout, and one link between two
files is right in both. Nothing is taken from the network, and what is built can be opened as files.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "site"))

project = "box-commit-conformance"
copyright = "box-commit-conformance contributors"  # noqa: A001  # the name that Sphinx looks for
extensions = ["myst_parser", "catalogue_extension"]

root_doc = "docs/index"
include_patterns = ["*.md", "docs/*.md", "reports/*.md", "reports/sdk-findings/*.md", "specs/rules/README.md"]
# Only so that they are not searched: no pattern above fits anything in them.
exclude_patterns = [".*", "build", "dist", "benchmarks", "commit_conformance", "strategies", "tests"]

# An anchor for each heading, as code hosts give them; a link to one that is not there is an error.
myst_heading_anchors = 4
myst_enable_extensions = ["attrs_inline", "deflist", "fieldlist"]

html_theme = "furo"
html_title = project
html_static_path = ["site/site.css"]
html_css_files = ["site.css"]
html_theme_options = {"top_of_page_buttons": []}
# The first page lies where its source lies; whoever opens the folder is led there.
templates_path = ["templates"]
html_additional_pages = {"index": "to_the_first_page.html"}
html_copy_source = False
html_use_index = False
html_show_sphinx = False
