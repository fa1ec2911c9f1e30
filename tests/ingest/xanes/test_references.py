"""Spectra from text files, pairs of references, calibration, alignment, and masks."""

import numpy as np
import pytest
from athena_project import read_athena_project

from cathograph.benchmarks.xanes_stacks import ENERGIES_EV, make_phantom_references
from cathograph.ingest.stacks.spectrum_file import SpectrumTable, read_spectra
from cathograph.ingest.xanes.alignment import find_energy_shift
from cathograph.ingest.xanes.energy_calibration import calibrate, uncalibrated
from cathograph.ingest.xanes.gaussian_peak import GaussianWhiteLine
from cathograph.ingest.xanes.half_height import HalfHeight
from cathograph.ingest.xanes.linear_combination import LinearCombination
from cathograph.ingest.xanes.quality import QualityLimits, mask_pixels
from cathograph.ingest.xanes.references import make_references, read_references
from cathograph.ingest.xanes.white_line import WhiteLine
from cathograph.phantom.spectra import edge_spectrum
from cathograph.schema.errors import InputError


@pytest.mark.parametrize(
    "text",
    [
        "8330\n8340.5\n",
        "# energies of scan 12\n\n8330 # first\n8340.5",
        "energy_eV\n8330\n8340.5",
        "energy;mu\n8330;0\n8340.5;1",
        "\ufeff8330\t0.1\n8340.5\t0.2\n",
        "# energy mu\n 8330 , 0.1\n 8340.5 , 1e-3\n",
    ],
)
def test_energies_are_read_from_what_people_write(tmp_path, text):
    path = tmp_path / "energies.txt"
    path.write_text(text, encoding="utf-8")
    assert read_spectra(path).energies_ev.tolist() == [8330.0, 8340.5]


def test_columns_have_the_names_of_the_file(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("# energy NiO LiNiO2\n8330,0,1\n8340,2,3\n")
    table = read_spectra(path)
    assert table.names == ("NiO", "LiNiO2")
    assert table.columns.tolist() == [[0, 2], [1, 3]]
    path.write_text("8330,0,1\n8340,2,3\n")
    assert read_spectra(path).names == ("column 2", "column 3")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "found no numbers"),
        ("only words here\n", "found no numbers"),
        ("8330\n8340\nend\n", "found 'end' in line 3"),
        ("8330,1\n8340\n", "'8340' on line 2; expected 2"),
        ("8.33\n8.34\n", "look like keV"),
        ("8340\n8330\n", "8340 then 8330"),
    ],
)
def test_text_files_that_are_no_table_are_refused(tmp_path, text, message):
    path = tmp_path / "energies.txt"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        read_spectra(path)


def test_a_missing_or_binary_file_is_an_input_error(tmp_path):
    with pytest.raises(InputError):
        read_spectra(tmp_path / "none.txt")
    (tmp_path / "binary").write_bytes(bytes(range(128, 256)))
    with pytest.raises(InputError):
        read_spectra(tmp_path / "binary")


def test_references_are_sorted_by_their_white_lines():
    spectra = edge_spectrum(ENERGIES_EV, np.array([8347.0, 8341.0])).T
    pair = make_references(
        SpectrumTable(ENERGIES_EV, ("charged", "discharged"), np.ascontiguousarray(spectra))
    )
    assert pair.names == ("discharged", "charged")
    assert pair.low_ev == pytest.approx(8341.0, abs=0.05)
    assert pair.high_ev == pytest.approx(8347.0, abs=0.05)
    np.testing.assert_allclose(pair.at(ENERGIES_EV), spectra[::-1])


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (np.zeros((1, 63)), "expected at least two columns"),
        (np.full((2, 63), np.nan), "no number"),
        (np.zeros((2, 63)), "white lines"),
        (np.stack([edge_spectrum(ENERGIES_EV, 8344.0)] * 2), "two different ones"),
    ],
)
def test_references_that_are_none_are_refused(columns, message):
    names = tuple("abc"[: len(columns)])
    with pytest.raises(InputError, match=message):
        make_references(SpectrumTable(ENERGIES_EV, names, columns))


def test_references_equal_but_for_a_line_cannot_be_combined_on_a_baseline():
    pair = make_phantom_references()
    same = np.stack([pair.spectra[0], pair.spectra[0] + 0.1])
    method = LinearCombination(
        type(pair)(pair.names, pair.energies_ev, same, pair.edge_energies_ev), baseline=True
    )
    with pytest.raises(InputError, match=r"the same .* but for a straight line"):
        method.plan(ENERGIES_EV)


@pytest.mark.parametrize(
    ("method", "middle"),
    [(WhiteLine(), 8344.0), (HalfHeight(), 8344.0 - 6.756), (GaussianWhiteLine(), 8344.14)],
)
def test_a_calibration_lays_the_window_around_the_references(method, middle):
    # White lines at 8341 and 8347 eV; half-heights of this shape lie 6.756 eV below, Gaussians 0.14 above.
    found = calibrate(method, make_phantom_references())
    assert found.method == method.name
    assert found.reference_energy_ev == pytest.approx(middle, abs=0.06)
    assert found.window_ev == (found.reference_energy_ev - 4, found.reference_energy_ev + 4)


def test_references_wider_than_the_window_are_refused():
    with pytest.raises(
        InputError, match=r"references 6\.\d+ eV apart; expected less than the window of 5 eV"
    ):
        calibrate(WhiteLine(), make_phantom_references(), half_window_ev=2.5)


def test_a_method_that_finds_no_edge_in_a_reference_says_so():
    with pytest.raises(InputError, match="no edge by white-line in the reference low"):
        calibrate(WhiteLine(search_ev=(8344, 8365)), make_phantom_references())


def test_without_references_the_window_is_the_papers():
    found = uncalibrated("half-height")
    assert (found.window_ev, found.reference_energy_ev) == ((8340.0, 8348.0), 8344.0)


@pytest.mark.parametrize("shift", [-7.3, -0.04, 0.0, 2.5, 9.2])
def test_a_known_shift_is_recovered_from_noise_and_another_thickness(shift):
    fine = np.arange(8250.0, 8450.0, 0.5)
    rng = np.random.default_rng(1)
    standard = edge_spectrum(fine, 8344.0)
    scan = 1.7 * edge_spectrum(fine, 8344.0 - shift) - 0.002 * (fine - 8340)
    scan += 0.004 * rng.standard_normal(fine.size)
    assert find_energy_shift(fine, scan, fine, standard) == pytest.approx(shift, abs=0.05)


def test_spectra_that_cannot_be_aligned_are_refused():
    fine = np.arange(8250.0, 8450.0, 0.5)
    standard = edge_spectrum(fine, 8344.0)
    with pytest.raises(InputError, match="agree"):
        find_energy_shift(fine, -standard, fine, standard)
    with pytest.raises(InputError, match="at the limit of 2 eV"):
        find_energy_shift(fine, edge_spectrum(fine, 8348.0), fine, standard, most_ev=2.0)
    with pytest.raises(InputError, match="a scan from 8310 to 8370 eV"):
        find_energy_shift(fine[120:241], standard[120:241], fine, standard)
    with pytest.raises(InputError, match="a standard from 8330 to 8390 eV"):
        find_energy_shift(fine, standard, fine[160:281], standard[160:281])


@pytest.mark.data
def test_alignment_recovers_the_shifts_of_the_projects_author(shared_data):
    # Foils drift over 5.4 eV; the author's shifts lay each on the merged foil, which is not shifted.
    records = read_athena_project(shared_data / "ni-k-edge-references" / "NiO.prj")
    foils = [record for record in records if record.label.startswith("Ref NiO.")]
    (standard,) = (record for record in records if record.label == "Ref NiO")
    assert len(records) == 24
    assert len(foils) == 11
    for foil in foils:
        found = find_energy_shift(
            foil.energies_ev, foil.absorption, standard.energies_ev, standard.absorption
        )
        assert found == pytest.approx(foil.shift_ev, abs=0.2)


@pytest.mark.data
def test_calibrations_of_the_measured_references(shared_data):
    # README of the data: maxima of the points at 8347.5 and 8349.5, half-heights at about 8340.0 and 8341.8 eV.
    pair = read_references(shared_data / "ni-k-edge-references" / "nio_linio2_near_edge.csv")
    assert pair.names == ("NiO", "LiNiO2")
    assert (pair.low_ev, pair.high_ev) == (pytest.approx(8347.5, abs=0.4), pytest.approx(8349.5, abs=0.4))
    assert calibrate(HalfHeight(), pair).reference_energy_ev == pytest.approx(8340.9, abs=0.1)
    # No one window of 8 eV suits both: each reference energy lies outside the other's half.
    assert calibrate(WhiteLine(), pair).reference_energy_ev > 8348


def test_masks_count_every_pixel_once():
    # dead, no edge, no answer, poor fit, inside, outside; NaN quality counts as no edge.
    energy = np.array([8344, 8344, np.nan, 8344, 8348, 8348.01, 8344])
    quality = np.array([99, 3.4, 99, 99, 3.5, 99, np.nan], np.float32)
    residual = np.array([0, 0, 0, 0.26, 0.25, 0, 0], np.float32)
    dead = np.arange(7) == 0
    masked, counts = mask_pixels(energy, quality, residual, dead, QualityLimits(), (8340.0, 8348.0))
    assert np.isfinite(masked).tolist() == [False, False, False, False, True, True, False]
    assert (counts.dead, counts.no_edge, counts.no_answer, counts.poor_fit) == (1, 2, 1, 1)
    assert (counts.valid, counts.outside_window, counts.total) == (2, 1, 7)
    assert counts.masked_share == pytest.approx(5 / 7)
    assert counts.dropped_share == 0.5


def test_limits_that_cannot_be_meant_are_refused():
    for limits in ({"least_quality": -1}, {"most_residual": 0}, {"least_quality": np.nan}):
        with pytest.raises(InputError, match="Found least quality"):
            QualityLimits(**limits)
