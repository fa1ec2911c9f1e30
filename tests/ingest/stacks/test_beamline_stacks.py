"""Every format gives the same absorbance, energies and facts: the scene of `beamline_files`."""

from collections.abc import Callable
from pathlib import Path

import beamline_files as made
import h5py
import numpy as np
import pytest
import tifffile
import zarr

from cathograph.ingest.formats import open_image
from cathograph.ingest.stacks import BeamlineStack, Signal, look_for_bad_pixels, open_beamline_stack
from cathograph.ingest.stacks.energy_stack import EnergyStack
from cathograph.ingest.stacks.layout import Layout
from cathograph.schema.errors import InputImageError

MAKERS: dict[str, Callable[[Path], Path]] = {
    "tiff": made.tiff_stack,
    "fxi": made.fxi,
    "data exchange": made.data_exchange,
    "nxtomo": made.nexus_tomo,
    "ome-zarr 0.5": made.ome_zarr,
    "ome-zarr 0.4": lambda folder: made.ome_zarr(folder, version="0.4"),
}


def _check(stack: BeamlineStack, rtol: float = 1e-4) -> None:
    as_protocol: EnergyStack = stack
    np.testing.assert_allclose(as_protocol.energies_ev, made.ENERGIES_EV, rtol=1e-9)
    assert as_protocol.shape == made.ABSORBANCE.shape
    whole = as_protocol.read_rows(0, made.HEIGHT)
    assert whole.dtype == np.float32
    np.testing.assert_allclose(whole, made.ABSORBANCE, rtol=rtol)
    np.testing.assert_array_equal(as_protocol.read_rows(1, 3), whole[:, 1:3])
    np.testing.assert_array_equal(as_protocol.read_frame(2), whole[2])
    np.testing.assert_array_equal(as_protocol.read_frame(-1), whole[-1])


@pytest.mark.parametrize("name", MAKERS)
def test_the_same_scene_in_every_format(name: str, tmp_path: Path):
    _check(open_beamline_stack(MAKERS[name](tmp_path)))


def test_facts_of_fxi(tmp_path: Path):
    metadata = open_beamline_stack(made.fxi(tmp_path)).metadata
    assert metadata.pixel_size_um == pytest.approx(0.0203125)
    assert (metadata.scan_id, metadata.sample) == ("31415", "NMC 811 charged")
    assert metadata.date == "2023-11-14T22:13:20+00:00"
    assert metadata.missing() == ("proposal",)
    assert metadata.notes == ("energies converted from keV to eV, as the published layout has it",)


def test_facts_of_data_exchange(tmp_path: Path):
    metadata = open_beamline_stack(made.data_exchange(tmp_path)).metadata
    assert metadata.pixel_size_um == pytest.approx(0.03)
    assert (metadata.scan_id, metadata.proposal, metadata.sample) == (
        "energy_scan_012",
        "GUP-12345",
        "cell 7",
    )
    assert metadata.missing() == ()


def test_facts_of_nxtomo(tmp_path: Path):
    metadata = open_beamline_stack(made.nexus_tomo(tmp_path)).metadata
    assert metadata.pixel_size_um == pytest.approx(0.65)  # 6.5 µm camera pixel, ten times magnified
    assert (metadata.scan_id, metadata.sample, metadata.date) == (
        "scan 12",
        "pellet 3",
        "2024-05-06T07:08:09",
    )


def test_a_camera_pixel_is_no_pixel_on_the_sample(tmp_path: Path):
    metadata = open_beamline_stack(made.nexus_tomo(tmp_path, magnification=None)).metadata
    assert metadata.pixel_size_um is None
    assert "camera pixel 6.5 µm without a magnification" in metadata.notes[0]


def test_stxm_takes_the_beam_from_an_empty_region(tmp_path: Path):
    path = made.nexus_stxm(tmp_path)
    stack = open_beamline_stack(path, empty_region=(0, made.HEIGHT, 0, 1))
    assert stack.pixel_size_um == pytest.approx(0.05)
    # The first column has the beam of the first column alone; elsewhere it is brighter by 1 + x/50.
    expected = made.ABSORBANCE - np.log(1 + np.arange(made.WIDTH) / 50)
    np.testing.assert_allclose(stack.read_rows(0, 5)[:, :, 1:], expected[:, :, 1:], rtol=1e-4)
    with pytest.raises(InputImageError, match=r"raw counts without flats.*empty_region"):
        open_beamline_stack(path).read_frame(0)
    with pytest.raises(InputImageError, match="within 5×7 pixels"):
        open_beamline_stack(path, empty_region=(0, 6, 0, 1))


def test_txrm_with_flats_of_another_file(tmp_path: Path):
    flats = tmp_path / "flats"
    flats.mkdir()
    path = made.txrm(tmp_path)
    white = made.txrm(flats, images=made.FLATS.round().astype("<u2"))
    darks = tmp_path / "dark.npy"
    np.save(darks, np.full((2, made.HEIGHT, made.WIDTH), made.DARK, np.float32))
    stack = open_beamline_stack(path, flats=white, darks=darks)
    _check(stack, rtol=2e-3)  # counts were rounded to whole numbers
    assert stack.pixel_size_um == pytest.approx(0.032)
    assert (stack.metadata.sample, stack.metadata.date) == ("NMC pouch", "11/14/2023 22:13:20.000")


@pytest.mark.parametrize("how", ["hdf5", "hdf5 with a layout", "tiff", "zarr"])
def test_flats_in_files_of_any_format(how: str, tmp_path: Path):
    path = made.txrm(tmp_path, images=(made.COUNTS - made.DARK).astype("<f4"))
    layout = None
    flats = tmp_path / "flats"
    if how == "tiff":
        tifffile.imwrite(flats, made.BEAM, photometric="minisblack")
    elif how == "zarr":
        zarr.create_array(flats, data=made.BEAM)
    else:
        with h5py.File(flats, "w") as file:
            file["beam"] = made.BEAM
            file["note"] = "nothing but the beam"
    if how == "hdf5 with a layout":
        with h5py.File(tmp_path / "own.h5", "w") as file:
            file["beam"] = made.COUNTS - made.DARK
            file["energy"] = made.ENERGIES_EV
        path, layout = tmp_path / "own.h5", Layout(frames="beam", energies="energy")
    stack = open_beamline_stack(path, layout, flats=flats)
    assert stack.signal is Signal.COUNTS
    _check(stack)
    with pytest.raises(InputImageError, match="the stack itself"):
        open_beamline_stack(path, layout, flats=path)


def test_energies_of_txrm_in_pieces_of_40_bytes(tmp_path: Path):
    pieces = b"".join(np.float32(energy).tobytes().ljust(40, b"\0") for energy in made.ENERGIES_EV)
    path = made.txrm(tmp_path, ImageInfo__Energy=pieces)
    np.testing.assert_allclose(open_beamline_stack(path).energies_ev, made.ENERGIES_EV)


def test_any_layout_by_a_yaml_file(tmp_path: Path):
    with h5py.File(tmp_path / "own.h5", "w") as file:
        file["run/cam"] = made.COUNTS
        file["run/beam"] = made.FLATS
        file["run/noise"] = np.full((made.HEIGHT, made.WIDTH), made.DARK)
        file["run/mono"] = made.ENERGIES_EV / 1000
        file["run/name"] = "S-12"
    layout = tmp_path / "layout.yaml"
    layout.write_text(
        "name: my station\nframes: /run/cam\nenergies: [/run/other, /run/mono]\nenergy_unit: keV\n"
        "values: counts\nflats: /run/beam\ndarks: /run/noise\npixel_size: 25.0\npixel_size_unit: nm\n"
        "sample: /run/name\n"
    )
    stack = open_beamline_stack(tmp_path / "own.h5", layout)
    _check(stack)
    assert stack.metadata.format == "HDF5, my station"
    assert (stack.pixel_size_um, stack.metadata.sample) == (pytest.approx(0.025), "S-12")


def test_frames_are_sorted_by_energy_with_their_flats(tmp_path: Path):
    # A scan that runs down and jumps: the flats have to move with the frames.
    order = [3, 1, 0, 2]
    path = made.data_exchange(
        tmp_path,
        exchange__data=made.COUNTS[order],
        exchange__data_white=made.FLATS[order],
        exchange__energy=made.ENERGIES_EV[order] / 1000,
    )
    stack = open_beamline_stack(path)
    _check(stack)
    assert any("sorted by energy" in note for note in stack.metadata.notes)


def test_one_flat_serves_all_energies(tmp_path: Path):
    flat = np.full((1, made.HEIGHT, made.WIDTH), made.DARK + 1000, np.float32)
    counts = (1000 * np.exp(-made.ABSORBANCE) + made.DARK).astype(np.float32)
    _check(
        open_beamline_stack(made.data_exchange(tmp_path, exchange__data=counts, exchange__data_white=flat))
    )


@pytest.mark.parametrize("values", ["absorbance", "transmission"])
def test_the_user_says_what_pixels_are(values: str, tmp_path: Path):
    path = tmp_path / "scan.npy"
    np.save(path, made.ABSORBANCE if values == "absorbance" else np.exp(-made.ABSORBANCE))
    (tmp_path / "e.txt").write_text("# energy (keV)\n" + "\n".join(map(str, made.ENERGIES_EV / 1000)))
    stack = open_beamline_stack(path, energies=tmp_path / "e.txt", values=values)
    _check(stack)
    assert stack.signal is Signal(values)


def test_pixels_without_a_meaning_are_taken_for_absorbance_and_said_so(tmp_path: Path):
    stack = open_beamline_stack(made.tiff_stack(tmp_path))
    assert any("taken for absorbance" in note for note in stack.metadata.notes)
    assert stack.pixel_size_um == pytest.approx(0.02)


@pytest.mark.parametrize(
    "text",
    [
        "8320\n8333.5\n8345.25\n8370",
        "8320, 8333.5\n8345.25 8370",  # two a line: refused below
        "energy_eV,mono\n8320,1\n8333.5,2\n8345.25,3\n8370,4\n",
        "# index energy (eV)\n0 8320\n1 8333.5\n2 8345.25\n3 8370\n",
        "\ufeff% Energies [keV]\n8.32\n\n8.3335\n8.34525\n8.370\n",
    ],
)
def test_lists_of_energies(text: str, tmp_path: Path):
    path = made.tiff_stack(tmp_path, text)
    if "8333.5\n8345.25 8370" in text:
        with pytest.raises(InputImageError, match="2 columns"):
            open_beamline_stack(path)
    else:
        np.testing.assert_allclose(open_beamline_stack(path).energies_ev, made.ENERGIES_EV)


def test_bad_pixels_are_counted(tmp_path: Path):
    transmission = np.exp(-made.ABSORBANCE)
    transmission[1] = np.nan  # a lost frame
    transmission[:, 2, 3] = 0.0  # a dead pixel
    transmission[0, 0, 0] = -0.1  # noise around nothing
    stack = open_beamline_stack(made.fxi(tmp_path, img_xanes=transmission))
    report = look_for_bad_pixels(stack)
    assert (report.empty_frames, report.dead_pixels, report.holes) == ((1,), 1, 1)
    assert report.in_words(stack.energies_ev)[0] == "1 frame(s) without any value, at 8333.5 eV"


def test_pixels_without_counts_in_the_sample_or_with_endless_ones_give_no_value(tmp_path: Path):
    # Nothing above dark; NaN; below dark in sample and flat, whose quotient would be above 0; saturated flat.
    counts, flats = made.COUNTS.copy(), made.FLATS.copy()
    counts[:, 0, 0] = made.DARK
    counts[:, 0, 1] = np.nan
    counts[:, 0, 2] = flats[:, 0, 2] = made.DARK - 10
    flats[:, 0, 3] = np.inf
    stack = open_beamline_stack(
        made.data_exchange(tmp_path, exchange__data=counts, exchange__data_white=flats)
    )
    missing = np.isnan(stack.read_rows(0, 5))
    assert missing[:, 0, :4].all()
    assert missing.sum() == 16


def test_a_flat_without_counts_gives_no_value(tmp_path: Path):
    flats = made.FLATS.copy()
    flats[:, 1, 2] = made.DARK  # nothing after the dark is taken off
    stack = open_beamline_stack(made.data_exchange(tmp_path, exchange__data_white=flats))
    rows = stack.read_rows(0, 5)
    assert np.isnan(rows[:, 1, 2]).all()
    assert np.isnan(rows).sum() == 4


def test_rows_outside_are_refused(tmp_path: Path):
    stack = open_beamline_stack(made.fxi(tmp_path))
    for rows in ((-1, 2), (3, 3), (0, 6)):
        with pytest.raises(InputImageError, match="rows within 0 to 5"):
            stack.read_rows(*rows)
    with pytest.raises(InputImageError, match="no energy 4"):
        stack.read_frame(4)


def test_single_images_for_ingest(tmp_path: Path):
    image = open_image(made.txrm(tmp_path, images=made.COUNTS[:1].round().astype("<u2")))
    assert (image.kind, image.shape, image.dtype) == ("xradia", (5, 7), np.dtype(np.uint16))
    assert image.pixel_size_um == pytest.approx(0.032)
    np.testing.assert_array_equal(image.pages[0], made.COUNTS[0].round())

    store = made.ome_zarr(tmp_path, page_axis="z")
    image = open_image(store)
    assert (image.kind, image.shape, len(image.pages)) == ("zarr", (4, 5, 7), 4)
    assert image.pixel_size_um == pytest.approx(0.025)
    np.testing.assert_array_equal(image.pages[3], made.ABSORBANCE[3])
    np.testing.assert_array_equal(np.stack(list(image.pages)), made.ABSORBANCE)
    before = image.sha256
    assert open_image(store).sha256 == before
    next(file for file in store.rglob("c/*/*/*")).write_bytes(b"other")
    assert open_image(store).sha256 != before

    # NXtomo: the one dataset of three axes, found without its name although a link shows it twice.
    assert open_image(made.nexus_tomo(tmp_path)).shape == (15, 5, 7)
