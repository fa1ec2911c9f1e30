"""Interactive figures: their panels show the numbers of the table, and the printed figure has the same table."""

import pkgutil
import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec

import numpy as np
import pandas as pd
import pytest
from electrode_example import STATES, make_tables

from cathograph.analysis import figures
from cathograph.analysis.figures.box_numbers import box_numbers
from cathograph.analysis.figures.group_boxes import draw_group_boxes, group_data, plot_group_boxes
from cathograph.analysis.figures.interactive_style import plain, thin
from cathograph.analysis.figures.metric_correlations import (
    correlation_data,
    draw_correlation_map,
    draw_top_metrics,
    plot_correlation_map,
    plot_top_metrics,
    top_metric_data,
)
from cathograph.analysis.figures.nearest_nmc import (
    draw_nearest_connection,
    nearest_data,
    plot_nearest_connection,
)
from cathograph.analysis.figures.pixel_histograms import (
    grey_value_data,
    particle_energy_data,
    plot_grey_values,
    plot_particle_energies,
)
from cathograph.analysis.figures.size_confounder import draw_size_confounder, plot_size_confounder, size_data
from cathograph.analysis.figures.tpb_size import (
    draw_nmc_size_by_tpbs,
    draw_tpb_size,
    nmc_size_data,
    plot_nmc_size_by_tpbs,
    plot_tpb_size,
    tpb_size_data,
)
from cathograph.analysis.statistics.confounding import adjust_for_size
from cathograph.analysis.statistics.correlation import correlate
from cathograph.analysis.statistics.electrode_statistics import tabulate_correlations, tabulate_size_adjusted
from cathograph.analysis.statistics.group_comparison import compare_groups
from cathograph.analysis.tables.selection_tables import stack_selections

EVIL = "<b>x</b>"
METRICS = ["degree", "closeness", "betweenness", "clustering", "eigenvector"]


@pytest.fixture(scope="module")
def beside():
    """Two selections: one measured, one that is not, whose name is markup."""
    return {"a": make_tables(40, 5), EVIL: make_tables(12, 3, 1, "t", measured=False)}


def stacked(tables, pick):
    return stack_selections({name: pick(each) for name, each in tables.items()}, list(tables))


def comparisons_of(tables):
    return stacked(
        tables,
        lambda each: pd.DataFrame(
            [compare_groups(each.nmc, state, "at_tpb", draws=0).row() for state in ("area_um2", *STATES)]
        ),
    )


def marks(panel):
    """Points of a panel, without those of lines and boxes."""
    return [trace for trace in panel.data if trace.type == "scatter" and trace.mode == "markers"]


def words(panel):
    return " ".join(annotation.text for annotation in panel.layout.annotations)


def test_tpbs_are_points_of_their_numbers(beside):
    data = tpb_size_data(stacked(beside, lambda each: each.tpbs))
    ((first, second),) = plot_tpb_size(data)
    for panel, tables in ((first, beside["a"]), (second, beside[EVIL])):
        physical = tables.tpbs["is_physical"].to_numpy(dtype=bool)
        for trace, chosen in zip(marks(panel), (physical, ~physical), strict=True):
            np.testing.assert_array_equal(trace.x, tables.tpbs.loc[chosen, "interface_ratio"])
            np.testing.assert_array_equal(trace.y, tables.tpbs.loc[chosen, "perimeter_um"])
            assert f"({chosen.sum()})" in trace.name
    assert "µm" in first.layout.yaxis.title.text
    assert first.layout.yaxis.range == second.layout.yaxis.range
    assert "<b>&lt;b&gt;x&lt;/b&gt;: 4 TPBs</b>" in words(second)
    pd.testing.assert_frame_equal(draw_tpb_size(stacked(beside, lambda each: each.tpbs)).table, data.table)


def test_boxes_of_sizes_are_those_of_the_groups():
    # In no TPB: 1…5, so quartiles 2 and 4; in one: a single particle, which is no box.
    nmc = pd.DataFrame({"tpbs": [0] * 5 + [1], "area_um2": [1.0, 2, 3, 4, 5, 9]})
    data = nmc_size_data(nmc)
    ((panel,),) = plot_nmc_size_by_tpbs(data)
    (box,) = [trace for trace in panel.data if trace.type == "box"]
    assert [*box.q1, *box.median, *box.q3, *box.mean, *box.lowerfence, *box.upperfence] == [2, 3, 4, 3, 1, 5]
    assert list(panel.layout.xaxis.ticktext) == ["0<br>n=5", "1<br>n=1"]
    assert sorted(value for trace in marks(panel)[:2] for value in trace.y) == [1, 2, 3, 4, 5, 9]
    axis = draw_nmc_size_by_tpbs(nmc).drawing.axes[0]
    assert [text.get_text() for text in axis.get_xticklabels()] == ["0\nn = 5", "1\nn = 1"]


def test_a_box_has_the_whiskers_of_tukey():
    # Quartiles 2 and 4: whiskers reach 3 further, so 100 is outside of them and 7 would be the last inside.
    numbers = box_numbers(np.array([1.0, 2, 3, 4, 100]))
    assert (numbers.low, numbers.high, numbers.has_box) == (1, 4, True)
    assert not box_numbers(np.array([1.0, 2, 3, 4])).has_box
    assert np.isnan(box_numbers(np.empty(0)).median)


def test_bars_are_shares_of_the_nearest():
    # Of four NMC two are joined by both, one of these touches its nearest.
    nearest = pd.DataFrame(
        {"via": ["both", "both", "SSE", "neither"], "touching": [True, False, False, False]}
    )
    data = nearest_data(nearest)
    ((panel,),) = plot_nearest_connection(data)
    touching, apart = panel.data
    assert list(touching.y) == [25, 0, 0, 0]
    assert list(apart.y) == [25, 25, 0, 25]
    assert list(apart.text) == ["2<br>50 %", "1<br>25 %", "0<br>0 %", "1<br>25 %"]
    pd.testing.assert_frame_equal(draw_nearest_connection(nearest).table, data.table)


def test_boxes_of_states_have_the_numbers_of_the_files(beside):
    nmc, comparisons = stacked(beside, lambda each: each.nmc), comparisons_of(beside)
    data = group_data(nmc, comparisons, "at_tpb")
    panels = plot_group_boxes(data, comparisons, "at_tpb")
    assert [len(row) for row in panels] == [4, 4]
    soc = panels[0][1]
    exposed = beside["a"].nmc.loc[beside["a"].nmc["at_tpb"], "soc_ev"].to_numpy()
    box = next(trace for trace in soc.data if trace.type == "box")
    np.testing.assert_allclose(
        [*box.q1, *box.median, *box.q3, *box.mean], [*np.percentile(exposed, (25, 50, 75)), exposed.mean()]
    )
    np.testing.assert_array_equal(marks(soc)[0].y, exposed)
    drawn = draw_group_boxes(nmc, comparisons, "at_tpb")
    axis = drawn.drawing.axes[1]
    assert words(soc) == f"<b>{plain(axis.get_title())}</b>"
    assert list(soc.layout.xaxis.ticktext) == [plain(text.get_text()) for text in axis.get_xticklabels()]
    assert "not measured" in words(panels[1][1])
    pd.testing.assert_frame_equal(drawn.table, data.table)


def test_the_heat_map_has_the_correlations(beside):
    nmc = beside["a"].nmc
    correlations = tabulate_correlations(
        [correlate(nmc, metric, state) for metric in METRICS for state in STATES]
    )
    data = correlation_data(correlations)
    ((panel,),) = plot_correlation_map(data)
    np.testing.assert_allclose(
        panel.data[0].z, correlations.pivot_table("r", "metric", "outcome").loc[METRICS, STATES]
    )
    written = [text.get_text() for text in draw_correlation_map(correlations).drawing.axes[0].texts]
    assert np.concatenate(panel.data[0].text).tolist() == written

    top = top_metric_data(nmc, correlations, "soc_ev")
    (line,) = plot_top_metrics(top, correlations, "soc_ev")
    drawn = draw_top_metrics(nmc, correlations, "soc_ev")
    for panel, axis in zip(line, drawn.drawing.axes, strict=True):
        np.testing.assert_array_equal(
            np.column_stack([panel.data[0].x, panel.data[0].y]), axis.collections[0].get_offsets()
        )
        np.testing.assert_allclose(
            np.column_stack([panel.data[1].x, panel.data[1].y]), axis.lines[0].get_xydata()
        )
        assert panel.layout.xaxis.title.text == axis.get_xlabel()
        assert words(panel) == f"<b>{plain(axis.get_title())}</b>"
    pd.testing.assert_frame_equal(drawn.table, top.table)


def test_states_against_size_have_the_points_and_lines_of_the_files(beside):
    nmc = stacked(beside, lambda each: each.nmc)
    adjusted = stacked(
        beside,
        lambda each: tabulate_size_adjusted(
            [
                adjust_for_size(each.nmc, state, exposure)
                for exposure in ("at_tpb", "has_concurrent_channel")
                for state in STATES
            ]
        ),
    )
    data = size_data(nmc, adjusted)
    panels = plot_size_confounder(data, adjusted)
    drawn = draw_size_confounder(nmc, adjusted)
    flat = [panel for row in panels for panel in row]
    assert len(flat) == len(drawn.drawing.axes) == 12
    for panel, axis in zip(flat[:6], drawn.drawing.axes, strict=False):
        for trace, points in zip(marks(panel), axis.collections, strict=True):
            np.testing.assert_array_equal(np.column_stack([trace.x, trace.y]), points.get_offsets())
        lines = [trace for trace in panel.data if trace.mode == "lines"]
        for trace, line in zip(lines, axis.lines, strict=True):
            np.testing.assert_allclose(np.column_stack([trace.x, trace.y]), line.get_xydata())
    assert all("not measured" in words(panel) for panel in flat[6:])
    pd.testing.assert_frame_equal(drawn.table, data.table)


def test_energies_of_a_particle():
    # 8339 lies outside of the window; of the two inside the mean is 8342.
    data = particle_energy_data([(7, np.array([8341.0, 8343.0, 8339.0]))], bins=8)
    ((panel,),) = plot_particle_energies(data)
    assert list(panel.data[0].y) == [0, 1, 0, 1, 0, 0, 0, 0]
    assert panel.layout.shapes[0].x0 == 8342
    assert "particle 7: 2 of 3 pixels" in words(panel)
    ((empty,),) = plot_particle_energies(particle_energy_data([(7, np.array([np.nan]))]))
    assert "no pixel inside the window" in words(empty)


def test_grey_values_per_phase():
    phases = np.repeat([[1, 2]], 4, axis=0)
    ((panel,),) = plot_grey_values(grey_value_data(np.where(phases == 1, 10.0, 30.0), phases, bins=4))
    assert {trace.name: list(trace.y) for trace in panel.data} == {"SSE": [1, 0, 0, 0], "NMC": [0, 0, 0, 1]}


def test_many_points_are_thinned_and_it_is_said():
    rng = np.random.default_rng(0)
    tpbs = pd.DataFrame(
        {"interface_ratio": rng.gamma(2, 1, 9000), "perimeter_um": rng.gamma(2, 1, 9000), "is_physical": True}
    )
    ((panel,),) = plot_tpb_size(tpb_size_data(tpbs))
    assert len(marks(panel)[0].x) == 6000
    assert "6,000 of 9,000 points drawn" in words(panel)
    assert marks(panel)[0].name == "physical (9000)"
    kept = thin(tpbs, 2)
    assert len(kept) == 3000
    assert kept.index.is_monotonic_increasing
    pd.testing.assert_frame_equal(kept, thin(tpbs, 2))


_FOLDERS = sorted(
    each.name
    for each in pkgutil.iter_modules(figures.__path__)
    if each.ispkg
)  # fmt: skip
_LIBRARY = {"printed": "matplotlib", "interactive": "plotly"}
_IMPORT_WITHOUT = """
import importlib, sys
for name in sys.argv[1].split(","):
    sys.modules[name] = None
for name in sys.argv[2:]:
    importlib.import_module(name)
"""


@pytest.mark.parametrize("way", ["data", *_LIBRARY])
def test_neither_way_of_drawing_needs_the_others_library(way):
    """Every figure folder: its data need no library for drawing, each way of drawing only its own."""
    modules = [
        f"cathograph.analysis.figures.{folder}.{way}"
        for folder in _FOLDERS
        if find_spec(f"cathograph.analysis.figures.{folder}.{way}")
    ]
    assert len(modules) >= 8
    blocked = ",".join(library for drawn, library in _LIBRARY.items() if drawn != way)
    done = subprocess.run(
        [sys.executable, "-c", _IMPORT_WITHOUT, blocked, *modules],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("folder", _FOLDERS)
def test_a_figure_lists_its_public_names(folder):
    room = import_module(f"cathograph.analysis.figures.{folder}")
    functions = [getattr(room, name) for name in room.__all__ if name.islower()]
    assert functions
    assert all(each.__module__.startswith(f"{room.__name__}.") for each in functions)
