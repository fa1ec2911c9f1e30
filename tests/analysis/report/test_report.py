"""The report without a database: one page that needs nothing else, with the numbers of the statistics."""

import base64
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from electrode_example import STATES, make_tables

from cathograph.analysis.figures.figure import STATE_NOTE
from cathograph.analysis.report.page import table_cells, write_report, write_value
from cathograph.analysis.report.report import build_report
from cathograph.analysis.report.tables import ReportTable
from cathograph.analysis.statistics.electrode_statistics import compute_electrode_statistics
from cathograph.analysis.tables.electrode_tables import METRICS
from cathograph.schema.errors import InputError

# Markup for the page, and a formula that matplotlib would fail on.
EVIL = '<script>alert("x")</script> $_{80$ '


class Page(HTMLParser):
    """Addresses, tags and tables of a page."""

    def __init__(self, text):
        super().__init__()
        self.addresses, self.tags, self.tables, self.text = [], [], [], ""
        self._cell = None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.addresses += [value for name, value in attributes if name in ("src", "href", "action", "srcset")]
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self._cell = ""

    def handle_data(self, data):
        self.text += data
        if self._cell is not None:
            self._cell += data

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self.tables[-1][-1].append(self._cell)
            self._cell = None


@pytest.fixture(scope="module")
def selections():
    return {
        EVIL: make_tables(40, 6, sample=EVIL, cathode="µ & <b>"),
        "t": make_tables(8, 2, 1, "t", measured=False),
    }


@pytest.fixture(scope="module")
def built(selections):
    return build_report(selections, title=f"Report on {EVIL}", parameters={"made": EVIL}, draws=0)


@pytest.fixture(scope="module")
def folder(built, tmp_path_factory):
    out = tmp_path_factory.mktemp("report")
    write_report(built, out)
    return out


@pytest.fixture(scope="module")
def page(folder):
    return Page((folder / "report.html").read_text(encoding="utf-8"))


def test_nothing_is_fetched(page):
    for address in page.addresses:
        assert address.startswith(("data:image/svg+xml;base64,", "#", "figures/", "tables/"))
    assert not {"script", "link", "iframe", "object", "embed", "base"} & set(page.tags)


def test_the_pictures_fetch_nothing_either(folder):
    for svg in (folder / "figures").glob("*.svg"):
        text = svg.read_text(encoding="utf-8")
        links = re.findall(r'(?:href|src)="([^"]*)"', text)
        assert all(link.startswith(("#", "data:")) for link in links)
        assert "<script" not in text


def test_every_figure_is_on_the_page_and_beside_it(built, page, folder):
    pictures = [address for address in page.addresses if address.startswith("data:")]
    assert len(pictures) == len(built.figures) == 11
    for printed, picture in zip(built.figures, pictures, strict=True):
        svg = base64.b64decode(picture.partition(",")[2])
        assert svg == (folder / "figures" / f"{printed.name}.svg").read_bytes()
        assert (folder / "figures" / f"{printed.name}.png").stat().st_size > 1000
    for address in page.addresses:
        if address.startswith(("figures/", "tables/")):
            assert (folder / address).is_file()


def test_names_are_text_and_nothing_else(page):
    assert "script" not in page.tags
    assert EVIL in page.text
    assert "µ & <b>" in page.text


def test_the_page_shows_the_numbers_of_the_statistics(selections, page, folder):
    expected = compute_electrode_statistics(selections[EVIL].nmc, metrics=list(METRICS), draws=0)
    written = pd.read_csv(folder / "tables" / "table-s1.csv").drop(columns="selection").iloc[:9]
    pd.testing.assert_frame_equal(
        written[["figure", "n_exposed", "d", "p", "d_clustered", "p_clustered", "p_clustered_family"]],
        expected.group_comparisons[
            ["figure", "n_exposed", "d", "p", "d_clustered", "p_clustered", "p_clustered_family"]
        ],
        check_dtype=False,
        rtol=1e-12,
    )
    shown = next(table for table in page.tables if table[0][:3] == ["selection", "figure", "outcome"])
    for row, line in zip(shown[1:10], expected.group_comparisons.to_dict("records"), strict=True):
        cells = dict(zip(shown[0], row, strict=True))
        for name in ("n_exposed", "mean_exposed", "t", "p", "d", "g"):
            assert cells[name] == write_value(line[name])
    for name, number in (("table-s2", "heterogeneity_ev"), ("table-s3", "polarization_ev")):
        table = pd.read_csv(folder / "tables" / f"{name}.csv")
        assert table["outcome"].unique().tolist() == [number]


def test_what_a_reader_must_know(built):
    notes = " ".join(built.notes)
    assert STATE_NOTE in built.notes
    assert any(note.startswith("t: no NMC has a measured state") for note in built.notes)
    assert "Fig. 6" in notes


def test_one_image_two_radii_two_ways_of_reading_and_shared_images():
    one, other = make_tables(12, 1, measured=False), make_tables(12, 2, 1, "t")
    other.nmc[STATES] = float("nan")
    other.images["radius_um"] = 0.3
    other.measurements.loc[0, "params"] = '{"window":2}'
    notes = " ".join(build_report({"a": one, "b": other, "c": one}, title="", draws=0).notes)
    assert "a: there is one image" in notes
    assert "0.15 to 0.3 µm" in notes
    assert "2 different" in notes
    assert "1 images" in notes


def test_the_accuracy_of_a_spot_check_where_there_is_one():
    def images_of(tables):
        built = build_report({"a": tables}, title="", draws=0)
        return next(table for table in built.provenance if table.name == "images")

    tables = make_tables(12, 2, measured=False)
    assert not {"accuracy", "unlike_painted"} & set(images_of(tables).shown)
    tables.images.loc[0, ["accuracy", "accuracy_low", "accuracy_high"]] = [0.9, 0.744, 0.965]
    shown = images_of(tables)
    assert shown.shown[-3:] == ("accuracy", "accuracy_low", "accuracy_high")
    assert "spot check" in shown.caption


def test_a_selection_without_any_particle():
    empty = make_tables(4, 2)
    empty = type(empty)(**{name: getattr(empty, name).iloc[:0] for name in empty.__dataclass_fields__})
    built = build_report({"nothing": empty}, title="", draws=0)
    assert all(printed.missing for printed in built.figures)
    assert built.tables[0].data["nmc"].tolist() == [0]


def test_missing_metrics_are_said():
    tables = make_tables(12, 3)
    tables.nmc[list(METRICS)] = None
    built = build_report({"a": tables}, title="", draws=0)
    assert any("12 NMC" in note and "`cathograph metrics`" in note for note in built.notes)
    assert next(printed for printed in built.figures if printed.paper == "Fig. 5a").missing


def test_a_folder_that_cannot_be_written_to(built, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="not writable"):
        write_report(built, tmp_path / "file")


def test_of_an_earlier_report_only_its_own_files_are_removed(built, page, tmp_path):
    write_report(built, tmp_path)
    (tmp_path / "figures" / "fig-2b.svg").write_text("of an earlier --compare")
    (tmp_path / "tables" / "mine.csv").write_text("nobody's")
    earlier = tmp_path / "report.html"
    earlier.write_text(
        earlier.read_text(encoding="utf-8") + '<a href="figures/fig-2b.svg">', encoding="utf-8"
    )
    write_report(built, tmp_path)
    assert not (tmp_path / "figures" / "fig-2b.svg").exists()
    assert (tmp_path / "tables" / "mine.csv").read_text() == "nobody's"
    linked = {address for address in page.addresses if address.startswith(("figures/", "tables/"))}
    written = {str(path.relative_to(tmp_path)) for path in tmp_path.glob("*/*")}
    assert written == linked | {"tables/mine.csv"}


def test_long_parameters_are_written_once():
    tables = make_tables(12, 3)
    tables.segmentations["params"] = ['{"b":1}', '{"a":1}', '{"b":1}']
    report = build_report({"a": tables, "again": tables}, title="", draws=0)
    of = {table.name: table for table in report.provenance}
    assert of["segmentations"].data["way"].tolist() == [1, 2, 1, 1, 2, 1]
    assert "params" not in of["segmentations"].shown
    assert of["segmentation-ways"].data[["way", "images", "params"]].to_numpy().tolist() == [
        [1, 2, '{"b":1}'],
        [2, 1, '{"a":1}'],
    ]
    assert of["measurement-ways"].data["images"].tolist() == [3]


def test_a_selection_without_an_analysis_of_variance_is_not_left_out():
    whole, all_alike = make_tables(40, 6), make_tables(40, 6, 1, "t")
    all_alike.nmc["has_concurrent_channel"] = False
    tables = build_report({"whole": whole, "alike": all_alike}, title="", draws=0).tables
    for name in ("table-s2", "table-s3"):
        table = next(each for each in tables if each.name == name)
        lines = table.data[table.data["selection"] == "alike"]
        assert lines["term"].tolist() == ["no answer"] * 2
        assert lines["p"].isna().all()
        assert table.data.loc[table.data["selection"] == "whole", "p"].notna().sum() == 6
        assert "alike: no particles with at_tpb=" in table.caption
        assert "whole: " not in table.caption


def test_touching_channels_are_counted_and_can_take_the_place_of_the_others():
    whole = make_tables(60, 8)
    usual = build_report({"whole": whole}, title="", draws=0)
    chosen = build_report({"whole": whole}, title="", draws=0, channel="has_touching_channel")
    counted = usual.tables[0].data["nmc_with_touching_channels"].tolist()
    assert counted == [whole.nmc["has_touching_channel"].sum()]
    assert "nmc_with_touching_channels" in usual.tables[0].shown
    captions = [next(t for t in each.tables if t.name == "table-s2").caption for each in (usual, chosen)]
    assert ["TPB × concurrent channel" in captions[0], "TPB × touching channel" in captions[1]] == [True] * 2
    terms = next(table for table in chosen.tables if table.name == "table-s3").data["term"]
    assert "at_tpb:has_touching_channel" in terms.tolist()
    assert chosen.parameters["channel of S2 and S3"] == "has_touching_channel"
    assert "fig-touching-channel" in [printed.name for printed in usual.figures]


def test_the_reason_stands_in_the_place_of_a_p_value():
    data = pd.DataFrame(
        {
            "d": [0.5, None],
            "p_clustered": [0.02, None],
            "p_size_adjusted_clustered": [None, None],
            "reason_clustered": ["", "all exposed particles lie in 1 of 73 images"],
            "reason_size_adjusted_clustered": ["one cluster only", ""],
        }
    )
    table = ReportTable("t", "t", "", data, ("d", "p_clustered", "p_size_adjusted_clustered"))
    assert table_cells(table) == [
        ["0.5", "0.02", "one cluster only"],
        ["", "all exposed particles lie in 1 of 73 images", ""],
    ]


def test_flagged_states_are_told_and_their_comparison_stands_beside(selections):
    tables = selections[EVIL]
    nmc = tables.nmc.copy()
    chosen = nmc["soc_ev"].notna() & (np.arange(len(nmc)) % 5 == 0)
    nmc["flagged"] = chosen.astype("boolean")
    built = build_report({"s": replace(tables, nmc=nmc)}, title="", draws=0)
    assert any(
        f"{chosen.sum()} of {nmc['soc_ev'].notna().sum()} measured NMC" in note for note in built.notes
    )
    by_name = {table.name: table.data for table in built.tables}
    assert (by_name["table-s1"]["n_flagged"] == chosen.sum()).all()
    beside = by_name["table-s1-with-flagged"]
    assert len(beside) == 9
    assert beside["d_with_flagged"].notna().all()
