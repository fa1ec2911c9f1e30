"""Stacks whose energies, frames, flats or darks do not fit: one clear line each."""

from pathlib import Path

import beamline_files as made
import h5py
import numpy as np
import pytest

from cathograph.ingest.stacks import look_for_bad_pixels, open_beamline_stack
from cathograph.schema.errors import InputImageError


def _refused(path: Path, *arguments: object, **how: object) -> str:
    """Open and read; return the message, which must be one line that says what to do."""
    with pytest.raises(InputImageError) as caught:
        look_for_bad_pixels(open_beamline_stack(path, *arguments, **how))  # type: ignore[arg-type]
    message = str(caught.value)
    assert "\n" not in message
    assert "expected" in message or "Still being written?" in message
    return message


# Energies


def test_kev_without_a_unit_is_refused_and_the_way_out_works(tmp_path: Path):
    path = made.tiff_stack(tmp_path, "\n".join(map(str, made.ENERGIES_EV / 1000)))
    message = _refused(path)
    assert "look like keV" in message
    assert "`energy_unit` keV" in message
    stack = open_beamline_stack(path, energy_unit="keV")
    np.testing.assert_allclose(stack.energies_ev, made.ENERGIES_EV)


def test_data_exchange_without_units_is_not_guessed(tmp_path: Path):
    path = made.data_exchange(tmp_path)
    with h5py.File(path, "a") as file:
        del file["exchange/energy"].attrs["units"]
    assert "look like keV" in _refused(path)


def test_ev_that_an_attribute_or_the_user_calls_kev(tmp_path: Path):
    path = made.data_exchange(tmp_path, exchange__energy=made.ENERGIES_EV)
    assert "which the stated unit takes for keV" in _refused(path)
    np.testing.assert_allclose(open_beamline_stack(path, energy_unit="eV").energies_ev, made.ENERGIES_EV)
    assert "say `energy_unit` eV" in _refused(made.tiff_stack(tmp_path), energy_unit="keV")


def test_fxi_in_ev_contradicts_its_layout(tmp_path: Path):
    path = made.fxi(tmp_path, X_eng=made.ENERGIES_EV)
    assert "If they are eV, say `energy_unit` eV" in _refused(path)
    np.testing.assert_allclose(open_beamline_stack(path, energy_unit="eV").energies_ev, made.ENERGIES_EV)


@pytest.mark.parametrize(
    ("energies", "words"),
    [
        ([8.32, 8.33, 8.34], "3 energies (/X_eng) for 4 frames"),
        ([8.32, 8.33, 8.33, 8.34], "average frames of one energy"),
        ([8.32, 8.33, np.nan, 8.34], "nan"),
        ([-8.32, 8.33, 8.335, 8.34], "above 0"),
        (np.array([b"a", b"b", b"c", b"d"]), "no numbers"),
        (8.33, "1 energies"),
    ],
)
def test_energies_that_do_not_fit(energies: object, words: str, tmp_path: Path):
    assert words in _refused(made.fxi(tmp_path, X_eng=energies))


def test_a_unit_that_is_no_energy(tmp_path: Path):
    path = made.data_exchange(tmp_path)
    with h5py.File(path, "a") as file:
        file["exchange/energy"].attrs["units"] = "degrees"
    assert "'degrees'" in _refused(path)


def test_no_energies_at_all(tmp_path: Path):
    message = _refused(made.tiff_stack(tmp_path, ""))
    assert "scan_energies.txt" in message
    assert "`energies`" in message


def test_two_lists_of_energies(tmp_path: Path):
    path = made.tiff_stack(tmp_path)
    (tmp_path / "scan.txt").write_text("1 2 3")
    assert "scan_energies.txt and scan.txt" in _refused(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no numbers"),
        (b"energies\n", "no numbers"),
        (b"8320\nabout 8330\n", "on line 2"),
        (b"\xff\xfe\x00", "no text"),
        (b"8320\n" * 300_000, "1 MiB"),
    ],
)
def test_lists_that_are_none(content: bytes, words: str, tmp_path: Path):
    path = made.tiff_stack(tmp_path, "")
    (tmp_path / "e.txt").write_bytes(content)
    assert words in _refused(path, energies=tmp_path / "e.txt")


# Frames, flats, darks


def test_counts_where_transmission_is_promised(tmp_path: Path):
    message = _refused(made.fxi(tmp_path, img_xanes=made.COUNTS))
    assert "expected transmissions" in message
    assert "values: counts" in message


def test_flats_that_belong_to_no_energy(tmp_path: Path):
    path = made.data_exchange(tmp_path, exchange__data_white=made.FLATS[:3])
    assert "3 flats for 4 energies" in _refused(path)


def test_flats_of_another_size(tmp_path: Path):
    path = made.data_exchange(tmp_path, exchange__data_white=made.FLATS[:, :, :-1])
    assert "flats of 5×6 pixels for images of 5×7" in _refused(path)


def test_counts_without_flats(tmp_path: Path):
    assert "raw counts without flats" in _refused(made.data_exchange(tmp_path, exchange__data_white=None))


@pytest.mark.parametrize("name", ["flats", "darks", "empty_region"])
def test_a_beam_for_pixels_that_are_no_counts(name: str, tmp_path: Path):
    beam = tmp_path / "beam.npy"
    np.save(beam, made.FLATS)
    how = {name: (0, 2, 0, 2) if name == "empty_region" else beam}
    option = f"`{name}`"
    message = _refused(made.tiff_stack(tmp_path), values="absorbance", **how)
    assert f"found {option} for pixels that are absorbance" in message
    # The layout of FXI has divided already.
    assert f"found {option} for pixels that are transmission" in _refused(made.fxi(tmp_path), **how)


def test_darks_alone_do_not_make_counts(tmp_path: Path):
    np.save(tmp_path / "dark.npy", made.FLATS[0])
    message = _refused(made.tiff_stack(tmp_path), darks=tmp_path / "dark.npy")
    assert "found `darks` for pixels that are absorbance" in message


def test_two_measures_of_the_beam(tmp_path: Path):
    assert "flats and an empty region" in _refused(made.data_exchange(tmp_path), empty_region=(0, 2, 0, 2))


def test_a_tomography_scan_is_no_energy_stack(tmp_path: Path):
    energies = np.full(15, 8.35)
    assert "average frames of one energy" in _refused(made.nexus_tomo(tmp_path, energies=energies))
    assert "1 energies for 4 sample frames" in _refused(made.nexus_tomo(tmp_path, energies=np.array([8.35])))


def test_a_sample_frame_without_its_flat(tmp_path: Path):
    path = made.nexus_tomo(tmp_path)
    with h5py.File(path, "a") as file:
        file["entry0000/instrument/detector/image_key"][[3, 5]] = 3  # both flats of the second energy
    assert "no flat at the energy of 1 sample frame(s), first 8.3335 keV" in _refused(path)


def test_image_keys_of_another_number(tmp_path: Path):
    path = made.nexus_tomo(tmp_path)
    with h5py.File(path, "a") as file:
        del file["entry0000/instrument/detector/image_key"]
        file["entry0000/instrument/detector/image_key"] = np.zeros(3, int)
    assert "3 image keys for 15 frames" in _refused(path)


def test_two_entries(tmp_path: Path):
    path = made.nexus_tomo(tmp_path)
    with h5py.File(path, "a") as file:
        file.copy("entry0000", "entry0001")
    assert "2 entries of NXtomo (/entry0000, /entry0001)" in _refused(path)


def test_frames_that_are_no_stack(tmp_path: Path):
    assert "2×4×5×7" in _refused(made.fxi(tmp_path, img_xanes=np.zeros((2, 4, 5, 7))))
    assert "complex" in _refused(made.fxi(tmp_path, img_xanes=made.ABSORBANCE.astype(complex)))


def test_a_pickle_in_npy_is_never_opened(tmp_path: Path):
    class Trap:
        def __reduce__(self) -> tuple[object, ...]:
            return Path.touch, (tmp_path / "ran",)

    np.save(tmp_path / "scan.npy", np.array([[[Trap()]]], dtype=object), allow_pickle=True)
    assert "Python objects" in _refused(tmp_path / "scan.npy")
    assert not (tmp_path / "ran").exists()
