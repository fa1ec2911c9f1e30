"""How Sphinx builds the site: `make docs`. Nothing it writes needs a network when it is read."""

import sys
from pathlib import Path

from pygments.lexers.graph import CypherLexer
from pygments.token import Operator
from sphinx.application import Sphinx

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

project = "Cathograph"
author = "The Cathograph developers"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton"]
exclude_patterns = ["site", "notebooks", "generated_pages"]
myst_enable_extensions = ["attrs_inline", "colon_fence"]
myst_heading_anchors = 4
default_role = "code"
nitpicky = False

autodoc_typehints = "signature"
autodoc_member_order = "bysource"
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True

html_theme = "furo"
html_title = "Cathograph"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {"sidebar_hide_name": False}
pygments_style = "a11y-light"
pygments_dark_style = "a11y-dark"
copybutton_prompt_text = "$ "
copybutton_line_continuation_character = "\\"


class Cypher(CypherLexer):
    """Cypher with its arithmetic, which the lexer of Pygments does not know."""

    tokens = CypherLexer.tokens | {"root": [*CypherLexer.tokens["root"], (r"[-+*/^%]", Operator)]}


def write_generated_pages(_app: Sphinx) -> None:
    """Write the reference pages from the code."""
    from generated_pages.commands import commands_page
    from generated_pages.python_api import api_pages
    from generated_pages.queries import queries_page

    reference = HERE / "reference"
    pages = {"commands.md": commands_page(), "queries.md": queries_page()}
    pages |= {f"python/{name}": text for name, text in api_pages().items()}
    for name, text in pages.items():
        path = reference / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> None:
    """Connect the hook that writes the generated pages."""
    app.add_lexer("cypher", Cypher)
    app.connect("builder-inited", write_generated_pages, priority=1)
