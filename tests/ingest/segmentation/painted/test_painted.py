"""Painted models: blocks, trees as arrays, files, refusals, and made images of known truth."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage
from sklearn.ensemble import ExtraTreesClassifier

from cathograph.ingest.segmentation import make_segmenter, run_segmenter
from cathograph.ingest.segmentation.painted import forest as forests
from cathograph.ingest.segmentation.painted.blocks import blocks_of
from cathograph.ingest.segmentation.painted.forest import grow_forest, is_whole
from cathograph.ingest.segmentation.painted.local_features import SIGMAS_PX, count_features, find_features
from cathograph.ingest.segmentation.painted.model_file import PaintedModel, load_model
from cathograph.ingest.segmentation.painted.painted_segmenter import PaintedSegmenter
from cathograph.ingest.segmentation.painted.strokes import Painting, painting_of, read_strokes_map
from cathograph.ingest.segmentation.painted.suggestion import doubt_of, suggest_patch
from cathograph.ingest.segmentation.painted.training import strokes_sha256, train_on_paintings
from cathograph.schema.composites import SSB_CATHODE
from cathograph.schema.errors import InputImageError, ModelError, PhaseMapError, SegmentationError
from cathograph.schema.phases import GRAPHITE, NMC, SSE

MAP = "1=NMC,2=SSE,3=Graphite"
GREYS = {1: 1.0, 2: 0.5, 3: 0.0}


def _made(shape: tuple[int, ...], seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Three phases in smooth bodies (values 1 to 3), and their grey values with noise of 0.1."""
    rng = np.random.default_rng(seed)
    smooth = ndimage.gaussian_filter(rng.normal(size=shape), 6)
    truth = 1 + np.digitize(smooth, np.quantile(smooth, (1 / 3, 2 / 3)))
    grey = np.vectorize(GREYS.get)(truth) + rng.normal(0, 0.1, shape)
    return grey.astype(np.float32), truth.astype(np.uint8)


def _strokes(truth: np.ndarray, number: int, seed: int = 1) -> np.ndarray:
    """As many strokes of 20 × 3 px of each value, at random places, where the truth has it."""
    rng = np.random.default_rng(seed)
    painted = np.zeros_like(truth)
    for value in np.unique(truth):
        for place in rng.choice(np.flatnonzero(truth == value), number):
            corner = np.unravel_index(place, truth.shape)
            size = (3,) * (truth.ndim - 1) + (20,)
            box = tuple(slice(start, start + side) for start, side in zip(corner, size, strict=True))
            painted[box][truth[box] == value] = value
    return painted


def _model(
    shape: tuple[int, ...] = (96, 90), strokes: int = 10
) -> tuple[PaintedModel, np.ndarray, np.ndarray]:
    grey, truth = _made(shape)
    painting = painting_of("made", grey, _strokes(truth, strokes), read_strokes_map(MAP, SSB_CATHODE))
    return train_on_paintings([painting], SSB_CATHODE, name="made"), grey, truth


def test_features_of_a_plane_by_hand():
    # On grey = 0.2 y + 0.1 x, far from the rim, a Gaussian changes nothing: slope (0.2, 0.1), no curvature.
    y, x = np.indices((80, 80))
    found = find_features((0.2 * y + 0.1 * x).astype(np.float32)).reshape(80, 80, -1)[40, 40]
    for scale in range(len(SIGMAS_PX)):
        grey, slope, first, second = found[1 + 4 * scale : 5 + 4 * scale]
        assert grey == pytest.approx(12.0, abs=1e-4)
        assert slope == pytest.approx(np.hypot(0.2, 0.1), abs=1e-4)
        assert (first, second) == pytest.approx((0, 0), abs=1e-4)
    assert found[29:] == pytest.approx(np.zeros(5), abs=1e-4)  # all Gaussians are equal


def test_differences_of_gaussians():
    found = find_features(np.random.default_rng(0).normal(size=(40, 40)).astype(np.float32))
    gaussians = found[:, 1:29:4]
    for number in range(5):
        assert SIGMAS_PX[number + 2] == pytest.approx(2 * SIGMAS_PX[number])
        assert (found[:, 29 + number] == gaussians[:, number] - gaussians[:, number + 2]).all()


def test_curvature_in_3d_equals_that_of_numpy():
    # grey = 3 z² + 2 y² − x² + z y: Hessian [[6, 1, 0], [1, 4, 0], [0, 0, −2]], whatever the Gaussian.
    z, y, x = (axis - 24.0 for axis in np.indices((49, 49, 49)))
    grey = (3 * z**2 + 2 * y**2 - x**2 + z * y).astype(np.float32)
    found = find_features(grey).reshape(49, 49, 49, -1)[24, 24, 24]
    true = np.linalg.eigvalsh([[6, 1, 0], [1, 4, 0], [0, 0, -2]])[::-1]
    for scale in range(4):
        assert found[3 + 5 * scale : 6 + 5 * scale] == pytest.approx(true, abs=0.02)


@pytest.mark.parametrize("shape", [(7,), (10, 4), (3, 5, 6)])
def test_cores_cover_each_pixel_once(shape: tuple[int, ...]):
    covered = np.zeros(shape, int)
    for block in blocks_of(shape, side_px=3, margin_px=2):
        covered[block.core] += 1
        image = np.arange(covered.size).reshape(shape)
        assert (image[block.seen][block.inner] == image[block.core]).all()
    assert (covered == 1).all()


@pytest.mark.parametrize(("shape", "side"), [((96, 90), 17), ((40, 44, 42), 15)])
def test_the_answer_does_not_depend_on_the_blocks(shape: tuple[int, ...], side: int):
    model, grey, _ = _model(shape)
    whole = PaintedSegmenter(model, SSB_CATHODE, Path("made.npz"), block_px=1000)
    blocks = PaintedSegmenter(model, SSB_CATHODE, Path("made.npz"), block_px=side)
    assert (whole.probabilities(grey) == blocks.probabilities(grey)).all()
    assert (whole.segment(grey) == blocks.segment(grey)).all()


def test_the_trees_answer_as_those_of_scikit_learn():
    rng = np.random.default_rng(3)
    features = rng.normal(size=(600, 5)).astype(np.float32)
    classes = (features[:, 0] + features[:, 1] > 0).astype(np.uint8) + (features[:, 2] > 1)
    rival = ExtraTreesClassifier(
        forests.TREES,
        min_samples_leaf=forests.LEAST_IN_LEAF,
        class_weight="balanced",
        random_state=forests.SEED,
    ).fit(features, classes)
    ours = grow_forest(features, classes.astype(np.uint8), 3)
    # Also at the thresholds themselves.
    asked = np.concatenate([features, rng.choice(ours.threshold, (600, 5))])
    assert ours.probabilities(asked) == pytest.approx(rival.predict_proba(asked), abs=1e-5)
    assert (ours.classes(asked) == ours.probabilities(asked).argmax(axis=1)).all()
    assert is_whole(ours, 5)
    assert not is_whole(ours, 2)


def test_ten_strokes_of_a_phase_on_made_images():
    scores = []
    for seed in range(3):
        grey, truth = _made((200, 200), seed)
        painting = painting_of("made", grey, _strokes(truth, 10, seed), read_strokes_map(MAP, SSB_CATHODE))
        model = train_on_paintings([painting], SSB_CATHODE, name="made")
        found = run_segmenter(PaintedSegmenter(model, SSB_CATHODE, Path("made.npz")), grey)
        for value, phase in enumerate((NMC, SSE, GRAPHITE), 1):
            a, b = found == phase.code, truth == value
            scores.append((a & b).sum() / (a | b).sum())
    assert np.mean(scores) >= 0.92


def test_the_order_of_paintings_does_not_matter():
    phase_map = read_strokes_map(MAP, SSB_CATHODE)
    paintings = []
    for seed in (0, 1):
        grey, truth = _made((60, 60), seed)
        paintings.append(painting_of(str(seed), grey, _strokes(truth, 4), phase_map))
    one, other = (train_on_paintings(order, SSB_CATHODE, name="a") for order in (paintings, paintings[::-1]))
    assert one.sha256 == other.sha256
    assert one.strokes_sha256 == strokes_sha256(paintings)


def test_a_file_gives_the_model_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    model, grey, _ = _model()
    path = tmp_path / "night.npz"
    model.save(path)
    assert load_model(path).sha256 == model.sha256
    monkeypatch.setenv("CATHOGRAPH_MODELS", str(tmp_path))
    by_name = make_segmenter("painted", model="night")
    again = make_segmenter("painted", **by_name.parameters)
    assert again.parameters == by_name.parameters
    assert (again.segment(grey) == PaintedSegmenter(model, SSB_CATHODE, path).segment(grey)).all()


def test_damaged_files(tmp_path: Path):
    model, _, _ = _model((64, 64), 3)
    path = tmp_path / "a.npz"
    model.save(path)
    with np.load(path) as file:
        arrays = dict(file)
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(ModelError, match=r"a\.npz"):
        load_model(path)
    with pytest.raises(ModelError, match=r"missing\.npz"):
        load_model(tmp_path / "missing.npz")
    loops = arrays["other"].copy()
    loops[loops > 0] = 1  # leads back, for ever
    for name, wrong in {
        "other": loops,
        "feature": arrays["feature"] + 100,
        "threshold": np.full_like(arrays["threshold"], np.nan),
        "header": np.frombuffer(json.dumps({"format": 1}).encode(), np.uint8),
        "start": arrays["start"].astype(np.int64),
    }.items():
        np.savez(path, **{**arrays, name: wrong})
        with pytest.raises(ModelError, match=r"a\.npz"):
            load_model(path)
    np.savez(path, **{**arrays, "threshold": np.array([{}], object)})
    with pytest.raises(ModelError, match=r"a\.npz"):
        load_model(path)


def test_bad_strokes():
    grey, truth = _made((60, 60))
    strokes, phase_map = _strokes(truth, 5), read_strokes_map(MAP, SSB_CATHODE)
    with pytest.raises(InputImageError, match=r"\(60, 59\).*\(60, 60\)"):
        painting_of("a", grey, strokes[:, 1:], phase_map)
    with pytest.raises(PhaseMapError, match="Lithium"):
        read_strokes_map("1=NMC,2=Lithium", SSB_CATHODE)
    with pytest.raises(PhaseMapError, match="0"):
        read_strokes_map("0=SSE,1=NMC", SSB_CATHODE)
    with pytest.raises(PhaseMapError, match="9"):
        painting_of("a", grey, np.where(strokes == 1, 9, strokes), phase_map)
    one_phase = painting_of("a", grey, np.where(strokes == 1, 1, 0), phase_map)
    with pytest.raises(SegmentationError, match="1 phase"):
        train_on_paintings([one_phase], SSB_CATHODE, name="a")
    nothing = painting_of("a", grey, np.zeros_like(strokes), phase_map)
    with pytest.raises(SegmentationError, match="0 phases"):
        train_on_paintings([nothing], SSB_CATHODE, name="a")
    constant = painting_of("a", np.ones_like(grey), strokes, phase_map)
    with pytest.raises(SegmentationError, match="contrast"):
        train_on_paintings([constant], SSB_CATHODE, name="a")


def test_a_volume_is_refused_by_a_model_of_images():
    model, grey, _ = _model((64, 64), 3)
    with pytest.raises(SegmentationError, match="3 axes"):
        PaintedSegmenter(model, SSB_CATHODE, Path("a")).segment(np.stack([grey] * 3))


def test_an_unlike_image_is_told():
    model, grey, _ = _model((128, 128))
    segmenter = PaintedSegmenter(model, SSB_CATHODE, Path("a"))
    assert segmenter.difference_from_painted(grey) is None
    assert segmenter.difference_from_painted(_made((128, 128), 5)[0]) is None
    assert "grey range" in (segmenter.difference_from_painted(grey + 3) or "")
    noisy = grey + np.random.default_rng(0).normal(0, 0.4, grey.shape)
    assert "noise" in (segmenter.difference_from_painted(noisy) or "")


def test_passes_repeat_and_differ():
    model, grey, _ = _model((64, 64), 4)
    segmenter = PaintedSegmenter(model, SSB_CATHODE, Path("a"))
    phases = segmenter.segment(grey)
    first, second = (list(segmenter.sample(grey, phases, passes=3, seed=4)) for _ in range(2))
    assert all((a.phases == b.phases).all() for a, b in zip(first, second, strict=True))
    assert (first[0].probability != first[1].probability).any()
    assert all(each.probability.min() >= 0 and each.probability.max() <= 1.0001 for each in first)


def test_the_suggested_patch_is_the_doubtful_one():
    # All pixels are certain but those of rows 30 to 39, columns 50 to 59.
    probabilities = np.zeros((100, 100, 2), np.float32)
    probabilities[..., 0] = 1
    probabilities[30:40, 50:60] = 0.5
    painted = np.zeros((100, 100), bool)
    assert suggest_patch(probabilities, painted, 10) == (slice(30, 40), slice(50, 60))
    painted[35, 55] = True  # painted already: another patch, without a stroke
    assert not painted[suggest_patch(probabilities, painted, 10)].any()
    # With a stroke in every patch, the most doubtful one again; in an image smaller than a patch, all of it.
    assert suggest_patch(probabilities, np.ones_like(painted), 10) == (slice(30, 40), slice(50, 60))
    assert suggest_patch(probabilities[:8, :9], painted[:8, :9], 10) == (slice(0, 8), slice(0, 9))


def test_doubt_is_that_of_the_entropy():
    certain, even, between = doubt_of(np.array([[1, 0], [0.5, 0.5], [0.25, 0.75]], np.float32))
    assert certain == pytest.approx(0, abs=1e-4)
    assert even == pytest.approx(1, abs=1e-6)
    assert between == pytest.approx(0.811278, abs=1e-5)  # the entropy of a coin that falls 1 : 3, in bits


def test_features_are_as_many_as_said():
    assert find_features(np.zeros((3, 4, 5), np.float32)).shape == (60, count_features(3)) == (60, 41)
    assert Painting("a", np.zeros((2, 2)), np.zeros((2, 2), np.uint8)).sha256
