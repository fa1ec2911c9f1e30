"""How a figure and a table of tests stand on a page: chart, caption, downloads; naive and clustered side by side."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from cathograph.analysis.figures.figure import FigureData, label_of
from cathograph.analysis.tables.wording import in_words
from cathograph.dashboard.widgets.downloads import csv_bytes, file_download

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from cathograph.analysis.figures.interactive_style import Panels
    from cathograph.analysis.figures.printed_style import Plate

_CHART = {"displaylogo": False, "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"]}
_EXPOSURE = {"at_tpb": "in a TPB", "has_concurrent_channel": "with a channel"}


def show_exhibit(
    data: FigureData,
    plot: "Callable[[], Panels]",
    draw: "Callable[[], Plate]",
) -> None:
    """Lay out a figure: its panels, its caption, and its downloads.

    Parameters
    ----------
    data : FigureData
        What it shows.
    plot : callable
        Makes the panels; not called where there is nothing to show.
    draw : callable
        Draws the same for files, when somebody asks for PNG or SVG.
    """
    st.markdown(f"#### {data.paper}: {data.title}")
    if data.missing:
        st.info(data.missing, icon=":material/info:")
        return
    rows = [part for row in plot() for part in _lines(row)]
    for number, row in enumerate(rows):
        for place, (column, panel) in enumerate(zip(st.columns(len(row)), row, strict=True)):
            column.plotly_chart(panel, key=f"{data.name}-{number}-{place}", config=_CHART)
    st.caption(data.caption)
    show_downloads(data, draw)


def _lines(row: "list[Figure]") -> "list[list[Figure]]":
    """Break a row of four into two lines: side by side four are too narrow for their words."""
    return [row[:2], row[2:]] if len(row) == 4 else [row]


def show_downloads(data: FigureData, draw: "Callable[[], Plate]") -> None:
    """Offer the table behind a figure, and the figure as a file."""
    with st.container(horizontal=True):
        file_download(
            "CSV", lambda: csv_bytes(data.table), f"{data.name}.csv", "text/csv", key=f"{data.name}-csv"
        )
        file_download(
            "PNG", lambda: draw().render("png"), f"{data.name}.png", "image/png", key=f"{data.name}-png"
        )
        file_download(
            "SVG", lambda: draw().render("svg"), f"{data.name}.svg", "image/svg+xml", key=f"{data.name}-svg"
        )


def show_comparisons(table: pd.DataFrame, name: str) -> None:
    """Lay out group comparisons: particles as units beside images as units."""
    both = pd.DataFrame(
        {
            **_heads(table),
            "n": [
                f"{exposed} / {others}"
                for exposed, others in zip(table["n_exposed"], table["n_others"], strict=True)
            ],
            "difference": table["difference"],
            "d": _with_interval(table, "d"),
            "p": table["p"],
            "p corrected": _if_there(table, "p_family"),
            "d, clustered": _with_interval(table, "d_clustered"),
            "p, clustered": table["p_clustered"],
            "p corrected, clustered": _if_there(table, "p_clustered_family"),
            **_carried(table),
            "flagged, left out": table["n_flagged"],
            "d with flagged": _if_there(table, "d_with_flagged"),
            "p with flagged, clustered": _if_there(table, "p_clustered_with_flagged"),
            "test, clustered": table["method_clustered"],
        }
    )
    _show(both, table, name)


def show_size_adjusted(table: pd.DataFrame, name: str) -> None:
    """Lay out effects at equal size."""
    both = pd.DataFrame(
        {
            **_heads(table),
            "n": table["n"],
            "flagged, left out": table["n_flagged"],
            "larger by (d)": table["d_size"],
            "d": table["d"],
            "d at equal size": table["d_adjusted"],
            "p at equal size": table["p_adjusted"],
            "d at equal size, clustered": table["d_adjusted_clustered"],
            "p at equal size, clustered": table["p_adjusted_clustered"],
            "p corrected, clustered": table["p_adjusted_clustered_family"],
            **_carried(table),
            "p of equal slopes": table["equal_slopes_p"],
        }
    )
    _show(both, table, name)


def show_correlations(table: pd.DataFrame, name: str) -> None:
    """Lay out correlations."""
    both = pd.DataFrame(
        {
            **({"selection": table["selection"].astype(str)} if "selection" in table.columns else {}),
            "metric": table["metric"].map(label_of),
            "state": table["outcome"].map(_state),
            "n": table["n"],
            "flagged, left out": table["n_flagged"],
            "r": _with_interval(table, "r"),
            "p": table["p"],
            "p corrected": table["p_family"],
            "Spearman": table["spearman"],
            "r within images": table["r_within"],
            "slope, clustered": _with_interval(table, "r_clustered"),
            "p, clustered": table["p_clustered"],
            "p corrected, clustered": table["p_clustered_family"],
            **_carried(table),
        }
    )
    _show(both, table, name)


def show_anova(table: pd.DataFrame, name: str) -> None:
    """Lay out the analyses of variance."""
    both = pd.DataFrame(
        {
            **({"selection": table["selection"].astype(str)} if "selection" in table.columns else {}),
            "state (log)": table["outcome"].map(_state),
            "type": table["type"],
            "term": table["term"].astype(str).map(_term),
            "why": table["reason"].where(table["reason"] != ""),
            "df": table["df"],
            "F": table["f"],
            "p": table["p"],
            "p corrected": table["p_family"],
            "F, clustered": table["f_clustered"],
            "p, clustered": table["p_clustered"],
            "p corrected, clustered": table["p_clustered_family"],
            **_carried(table),
            "n": table["n"],
            "flagged, left out": table["n_flagged"],
        }
    )
    _show(both, table, name)


def show_sentences(table: pd.DataFrame) -> None:
    """Say results in plain language."""
    for row in table.to_dict("records"):
        about = f"{row['selection']}: " if "selection" in row else ""
        st.text(f"{about}{row['sentence']}" + (f" ({row['caution']})" if row.get("caution") else ""))


def _heads(table: pd.DataFrame) -> Mapping[str, pd.Series]:
    selection = {"selection": table["selection"].astype(str)} if "selection" in table.columns else {}
    return {
        **selection,
        "state": table["outcome"].map(_state),
        "NMC": table["exposure"].map(_EXPOSURE),
    }


def _state(column: str) -> str:
    return label_of(column).partition(":")[0]


def _term(name: str) -> str:
    return " × ".join(in_words(part) for part in name.split(":"))


def _carried(table: pd.DataFrame) -> dict[str, pd.Series]:
    """Say why there is no clustered p, and how many clusters there are and carry the comparison in effect."""
    reasons = table["reason_clustered"]
    return {
        "no clustered p because": reasons.where(reasons != ""),
        "clusters": table["n_clusters"],
        "clusters that carry it": table["effective_clusters"],
    }


def _if_there(table: pd.DataFrame, column: str) -> pd.Series:
    return table[column] if column in table.columns else pd.Series(float("nan"), index=table.index)


def _write_with_interval(value: float, least: float, most: float) -> str:
    if pd.isna(value):
        return ""
    interval = "" if pd.isna(least) else f" [{least:.2f}, {most:.2f}]"
    return f"{value:.2f}{interval}".replace("-", "−")


def _with_interval(table: pd.DataFrame, column: str) -> list[str]:
    low, high = (table[f"{column}_ci_{end}"] for end in ("low", "high"))
    return [
        _write_with_interval(value, least, most)
        for value, least, most in zip(table[column], low, high, strict=True)
    ]


def _show(shown: pd.DataFrame, table: pd.DataFrame, name: str) -> None:
    formats = {
        column: st.column_config.NumberColumn(format="%.2g" if column.startswith("p") else "%.3g")
        for column in shown.columns
        if pd.api.types.is_float_dtype(shown[column])
    }
    empty = [column for column in shown.columns if shown[column].isna().all()]
    st.dataframe(
        shown.drop(columns=empty), hide_index=True, column_config=formats, key=f"table-{name}", placeholder=""
    )
    file_download(
        "CSV, all columns", lambda: csv_bytes(table), f"{name}.csv", "text/csv", key=f"table-{name}-csv"
    )
