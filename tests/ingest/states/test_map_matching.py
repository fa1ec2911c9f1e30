"""Maps and images of different grids: by metadata, by correlation, and what is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from cathograph.ingest.options import MatchingOptions
from cathograph.ingest.regions.regions import Regions
from cathograph.ingest.states import map_matching
from cathograph.ingest.states.map_matching import match_map
from cathograph.ingest.states.map_placement import MapPlacement
from cathograph.schema.errors import InputError, InputImageError
from cathograph.schema.phases import NMC

PIXEL = 0.05


def blobs(shape=(120, 150), seed=0, smooth=4.0):
    """Random NMC blobs, one region each, and their mask."""
    field = ndimage.gaussian_filter(np.random.default_rng(seed).standard_normal(shape), smooth)
    mask = field > np.quantile(field, 0.65)
    labels, n = ndimage.label(mask)
    names = np.arange(1, n + 1)
    return Regions(labels.astype(np.int32), names, np.full(n, NMC.code, np.uint8)), mask


def moved(mask, by):
    """See the field through a window that begins `by` pixels further: pixel i shows pixel i + by."""
    out = np.zeros_like(mask)
    source = tuple(slice(max(0, b), min(n, n + b)) for b, n in zip(by, mask.shape, strict=True))
    target = tuple(slice(max(0, -b), min(n, n - b)) for b, n in zip(by, mask.shape, strict=True))
    out[target] = mask[source]
    return out


def test_equal_grids_are_laid_pixel_on_pixel():
    image, mask = blobs()
    for stated in (None, PIXEL):
        place = match_map(image, PIXEL, mask, stated, MatchingOptions())
        assert (place.matching, place.offset_um, place.residual_shift_um) == ("same_grid", (0, 0), (0, 0))
        assert place.rows_of(image.labels, 3, 9) is not None
        np.testing.assert_array_equal(place.rows_of(image.labels, 3, 9), image.labels[3:9])


@pytest.mark.parametrize("by", [(0, 0), (4, -7), (-31, 22)])
def test_a_shift_that_is_left_is_reported(by):
    """Pixel on pixel a moved map is not corrected, but the shift is told."""
    image, mask = blobs()
    place = match_map(image, PIXEL, moved(mask, by), None, MatchingOptions())
    assert place.matching == "same_grid"
    np.testing.assert_allclose(np.array(place.residual_shift_um) / PIXEL, by, atol=0.1)


@pytest.mark.parametrize("by", [(0, 0), (4, -7), (-31, 22), (60, -70)])
def test_correlation_finds_a_moved_map(by):
    image, mask = blobs()
    noisy = moved(mask, by) ^ (np.random.default_rng(1).random(mask.shape) < 0.1)
    place = match_map(image, PIXEL, noisy, None, MatchingOptions(by_correlation=True))
    assert place.matching == "registered"
    np.testing.assert_allclose(np.array(place.offset_um) / PIXEL, by, atol=1)
    np.testing.assert_allclose(np.array(place.residual_shift_um) / PIXEL, 0, atol=1)


def test_correlation_finds_a_coarser_cutout():
    image, mask = blobs((160, 160))
    cutout = mask[40:120, 20:120].reshape(40, 2, 50, 2).mean((1, 3)) > 0.5
    place = match_map(image, PIXEL, cutout, 2 * PIXEL, MatchingOptions(by_correlation=True))
    np.testing.assert_allclose(np.array(place.offset_um) / PIXEL, (40, 20), atol=1)
    under = place.rows_of(image.labels, 0, 40) > 0
    assert (under == cutout).mean() > 0.9


def test_correlation_in_3d():
    image, mask = blobs((40, 48, 44), smooth=3.0)
    place = match_map(image, PIXEL, moved(mask, (5, -3, 8)), None, MatchingOptions(by_correlation=True))
    np.testing.assert_allclose(np.array(place.offset_um) / PIXEL, (5, -3, 8), atol=0.5)


def test_large_maps_are_averaged_first(monkeypatch):
    """Cells of several pixels: the shift is found to a part of a cell."""
    image, mask = blobs()
    monkeypatch.setattr(map_matching, "_MOST_CELLS", {2: 40, 3: 16})
    monkeypatch.setattr(map_matching, "_PIXELS_AT_ONCE", 1000)
    place = match_map(image, PIXEL, moved(mask, (12, -8)), None, MatchingOptions(by_correlation=True))
    np.testing.assert_allclose(np.array(place.offset_um) / PIXEL, (12, -8), atol=1)


def test_placed_by_pixel_size_and_offset():
    # Pixels of 0.05 µm in the image, of 0.1 µm in the map, whose corner lies at (0.05, 0.1) µm. Centres of its rows:
    # 0.10 µm, on the border of image rows 1 and 2 (the later counts), and 0.20 µm, below the last row. Columns: 0.15
    # and 0.25 µm: image column 3, and beyond. So one map pixel reads a label, that at (2, 3).
    labels = np.arange(1, 17, dtype=np.int32).reshape(4, 4)
    image = Regions(labels, np.arange(1, 17), np.full(16, NMC.code, np.uint8))
    options = MatchingOptions(map_pixel_size_nm=100, map_offset_um=(0.05, 0.1))
    place = match_map(image, 0.05, np.ones((2, 2), bool), 0.07, options)  # given beats stated
    assert place.matching == "placed"
    assert place.rows_of(labels, 0, 2).tolist() == [[12, 0], [0, 0]]
    assert place.pixel_ratio == pytest.approx(4.0)


def test_the_stated_pixel_size_counts_once_an_option_is_given():
    image, mask = blobs((100, 100))
    coarse = mask.reshape(50, 2, 50, 2).mean((1, 3)) > 0.5
    place = match_map(image, PIXEL, coarse, 2 * PIXEL, MatchingOptions(map_offset_um=(0.0, 0.0)))
    assert place.map_pixel_um == 2 * PIXEL
    assert np.abs(np.array(place.residual_shift_um) / PIXEL).max() < 1


@given(
    size=st.integers(1, 40), image_size=st.integers(1, 40), ratio=st.floats(0.2, 5), offset=st.floats(-30, 30)
)
def test_each_map_pixel_reads_the_label_at_its_centre(size, image_size, ratio, offset):
    place = MapPlacement("placed", (size,), (image_size,), ratio, 1.0, (offset,))
    labels = np.arange(1, image_size + 1)
    under = place.rows_of(labels, 0, size)
    for i, label in enumerate(under.tolist()):
        centre = offset + (i + 0.5) * ratio
        if label:
            assert label - 1 <= centre + 1e-6
            assert centre - 1e-6 <= label
        else:
            assert centre < 1e-6 or centre > image_size - 1e-6


@pytest.mark.parametrize("flat", [True, False])
def test_a_map_without_gaps_tells_no_shift_and_cannot_be_registered(flat):
    image, mask = blobs()
    everywhere = np.ones_like(mask)
    if not flat:
        everywhere = np.random.default_rng(0).random(mask.shape) < 0.5
    assert match_map(image, PIXEL, everywhere, None, MatchingOptions()).residual_shift_um is None
    words = r"no place in the image .* `map_offset_um`" if flat else "no better than chance"
    with pytest.raises(InputImageError, match=words):
        match_map(image, PIXEL, everywhere, None, MatchingOptions(by_correlation=True))


def refused(words, *, shape=(120, 150), stated=None, **options):
    image, _ = blobs()
    with pytest.raises(InputImageError, match=words):
        match_map(image, PIXEL, np.ones(shape, bool), stated, MatchingOptions(**options))


def test_what_does_not_fit_is_refused():
    named = r"`map_pixel_size_nm`, `map_offset_um` Y,X or `by_correlation`"
    refused(rf"map of \(60, 75\) pixels for an image of \(120, 150\).*{named}", shape=(60, 75))
    refused(rf"pixels of 40 nm on an image with 50 nm.*{named}", stated=0.04)
    refused(r"map of 3 dimensions and an image of 2", shape=(2, 120, 150))
    refused(r"states no pixel size.* `map_pixel_size_nm`", shape=(60, 75), map_offset_um=(0.0, 0.0))
    refused(r"does not overlap the image of 6 × 7.5 µm.*`map_offset_um`", map_offset_um=(6.0, 0.0))
    refused(r"does not overlap", map_offset_um=(0.0, -7.5))
    refused(r"`map_offset_um` with 3 numbers; expected 2", map_offset_um=(0.0, 0.0, 0.0))


def test_options_that_cannot_be_meant_are_refused():
    for wrong, words in (
        ({"map_pixel_size_nm": 0.0}, "`map_pixel_size_nm` 0"),
        ({"map_pixel_size_nm": float("nan")}, "`map_pixel_size_nm` nan"),
        ({"map_offset_um": (float("inf"), 0.0)}, "`map_offset_um`"),
        ({"map_offset_um": (0.0, 0.0), "by_correlation": True}, "both `map_offset_um` and `by_correlation`"),
    ):
        with pytest.raises(InputError, match=words):
            MatchingOptions(**wrong)
