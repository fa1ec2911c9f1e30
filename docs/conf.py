"""How Sphinx builds the site: `make docs`. Nothing it writes needs a network when it is read."""

import sys
from pathlib import Path

from pygments.lexers.graph import CypherLexer
from pygments.token import Name, Operator
from sphinx.application import Sphinx

HERE = Path(__file__).resolve().parent
TOP_PAGES = ("ARCHITECTURE", "CHANGELOG", "CONTRIBUTING")
sys.path.insert(0, str(HERE))

project = "Cathograph"
author = "The Cathograph developers"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton"]
exclude_patterns = ["site", "notebooks", "generated_pages"]
myst_enable_extensions = ["attrs_inline", "colon_fence"]
myst_heading_anchors = 4
default_role = "code"
toc_object_entries = False

autodoc_typehints = "signature"
autodoc_member_order = "bysource"
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True

html_theme = "furo"
html_title = "Cathograph"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_copyright = False
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {"sidebar_hide_name": False}
pygments_style = "a11y-light"
pygments_dark_style = "a11y-dark"
copybutton_prompt_text = "$ "
copybutton_line_continuation_character = "\\"


class Cypher(CypherLexer):
    """Cypher with arithmetic and parameters, which the lexer of Pygments does not know."""

    tokens = CypherLexer.tokens | {
        "root": [*CypherLexer.tokens["root"], (r"[-+*/^%]", Operator), (r"\$\w+", Name.Variable)]
    }


def write_generated_pages(_app: Sphinx) -> None:
    """Write the reference pages from the code, and those that are read at the top of the repository, too."""
    from generated_pages.commands import commands_page
    from generated_pages.python_api import api_pages
    from generated_pages.queries import queries_page

    pages = {"reference/commands.md": commands_page(), "reference/queries.md": queries_page()}
    pages |= {f"reference/python/{name}": text for name, text in api_pages().items()}
    pages |= {f"{name.lower()}.md": _moved_into_docs(name) for name in TOP_PAGES}
    for name, text in pages.items():
        path = HERE / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def _moved_into_docs(name: str) -> str:
    """Give a page of the top folder with links that hold inside of docs/."""
    text = (HERE.parent / f"{name}.md").read_text(encoding="utf-8").replace("](docs/", "](")
    for other in TOP_PAGES:
        text = text.replace(f"]({other}.md", f"]({other.lower()}.md")
    return text


def setup(app: Sphinx) -> None:
    """Connect the hook that writes the generated pages."""
    app.add_lexer("cypher", Cypher)
    app.connect("builder-inited", write_generated_pages, priority=1)
