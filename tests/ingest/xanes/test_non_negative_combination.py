"""Three and more references: against a bounded solver pixel by pixel, exact mixtures, sums, at any edge."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import lsq_linear

from cathograph.ingest.options import defaults_of
from cathograph.ingest.stacks.energy_stack import ArrayEnergyStack
from cathograph.ingest.stacks.spectrum_file import SpectrumTable
from cathograph.ingest.xanes.fitting import fit_stack
from cathograph.ingest.xanes.linear_combination import LinearCombination
from cathograph.ingest.xanes.references import make_references
from cathograph.ingest.xanes.white_line import WhiteLine
from cathograph.phantom import edge_spectrum
from cathograph.schema.errors import InputError

FE = defaults_of("Fe K")
ENERGIES_EV = np.concatenate(
    [np.arange(7082.0, 7106, 6), np.arange(7108.0, 7150), np.arange(7152.0, 7212, 5)]
)
EDGES_EV = np.array([7126.0, 7129.0, 7133.0])


def references(edges_ev=EDGES_EV):
    spectra = edge_spectrum(ENERGIES_EV, np.asarray(edges_ev, float), "Fe K").T
    names = tuple(f"r{number}" for number in range(len(edges_ev)))
    return make_references(
        SpectrumTable(ENERGIES_EV, names, np.ascontiguousarray(spectra)), WhiteLine(FE.white_line_search_ev)
    )


def fit(spectra, *, baseline=False, of=None, **more):
    """Fit spectra (n, pixels), taken as they are."""
    method = LinearCombination(of or references(), FE.combination_ev, baseline=baseline)
    stack = ArrayEnergyStack(np.asarray(spectra, np.float32)[:, None, :], ENERGIES_EV)
    fitted = fit_stack(stack, method, None, **more)
    return fitted.edge_energy_ev[0], fitted.residual[0]


@pytest.mark.parametrize("baseline", [False, True])
def test_a_fit_equals_a_bounded_solver_pixel_by_pixel(baseline):
    made = references()
    rng = np.random.default_rng(0)
    amounts = rng.dirichlet([0.6, 0.6, 0.6], 60)
    spectra = (amounts @ made.spectra + rng.normal(0, 0.03, (60, ENERGIES_EV.size))).T.astype(np.float32)
    if baseline:
        spectra += np.float32(0.4) - np.float32(0.002) * (ENERGIES_EV[:, None] - 7112).astype(np.float32)
    method = LinearCombination(made, FE.combination_ev, baseline=baseline)
    energy, residual = method.plan(ENERGIES_EV).fit(np.ascontiguousarray(spectra.T, dtype=float))
    near = (FE.combination_ev[0] <= ENERGIES_EV) & (FE.combination_ev[1] >= ENERGIES_EV)
    columns = [*made.spectra[:, near]]
    if baseline:
        columns += [np.ones(near.sum()), (ENERGIES_EV[near] - 7120) / 40]
    design = np.column_stack(columns)
    lowest = [0, 0, 0, *[-np.inf] * (2 * baseline)]
    bound = 0
    for pixel in range(60):
        points = spectra[near, pixel].astype(float)
        found = lsq_linear(design, points, (lowest, np.inf), tol=1e-13).x
        share = found[:3] / found[:3].sum()
        bound += (share < 1e-6).any()
        assert energy[pixel] == pytest.approx(share @ np.array(made.edge_energies_ev), abs=1e-3)
        rest = points - design @ found
        assert residual[pixel] == pytest.approx(np.sqrt(rest @ rest / (len(points) - len(columns))), rel=1e-3)
    assert bound > 10, "some amounts must meet the bound, or the test shows nothing"


@given(amounts=st.lists(st.floats(0, 1), min_size=3, max_size=3).filter(lambda each: sum(each) > 0.2))
def test_a_mixture_is_exact_in_energy(amounts):
    made = references()
    share = np.array(amounts) / sum(amounts)
    energy, residual = fit((share @ made.spectra)[:, None])
    assert energy[0] == pytest.approx(share @ np.array(made.edge_energies_ev), abs=1e-3)
    assert residual[0] == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize(
    ("total", "has_energy"), [(1.0, True), (0.81, True), (1.19, True), (0.79, False), (1.21, False)]
)
def test_amounts_of_normalised_pixels_must_sum_up_to_one(total, has_energy):
    made = references()
    energy, residual = fit(total * made.spectra.mean(axis=0)[:, None])
    assert np.isfinite(energy[0]) == has_energy
    assert np.isfinite(residual[0]), "the residual is mapped either way"
    energy, _ = fit(total * made.spectra.mean(axis=0)[:, None], baseline=True)
    assert np.isfinite(energy[0]), "the jump of absorbance is not known, so nothing is checked"


def test_nine_references_and_neither_blocks_nor_threads_show():
    nine = references(np.linspace(7123, 7135, 9))
    assert len(nine.edge_energies_ev) == 9
    assert list(nine.edge_energies_ev) == sorted(nine.edge_energies_ev)
    rng = np.random.default_rng(1)
    spectra = (rng.dirichlet(np.ones(9), 700) @ nine.spectra + rng.normal(0, 0.02, (700, ENERGIES_EV.size))).T
    stack = ArrayEnergyStack(spectra.astype(np.float32).reshape(-1, 35, 20), ENERGIES_EV)
    method = LinearCombination(nine, FE.combination_ev)
    whole = fit_stack(stack, method, None, threads=1)
    parts = fit_stack(stack, method, None, threads=3, block_bytes=1)
    np.testing.assert_array_equal(parts.edge_energy_ev, whole.edge_energy_ev)
    np.testing.assert_array_equal(parts.residual, whole.residual)
    assert np.isfinite(whole.edge_energy_ev).all()
    assert whole.edge_energy_ev.min() >= nine.low_ev
    assert whole.edge_energy_ev.max() <= nine.high_ev


def test_pixels_without_an_edge_have_no_energy():
    flat = np.stack(
        [np.zeros(ENERGIES_EV.size), np.full(ENERGIES_EV.size, np.nan), -references().spectra[0]], axis=1
    )
    energy, residual = fit(np.column_stack([flat, references().spectra[1]]))
    assert np.isfinite(energy).tolist() == [False, False, False, True]
    assert np.isfinite(residual).tolist() == [False, False, False, True]


def test_references_that_are_mixtures_of_each_other_are_refused():
    made = references()
    mixed = np.stack([made.spectra[0], made.spectra[2], (made.spectra[0] + made.spectra[2]) / 2])
    same = type(made)(made.names, made.energies_ev, mixed, made.edge_energies_ev)
    with pytest.raises(InputError, match=r"mixtures of each other.*`search_ev`"):
        LinearCombination(same, FE.combination_ev).plan(ENERGIES_EV)


def test_white_lines_of_references_outside_the_search_name_the_way_out():
    spectra = edge_spectrum(ENERGIES_EV, EDGES_EV, "Fe K").T
    table = SpectrumTable(ENERGIES_EV, ("a", "b", "c"), np.ascontiguousarray(spectra))
    with pytest.raises(InputError, match=r"white lines .*c nan.*from 7120 to 7131 eV.*`search_ev`"):
        make_references(table, WhiteLine((7120, 7131)))
