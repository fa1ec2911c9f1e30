"""What a browser session paints: strokes kept in the home, what is learnt from them, and two browsers at once."""

import numpy as np
import pytest

from cathograph.dashboard.pages.segment import ingest_arguments
from cathograph.dashboard.session.image_painting import ImagePainting
from cathograph.dashboard.session.kept_strokes import KeptStrokes, keep_strokes, read_strokes
from cathograph.dashboard.session.painting import GraphCounts, GreyImage, paint_with, stroke_value
from cathograph.dashboard_server.painter import IngestPainter
from cathograph.ingest.segmentation.painted.strokes import read_strokes_map
from cathograph.schema.composites import SSB_CATHODE
from cathograph.schema.errors import DashboardError, InputError, StrokesChanged
from cathograph.schema.phases import GRAPHITE, NMC, SSE

SIDE = 96


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    monkeypatch.setattr("cathograph.home_folder._chosen", tmp_path)
    paint_with(IngestPainter())
    return tmp_path


def three_phases():
    """NMC at the left, SSE at the top right, graphite at the bottom right: one TPB where they meet."""
    truth = np.full((SIDE, SIDE), NMC.code, np.uint8)
    truth[: SIDE // 2, SIDE // 2 :] = SSE.code
    truth[SIDE // 2 :, SIDE // 2 :] = GRAPHITE.code
    levels = np.zeros(256, np.float32)
    levels[[NMC.code, SSE.code, GRAPHITE.code]] = 1.0, 0.5, 0.0
    noise = np.random.default_rng(0).normal(0, 0.05, truth.shape)
    return truth, GreyImage("made.tif", (levels[truth] + noise).astype(np.float32), 0.05)


def stroke(painting, number, row, column, phase, length=20):
    """Give the report of a horizontal stroke of one pixel's height."""
    value = 0 if phase is None else stroke_value(phase.code)
    return {"epoch": painting.epoch, "number": number, "runs": [[row * SIDE + column, length, value]]}


def three_strokes(painting):
    places = ((20, 10, NMC), (20, 65, SSE), (70, 65, GRAPHITE))
    return [stroke(painting, number, *place) for number, place in enumerate(places, 1)]


def test_strokes_teach_the_phases_of_the_image_and_their_graph_is_counted():
    truth, image = three_phases()
    painting = ImagePainting(image, SSB_CATHODE)
    painting.take(three_strokes(painting))
    painting.learn()
    painting.count()
    assert (painting.answer.codes == truth).mean() > 0.98  # the rest lies at the borders between phases
    # Three particles, each in contact with both others; one NMC alone forms no pair with a channel.
    assert painting.counts == GraphCounts(particles=3, contacts=3, tpbs=1, channels=0)
    top, left, bottom, right = painting.answer.patch
    assert (bottom - top, right - left) == (48, 48)
    assert not painting.strokes.values[top:bottom, left:right].any()
    assert 0 <= painting.answer.doubt.min() <= painting.answer.doubt.max() <= 1


def test_reports_that_come_twice_count_once_and_undo_is_a_stroke():
    painting = ImagePainting(three_phases()[1], SSB_CATHODE)
    first, second = stroke(painting, 1, 3, 5, NMC, 4), stroke(painting, 2, 3, 5, None, 2)
    painting.take([first])
    painting.take([first, second])
    painting.take([first, second])
    assert (painting.received, painting.strokes.version) == (2, 2)
    assert np.argwhere(painting.strokes.values).tolist() == [[3, 7], [3, 8]]
    foreign = stroke(painting, 3, 9, 9, NMC) | {"epoch": "of another page"}
    painting.take([foreign])
    assert painting.strokes.version == 2


def test_a_closed_browser_loses_nothing():
    image = three_phases()[1]
    painting = ImagePainting(image, SSB_CATHODE)
    painting.take(three_strokes(painting))
    again = ImagePainting(image, SSB_CATHODE)
    assert (again.strokes.values == painting.strokes.values).all()
    assert again.epoch != painting.epoch


def test_the_second_of_two_browsers_is_told_and_overwrites_nothing():
    image = three_phases()[1]
    one, other = ImagePainting(image, SSB_CATHODE), ImagePainting(image, SSB_CATHODE)
    one.take([stroke(one, 1, 3, 5, NMC)])
    other.take([stroke(other, 1, 50, 5, SSE)])
    assert "version 1" in other.conflict
    other.take([stroke(other, 2, 60, 5, SSE)])
    kept = read_strokes(one.key, image.grey.shape)
    assert (kept.values == one.strokes.values).all()
    other.read_again()
    assert not other.conflict
    other.take([stroke(other, 1, 50, 5, SSE)])
    both = read_strokes(one.key, image.grey.shape)
    assert (both.version, np.count_nonzero(both.values)) == (2, 40)


def test_strokes_belong_to_their_image_and_composite():
    image = three_phases()[1]
    painting = ImagePainting(image, SSB_CATHODE)
    painting.take(three_strokes(painting))
    brighter = GreyImage(image.name, image.grey + 1, image.pixel_size_um)
    assert not ImagePainting(brighter, SSB_CATHODE).strokes.values.any()


def test_one_phase_alone_is_no_answer_yet():
    painting = ImagePainting(three_phases()[1], SSB_CATHODE)
    painting.learn()
    assert (painting.answer, painting.problem) == (None, "")
    painting.take([stroke(painting, 1, 3, 5, NMC)])
    painting.learn()
    assert painting.answer is None
    assert "two or more" in painting.problem


def test_a_constant_image_is_refused_and_its_strokes_stay():
    image = GreyImage("flat.tif", np.ones((SIDE, SIDE), np.uint8), None)
    painting = ImagePainting(image, SSB_CATHODE)
    painting.take(three_strokes(painting))
    painting.learn()
    assert painting.answer is None
    assert painting.problem
    assert painting.strokes.version == 1


@pytest.mark.parametrize("run", [[SIDE * SIDE - 1, 2, 1], [-1, 1, 1], [0, 0, 1], [0, 1, 77]])
def test_a_run_outside_of_the_image_or_of_the_phases_changes_nothing(run):
    painting = ImagePainting(three_phases()[1], SSB_CATHODE)
    with pytest.raises(InputError, match="expected one of"):
        painting.take([{"epoch": painting.epoch, "number": 1, "runs": [run]}])
    assert not painting.strokes.values.any()
    assert painting.strokes.version == 0


@pytest.mark.parametrize("content", [b"", b"PK no archive"])
def test_a_damaged_file_of_strokes_is_named(own_home, content):
    (own_home / "paintings").mkdir()
    (own_home / "paintings" / "key.npz").write_bytes(content)
    with pytest.raises(DashboardError, match=r"key\.npz"):
        read_strokes("key", (4, 4))


def test_strokes_of_another_shape_are_refused():
    keep_strokes("key", KeptStrokes(np.ones((4, 4), np.uint8), 0))
    with pytest.raises(DashboardError, match="expected uint8"):
        read_strokes("key", (5, 4))
    with pytest.raises(StrokesChanged):
        keep_strokes("key", KeptStrokes(np.ones((4, 4), np.uint8), 0))


def test_written_strokes_are_those_that_the_command_reads(own_home):
    painting = ImagePainting(three_phases()[1], SSB_CATHODE)
    painting.take(three_strokes(painting))
    file = own_home / "strokes.tif"
    painter = IngestPainter()
    painter.write_strokes(file, [painting.strokes.values])
    arguments = ingest_arguments(file, file, SSB_CATHODE, {"--sample": "--x", "--save-model": ""})
    (phases,) = (each.partition("=")[2] for each in arguments if each.startswith("--phases="))
    assert read_strokes_map(phases, SSB_CATHODE)[stroke_value(NMC.code)] == NMC
    assert "--sample=--x" in arguments
    assert not any(each.startswith("--save-model") for each in arguments)
    assert (painter.read(file)[0].grey == painting.strokes.values).all()
