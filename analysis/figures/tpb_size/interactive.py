"""Sizes of triple phase boundaries and of the NMC in them, interactive (paper Figs. 3a, 3b)."""

from cathograph.analysis.figures.box_numbers import box_numbers
from cathograph.analysis.figures.figure import (
    BLUE,
    VERMILION,
    FigureData,
    label_of,
    size_column,
    split_selections,
    spread,
    title_of,
)
from cathograph.analysis.figures.interactive_style import (
    NEUTRAL,
    InteractiveFigure,
    add_box,
    add_points,
    make_empty_panel,
    make_log,
    make_panel,
    name_places,
    name_rows,
    note_thinning,
    share_range,
    thin,
)
from cathograph.analysis.figures.tpb_size.data import sizes_by_tpbs, split_by_kind


def plot_tpb_size(data: FigureData) -> InteractiveFigure:
    """Plot the size of TPBs against their interface ratio (Fig. 3a), one panel per selection.

    Parameters
    ----------
    data : FigureData
        From `cathograph.analysis.figures.tpb_size.data.tpb_size_data`.
    """
    parts = split_selections(data.table)
    panels = []
    for name, rows in parts:
        if rows.empty:
            panels.append(make_empty_panel(name, "no triple phase boundary"))
            continue
        panel = make_panel(
            title_of(name, f"{len(rows)} TPBs"),
            x=label_of("interface_ratio", data.legend),
            y=label_of("perimeter_um"),
            legend=True,
        )
        drawn = thin(rows, len(parts))
        all_of = {kind: len(chosen) for kind, chosen in split_by_kind(rows)}
        for (kind, chosen), colour, symbol in zip(
            split_by_kind(drawn), (BLUE, VERMILION), ("circle", "triangle-up"), strict=True
        ):
            add_points(
                panel, chosen["interface_ratio"], chosen["perimeter_um"], of=len(drawn),
                name=f"{kind} ({all_of[kind]})", colour=colour, symbol=symbol, opacity=0.65, in_legend=True,
                texts=name_rows(chosen), tooltip="%{text}<br>ratio %{x:.3g}, %{y:.3g} µm",
            )  # fmt: skip
        make_log(panel, "x", data.table["interface_ratio"])
        make_log(panel, "y", data.table["perimeter_um"])
        note_thinning(panel, len(drawn), len(rows))
        panels.append(panel)
    share_range(panels, data.table["perimeter_um"], log=True)
    return [panels]


def plot_nmc_size_by_tpbs(data: FigureData) -> InteractiveFigure:
    """Plot the size of NMC particles by the number of their TPBs (Fig. 3b), one panel per selection.

    Parameters
    ----------
    data : FigureData
        From `cathograph.analysis.figures.tpb_size.data.nmc_size_data`.
    """
    size = size_column(data.table)
    parts = split_selections(data.table)
    panels = []
    for name, rows in parts:
        n = int(rows[size].notna().sum())
        if not n:
            panels.append(make_empty_panel(name, data.legend.write("no {active_phase} particle")))
            continue
        panel = make_panel(
            title_of(name, data.legend.write(f"{n} {{actives}}")), x="TPBs of the particle", y=label_of(size)
        )
        drawn = thin(rows[rows[size].notna()], len(parts))
        for place, (count, group) in enumerate(sizes_by_tpbs(drawn)):
            add_points(
                panel, place + spread(len(group), 0.2, place), group, of=len(drawn), name=f"{count} TPBs",
                colour=NEUTRAL, opacity=0.45, tooltip="%{y:.3g}",
            )  # fmt: skip
        groups = sizes_by_tpbs(rows)
        for place, (count, group) in enumerate(groups):
            add_box(panel, box_numbers(group), place, name=f"{count} TPBs", colour=data.legend.active_colour)
        name_places(panel, [f"{count}\nn={len(group)}" for count, group in groups])
        make_log(panel, "y", data.table[size])
        note_thinning(panel, len(drawn), n)
        panels.append(panel)
    share_range(panels, data.table[size], log=True)
    return [panels]
