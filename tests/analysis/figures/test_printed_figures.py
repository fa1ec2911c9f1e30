"""Every figure: the numbers it is drawn from, no empty axes, and what it says when there is nothing."""

import itertools
import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from electrode_example import STATES, make_tables
from matplotlib.text import Text
from PIL import Image

from cathograph.analysis.figures.figure import STATE_NOTE
from cathograph.analysis.figures.group_boxes import draw_group_boxes
from cathograph.analysis.figures.metric_correlations import draw_correlation_map, draw_top_metrics
from cathograph.analysis.figures.nearest_nmc import draw_nearest_connection
from cathograph.analysis.figures.pixel_histograms import (
    draw_grey_values,
    draw_particle_energies,
    energies_by_label,
    grey_value_data,
    particle_energy_data,
)
from cathograph.analysis.figures.size_confounder import draw_size_confounder
from cathograph.analysis.figures.tpb_size import draw_nmc_size_by_tpbs, draw_tpb_size
from cathograph.analysis.report.report import build_report
from cathograph.analysis.statistics.correlation import correlate
from cathograph.analysis.tables.selection_tables import stack_selections
from cathograph.schema.errors import InputError


def panels_without_data(printed):
    """Panels that show axes, but neither data nor words."""
    return [
        axis for axis in printed.drawing.axes
        if axis.axison and not axis.has_data() and axis.get_label() != "<colorbar>"
    ]  # fmt: skip


def words(printed):
    return " ".join(text.get_text() for axis in printed.drawing.axes for text in axis.texts)


SELECTIONS = {
    "beside": {
        "a": make_tables(40, 6),
        "b": make_tables(12, 4, 1, "t", "ECD"),
        "c": make_tables(40, 5, 2, "u", measured=False),
    },
    "not measured": {"a": make_tables(40, 5, 3, measured=False)},
    "three particles": {"a": make_tables(3, 2, 4)},
}  # fmt: skip


@pytest.fixture(scope="module", params=SELECTIONS, ids=list(SELECTIONS))
def report(request):
    return build_report(SELECTIONS[request.param], title=request.param, draws=0)


def test_every_figure_is_there_and_none_is_empty(report):
    assert [printed.paper for printed in report.figures] == [
        "Fig. 3a", "Fig. 3b", "Fig. 3c", "Fig. 4d–g", "Fig. 5c–e", "Ours", "Fig. 5a", "Fig. S5", "Fig. S6",
        "Fig. S7", "Fig. S8",
    ]  # fmt: skip
    for printed in report.figures:
        assert panels_without_data(printed) == []
        if printed.missing:
            assert words(printed).replace("\n", " ") == printed.missing
        assert printed.caption


def test_a_state_is_never_shown_without_saying_what_it_is(report):
    for printed in report.figures:
        if (
            any(state in printed.table.columns for state in STATES)
            and not printed.missing
            and "Fig. 3" not in printed.paper
        ):
            assert STATE_NOTE in printed.caption
            assert printed.drawing.get_supxlabel().replace("\n", " ") == STATE_NOTE
    assert STATE_NOTE in report.notes


def test_what_is_not_measured_is_said():
    report = build_report(SELECTIONS["not measured"], title="", draws=0)
    missing = {printed.paper for printed in report.figures if printed.missing}
    assert missing == {"Fig. 5c–e", "Ours", "Fig. 5a", "Fig. S5", "Fig. S6", "Fig. S7", "Fig. S8"}
    boxes = next(printed for printed in report.figures if printed.paper == "Fig. 4d–g")
    assert words(boxes).count("not") == 3  # the size is there, the three states are not


def test_files_are_the_same_every_time(tmp_path):
    first, second = (draw_tpb_size(make_tables().tpbs).save(tmp_path / name) for name in "ab")
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes()
    png, svg, pdf, csv = first
    assert png.read_bytes().startswith(b"\x89PNG")
    drawn = ET.parse(svg).getroot()  # noqa: S314  our own file
    assert drawn.get("width") == f"{85 / 25.4 * 72:.6f}pt"
    assert "TPBs" in "".join(drawn.itertext()), "text stays text"
    assert pdf.read_bytes().startswith(b"%PDF")
    with Image.open(png) as picture:
        assert picture.info["dpi"] == pytest.approx((600, 600), abs=0.1)
    pd.testing.assert_frame_equal(pd.read_csv(csv), make_tables().tpbs, check_dtype=False)


def test_a_folder_that_cannot_be_written_to(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"not writable .* Choose another --out"):
        draw_tpb_size(make_tables().tpbs).save(tmp_path / "file" / "deeper")


def test_tpbs_are_counted_by_kind():
    # Two physical ones and one that is a triangle only.
    tpbs = pd.DataFrame(
        {
            "perimeter_um": [1.0, 2.0, 3.0],
            "interface_ratio": [0.5, 1.0, 2.0],
            "is_physical": [True, True, False],
        }
    )
    printed = draw_tpb_size(tpbs)
    legend = printed.drawing.axes[0].get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["physical (2)", "graph only (1)"]
    assert printed.drawing.axes[0].get_xlabel() == "interface ratio NMC–SSE / NMC–graphite"
    assert "µm" in printed.drawing.axes[0].get_ylabel()


def test_boxes_by_the_number_of_tpbs():
    # 0: three particles, 2: one, more than five: two that share a place; 1 and 3 to 5 stay empty.
    nmc = pd.DataFrame({"tpbs": [0, 0, 0, 2, 6, 9], "area_um2": [1.0, 2, 3, 4, 5, 6]})
    axis = draw_nmc_size_by_tpbs(nmc).drawing.axes[0]
    assert [label.get_text().split("\n") for label in axis.get_xticklabels()] == [
        ["0", "n = 3"], ["1", "n = 0"], ["2", "n = 1"], ["3", "n = 0"], ["4", "n = 0"], ["5", "n = 0"],
        [">5", "n = 2"],
    ]  # fmt: skip


def test_three_dimensional_sizes_are_volumes():
    nmc = pd.DataFrame({"tpbs": [0, 1], "area_um2": [np.nan] * 2, "volume_um3": [1.0, 2.0]})
    assert draw_nmc_size_by_tpbs(nmc).drawing.axes[0].get_ylabel() == "particle volume (µm³)"


def test_ways_to_the_nearest_nmc():
    # Of four NMC two are joined by both, one of these touches its nearest; one by SSE, one by nothing.
    nearest = pd.DataFrame(
        {"via": ["both", "both", "SSE", "neither"], "touching": [True, False, False, False]}
    )
    printed = draw_nearest_connection(nearest)
    assert printed.table.drop(columns="selection").to_dict("list") == {
        "via": ["both", "SSE", "Graphite", "neither"],
        "nmc": [2, 1, 0, 1],
        "touching": [1, 0, 0, 0],
        "share": [0.5, 0.25, 0.0, 0.25],
    }
    assert words(printed) == "2\n50 % 1\n25 % 0\n0 % 1\n25 %"


def test_boxes_show_the_numbers_of_the_table():
    nmc = make_tables().nmc
    line = {
        "outcome": "soc_ev",
        "exposure": "at_tpb",
        "d": -0.51,
        "p": 0.0123,
        "d_clustered": -0.2,
        "p_clustered": 0.4,
    }
    axis = draw_group_boxes(nmc, pd.DataFrame([line]), "at_tpb").drawing.axes[0]
    assert axis.get_title() == "d = −0.51, p = 0.012\nclustered: d = −0.20, p = 0.40"
    inside = nmc.loc[nmc["at_tpb"], "soc_ev"]
    assert axis.get_xticklabels()[0].get_text() == (
        f"in a TPB\nn = {len(inside)}\nmean {inside.mean():.2f}\nmedian {inside.median():.2f}"
    )


def test_heat_map_marks_what_holds():
    # degree: holds clustered; closeness: naive only; betweenness: neither; eigenvector has no r.
    rows = [("degree", 0.5, 0.001, 0.01), ("closeness", 0.3, 0.01, 0.2), ("betweenness", 0.1, 0.3, 0.6),
            ("eigenvector", np.nan, np.nan, np.nan)]  # fmt: skip
    correlations = pd.DataFrame(
        [
            {"metric": metric, "outcome": "soc_ev", "r": r, "p_family": p, "p_clustered_family": clustered}
            for metric, r, p, clustered in rows
        ]
    )
    texts = [text.get_text() for text in draw_correlation_map(correlations).drawing.axes[0].texts]
    assert texts[::3] == ["0.50 ★", "0.30 ○", "0.10", "–"]
    assert texts[1::3] == ["–"] * 4


def test_top_metrics_are_those_with_the_largest_r():
    nmc = make_tables().nmc
    correlations = pd.DataFrame(
        [correlate(nmc, metric, "soc_ev").row() for metric in ("degree", "closeness", "betweenness")]
    )
    printed = draw_top_metrics(nmc, correlations, "soc_ev", top=2)
    expected = correlations.loc[correlations["r"].abs().sort_values(ascending=False).index, "metric"].tolist()
    assert [axis.get_xlabel() for axis in printed.drawing.axes] == expected[:2]
    assert set(printed.table["metric"]) == set(expected[:2])


def test_a_missing_column_is_named():
    with pytest.raises(InputError, match="no column is_physical"):
        draw_tpb_size(pd.DataFrame({"perimeter_um": [1.0], "interface_ratio": [1.0]}))
    with pytest.raises(InputError, match="no column touching"):
        draw_nearest_connection(pd.DataFrame({"via": ["both"]}))
    with pytest.raises(InputError, match="no column d_adjusted"):
        draw_size_confounder(
            make_tables().nmc,
            pd.DataFrame(columns=["exposure", "outcome", "size", "d", "p_adjusted_clustered"]),
        )


class TestPixels:
    """Figures of pixels, which need files and not the store."""

    def test_grey_values_by_phase(self):
        # Half SSE at 10, half NMC at 30: all of each phase in one bin.
        phases = np.repeat([[1, 2]], 4, axis=0)
        printed = draw_grey_values(grey_value_data(np.where(phases == 1, 10.0, 30.0), phases, bins=4))
        shares = printed.table.pivot_table("share", "phase", "grey_low")
        assert shares.loc["SSE"].tolist() == [1, 0, 0, 0]
        assert shares.loc["NMC"].tolist() == [0, 0, 0, 1]
        assert panels_without_data(printed) == []

    def test_a_constant_image_and_one_without_values(self):
        phases = np.ones((2, 2), int)
        assert not draw_grey_values(grey_value_data(np.full((2, 2), 7), phases)).missing
        assert "no finite value" in draw_grey_values(grey_value_data(np.full((2, 2), np.nan), phases)).missing

    def test_energies_of_particles(self):
        labels = np.array([[1, 1, 2, 2]])
        energies = np.array([[8341.0, 8343.0, 8339.0, np.nan]])  # 8339 lies outside of the window
        printed = draw_particle_energies(
            particle_energy_data(energies_by_label(energies, labels, [1, 2]), bins=8)
        )
        assert printed.table.groupby("label")["pixels"].sum().tolist() == [2, 0]
        assert [axis.get_title() for axis in printed.drawing.axes] == [
            "particle 1\n2 of 2 pixels", "particle 2\n0 of 2 pixels",
        ]  # fmt: skip
        assert STATE_NOTE in printed.caption

    def test_two_selections_have_panels_of_their_own(self):
        """Of two selections one has no grey image; five particles of one and one of the other take four rows."""
        grey = grey_value_data(np.array([[1.0, 2.0]]), np.array([[1, 2]]), bins=2)
        tables = {"A": grey.table, "B": grey.table.iloc[:0]}
        printed = draw_grey_values(replace(grey, table=stack_selections(tables, ["A", "B"])))
        assert panels_without_data(printed) == []
        assert "No grey image was found" in words(printed)
        energies = particle_energy_data([(f"p{number}", np.array([8341.0])) for number in range(5)], bins=4)
        one = energies.table[energies.table["label"] == "p0"]
        both = stack_selections({"A": energies.table, "B": one}, ["A", "B"])
        printed = draw_particle_energies(replace(energies, table=both))
        titles = [axis.get_title().split("\n")[0] for axis in printed.drawing.axes if axis.axison]
        assert titles == ["A: p0", "A: p1", "A: p2", "A: p3", "A: p4", "B: p0"]
        assert len(printed.drawing.axes) == 4 * 2

    def test_what_does_not_fit_is_refused(self):
        labels = np.ones((2, 2), int)
        with pytest.raises(InputError, match="expected equal shapes"):
            grey_value_data(np.ones((2, 3)), labels)
        with pytest.raises(InputError, match="expected equal shapes"):
            energies_by_label(np.ones((2, 3)), labels, [1])
        with pytest.raises(InputError, match="no label 5"):
            energies_by_label(np.ones((2, 2)), labels, [5])
        assert draw_particle_energies(particle_energy_data([])).missing


def test_only_mean_energies_of_one_edge_share_an_axis():
    """Two selections of Ni K and one of Co K, 617 eV lower; drawn together they would be two flat lines."""
    ni, other = (make_tables(40, 6, seed) for seed in (0, 1))
    co = replace(
        ni,
        nmc=ni.nmc.assign(soc_ev=ni.nmc["soc_ev"] - 617, element="Co", edge="K"),
        measurements=ni.measurements.assign(element="Co", edge="K"),
    )
    ni, other = (replace(one, nmc=one.nmc.assign(element="Ni", edge="K")) for one in (ni, other))
    report = build_report({"ni": ni, "co": co, "other": other}, title="edges", draws=0)
    by_paper = {printed.paper: printed.drawing.axes for printed in report.figures}
    boxes = np.array(by_paper["Fig. 4d–g"]).reshape(3, 4)
    for place, state in enumerate(("area_um2", *STATES)):
        first, second, third = (axis.get_ylim() for axis in boxes[:, place])
        assert first == third
        assert (first == second) == (state != "soc_ev")
    low, high = boxes[1, 1].get_ylim()
    assert low < co.nmc["soc_ev"].min() < co.nmc["soc_ev"].max() < high < low + 20
    scatter = np.array(by_paper["Fig. S5"]).reshape(3, 4)
    assert scatter[0, 0].get_ylim() == scatter[2, 0].get_ylim() != scatter[1, 0].get_ylim()


def test_figures_have_the_widths_and_text_sizes_of_print(report):
    for printed in report.figures:
        width_mm = printed.drawing.get_figwidth() * 25.4
        assert width_mm == pytest.approx(85) or width_mm == pytest.approx(170)
        sizes = {text.get_fontsize() for text in printed.drawing.findobj(Text) if text.get_text()}
        assert 7 <= min(sizes) <= max(sizes) <= 9


def test_nothing_leaves_the_figure_or_lies_over_another_panel(report):
    for printed in report.figures:
        figure = printed.drawing
        figure.draw_without_rendering()
        shown = [axis for axis in figure.axes if axis.axison]
        boxes = [axis.get_tightbbox().transformed(figure.transFigure.inverted()) for axis in shown]
        for box in boxes:
            assert -0.005 <= min(box.x0, box.y0) <= max(box.x1, box.y1) <= 1.005, printed.name
        for number, box in enumerate(boxes):
            for other in boxes[:number]:
                assert not box.padded(-0.004).overlaps(other.padded(-0.004)), printed.name
        for axis in shown:
            low, high = axis.get_xlim()
            labels = [
                label.get_window_extent()
                for place, label in zip(axis.get_xticks(), axis.get_xticklabels(), strict=True)
                if low <= place <= high and label.get_text()
            ]
            for left, right in itertools.pairwise(labels):
                assert left.x1 < right.x0, (printed.name, axis.get_xlabel(), axis.get_xticklabels())
