"""Calibrations as files: read as written, of their model only, and under their conditions only."""

import json

import pytest

from cathograph.ingest.segmentation.uncertainty.calibrating import with_setting
from cathograph.ingest.segmentation.uncertainty.interval_calibration import (
    Conditions,
    IntervalCalibration,
    Setting,
    calibration_file,
    fit_setting,
    read_calibration,
    write_calibration,
)
from cathograph.ingest.segmentation.uncertainty.intervals import FEWEST_IMAGES, Margins
from cathograph.ingest.segmentation.unet.model_lookup import find_model
from cathograph.ingest.segmentation.unet.weights import load_model
from cathograph.schema.errors import ModelError

HASH = "ab" * 32
MARGINS = {"particles": Margins(-0.5, 0.1, 0.25), "tpbs": Margins(-1.0, 0.0, 1 / 3), "channel_share": None}
CALIBRATION = IntervalCalibration(HASH, "made up", "none", (Setting(Conditions(8, 9), 40, MARGINS),))


def test_it_is_read_as_it_was_written(tmp_path):
    weights = tmp_path / "mine.safetensors"
    assert read_calibration(weights, HASH) is None
    assert (
        write_calibration(weights, CALIBRATION)
        == calibration_file(weights)
        == tmp_path / "mine.calibration.json"
    )
    found = read_calibration(weights, HASH)
    assert found == CALIBRATION
    assert found.sha256 == CALIBRATION.sha256
    assert [path.name for path in tmp_path.iterdir()] == ["mine.calibration.json"]


@pytest.mark.parametrize(
    "other",
    [
        Conditions(7, 9),
        Conditions(8, 1),
        Conditions(8, 9, 2),
        Conditions(8, 9, 3, False),
        Conditions(8, 9, ndim=3),
    ],
)
def test_margins_hold_under_their_conditions_only(other):
    assert CALIBRATION.margins_for(Conditions(8, 9)) == MARGINS
    assert CALIBRATION.margins_for(other) is None


def test_a_later_calibration_replaces_its_own_conditions_and_keeps_others():
    later = IntervalCalibration(
        HASH, "more", "none", (Setting(Conditions(8, 9), 90, {**MARGINS, "tpbs": None}),)
    )
    other = IntervalCalibration(HASH, "more", "none", (Setting(Conditions(4, 1), 50, MARGINS),))
    assert with_setting(None, later) == later
    assert with_setting(CALIBRATION, later) == later
    joined = with_setting(CALIBRATION, other)
    assert [each.images for each in joined.settings] == [40, 50]
    assert joined.sha256 != CALIBRATION.sha256


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda record: record | {"model_sha256": "cd" * 32}, "calibration of another model"),
        (lambda record: record | {"format": 2}, "format 2"),
        (lambda record: record | {"level": 0.8}, "for 0.8"),
        (lambda record: record | {"settings": [{"passes": 8}]}, "no calibration that can be read"),
        (lambda record: [record], "no calibration that can be read"),
        (
            lambda record: (
                record | {"settings": [record["settings"][0] | {"margins": {"particles": {"low": "wide"}}}]}
            ),
            "no calibration that can be read",
        ),
    ],
)
def test_damaged_files_and_those_of_other_models_are_refused(tmp_path, damage, message):
    weights = tmp_path / "mine.safetensors"
    path = write_calibration(weights, CALIBRATION)
    path.write_text(json.dumps(damage(json.loads(path.read_text()))))
    with pytest.raises(ModelError, match=message):
        read_calibration(weights, HASH)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe\x00"])
def test_files_that_are_no_json_are_refused(tmp_path, content):
    weights = tmp_path / "mine.safetensors"
    calibration_file(weights).write_bytes(content)
    with pytest.raises(ModelError, match="no calibration that can be read"):
        read_calibration(weights, HASH)


def test_too_few_images_are_refused():
    counts = {"particles": 5.0, "tpbs": 2.0, "channel_share": None}
    with pytest.raises(
        ModelError, match=f"{FEWEST_IMAGES - 1} images to calibrate on; expected at least {FEWEST_IMAGES}"
    ):
        fit_setting(Conditions(2), [[counts, counts]] * (FEWEST_IMAGES - 1), [counts] * (FEWEST_IMAGES - 1))
    enough = fit_setting(Conditions(2), [[counts, counts]] * FEWEST_IMAGES, [counts] * FEWEST_IMAGES)
    assert enough.margins["channel_share"] is None
    assert enough.margins["particles"] == Margins(0.0, 0.0, 0.0)


def test_the_model_that_ships_is_calibrated():
    model = load_model(find_model("default"))
    found = read_calibration(find_model("default"), model.sha256)
    assert found is not None
    assert "No real image" in found.source
    for min_size_px in (1, 9):
        margins = found.margins_for(Conditions(8, min_size_px))
        assert margins is not None
        assert None not in margins.values()
