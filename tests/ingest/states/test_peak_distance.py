"""Peaks of many histograms: those of scipy, the 40 % rule, distances worked out by hand."""

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import find_peaks

from cathograph.ingest.states import peak_distance
from cathograph.ingest.states.peak_distance import find_row_peaks, peak_distances, relative_heights


def distances(*rows, reference=3.5, smoothing=0.0, threshold=0.4):
    found = peak_distances(
        np.array(rows), smoothing_bins=smoothing, threshold=threshold, reference_bins=reference
    )
    return found.n_peaks.tolist(), found.distance_bins.tolist()


def of_scipy(row, **options):
    """Peaks of one row with a zero at either end, as scipy finds them."""
    return (find_peaks(np.pad(row, 1), **options)[0] - 1).tolist()


small_counts = hnp.arrays(
    np.int64, st.tuples(st.integers(1, 6), st.integers(3, 20)), elements=st.integers(0, 4)
)


@given(small_counts)
def test_peaks_are_those_of_scipy(counts):
    """Few heights, so plateaus of every length, at the ends too, are in almost every row."""
    peaks = find_row_peaks(counts.astype(float))
    assert [np.flatnonzero(row).tolist() for row in peaks] == [of_scipy(row) for row in counts.astype(float)]


@given(small_counts, st.sampled_from([0.5, 1.5, 3.0]), st.sampled_from([0.0, 0.4, 0.8]))
def test_smoothed_peaks_that_reach_the_threshold_are_those_of_scipy(counts, smoothing, threshold):
    heights = relative_heights(counts, smoothing)
    found = peak_distances(counts, smoothing_bins=smoothing, threshold=threshold, reference_bins=5.2)
    for row, n in zip(heights, found.n_peaks, strict=True):
        assert n == len(of_scipy(row, height=threshold))


def test_smoothing_is_a_gaussian_with_zeros_beyond_the_ends():
    # A single count in the first bin: what falls beyond the end is lost, and the rest falls off as the Gaussian.
    heights = relative_heights(np.array([[1, 0, 0, 0, 0, 0, 0, 0]]), 1.5)[0]
    assert heights == pytest.approx(
        np.round(np.exp(-0.5 * (np.arange(8) / 1.5) ** 2), 12) * (np.arange(8) < 7)
    )


@pytest.mark.parametrize(
    ("row", "peaks"),
    [
        ([0, 3, 3, 0], [1]),  # an even plateau: the middle rounded down
        ([0, 3, 3, 3, 0], [2]),
        ([3, 3, 0, 1], [0, 3]),  # at both ends
        ([2, 2, 2, 2], [1]),  # all level: one plateau over the whole window
        ([1, 2, 2, 3], [3]),  # a step on the way up is no peak
        ([3, 2, 2, 1], [0]),
        ([2, 1, 1, 2], [0, 3]),  # a flat valley
        ([0, 0, 0, 0], []),
    ],
)
def test_plateaus_and_ends(row, peaks):
    assert np.flatnonzero(find_row_peaks(np.array([row], float))[0]).tolist() == peaks


def test_distances_by_hand():
    assert distances(
        [0, 5, 0, 0, 0, 0, 0, 0],  # one peak: 0
        [0, 5, 0, 0, 0, 5, 0, 0],  # two: 5 - 1
        [5, 0, 5, 0, 0, 0, 5, 0],  # three: 6 above, (0 + 2) / 2 below 3.5: 6 - 1 = 5
        [5, 0, 5, 0, 5, 0, 5, 0],  # four: (4 + 6) / 2 - (0 + 2) / 2 = 4
        [0, 5, 0, 5, 0, 0, 0, 0],  # two on one side: their distance all the same
        [0, 0, 0, 0, 0, 0, 0, 0],  # nothing
    ) == ([1, 2, 3, 4, 2, 0], [0.0, 4.0, 5.0, 4.0, 2.0, pytest.approx(np.nan, nan_ok=True)])


def test_more_than_two_on_one_side_have_no_distance():
    n_peaks, found = distances([5, 0, 5, 0, 5, 0, 0, 0], reference=6.5)
    assert n_peaks == [3]
    assert np.isnan(found[0])
    n_peaks, found = distances([0, 0, 0, 5, 0, 5, 0, 5], reference=1.5)
    assert n_peaks == [3]
    assert np.isnan(found[0])


def test_a_peak_at_the_reference_is_on_neither_side():
    # Peaks at 1, 3, 6 with the reference at 3: 6 - 1, not 6 - 2.
    assert distances([0, 5, 0, 5, 0, 0, 5, 0], reference=3.0) == ([3], [5.0])


@pytest.mark.parametrize(("second", "n_peaks"), [(40, 2), (39, 1), (41, 2)])
@pytest.mark.parametrize("smoothing", [0.0, 1.5])
def test_the_threshold_is_met_exactly(second, n_peaks, smoothing):
    """100 and 40 of one shape, far apart: 40 % is met, 39 % is missed, smoothed or not."""
    row = np.zeros(64, int)
    row[10], row[40] = 100, second
    assert distances(row, smoothing=smoothing, reference=31.5) == ([n_peaks], [30.0 if n_peaks == 2 else 0.0])


def test_rows_are_independent_and_cut_into_parts(monkeypatch):
    rows = np.random.default_rng(0).integers(0, 9, (50, 64))
    whole = peak_distances(rows, smoothing_bins=1.5, threshold=0.4, reference_bins=31.5)
    monkeypatch.setattr(peak_distance, "_ROWS_AT_ONCE", 7)
    parts = peak_distances(rows, smoothing_bins=1.5, threshold=0.4, reference_bins=31.5)
    alone = [
        peak_distances(row[None], smoothing_bins=1.5, threshold=0.4, reference_bins=31.5).distance_bins[0]
        for row in rows
    ]
    np.testing.assert_array_equal(whole.distance_bins, parts.distance_bins)
    np.testing.assert_array_equal(whole.distance_bins, alone)


@given(small_counts)
def test_mirrored_histograms_have_the_same_distance_where_no_plateau_is_even(counts):
    """Seen from the other side nothing changes (an even plateau's middle is rounded, so it does)."""
    heights = relative_heights(counts, 1.5)
    if (np.diff(heights, axis=1) == 0).any():
        return
    middle = (counts.shape[1] - 1) / 2
    one = peak_distances(counts, smoothing_bins=1.5, threshold=0.4, reference_bins=middle)
    other = peak_distances(counts[:, ::-1], smoothing_bins=1.5, threshold=0.4, reference_bins=middle)
    np.testing.assert_allclose(one.distance_bins, other.distance_bins, atol=1e-9)


def test_no_rows():
    found = peak_distances(np.zeros((0, 64), int), smoothing_bins=1.5, threshold=0.4, reference_bins=31.5)
    assert found.n_peaks.shape == found.distance_bins.shape == (0,)
