"""Rows that break the data model are refused with their field named (toy_rows)."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from toy_rows import make_toy_rows

from cathograph.schema.errors import RowError
from cathograph.schema.rows import FieldOfView

NAN = float("nan")


def broken(table, column, value, row=0):
    """Toy rows with one cell replaced."""
    rows = make_toy_rows()
    frame = getattr(rows, table).copy()
    cells = frame[column].astype(object).tolist()
    cells[row] = value
    frame[column] = pd.Series(cells, dtype=object).infer_objects()
    return dataclasses.replace(rows, **{table: frame})


def refused(rows, *words):
    with pytest.raises(RowError) as error:
        rows.check()
    for word in words:
        assert word in str(error.value)


def test_toy_rows_are_fine():
    make_toy_rows().check()


@pytest.mark.parametrize(
    ("table", "column", "value", "expected"),
    [
        ("particles", "area_px", 0, "particles.area_px; expected INTEGER of at least 1"),
        ("particles", "area_px", 2.5, "particles.area_px; expected INTEGER"),
        ("particles", "area_px", None, "no value in row 0 in particles.area_px"),
        ("particles", "area_px", "10", "particles.area_px; expected INTEGER"),
        ("particles", "centroid_y", NAN, "no value in row 0 in particles.centroid_y"),
        ("particles", "centroid_y", np.inf, "particles.centroid_y; expected FLOAT"),
        ("particles", "centroid_y", -0.5, "particles.centroid_y; expected FLOAT of at least 0"),
        ("particles", "area_um2", -1.0, "particles.area_um2; expected FLOAT of at least 0"),
        ("particles", "area_um2", NAN, "particles.area_um2 in row 0; expected one in 2D"),
        ("particles", "volume_um3", 1.0, "values in particles.volume_um3; expected none in 2D"),
        ("particles", "touches_border", 1, "particles.touches_border; expected BOOLEAN"),
        ("particles", "phase", "NMC811", "phase 'NMC811' in particles.phase; expected one of"),
        ("particles", "phase", "background", "phase 'background' in particles.phase"),
        ("particles", "phase", None, "no value in row 0 in particles.phase"),
        ("particles", "label", 2, "label 2 twice in particles.label"),
        ("particles", "label", 0, "particles.label; expected INTEGER of at least 1"),
        ("particles", "bbox", [0, 0, 4.5, 4], "particles.bbox; expected LIST<INTEGER>"),
        (
            "particles",
            "concurrent_partners",
            None,
            "no particles.concurrent_partners for the active particle 1",
        ),
        (
            "particles",
            "has_touching_channel",
            None,
            "no particles.has_touching_channel for the active particle 1",
        ),
        ("contacts", "a", 9, "label 9 in contacts.a; expected the label of a particle of this image"),
        ("contacts", "a", 4, "contacts whose a is not below its b"),
        ("contacts", "overlap_ab", -1, "contacts.overlap_ab; expected INTEGER of at least 1"),
        ("contacts", "interface_um", NAN, "contacts.interface_um in row 0; expected one in 2D"),
        ("contacts", "weight", "0.5", "contacts.weight; expected FLOAT"),
        ("tpbs", "nmc", 3, "label 3 in tpbs.nmc with phase SSE; expected NMC"),
        ("tpbs", "sse", 4, "label 4 in tpbs.sse with phase Graphite; expected SSE"),
        ("tpbs", "junctions", 1, "tpbs.junctions_y with more or fewer positions"),
        ("tpbs", "junctions_x", [1.5, NAN], "tpbs.junctions_x; expected LIST<FLOAT>"),
        ("tpbs", "is_physical", False, "segmentation.n_physical_tpbs 1 and 0 rows"),
        ("channels", "nmc_a", 3, "label 3 in channels.nmc_a with phase SSE"),
        ("local_channels", "path_sse_um", NAN, "no value in row 0 in local_channels.path_sse_um"),
        ("nearest", "via", 3, "nearest.via; expected STRING"),
        ("nearest", "nearest", 1, "its own nearest"),
    ],
)
def test_broken_cell_is_refused(table, column, value, expected):
    if column == "is_physical":
        refused(broken(table, column, value), "is_physical")
    else:
        refused(broken(table, column, value), expected)


def test_two_nearest_of_one_particle_are_refused():
    refused(broken("nearest", "nmc", 1, row=2), "nearest row {'nmc': 1, 'nearest': 2} twice")


def test_too_large_integer_is_refused():
    rows = make_toy_rows()
    frame = rows.contacts.assign(overlap_ab=np.array([2**63, 1, 1, 1, 1], dtype=np.uint64))
    refused(dataclasses.replace(rows, contacts=frame), "contacts.overlap_ab")


@pytest.mark.parametrize("table", ["particles", "contacts", "tpbs", "channels", "local_channels", "nearest"])
def test_missing_and_unknown_columns_are_refused(table):
    rows = make_toy_rows()
    frame = getattr(rows, table)
    lost = frame.columns[-1]
    refused(
        dataclasses.replace(rows, **{table: frame.drop(columns=lost)}), table, f"missing columns ['{lost}']"
    )
    refused(dataclasses.replace(rows, **{table: frame.assign(extra=1)}), table, "unknown columns ['extra']")


@pytest.mark.parametrize("table", ["contacts", "tpbs", "channels", "local_channels"])
def test_row_that_stands_twice_is_refused(table):
    rows = make_toy_rows()
    twice = pd.concat([getattr(rows, table)] * 2, ignore_index=True)
    refused(dataclasses.replace(rows, **{table: twice}), table, "twice")


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("pixel_size_um", 0.0, "segmentation.pixel_size_um; expected FLOAT of at least 1e-09"),
        ("pixel_size_um", NAN, "segmentation.pixel_size_um"),
        ("pixel_size_um", "0.1", "segmentation.pixel_size_um"),
        ("radius_px", 3.0, "segmentation.radius_px; expected INTEGER"),
        ("radius_px", True, "segmentation.radius_px"),
        ("radius_px", np.int64(3), "segmentation.radius_px"),
        ("ndim", 1, "segmentation.ndim; expected INTEGER of at least 2"),
        ("shape", (8, 8), "segmentation.shape; expected LIST<INTEGER>"),
        ("params", None, "segmentation.params; expected STRING"),
        ("channel_pairs_stored", 1, "segmentation.channel_pairs_stored; expected BOOLEAN"),
        ("n_contacts", 6, "segmentation.n_contacts 6 and 5 rows"),
        ("n_channel_pairs", 2, "segmentation.n_channel_pairs 2 and 1 rows"),
    ],
)
def test_broken_segmentation_is_refused(field, value, expected):
    rows = make_toy_rows()
    refused(dataclasses.replace(rows, segmentation={**rows.segmentation, field: value}), expected)


def test_segmentation_without_a_field_is_refused():
    rows = make_toy_rows()
    fields = {name: value for name, value in rows.segmentation.items() if name != "radius_px"}
    refused(
        dataclasses.replace(rows, segmentation={**fields, "radius": 3}),
        "missing fields ['radius_px']",
        "['radius']",
    )


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ({"sample": "", "image": "i"}, "sample ''"),
        ({"sample": "s", "image": " "}, "image ' '"),
        ({"sample": 5, "image": "i"}, "sample 5"),
        ({"sample": "s", "image": "i", "cathode": ""}, "cathode ''"),
        ({"sample": "s" * 1001, "image": "i"}, "of 1001 characters; expected at most 1000"),
        ({"sample": "\ud800", "image": "i"}, "valid Unicode"),
        ({"sample": "s", "image": "i", "slice_index": -1}, "image.slice_index"),
        ({"sample": "s", "image": "i", "slice_index": 1.0}, "image.slice_index"),
    ],
)
def test_unusable_place_is_refused(place, expected):
    refused(dataclasses.replace(make_toy_rows(), field_of_view=FieldOfView(**place)), expected)


@pytest.mark.parametrize(
    "name", ["it's", 'a "b"', "a/b\\c", "µ-Probe №1 日本", "`x`", "$x", "s" * 1000, "a\nb"]
)
def test_any_other_name_will_do(name):
    FieldOfView(sample=name, image=name, cathode=name, beamtime=name, volume=name).check()


def test_empty_image_is_fine():
    """An image of nothing but background has no particle, and so no row at all."""
    rows = make_toy_rows()
    nothing = {
        name: getattr(rows, name).iloc[:0]
        for name in ("particles", "contacts", "tpbs", "channels", "local_channels", "nearest")
    }
    about = {
        **rows.segmentation,
        "n_particles": 0,
        "n_contacts": 0,
        "n_tpbs": 0,
        "n_physical_tpbs": 0,
        "n_channel_pairs": 0,
    }
    dataclasses.replace(rows, segmentation=about, **nothing).check()
