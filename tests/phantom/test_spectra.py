"""The analytic edge: maximum where it is asked, normalised, of the height and width of real spectra."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cathograph.phantom import edge_spectrum
from cathograph.schema.errors import InputError

FINE_EV = np.arange(8210, 8700, 0.01)


@pytest.mark.parametrize("white_line_ev", [8340.0, 8344.0, 8347.5, 8349.5])
def test_the_maximum_lies_at_the_white_line(white_line_ev: float) -> None:
    mu = edge_spectrum(FINE_EV, white_line_ev)
    assert FINE_EV[mu.argmax()] == pytest.approx(white_line_ev, abs=0.006)
    assert 1.5 < mu.max() < 1.7  # NiO 1.67 and LiNiO2 1.59, measured


def test_the_spectrum_is_normalised() -> None:
    mu = edge_spectrum(FINE_EV, 8344.0)
    assert (mu > 0).all()
    assert mu[FINE_EV < 8300].max() < 0.02
    assert mu[FINE_EV > 8600].mean() == pytest.approx(1.0, abs=0.01)
    half = FINE_EV[(mu > 0.5).argmax()]
    assert 8344.0 - half == pytest.approx(7.6, abs=1.0)  # 7.5 (NiO) and 7.7 eV (LiNiO2), measured


def test_the_spectrum_is_smooth() -> None:
    # A kink would stand out in the second difference; the white line's own curvature is h/σ² = 0.08 per eV².
    second = np.diff(edge_spectrum(FINE_EV, 8344.0), 2) / 0.01**2
    assert np.abs(second).max() < 0.3


@given(shift_ev=st.floats(-4, 4))
def test_another_edge_energy_only_moves_the_shape(shift_ev: float) -> None:
    energies = np.linspace(8330, 8360, 61)
    moved = edge_spectrum(energies + shift_ev, 8344.0 + shift_ev)
    assert moved == pytest.approx(edge_spectrum(energies, 8344.0), abs=1e-9)


def test_a_map_of_edge_energies_gives_a_spectrum_each() -> None:
    lines = np.array([[8341.0, np.nan], [8344.0, 8347.0]])
    mu = edge_spectrum([8330.0, 8344.0, 8350.0], lines)
    assert mu.shape == (3, 2, 2)
    assert np.isnan(mu[:, 0, 1]).all()
    assert mu[:, 1, 0] == pytest.approx(edge_spectrum([8330.0, 8344.0, 8350.0], 8344.0))


@pytest.mark.parametrize(
    ("energies", "says"),
    [
        ([8.34, 8.35], "looks like keV"),
        ([8340.0, np.nan], "energy nan"),
        ([8209.0], "8210 to 8700"),
        ([], "at least one"),
        ([[8340.0]], r"shape \(1, 1\)"),
    ],
)
def test_bad_energies_are_refused(energies: list, says: str) -> None:
    with pytest.raises(InputError, match=says):
        edge_spectrum(energies, 8344.0)
