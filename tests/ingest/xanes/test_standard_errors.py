"""Standard errors of fitted energies: those of repeated fits, and back out of the file they are written to."""

import numpy as np
import pytest
import tifffile

from cathograph.benchmarks.speed.xanes import methods
from cathograph.benchmarks.xanes_stacks import ENERGIES_EV, make_spectra
from cathograph.ingest.formats.image_opening import open_image
from cathograph.ingest.formats.standard_errors import read_standard_errors
from cathograph.ingest.stacks.energy_stack import ArrayEnergyStack
from cathograph.ingest.xanes.fitting import fit_stack
from cathograph.ingest.xanes.map_file import encode_map
from cathograph.ingest.xanes.normalisation import Normalisation


@pytest.mark.parametrize("snr", [15.0, 30.0, 60.0])
@pytest.mark.parametrize("name", methods())
def test_they_are_the_spread_of_repeated_fits(name, snr):
    """One edge, fitted 4,000 times: the mean square of the standard errors is the variance of the energies."""
    stack = make_spectra(np.full((40, 100), 8344.3), snr=snr, seed=5)
    fitted = fit_stack(ArrayEnergyStack(stack, ENERGIES_EV), methods()[name], Normalisation())
    known = np.isfinite(fitted.standard_error_ev) & np.isfinite(fitted.edge_energy_ev)
    assert known.mean() > 0.9
    error = np.sqrt((fitted.standard_error_ev[known].astype(float) ** 2).mean())
    assert error / fitted.edge_energy_ev[known].std() == pytest.approx(1, abs=0.15)


def test_without_noise_they_are_small():
    stack = make_spectra(np.linspace(8342, 8346, 400).reshape(20, 20), snr=None, seed=5)
    for method in methods().values():
        fitted = fit_stack(ArrayEnergyStack(stack, ENERGIES_EV), method, Normalisation())
        assert np.nanmedian(fitted.standard_error_ev) < 0.05


def make_map():
    rng = np.random.default_rng(2)
    energy, error = rng.normal(8344, 1, (30, 40)), rng.uniform(0.1, 0.4, (30, 40)).astype(np.float32)
    error[3:5] = np.nan
    return energy.astype(np.float32), error


def test_they_come_back_out_of_the_file_and_the_map_is_one_page(tmp_path):
    energy, error = make_map()
    path = tmp_path / "map.tif"
    path.write_bytes(encode_map(energy, 0.05, standard_error_ev=error))
    np.testing.assert_array_equal(tifffile.imread(path), energy)  # any other program sees the map alone
    image = open_image(path)
    assert len(image.pages) == 1
    np.testing.assert_array_equal(image.pages[0], energy)
    np.testing.assert_array_equal(read_standard_errors(image), error)


def test_files_without_them_hold_none(tmp_path):
    energy, _ = make_map()
    alone, array, pages = tmp_path / "alone.tif", tmp_path / "map.npy", tmp_path / "pages.tif"
    alone.write_bytes(encode_map(energy, 0.05))
    np.save(array, energy)
    tifffile.imwrite(pages, np.stack([energy, energy]))
    assert [read_standard_errors(open_image(path)) for path in (alone, array, pages)] == [None, None, None]
