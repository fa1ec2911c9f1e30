"""Fits against plain numpy pixel by pixel, against spectra whose edge is known, and in any blocks."""

import numpy as np
import pytest
import xanes_by_pixel
from hypothesis import given
from hypothesis import strategies as st

from cathograph.benchmarks.xanes_stacks import ENERGIES_EV, make_phantom_references, make_spectra
from cathograph.ingest.stacks.energy_stack import ArrayEnergyStack
from cathograph.ingest.xanes.fitting import fit_stack
from cathograph.ingest.xanes.gaussian_peak import GaussianWhiteLine
from cathograph.ingest.xanes.half_height import HalfHeight
from cathograph.ingest.xanes.linear_combination import LinearCombination
from cathograph.ingest.xanes.normalisation import Normalisation, normalise_spectra, plan_normalisation
from cathograph.ingest.xanes.quality import QualityLimits
from cathograph.ingest.xanes.white_line import WhiteLine
from cathograph.schema.errors import InputError

NORMALISATION = Normalisation()
JUMP_ERROR = plan_normalisation(NORMALISATION, ENERGIES_EV).jump_error
REFERENCES = make_phantom_references()
METHODS = {
    "white-line": (WhiteLine(), xanes_by_pixel.white_line),
    "white-line cubic": (WhiteLine(half_width_ev=4, degree=3), xanes_by_pixel.white_line),
    "white-line parabola": (WhiteLine(half_width_ev=4, degree=2), xanes_by_pixel.white_line),
    "gaussian": (GaussianWhiteLine(), xanes_by_pixel.gaussian),
    "half-height": (HalfHeight(), xanes_by_pixel.half_height),
    "half-height line": (HalfHeight((8333, 8360), 3.5, degree=1, level=0.4), xanes_by_pixel.half_height),
    "linear-combination": (LinearCombination(REFERENCES), xanes_by_pixel.linear_combination),
    "linear-combination on a line": (LinearCombination(REFERENCES, baseline=True), xanes_by_pixel.linear_combination),
}  # fmt: skip
EVEN_EV = np.arange(8320.0, 8371.0)


def make_stack(shape=(6, 7), snr=20.0, seed=0):
    edges = np.random.default_rng(seed).uniform(8341.5, 8346.5, shape)
    return make_spectra(edges, snr=snr, seed=seed), edges


@pytest.mark.parametrize("name", METHODS)
def test_a_method_equals_numpy_pixel_by_pixel(name):
    method, by_pixel = METHODS[name]
    spectra, _ = make_stack()
    fitted = fit_stack(ArrayEnergyStack(spectra, ENERGIES_EV), method, NORMALISATION)
    for place in np.ndindex(spectra.shape[1:]):
        spectrum, jump, noise = xanes_by_pixel.normalise(
            ENERGIES_EV, spectra[:, *place].astype(float), NORMALISATION
        )
        energy, residual = by_pixel(ENERGIES_EV, spectrum, method)
        assert fitted.edge_energy_ev[place] == pytest.approx(energy, abs=2e-5, nan_ok=True)
        assert fitted.residual[place] == pytest.approx(residual, rel=1e-4, nan_ok=True)
        assert fitted.edge_jump[place] == pytest.approx(jump, rel=1e-5)
        assert fitted.quality[place] == pytest.approx(jump / noise / JUMP_ERROR, rel=1e-4)


@pytest.mark.parametrize("degree", [0, 1, 3])
def test_normalisation_with_another_post_edge_equals_numpy(degree):
    how = Normalisation(pre_ev=(8200, 8315), post_ev=(8395, 8650), post_degree=degree, edge_ev=8340)
    spectra, _ = make_stack((1, 4))
    rows = np.ascontiguousarray(spectra.reshape(63, 4).T, dtype=float)
    expected = [xanes_by_pixel.normalise(ENERGIES_EV, row, how) for row in rows]
    jump, noise = normalise_spectra(rows, plan_normalisation(how, ENERGIES_EV))
    np.testing.assert_allclose(rows, [spectrum for spectrum, _, _ in expected], atol=1e-9)
    np.testing.assert_allclose(jump, [each for _, each, _ in expected])
    np.testing.assert_allclose(noise, [each for _, _, each in expected])


def test_the_error_of_a_jump_from_means_and_a_line_is_the_textbooks():
    # Degree 0: the mean of 4 energies has variance 1/4. The line at x = −30, −20, −10 (mean −20, sum of squares
    # about it 200) has 1/3 + 20²/200 = 7/3 at 0. Together 31/12.
    energies = 8344.0 + np.array([-30, -20, -10, 50, 60, 70, 80])
    plan = plan_normalisation(Normalisation((8300, 8340), (8390, 8430), 0), energies)
    assert plan.jump_error == pytest.approx(np.sqrt(31 / 12))


@pytest.mark.parametrize(
    "post_ev",
    [
        np.arange(8390, 8691, 20),
        np.arange(8390, 8491, 20),
        np.arange(8390, 8451, 10),
        np.arange(8385, 8421, 5),
    ],
)
def test_pure_noise_hardly_passes_however_short_the_post_edge_is(post_ev):
    # The shorter the range, the wilder its quadratic at E₀; jump over noise passed 5 in up to a third of such pixels.
    energies = np.concatenate([np.arange(8210, 8326, 10), np.arange(8330, 8381), post_ev]).astype(float)
    noise = np.random.default_rng(5).normal(0.3, 0.05, (energies.size, 100, 100))
    fitted = fit_stack(ArrayEnergyStack(noise, energies), WhiteLine(), NORMALISATION)
    assert (fitted.quality >= QualityLimits().least_quality).mean() < 0.01


def test_without_normalisation_too_the_quality_is_in_standard_errors_of_the_jump():
    # Means of the first and last 12 of 51 energies: variance 1/12 each, so the error is noise · √(1/6).
    noise = (
        np.random.default_rng(5).normal(0, 0.05, (51, 100, 100)) + 0.05 * np.linspace(0, 1, 51)[:, None, None]
    )
    fitted = fit_stack(ArrayEnergyStack(noise, EVEN_EV), HalfHeight(level=0.05), None)
    known = np.isfinite(fitted.residual) & (fitted.edge_jump > 0)
    expected = 1 / (fitted.residual[known] * np.sqrt(1 / 6))
    np.testing.assert_allclose(fitted.quality[known], expected, rtol=1e-5)


def test_a_normalised_spectrum_of_lines_is_exact():
    # Before the edge 1 − 0.001 (E − E₀), after it 0.5 more with the same slope: jump 0.5, then 0 and 1.
    x = ENERGIES_EV - NORMALISATION.edge_ev
    rows = (1 - 0.001 * x + 0.5 * (x > 0)).reshape(1, -1)
    jump, noise = normalise_spectra(rows, plan_normalisation(NORMALISATION, ENERGIES_EV))
    assert jump[0] == pytest.approx(0.5)
    assert noise[0] == pytest.approx(0, abs=1e-12)
    np.testing.assert_allclose(rows[0], x > 0, atol=1e-12)


@given(edge=st.floats(8338.0, 8352.0), height=st.floats(0.1, 5.0))
def test_a_quartic_peak_is_found_exactly(edge, height):
    # Within ± 5 eV of its maximum the spectrum is a polynomial of the fitted degree, so nothing is approximated.
    x = np.clip(EVEN_EV - edge, -11, 11)
    peak = height * (1 - (x / 12) ** 2 + 0.02 * (x / 12) ** 3 + 0.1 * (x / 12) ** 4)
    fitted = fit_stack(ArrayEnergyStack(peak.reshape(-1, 1, 1), EVEN_EV), WhiteLine(), None)
    assert fitted.edge_energy_ev[0, 0] == pytest.approx(edge, abs=1e-5 / height)


@given(centre=st.floats(8340.0, 8350.0), height=st.floats(0.2, 2.0), width=st.floats(1.5, 4.0))
def test_a_gaussian_on_a_step_is_found_exactly(centre, height, width):
    line = 1 + height * np.exp(-0.5 * ((EVEN_EV - centre) / width) ** 2)
    fitted = fit_stack(ArrayEnergyStack(line.reshape(-1, 1, 1), EVEN_EV), GaussianWhiteLine(), None)
    assert fitted.edge_energy_ev[0, 0] == pytest.approx(centre, abs=1e-4)


def test_the_half_height_of_a_ramp_is_exact():
    # A straight rise from 0 at 8338 to 1 at 8342 passes ½ at 8340 and 0.3 at 8339.2; a bump above is the white line.
    ramp = np.clip((EVEN_EV - 8336) / 8, 0, 1) + 0.3 * np.exp(-0.5 * ((EVEN_EV - 8350) / 2) ** 2)
    stack = ArrayEnergyStack(ramp.reshape(-1, 1, 1), EVEN_EV)
    for level, energy in ((0.5, 8340.0), (0.3, 8338.4)):
        fitted = fit_stack(stack, HalfHeight(half_width_ev=1.5, degree=1, level=level), None)
        assert fitted.edge_energy_ev[0, 0] == pytest.approx(energy, abs=1e-4)


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0, 1.2])
@pytest.mark.parametrize("baseline", [False, True])
def test_a_mixture_of_the_references_is_exact(share, baseline):
    low, high = REFERENCES.spectra
    mixture = 0.7 * ((1 - share) * low + share * high)
    if baseline:
        mixture = mixture + 0.3 - 0.001 * (ENERGIES_EV - 8340)
    method = LinearCombination(REFERENCES, baseline=baseline)
    fitted = fit_stack(ArrayEnergyStack(mixture.reshape(-1, 1, 1), ENERGIES_EV), method, None)
    expected = REFERENCES.low_ev + share * (REFERENCES.high_ev - REFERENCES.low_ev)
    assert fitted.edge_energy_ev[0, 0] == pytest.approx(expected, abs=1e-4)
    assert fitted.residual[0, 0] == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize("name", ["white-line", "gaussian", "half-height", "linear-combination"])
def test_neither_blocks_nor_threads_show_in_the_result(name):
    spectra, _ = make_stack((23, 41))
    spectra[5, 3, 4] = np.nan
    stack = ArrayEnergyStack(spectra, ENERGIES_EV)
    method = METHODS[name][0]
    whole = fit_stack(stack, method, NORMALISATION, threads=1)
    for threads, rows in ((1, 1), (2, 1), (3, 5), (2, 23)):
        parts = fit_stack(
            stack, method, NORMALISATION, threads=threads, block_bytes=4 * ENERGIES_EV.size * 41 * rows
        )
        for field in ("edge_energy_ev", "quality", "residual", "edge_jump", "dead"):
            np.testing.assert_array_equal(getattr(parts, field), getattr(whole, field))


@pytest.mark.parametrize("normalisation", [NORMALISATION, None])
@pytest.mark.parametrize("name", ["white-line", "gaussian", "half-height", "linear-combination"])
def test_pixels_without_an_edge_have_no_answer(name, normalisation):
    # A constant pixel, one all zero, one all NaN, one with a NaN or infinity, which is bridged; then a good one.
    spectra, _ = make_stack((1, 6), snr=None)
    spectra[:, 0, 0] = 0.5
    spectra[:, 0, 1] = 0
    spectra[:, 0, 2] = np.nan
    spectra[30, 0, 3] = np.nan
    spectra[0, 0, 4] = np.inf
    if normalisation is None:
        spectra = (spectra - 0.4) / 0.6
    fitted = fit_stack(ArrayEnergyStack(spectra, ENERGIES_EV), METHODS[name][0], normalisation)
    assert fitted.dead.tolist() == [[False, False, True, False, False, False]]
    accepted = np.isfinite(fitted.edge_energy_ev) & (fitted.quality >= QualityLimits().least_quality)
    assert accepted.tolist() == [[False] * 3 + [True] * 3]


def test_frames_without_values_are_named():
    spectra, _ = make_stack((2, 2))
    spectra[[3, 17]] = np.nan
    with pytest.raises(InputError, match=r"3 \(8270 eV\), 17 \(8339 eV\), counted from 0"):
        fit_stack(ArrayEnergyStack(spectra, ENERGIES_EV), WhiteLine(), NORMALISATION)


def test_a_stack_without_pre_edge_is_refused_with_the_ways_out():
    stack = ArrayEnergyStack(np.zeros((51, 2, 2)), EVEN_EV)
    with pytest.raises(InputError, match=r"Found 0 of the 51 energies .* after the edge.*`normalised`"):
        fit_stack(stack, HalfHeight(), NORMALISATION)
    with pytest.raises(InputError, match=r"before the edge.*`pre_ev`"):
        fit_stack(stack, HalfHeight(), Normalisation(pre_ev=(8200, 8321)))


@pytest.mark.parametrize(
    ("method", "message"),
    [
        (WhiteLine(search_ev=(8500, 8550)), "Found 0 of the 51 energies"),
        (WhiteLine(half_width_ev=1.0), r"Found 3 energies within 1 eV of 8335 eV; expected at least 6"),
        (WhiteLine(degree=5), "degree 5; expected 2 to 4"),
        (HalfHeight(degree=4), "degree 4; expected 1 to 3"),
        (HalfHeight(level=1.5), "level of 1.5"),
        (LinearCombination(REFERENCES, window_ev=(8340, 8341)), "Found 2 of the stack's energies"),
    ],
)
def test_methods_that_cannot_work_on_the_energies_say_so(method, message):
    with pytest.raises(InputError, match=message):
        fit_stack(ArrayEnergyStack(np.zeros((51, 2, 2)), EVEN_EV), method, None)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        (Normalisation(pre_ev=(8300, 8350)), "in this order"),
        (Normalisation(post_degree=4), "degree 4; expected 0 to 3"),
    ],
)
def test_normalisations_that_cannot_be_meant_are_refused(how, message):
    with pytest.raises(InputError, match=message):
        plan_normalisation(how, ENERGIES_EV)


def test_no_threads_are_refused():
    with pytest.raises(InputError, match="Found 0 threads"):
        fit_stack(ArrayEnergyStack(np.zeros((51, 2, 2)), EVEN_EV), WhiteLine(), None, threads=0)


def test_a_stack_that_cannot_be_read_ends_the_fit():
    class Broken(ArrayEnergyStack):
        def read_rows(self, y_first, y_end):
            raise InputError("gone")

    with pytest.raises(InputError, match="gone"):
        fit_stack(Broken(np.zeros((51, 8, 2)), EVEN_EV), WhiteLine(), None, threads=2, block_bytes=1)


def test_progress_ends_with_all_rows():
    said = []
    spectra, _ = make_stack((9, 3))
    fit_stack(
        ArrayEnergyStack(spectra, ENERGIES_EV), WhiteLine(), NORMALISATION, threads=2, block_bytes=1,
        progress=lambda done, total: said.append((done, total)),
    )  # fmt: skip
    assert said == [(row, 9) for row in range(1, 10)]
