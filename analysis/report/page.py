"""The report as files: one self-contained HTML page, with PNG, SVG and CSV files next to it.

Figures and styles are part of the page and nothing is fetched, so it can be opened years later without a network. The
template escapes all text from the store.
"""

import base64
import math
import re
from collections.abc import Hashable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup, escape

from cathograph.analysis.report.report import Report
from cathograph.analysis.report.tables import REASON_OF, ReportTable
from cathograph.schema.errors import InputError

_MOST_ROWS_SHOWN = 60
"""Most rows of a table on the page; the CSV has all."""
_LINK = re.compile(r'href="((?:figures|tables)/[A-Za-z0-9-]+\.[a-z]+)"')
"""Links of the page to the files that were written with it."""


def make_report_folder(folder: Path) -> None:
    """Create the folder of a report, so that a wrong one is noticed before the computation.

    Raises
    ------
    InputError
        When it cannot be created.
    """
    try:
        (folder / "tables").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _not_writable(folder, error) from error


def _not_writable(folder: Path, error: OSError) -> InputError:
    msg = (
        f"Found {folder} not writable ({error.strerror}); expected a writable folder. Choose another folder."
    )
    return InputError(msg)


def write_report(report: Report, folder: Path) -> Path:
    """Write the page, the figures and the tables.

    Parameters
    ----------
    report : Report
        From `cathograph.analysis.report.report.build_report`.
    folder : Path
        Created if absent; the files of an earlier report in it are removed first, and no other files.

    Returns
    -------
    Path
        ``report.html``; next to it are ``figures/`` and ``tables/``.

    Raises
    ------
    InputError
        When the folder cannot be written to.
    """
    make_report_folder(folder)
    page = folder / "report.html"
    _remove_earlier(page)
    images = {}
    for printed in report.figures:
        _, svg, *_ = printed.save(folder / "figures")
        images[printed.name] = base64.b64encode(svg.read_bytes()).decode()
    try:
        for table in (*report.tables, *report.provenance):
            table.data.to_csv(folder / "tables" / f"{table.name}.csv", index=False, lineterminator="\n")
        page.write_text(render_page(report, images), encoding="utf-8")
    except OSError as error:
        raise _not_writable(folder, error) from error
    return page


def _remove_earlier(page: Path) -> None:
    """Remove an earlier report, so that its figures are not mistaken for those of the new one."""
    try:
        if page.exists():
            for name in _LINK.findall(page.read_text(encoding="utf-8", errors="replace")):
                (page.parent / name).unlink(missing_ok=True)
            page.unlink()
    except OSError as error:
        raise _not_writable(page.parent, error) from error


def render_page(report: Report, images: dict[str, str]) -> str:
    """Render the page.

    Parameters
    ----------
    report : Report
        What it shows.
    images : dict
        SVG of each figure, base64, by its name.
    """
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["cells"] = table_cells
    environment.filters["is_number"] = _is_number
    environment.filters["breakable"] = _breakable
    environment.filters["with_code"] = _with_code
    source = files("cathograph.analysis.report").joinpath("report.html.j2").read_text(encoding="utf-8")
    return environment.from_string(source).render(report=report, images=images, most_rows=_MOST_ROWS_SHOWN)


def table_cells(table: ReportTable) -> list[list[str]]:
    """Write the rows of a table that the page shows, with four digits and blanks for missing values."""
    shown = [name for name in table.shown if name in table.data.columns]
    rows = table.data.head(_MOST_ROWS_SHOWN).to_dict("records")
    return [[write_value(row[name]) or _why_no_p(name, row) for name in shown] for row in rows]


def _why_no_p(name: str, row: Mapping[Hashable, Any]) -> str:
    """Give the reason in the place of a p value; blank for any other missing number."""
    return write_value(row.get(REASON_OF[name])) if name in REASON_OF else ""


def write_value(value: object) -> str:
    """Write one value for readers.

    Examples
    --------
    >>> write_value(0.0123461), write_value(8342.5678), write_value(float("nan")), write_value(2.25e-8)
    ('0.01235', '8342.57', '', '2.25e-08')
    """
    if value is None or value is pd.NA or value is pd.NaT:
        return ""
    if isinstance(value, float | np.floating):
        number = float(value)
        if math.isnan(number):
            return ""
        return f"{number:.2f}" if 1000 <= abs(number) < 1e6 else f"{number:.4g}"
    if isinstance(value, pd.Timestamp):
        return value.strftime("%Y-%m-%d %H:%M UTC")
    return str(value)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _breakable(text: str) -> Markup:
    """Allow line breaks in a long name, so that the table is not wider than the page."""
    return escape(text).replace("_", Markup("_<wbr>"))


def _with_code(text: str) -> Markup:
    """Mark text between backticks as code."""
    pieces = text.split("`")
    if len(pieces) % 2 == 0:  # an unpaired backtick
        return escape(text)
    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if place % 2 else escape(piece)
        for place, piece in enumerate(pieces)
    )
