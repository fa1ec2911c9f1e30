"""Tables of statistical tests on a page, naive and clustered values side by side."""

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from cathograph.analysis.figures.figure import label_of
from cathograph.analysis.tables.wording import exposed_in_words, in_words
from cathograph.dashboard.widgets.downloads import csv_bytes, file_download


def show_comparisons(table: pd.DataFrame, name: str) -> None:
    """Lay out group comparisons: naive tests, and tests that account for images."""
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
            "d with fit noise": _if_there(table, "d_with_noise"),
            "p with fit noise, clustered": _if_there(table, "p_clustered_with_noise"),
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
            "difference in size (d)": table["d_size"],
            "d": table["d"],
            "d at equal size": table["d_adjusted"],
            "p at equal size": table["p_adjusted"],
            "d at equal size, clustered": table["d_adjusted_clustered"],
            "p at equal size, clustered": table["p_adjusted_clustered"],
            "p corrected, clustered": table["p_adjusted_clustered_family"],
            **_carried(table),
            "p of unequal slopes": table["equal_slopes_p"],
        }
    )
    _show(both, table, name)


def show_correlations(table: pd.DataFrame, name: str) -> None:
    """Lay out correlations."""
    both = pd.DataFrame(
        {
            **_selection_of(table),
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
            **_selection_of(table),
            "state (log)": table["outcome"].map(_state),
            "type": table["type"],
            "term": table["term"].astype(str).map(_term),
            "reason": table["reason"].where(table["reason"] != ""),
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


def _selection_of(table: pd.DataFrame) -> Mapping[str, pd.Series]:
    return {"selection": table["selection"].astype(str)} if "selection" in table.columns else {}


def _heads(table: pd.DataFrame) -> Mapping[str, pd.Series]:
    return {
        **_selection_of(table),
        "state": table["outcome"].map(_state),
        "particles": table["exposure"].map(exposed_in_words),
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
