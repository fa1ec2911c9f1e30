"""Keys of every kind of options, computed before the options became one model: none may change.

A changed key makes every stored segmentation, measurement or job look new.
"""

from pathlib import Path

import pytest

from cathograph.ingest.formats.file_state import FileState
from cathograph.ingest.options import IngestOptions, MatchingOptions, StateMethod
from cathograph.ingest.pipeline import parameters_of, segmentation_key_of
from cathograph.ingest.reading import Reading
from cathograph.ingest.service.groups import ReadFile, group_files, make_job
from cathograph.ingest.service.rules import parse_rules
from cathograph.schema.composites import SSB_CATHODE
from cathograph.schema.keys import measurement_key
from cathograph.schema.rows import FieldOfView

PHASES = "0=background,1=NMC,2=SSE,3=Graphite"
KINDS = {
    "phases": ({"source": "phases", "phases": PHASES}, 0.05, "b76a0af4d9a09a0a4cc8867e3e3dfd4e"),
    "regions": ({"source": "regions", "phases": "1=NMC,2=SSE"}, 0.05, "dbcc1436071ed0a9fb55bd6ec4afb0df"),
    "grey": ({}, 0.03, "23893abf4d967bca374752598206c9d0"),
    "grey, told the order": (
        {"segmenter_parameters": {"phases_by_grey": "SSE,Graphite,NMC"}, "min_size_px": 9},
        0.03,
        "6a0f9af9767b8ac8c47627aeed147e02",
    ),
    "touching NMC left": (
        {"source": "phases", "phases": PHASES, "split_nmc": False, "min_size_px": 20},
        0.05,
        "282f5f242abd80a79cacfe85da81ec99",
    ),
    "volume": (
        {"source": "phases", "phases": PHASES, "volume": True, "radius_px": 5, "dataset": "/a/b"},
        0.0195,
        "f3ba623dce0f892edeca2c6950c68d07",
    ),
    "local channels": (
        {"source": "phases", "phases": PHASES, "local_channel_path_um": 12.5},
        0.1,
        "321b36d16d286a150b12b0d2e154c685",
    ),
}
RULES = """
beamtime: "0042"
pixel_size_nm: 19.5
files:
  - {pattern: a.tif, as: phases, phases: "0=background,1=NMC", sample: s, cathode: LCD}
  - {pattern: b.tif, as: regions, phases: "1=NMC", sample: s, pixel_size_nm: 31.3, radius_px: 5, channel_path_um: 7, dataset: /x}
  - {pattern: c.tif, as: image, sample: s, volume: true, segmenter: multi-otsu, segmenter_params: {phases_by_grey: "SSE,Graphite,NMC"}, min_size_px: 4}
  - {pattern: d.tif, as: image, sample: s, segmenter: unet, segmenter_params: {model: default, tile_px: 512}, uncertainty: 8, split: no}
  - {pattern: a_map.tif, as: energy-map, sample: s, image: a, pixel_size_nm: 60, offset_um: [0.1, -2], window_ev: [8341, 8347], reference_ev: 8345, min_pixels: 20, dataset: /m}
  - {pattern: b_map.tif, as: energy-map, sample: s, image: b, register: true}
  - {pattern: c_map.tif, as: energy-map, sample: s, image: c}
"""  # noqa: E501  one entry a line
NAMES = ("a.tif", "b.tif", "c.tif", "d.tif", "a_map.tif", "b_map.tif", "c_map.tif")
JOBS = {
    "a": "b069148e0f1976c0490f3eb1a2f20e0f",
    "b": "c29f74612ae31ae92744ab7960adae91",
    "c": "0c742fc4afc67c500cc6a71f9e175044",
    "d": "ff2a9b85daf152613cf758cc4eb2c2f2",
}


@pytest.mark.parametrize(("chosen", "pixel_size_um", "key"), KINDS.values(), ids=KINDS)
def test_segmentations_keep_their_keys(chosen, pixel_size_um, key):
    parameters = parameters_of(Reading.of(IngestOptions(**chosen)), pixel_size_um)
    assert segmentation_key_of(FieldOfView("s1", "field 1"), "ab" * 32, parameters) == key


@pytest.mark.parametrize(("chosen", "pixel_size_um", "key"), KINDS.values(), ids=KINDS)
def test_options_come_back_from_what_is_stored(chosen, pixel_size_um, key):
    stored = parameters_of(Reading.of(IngestOptions(**chosen)), pixel_size_um)
    again = Reading.of_stored(stored, pixel_size_um, SSB_CATHODE, dataset=chosen.get("dataset"))
    assert parameters_of(again, pixel_size_um) == stored
    for name in ("source", "volume", "split_nmc", "min_size_px", "radius_px", "local_channel_path_um"):
        assert getattr(again.options, name) == getattr(IngestOptions(**chosen), name)


def test_another_connectivity_is_another_segmentation_and_comes_back():
    chosen, pixel_size_um, key = KINDS["phases"]
    parameters = parameters_of(
        Reading.of(IngestOptions(**chosen).with_changes(connectivity="faces")), pixel_size_um
    )
    assert parameters["method_parameters"]["connectivity"] == "faces"
    assert segmentation_key_of(FieldOfView("s1", "field 1"), "ab" * 32, parameters) != key
    again = Reading.of_stored(parameters, pixel_size_um, SSB_CATHODE, dataset=None)
    assert parameters_of(again, pixel_size_um) == parameters


def test_jobs_keep_their_identifiers():
    rules = parse_rules(RULES)
    files = {name: ReadFile(name, FileState(1, 1), f"{place:064x}") for place, name in enumerate(NAMES)}
    groups = group_files([rules.match(name) for name in NAMES], frozenset(NAMES))
    assert {group.image: make_job(group, rules, Path("folder"), files).id for group in groups} == JOBS


def test_measurements_keep_their_parameters():
    matching = MatchingOptions(map_pixel_size_nm=60, map_offset_um=(0.1, -2))
    method = StateMethod(window_ev=(8341, 8347), reference_ev=8345, min_pixels=20)
    assert matching.as_parameters() == {
        "map_pixel_size_um": 0.06, "offset_y_um": 0.1, "offset_x_um": -2.0, "register": False
    }  # fmt: skip
    assert method.as_parameters() == {
        "version": 1, "window_low_ev": 8341.0, "window_high_ev": 8347.0, "reference_ev": 8345.0,
        "peak_threshold": 0.4, "bins": 64, "smoothing_bins": 1.5, "min_pixels": 20, "max_dropped_fraction": 0.1,
    }  # fmt: skip
    assert (
        measurement_key("k", "ab" * 32, method.as_parameters(), matching.as_parameters())
        == "0d7fc3ebbde6f7e4cf9f0c69bbf128dd"
    )
